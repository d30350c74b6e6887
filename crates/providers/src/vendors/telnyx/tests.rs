use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook};

/// The first key pair of RFC 8032.
const PRIVATE: &str = "seed:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn file(name: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/telnyx/samples/");
    Sample::read(format!("{folder}{name}.http").as_ref())
}

fn told(name: &str) -> Value {
    let mut events = kit::events(&Telnyx, &file(name));
    assert_eq!(events.len(), 1, "{name}");
    events.remove(0)
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Telnyx, PRIVATE);
}

/// The signature was made by another library, of the key pair of RFC 8032.
#[test]
fn a_signature_of_another_library_is_verified() {
    let body =
        br#"{"data":{"event_type":"call.answered","id":"e1","payload":{"call_leg_id":"l1"}}}"#;
    let signature =
        "ktL6oS7fu3XzFowd2sZ5bA5D0aIS9pH8gwK4Yl4SwQqca/FPesd1osTYDJeVNRcbxq+o3LhiCm/GV/XxtK62Dg==";
    let check = |time: &str, body: &[u8], seconds_later: i64| {
        let headers = [
            ("telnyx-signature-ed25519", signature),
            ("telnyx-timestamp", time),
        ];
        let sample = Sample::new("POST", "/v1/hooks/h", &headers, body);
        let hook = hook(&Telnyx, &["not a key", PUBLIC]);
        sample.show(NOW + seconds_later * 1_000, |request| {
            Telnyx.verify(&hook, request)
        })
    };
    assert_eq!(check("1772452800", body, 0), Ok(Integrity::Verified));
    assert_eq!(check("1772452800", body, 300), Ok(Integrity::Verified));
    assert_eq!(
        check("1772452800", body, 301),
        Err(Refused::Stale(301, 300))
    );
    assert_eq!(
        check("1772452800", body, -301),
        Err(Refused::Stale(-301, 300))
    );
    assert_eq!(check("1772452801", body, 0), Err(Refused::Wrong));
    assert_eq!(check("1772452800", b"{}", 0), Err(Refused::Wrong));
    assert_eq!(
        check("soon", body, 0),
        Err(Refused::Malformed("telnyx-timestamp"))
    );
}

#[test]
fn a_query_is_not_signed_and_not_taken() {
    let hook = hook(&Telnyx, &[PRIVATE]);
    let get = Sample::new("GET", "/v1/hooks/h?event_type=call.hangup", &[], b"");
    let get = get.signed(&Telnyx, PRIVATE);
    let refused = get.show(NOW, |request| Telnyx.verify(&hook, request));
    assert!(matches!(refused, Err(Refused::Missing(_))), "{refused:?}");
}

#[test]
fn legs_of_one_call_share_it() {
    let names = [
        "inbound_initiated",
        "inbound_answered",
        "enqueued",
        "leg_initiated_sip",
        "leg_initiated_number",
        "leg_answered_sip",
        "leg_hangup_number",
        "hold",
        "unhold",
        "transferred",
        "leg_hangup_sip",
        "inbound_hangup",
        "recording",
    ];
    let events: Vec<Value> = names.iter().map(|name| told(name)).collect();
    let calls: BTreeSet<String> = events
        .iter()
        .map(|event| event["call"].to_string())
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let legs: BTreeSet<String> = events
        .iter()
        .filter_map(|event| Some(event.get("leg")?.to_string()))
        .collect();
    // The caller's own, and two that were dialled.
    assert_eq!(legs.len(), 3, "{legs:?}");
    let ids: BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), names.len());
}

/// The program picks up the caller's leg, a manager his own: only the latter is a person's.
#[test]
fn a_program_that_picks_up_is_no_person() {
    let own = told("inbound_answered");
    let begun = told("inbound_initiated");
    assert_eq!(own.get("extension"), None);
    assert_eq!(own["to"], begun["to"], "it is forwarded nowhere");
    assert_eq!(told("leg_answered_sip")["extension"], "102");
    let forwarded = told("forwarded_answered");
    assert_ne!(forwarded["to"], begun["to"]);
    assert_eq!(told("gathered")["phase"], "menu");
    assert_eq!(kit::events(&Telnyx, &file("bridged")), [] as [Value; 0]);
}

#[test]
fn an_address_of_a_recording_is_kept_without_what_expires() {
    let url = told("recording")["recording"].to_string();
    assert!(!url.contains("Signature"), "{url}");
}

#[test]
fn what_is_merely_strange_is_kept_as_unknown() {
    let hook = hook(&Telnyx, &[PRIVATE]);
    for (body, kind) in [
        ("[]", "JSON without event_type"),
        ("7", "JSON without event_type"),
        (r#"{"data":null}"#, "JSON without event_type"),
        (r#"{"data":{"event_type":"call.hangup"}}"#, "call.hangup"),
        (
            r#"{"data":{"event_type":"message.received","payload":[]}}"#,
            "message.received",
        ),
    ] {
        let sample = Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes());
        let parsed = sample.show(NOW, |request| Telnyx.parse(&hook, request));
        assert_eq!(parsed.unwrap().unknown, [kind], "{body}");
    }
}
