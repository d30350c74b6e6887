use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, Sample, hook};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Viber, "viber-token");
}

/// Computed apart: `printf '{"event":"seen"}' | openssl dgst -sha256 -hmac viber-token`.
#[test]
fn a_signature_is_over_the_body() {
    let hook = hook(&Viber, &["older", "viber-token"]);
    let signature = "8ac922ebb88a7d834c9639fe6a9885e77c5163ad2f94deb083ea3057ce9209ff";
    let verdict = |body: &[u8]| {
        let sample = Sample::new(
            "POST",
            "/",
            &[("x-viber-content-signature", signature)],
            body,
        );
        sample.show(kit::NOW, |request| Viber.verify(&hook, request))
    };
    assert_eq!(verdict(br#"{"event":"seen"}"#), Ok(Integrity::Verified));
    assert_eq!(verdict(br#"{"event":"sent"}"#), Err(Refused::Wrong));
}

#[test]
fn the_setup_call_is_answered_at_once_and_nothing_else_is() {
    let hook = hook(&Viber, &["viber-token"]);
    let greet = |body: &str| {
        let sample = Sample::new("POST", "/", &[], body.as_bytes());
        sample.show(kit::NOW, |request| Viber.greeting(&hook, request))
    };
    let setup = r#"{"event":"webhook","timestamp":1772452800000,"message_token":1}"#;
    assert_eq!(greet(setup), Ok(Some(Answer::json(r#"{"status":0}"#))));
    for body in [r#"{"event":"message"}"#, "[]", "{", ""] {
        assert_eq!(greet(body), Ok(None), "{body}");
    }
    assert_eq!(Viber.answer(), Answer::json(r#"{"status":0}"#));
}

/// Who stops the clock: nothing that Viber tells; what was delivered or seen is no reply.
#[test]
fn only_a_contact_speaks() {
    let told = |event: &str| {
        let body = format!(
            r#"{{"event":"{event}","timestamp":1772452800250,"message_token":4912,"user_id":"u=",
            "sender":{{"id":"u=","name":"Marta"}},"message":{{"type":"text","text":"Hola"}}}}"#
        );
        kit::events(&Viber, &Sample::new("POST", "/", &[], body.as_bytes()))
    };
    assert_eq!(told("message")[0]["author"], "contact");
    assert_eq!(told("message")[0]["at"], "2026-03-02T12:00:00.250Z");
    for event in [
        "delivered",
        "seen",
        "failed",
        "subscribed",
        "conversation_started",
    ] {
        assert_eq!(told(event), Vec::<Value>::new(), "{event}");
    }
}
