use super::*;
use crate::vendors::kit::{self, Sample, hook, request};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Kommo, "chan_secret");
}

/// The vector of providers.md (M-KO); line feeds around the body do not count.
#[test]
fn the_computed_vector_is_verified_with_line_feeds_around_it() {
    let hook = hook(&Kommo, &["old", "chan_secret"]);
    let headers = [("x-signature", "2562ed5493ca647fc3a7b3308dd9ac26a7534303")];
    for body in [
        r#"{"account_id":"a","time":1,"message":{}}"#,
        "\n\n{\"account_id\":\"a\",\"time\":1,\"message\":{}}\n",
    ] {
        let verdict = request("/", &headers, body.as_bytes(), kit::NOW, |request| {
            Kommo.verify(&hook, request)
        });
        assert_eq!(verdict, Ok(Integrity::Verified));
    }
    let changed = br#"{"account_id":"b","time":1,"message":{}}"#;
    let verdict = request("/", &headers, changed, kit::NOW, |request| {
        Kommo.verify(&hook, request)
    });
    assert_eq!(verdict, Err(Refused::Wrong));
}

/// Who stops the clock: what is written in Kommo, by the manager who sent it; a contact starts it, in
/// the same conversation with the same contact.
#[test]
fn a_manager_answers_in_the_conversation_that_the_contact_began() {
    let asked = br#"{"event_type":"new_message","payload":{"timestamp":1772452800000,"msgid":"m1",
        "conversation_id":"c-1","sender":{"id":"u-1"},"message":{"type":"text","text":"Hola"}}}"#;
    let answered = br#"{"time":1772452860,"message":{"receiver":{"id":"r","client_id":"u-1"},
        "sender":{"id":"uuid-7"},"conversation":{"id":"x","client_id":"c-1"},"timestamp":1772452860,
        "message":{"id":"m2","type":"text","text":"Hi"}}}"#;
    let asked = &kit::events(&Kommo, &Sample::new("POST", "/", &[], asked))[0];
    let answered = &kit::events(&Kommo, &Sample::new("POST", "/", &[], answered))[0];
    assert_eq!(asked["author"], "contact");
    // Milliseconds in a field of seconds are a mistake that integrators make.
    assert_eq!(asked["at"], "2026-03-02T12:00:00.000Z");
    assert_eq!(answered["author"], "manager");
    assert_eq!(answered["manager"], "kommo:uuid-7");
    assert_eq!(answered["at"], "2026-03-02T12:01:00.000Z");
    assert_eq!(asked["conversation"], answered["conversation"]);
    assert_eq!(asked["contact"], answered["contact"]);
}
