use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Chatwoot, "cw-secret");
}

/// Computed apart: `printf '1772452800.{"event":"x"}' | openssl dgst -sha256 -hmac cw-secret`.
#[test]
fn a_signature_is_over_the_time_and_the_body() {
    let hook = hook(&Chatwoot, &["cw-secret"]);
    let signature = "sha256=ee3ca18755a9376e9c552898368d66ca112e97c8216bb347e98e0695cfa1c781";
    let verdict = |signature: &str, now: i64| {
        let headers = [
            ("x-chatwoot-timestamp", "1772452800"),
            ("x-chatwoot-signature", signature),
        ];
        let sample = Sample::new("POST", "/", &headers, br#"{"event":"x"}"#);
        sample.show(now, |request| Chatwoot.verify(&hook, request))
    };
    assert_eq!(verdict(signature, kit::NOW), Ok(Integrity::Verified));
    assert_eq!(
        verdict(signature, kit::NOW + 300_000),
        Ok(Integrity::Verified)
    );
    let late = verdict(signature, kit::NOW + 301_000);
    assert_eq!(late, Err(Refused::Stale(301, 300)));
    assert_eq!(verdict("sha256=00", kit::NOW), Err(Refused::Wrong));
}

#[test]
fn a_version_that_signs_nothing_needs_the_key_in_its_address() {
    let hook = hook(&Chatwoot, &["cw-secret"]);
    let verdict = |path: &str| {
        let sample = Sample::new("POST", path, &[], b"{}");
        sample.show(kit::NOW, |request| Chatwoot.verify(&hook, request))
    };
    assert_eq!(verdict("/v1/hooks/h?token=cw-secret"), Ok(Integrity::Weak));
    assert_eq!(verdict("/v1/hooks/h?token=other"), Err(Refused::Wrong));
    assert!(verdict("/v1/hooks/h").is_err());
}

fn author(more: &Value) -> (String, bool) {
    let mut body = json!({"event": "message_created", "id": 5, "created_at": 1_772_452_800,
        "message_type": "outgoing", "conversation": {"id": 9, "meta": {"sender": {"id": 3}}}});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
    let events = kit::events(&Chatwoot, &sample);
    let Some(event) = events.first() else {
        return ("nobody".to_owned(), false);
    };
    let author = event["author"].as_str().expect("an author");
    (author.to_owned(), event["private"] == true)
}

/// Who stops the clock: a person's public message, and nothing that was sent by itself.
#[test]
fn a_person_answers_and_rules_campaigns_bots_and_notes_do_not() {
    let user = json!({"id": 7, "type": "user"});
    let says = |more: Value| author(&more).0;
    assert_eq!(
        says(json!({"message_type": "incoming", "sender": {"id": 3}})),
        "contact"
    );
    assert_eq!(says(json!({"sender": user})), "manager");
    assert_eq!(
        says(json!({"sender": {"id": 1, "type": "agent_bot"}})),
        "bot"
    );
    assert_eq!(
        says(json!({"sender": {"id": 1, "type": "captain_assistant"}})),
        "bot"
    );
    let rule = json!({"content_attributes": {"automation_rule_id": 4}, "sender": user});
    assert_eq!(says(rule), "system");
    let campaign = json!({"additional_attributes": {"campaign_id": 4}, "sender": user});
    assert_eq!(says(campaign), "campaign");
    assert_eq!(
        says(json!({"content_attributes": {"external_echo": true}})),
        "manager"
    );
    assert_eq!(says(json!({"message_type": "template"})), "system");
    assert_eq!(says(json!({"message_type": "activity"})), "nobody");
    assert_eq!(
        author(&json!({"sender": user, "private": true})),
        ("manager".to_owned(), true)
    );
}

#[test]
fn resolved_is_closed_and_the_way_back_tells_a_bot_from_a_reopening() {
    let change = |before: Value, now: &str| {
        let changed = match before {
            Value::Null => Value::Null,
            before => json!([{"status": {"previous_value": before, "current_value": now}}]),
        };
        let body = json!({"event": "conversation_status_changed", "id": 9, "status": now,
            "updated_at": 1_772_452_800.25, "changed_attributes": changed});
        let sample = Sample::new("POST", "/", &[], body.to_string().as_bytes());
        let events = kit::events(&Chatwoot, &sample);
        events
            .first()
            .map_or(Value::Null, |event| event["change"].clone())
    };
    assert_eq!(change(json!("open"), "resolved"), "closed");
    assert_eq!(change(Value::Null, "resolved"), "closed");
    assert_eq!(change(json!("resolved"), "open"), "reopened");
    assert_eq!(change(json!("pending"), "open"), "handed_off");
    assert_eq!(change(json!("open"), "snoozed"), Value::Null);
    assert_eq!(change(json!("snoozed"), "open"), Value::Null);
}

#[test]
fn a_change_without_a_time_is_known_by_its_delivery_and_not_by_its_arrival() {
    let body = br#"{"event":"conversation_status_changed","id":9,"status":"resolved"}"#;
    let id = |delivery: &str, at: i64| {
        let headers = [("x-chatwoot-delivery", delivery)];
        let hook = hook(&Chatwoot, &["secret"]);
        let parsed = kit::request("/", &headers, body, at, |request| {
            Chatwoot.parse(&hook, request)
        });
        let event = &parsed.unwrap().events[0];
        event.field("id").unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(id("one", kit::NOW), "9:closed:one:");
    assert_eq!(id("one", kit::NOW), id("one", kit::NOW + 3_600_000));
    assert_ne!(id("one", kit::NOW), id("two", kit::NOW));
}
