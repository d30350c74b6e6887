use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_let_in_by_their_key_and_read_as_they_were() {
    kit::samples(&KommoAccount, "account-key");
}

#[test]
fn only_the_key_in_the_address_lets_in_and_nothing_is_more_than_weak() {
    let hook = hook(&KommoAccount, &["old-key", "account-key"]);
    let verdict = |path: &str| {
        let sample = Sample::new("POST", path, &[], b"account[id]=1");
        sample.show(kit::NOW, |request| KommoAccount.verify(&hook, request))
    };
    assert_eq!(
        verdict("/v1/hooks/h?token=account-key"),
        Ok(Integrity::Weak)
    );
    assert_eq!(verdict("/v1/hooks/h?token=old-key"), Ok(Integrity::Weak));
    for path in [
        "/v1/hooks/h",
        "/v1/hooks/h?token=",
        "/v1/hooks/h?token=account",
    ] {
        assert!(verdict(path).is_err(), "{path}");
    }
}

/// Who stops the clock: an outgoing message of a person; a Salesbot's is a bot's.
#[test]
fn a_person_answers_and_a_salesbot_is_a_bot() {
    let author = |direction: &str, kind: &str| {
        let body = format!(
            "message[add][0][id]=m&message[add][0][chat_id]=c&message[add][0][contact_id]=5\
             &message[add][0][type]={direction}&message[add][0][author][id]=7\
             &message[add][0][author][type]={kind}&message[add][0][created_at]=1772452800"
        );
        let sample = Sample::new("POST", "/", &[], body.as_bytes());
        let event = kit::events(&KommoAccount, &sample).remove(0);
        (event["author"].clone(), event["manager"].clone())
    };
    let manager = serde_json::json!("kommo-account:7");
    assert_eq!(author("incoming", "external").0, "contact");
    assert_eq!(author("outgoing", "user"), ("manager".into(), manager));
    assert_eq!(
        author("outgoing", "bot"),
        ("bot".into(), serde_json::Value::Null)
    );
}
