use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook};

const TOKEN: &str = "ptoken";

fn file(name: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/plivo/samples/");
    Sample::read(format!("{folder}{name}.http").as_ref())
}

fn told(name: &str) -> Vec<Value> {
    kit::events(&Plivo, &file(name))
}

/// Verifies a request with the number `nonce1`.
fn check(
    method: &http::Method,
    url: &str,
    body: &str,
    headers: &[(&'static str, &str)],
) -> Result<Integrity, Refused> {
    let mut map = http::HeaderMap::new();
    map.insert("x-plivo-signature-v3-nonce", "nonce1".parse().unwrap());
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    let request = Request {
        method,
        url,
        headers: &map,
        body: body.as_bytes(),
        peer: None,
        received_at: trunkline_model::time::Time(NOW),
    };
    Plivo.verify(&hook(&Plivo, &["another", TOKEN]), &request)
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Plivo, TOKEN);
}

/// Computed apart, with the vendor's Python client.
#[test]
fn the_computed_vectors_are_verified() {
    let body = "CallUUID=u1&From=%2B15550001&To=%2B15550002";
    let whole = "/oslUODg5wo5YXAm4kffH05/piL8f8k/uE6f+PNBMRQ=";
    let plain = "CeVqimsB/v4xEtmWZPRQLR9ZOmWGYPH3Lo2XFnbgl5Y=";
    let post = |url: &str, body: &str, headers: &[(&'static str, &str)]| {
        check(&http::Method::POST, url, body, headers)
    };
    let url = "https://example.com/plivo?x=2&a=1";
    let v3 = "x-plivo-signature-v3";
    let verified = Ok(Integrity::Verified);
    assert_eq!(post(url, body, &[(v3, whole)]), verified);
    assert_eq!(
        post("https://example.com/plivo", body, &[(v3, plain)]),
        verified
    );
    // One of a list, and that of the main account.
    let list = format!("AAAA, {whole}");
    assert_eq!(post(url, body, &[(v3, &list)]), verified);
    let main = [(v3, "AAAA"), ("x-plivo-signature-ma-v3", whole)];
    assert_eq!(post(url, body, &main), verified);
    assert_eq!(
        post(url, body, &[("x-plivo-signature-ma-v3", whole)]),
        verified
    );
    let wrong = Err(Refused::Wrong);
    assert_eq!(post(url, &body.replace("u1", "u2"), &[(v3, whole)]), wrong);
    assert_eq!(post(url, body, &[(v3, plain)]), wrong);
    assert_eq!(
        post("https://example.com/other?x=2&a=1", body, &[(v3, whole)]),
        wrong
    );
}

/// Made with version 4.63.0 of the vendor's Python client, of three samples.
#[test]
fn signatures_of_the_vendors_client_are_ours() {
    for (name, signature) in [
        (
            "outbound_query",
            "IQ58J0oZdz7qJGkHo0oW7ItT+Iyd/hpYYZQAczJ08ng=",
        ),
        (
            "inbound_missed",
            "N7Xubo6MhKC8bKaWehcHUDOmXlI1/GwCH8+C5doq3eE=",
        ),
        (
            "outbound_get",
            "zjwIQhgkRwQxaNzUcO3UK2vzE0SRXyv0maNZv8dxAt0=",
        ),
    ] {
        let own = file(name).show(NOW, |request| verify::sign(TOKEN, request));
        assert_eq!(own[0].1, signature, "{name}");
    }
}

/// Computed apart: of a GET the query alone is signed, sorted.
#[test]
fn a_get_is_signed_by_its_query() {
    let get = |url: &str, body: &str| {
        let header = [(
            "x-plivo-signature-v3",
            "oUY82qsK0A9Tqr9y8gFZR7r5UdPjMJg9e7nc5oJj7y0=",
        )];
        check(&http::Method::GET, url, body, &header)
    };
    let verified = Ok(Integrity::Verified);
    assert_eq!(get("https://example.com/plivo?x=2&a=1", ""), verified);
    assert_eq!(get("https://example.com/plivo?a=1&x=2", ""), verified);
    assert_eq!(
        get("https://example.com/plivo?x=2&a=2", ""),
        Err(Refused::Wrong)
    );
}

#[test]
fn legs_of_one_call_share_it_and_ids_are_equal_when_repeated() {
    let names = [
        "inbound_start",
        "leg_answered",
        "leg_hangup",
        "leg_transferred_answered",
        "inbound_hangup",
        "recording",
    ];
    let events: Vec<Value> = names.iter().flat_map(|name| told(name)).collect();
    let calls: BTreeSet<String> = events
        .iter()
        .map(|event| event["call"].to_string())
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let legs: BTreeSet<String> = events
        .iter()
        .filter_map(|event| Some(event.get("leg")?.to_string()))
        .collect();
    assert_eq!(legs.len(), 2, "{legs:?}");
    let ids: BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len());
    let hook = hook(&Plivo, &[TOKEN]);
    let again = file("leg_answered").show(NOW + 9_000, |request| Plivo.parse(&hook, request));
    let again = again.unwrap().events.remove(0);
    assert_eq!(again.field("id"), Some(&told("leg_answered")[0]["id"]));
}

/// 12:50:00 in Madrid and 11:50:00.123 of `SessionStart` are the same beginning.
#[test]
fn local_times_are_of_the_hooks_zone_and_the_first_is_utc() {
    assert_eq!(told("inbound_hangup")[1]["at"], "2026-03-02T11:50:00.000Z");
    assert_eq!(told("inbound_start")[0]["at"], "2026-03-02T11:50:00.123Z");
    let body = "Event=Hangup&CallUUID=u1&Direction=inbound&EndTime=2026-10-25+02%3A30%3A00";
    let sample = Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes());
    let ended = &kit::events(&Plivo, &sample)[0];
    assert_eq!(ended["at"], "2026-10-25T00:30:00.000Z");
}

/// The program answers at 12:50:02 and talks; that is no answer by a person.
#[test]
fn a_program_that_picks_up_is_no_answer() {
    for event in told("inbound_hangup") {
        assert_ne!(event["phase"], "answered");
        assert_eq!(event.get("talk_s"), None);
    }
    assert_eq!(told("leg_hangup")[0]["talk_s"], 31);
}
