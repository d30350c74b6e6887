use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Slack, "slack_secret");
}

/// The vector of providers.md (M-SL); five minutes are allowed either way.
#[test]
fn the_computed_vector_is_verified_for_five_minutes() {
    let hook = hook(&Slack, &["older", "slack_secret"]);
    let verdict = |now: i64| {
        let headers = [
            ("x-slack-request-timestamp", "1700000000"),
            (
                "x-slack-signature",
                "v0=211676b51594d09d2537c4e87431fd36bd6b85045746723746353592ccc84151",
            ),
        ];
        let body = br#"{"account_id":"a","time":1,"message":{}}"#;
        let sample = Sample::new("POST", "/", &headers, body);
        sample.show(now * 1000, |request| Slack.verify(&hook, request))
    };
    assert_eq!(verdict(1_700_000_000), Ok(Integrity::Verified));
    assert_eq!(verdict(1_700_000_300), Ok(Integrity::Verified));
    assert_eq!(verdict(1_700_000_301), Err(Refused::Stale(301, 300)));
    assert_eq!(verdict(1_699_999_699), Err(Refused::Stale(-301, 300)));
}

#[test]
fn the_challenge_is_answered_only_when_it_is_signed() {
    let hook = hook(&Slack, &["slack_secret"]);
    let body = br#"{"type":"url_verification","challenge":"3eZbrw1aB","token":"x"}"#;
    let plain = Sample::new("POST", "/", &[], body);
    let signed = plain.signed(&Slack, "slack_secret");
    let forged = plain.signed(&Slack, "another");
    let greet = |sample: &Sample| sample.show(kit::NOW, |request| Slack.greeting(&hook, request));
    assert_eq!(greet(&signed), Ok(Some(Answer::text("3eZbrw1aB"))));
    assert_eq!(greet(&forged), Err(Refused::Wrong));
    assert_eq!(
        greet(&plain),
        Err(Refused::Missing("x-slack-request-timestamp"))
    );
    let event = Sample::new("POST", "/", &[], br#"{"type":"event_callback"}"#);
    assert_eq!(greet(&event), Ok(None));
}

fn said(shared: bool, event: Value) -> Value {
    let mut event = event;
    event["type"] = "message".into();
    event["channel"] = "C1".into();
    let body = json!({"team_id": "T1", "is_ext_shared_channel": shared, "event": event});
    let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
    kit::events(&Slack, &sample).remove(0)
}

/// Who stops the clock: our people in a shared channel, and in one of our own whoever did not ask.
#[test]
fn who_answers_is_told_by_the_team_or_by_the_thread() {
    let ask = json!({"user": "U1", "team": "T2", "ts": "1772452800.000100"});
    let reply = json!({"user": "U7", "team": "T1", "ts": "1772452860.000100",
        "thread_ts": "1772452800.000100", "parent_user_id": "U1"});
    let more = json!({"user": "U1", "team": "T1", "ts": "1772452870.000100",
        "thread_ts": "1772452800.000100", "parent_user_id": "U1"});
    assert_eq!(said(true, ask.clone())["author"], "contact");
    let answer = said(true, reply.clone());
    assert_eq!(
        (&answer["author"], &answer["manager"]),
        (&json!("manager"), &json!("slack:U7"))
    );
    assert_eq!(
        (&answer["contact"], &answer["conversation"]),
        (&json!("U1"), &json!("C1:1772452800.000100"))
    );
    assert_eq!(
        said(false, ask.clone())["conversation"],
        answer["conversation"]
    );
    assert_eq!(said(false, reply)["author"], "manager");
    assert_eq!(said(false, more)["author"], "contact");
    let bot = json!({"bot_id": "B1", "user": "U9", "team": "T1", "ts": "1772452801.000100"});
    assert_eq!(said(true, bot)["author"], "bot");
    let notice = json!({"user": "USLACKBOT", "ts": "1772452801.000100"});
    assert_eq!(said(false, notice)["author"], "system");
}
