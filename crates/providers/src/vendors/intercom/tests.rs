use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Intercom, "client-secret");
}

/// Computed apart: `printf '{"topic":"ping"}' | openssl dgst -sha1 -hmac client-secret`.
#[test]
fn a_signature_is_over_the_body() {
    let hook = hook(&Intercom, &["client-secret"]);
    let verdict = |body: &[u8]| {
        let headers = [(
            "x-hub-signature",
            "sha1=83f283f5997678fbf9b02534c0762a8eacaf2d8d",
        )];
        let sample = Sample::new("POST", "/", &headers, body);
        sample.show(kit::NOW, |request| Intercom.verify(&hook, request))
    };
    assert_eq!(verdict(br#"{"topic":"ping"}"#), Ok(Integrity::Verified));
    assert_eq!(verdict(br#"{"topic":"pong"}"#), Err(Refused::Wrong));
}

fn told(topic: &str, part: &Value) -> Vec<Value> {
    let body = json!({"type": "notification_event", "topic": topic, "created_at": 1_772_452_801,
        "data": {"item": {"id": "500", "contacts": {"contacts": [{"id": "c311"}]},
            "conversation_parts": {"conversation_parts": [part]}}}});
    let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
    kit::events(&Intercom, &sample)
}

/// Who stops the clock: what the part's author is decides, whatever the topic says; and the same part
/// under two topics is the same event, to the last field.
#[test]
fn a_bots_part_under_two_topics_is_one_message_of_the_bot() {
    let part = |author: Value| {
        json!({"id": "p1", "part_type": "comment", "body": "<p>Hi</p>",
            "created_at": 1_772_452_800, "author": author})
    };
    let bot = part(json!({"type": "bot", "id": "b1"}));
    let admin = told("conversation.admin.replied", &bot);
    let own = told("conversation.operator.replied", &bot);
    assert_eq!(admin, own);
    assert_eq!((admin.len(), &admin[0]["author"]), (1, &json!("bot")));
    let person = told(
        "conversation.admin.replied",
        &part(json!({"type": "admin", "id": "7"})),
    );
    assert_eq!(
        (&person[0]["author"], &person[0]["manager"]),
        (&json!("manager"), &json!("intercom:7"))
    );
    for kind in ["user", "lead", "contact"] {
        let part = part(json!({"type": kind, "id": "c311"}));
        assert_eq!(
            told("conversation.user.replied", &part)[0]["author"],
            "contact"
        );
    }
}

#[test]
fn a_reply_that_closes_is_a_message_and_then_the_closing() {
    let part = json!({"id": "p2", "part_type": "close", "body": "<p>Adiós</p>",
        "created_at": 1_772_452_800, "author": {"type": "admin", "id": "7"}});
    let events = told("conversation.admin.closed", &part);
    assert_eq!(
        (&events[0]["type"], &events[0]["author"]),
        (&json!("message"), &json!("manager"))
    );
    assert_eq!(
        (&events[1]["change"], &events[1]["manager"]),
        (&json!("closed"), &json!("intercom:7"))
    );
    assert_eq!(events[0]["chars"], 5);
}

#[test]
fn what_a_bot_assigns_is_handed_over() {
    let part = |author: &str| {
        json!({"id": "p3", "part_type": "assignment", "created_at": 1_772_452_800,
            "author": {"type": author, "id": "1"}, "assigned_to": {"type": "admin", "id": "7"}})
    };
    let by_bot = told("conversation.admin.assigned", &part("bot"));
    assert_eq!(
        (&by_bot[0]["change"], &by_bot[0]["manager"]),
        (&json!("handed_off"), &json!("intercom:7"))
    );
    let by_person = told("conversation.admin.assigned", &part("admin"));
    assert_eq!(by_person[0]["change"], "assigned");
}
