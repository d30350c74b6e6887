use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook};

const SECRET: &str = "vonage_secret";
const BODY: &str =
    r#"{"uuid":"u1","conversation_uuid":"CON-1","status":"completed","direction":"inbound"}"#;

/// A token for `BODY`, at the time of the samples; made with another library.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3NzI0NTI4MDAsImp0aSI6ImoxIiwiaXNzIjoiVm9u\
    YWdlIiwicGF5bG9hZF9oYXNoIjoiZTI1NGY1NjhiOWU4Nzg4ZmY2MGYyNGRkNTRiMTljZjY4MjdjYzIyMmUzOTM5NTE3MjJmYjIzOGU2\
    ODE4OWI2OCIsImFwaV9rZXkiOiJhMWIyYzNkNCIsImFwcGxpY2F0aW9uX2lkIjoiYXBwIn0.VFUq6BErQ_1k4XrmbEr-qrCSI37Qrd0y\
    md66dToK9hU";
/// The same, that says its algorithm is `none`.
const NONE: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.eyJpYXQiOjE3NzI0NTI4MDAsImp0aSI6ImoxIiwiaXNzIjoiVm9uYWdl\
    IiwicGF5bG9hZF9oYXNoIjoiZTI1NGY1NjhiOWU4Nzg4ZmY2MGYyNGRkNTRiMTljZjY4MjdjYzIyMmUzOTM5NTE3MjJmYjIzOGU2ODE4\
    OWI2OCIsImFwaV9rZXkiOiJhMWIyYzNkNCIsImFwcGxpY2F0aW9uX2lkIjoiYXBwIn0.FrccKfmBwxQLA1KX5ZUb-vg9Pse3Ec2ZY4VX\
    Hp5uz5M";
/// The same, without a hash.
const HASHLESS: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3NzI0NTI4MDAsImp0aSI6ImoxIiwiaXNzIjoiVm9u\
    YWdlIiwiYXBpX2tleSI6ImExYjJjM2Q0IiwiYXBwbGljYXRpb25faWQiOiJhcHAifQ.tcGkUY6lpCN1Vx3vmAqSsFLkpD7ZWWbgmrKO6qTl\
    w-I";
/// A token for `{"from":"34 9","status":"answered","uuid":"u\"1"}`, the query of a GET.
const QUERY: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJpYXQiOjE3NzI0NTI4MDAsImp0aSI6ImoxIiwiaXNzIjoiVm9uYWdl\
    IiwicGF5bG9hZF9oYXNoIjoiYTc3NWU2NWI5NmQ0MzFkNGYyMGRjYTliYWM3MjQ4ZmI1YTdmYzk0Y2ZmMGE4ZWI4NmIyNDRlNDkyYzAz\
    OGJkMCIsImFwaV9rZXkiOiJhMWIyYzNkNCIsImFwcGxpY2F0aW9uX2lkIjoiYXBwIn0.EeXb2ICwabiEb4CIxoAnj3tcKyksP5-wA3nA\
    AwBVpUs";

fn told(name: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/vonage/samples/");
    let sample = Sample::read(format!("{folder}{name}.http").as_ref());
    kit::events(&Vonage, &sample)
}

fn check(sample: &Sample, seconds_later: i64) -> Result<Integrity, Refused> {
    let hook = hook(&Vonage, &["another", SECRET]);
    sample.show(NOW + seconds_later * 1_000, |request| {
        Vonage.verify(&hook, request)
    })
}

fn post(token: &str, body: &str) -> Sample {
    let header = format!("Bearer {token}");
    let headers = [("authorization", header.as_str())];
    Sample::new("POST", "/v1/hooks/h", &headers, body.as_bytes())
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Vonage, SECRET);
}

#[test]
fn a_token_of_another_library_is_verified_for_its_body_and_its_time() {
    let good = post(TOKEN, BODY);
    assert_eq!(check(&good, 0), Ok(Integrity::Verified));
    assert_eq!(check(&good, 300), Ok(Integrity::Verified));
    assert_eq!(check(&good, 301), Err(Refused::Stale(301, 300)));
    let other = BODY.replace("completed", "answered");
    assert_eq!(check(&post(TOKEN, &other), 0), Err(Refused::Wrong));
    let mut forged = TOKEN.to_owned();
    forged.replace_range(TOKEN.len() - 2.., "hV");
    assert_eq!(check(&post(&forged, BODY), 0), Err(Refused::Wrong));
}

#[test]
fn a_token_without_algorithm_or_hash_is_refused() {
    let malformed = Refused::Malformed("Authorization");
    assert_eq!(check(&post(NONE, BODY), 0), Err(malformed.clone()));
    assert_eq!(
        check(&post(HASHLESS, BODY), 0),
        Err(Refused::Missing("payload_hash"))
    );
    for token in ["", "a", "a.b", "a.b.c", "..", "e30.e30."] {
        assert_eq!(
            check(&post(token, BODY), 0),
            Err(malformed.clone()),
            "{token}"
        );
    }
}

#[test]
fn a_query_is_signed_as_an_object() {
    let header = format!("Bearer {QUERY}");
    let get = |path: &str| {
        let sample = Sample::new("GET", path, &[("authorization", &header)], b"");
        check(&sample, 0)
    };
    let path = "/v1/hooks/h?from=34+9&status=answered&uuid=u%221";
    assert_eq!(get(path), Ok(Integrity::Verified));
    let other = path.replace("answered", "completed");
    assert_eq!(get(&other), Err(Refused::Wrong));
}

/// Ringing comes before started, with the same time: neither is lost, both say that it began.
#[test]
fn ringing_before_started_is_the_same_beginning() {
    let (ringing, started) = (told("inbound_ringing"), told("inbound_started"));
    assert_eq!(ringing[0]["at"], started[0]["at"]);
    assert_eq!(ringing[0]["phase"], started[0]["phase"]);
    assert_ne!(ringing[0]["id"], started[0]["id"]);
}

#[test]
fn legs_of_one_call_share_it() {
    let names = [
        "inbound_started",
        "inbound_answered",
        "menu_input",
        "leg_ringing",
        "leg_ringing_sip",
        "leg_answered",
        "leg_cancelled",
        "leg_completed",
        "inbound_completed",
        "recording",
        "transfer",
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
    assert_eq!(ids.len(), names.len());
}

/// The program answers at 11:50:01, a manager at 11:50:14 for 31 s.
#[test]
fn a_program_that_picks_up_is_a_menu() {
    assert_eq!(told("inbound_answered")[0]["phase"], "menu");
    assert_eq!(told("inbound_completed")[0].get("talk_s"), None);
    assert_eq!(told("leg_answered")[0]["phase"], "answered");
    assert_eq!(told("leg_completed")[0]["talk_s"], 31);
    assert_eq!(told("websocket"), [] as [Value; 0]);
}

#[test]
fn what_is_merely_strange_is_kept_as_unknown() {
    let hook = hook(&Vonage, &[SECRET]);
    for (body, kind) in [
        ("[]", "an event without status"),
        ("7", "an event without status"),
        (r#"{"status":"busy"}"#, "busy"),
        (r#"{"uuid":"u1","status":"new"}"#, "new"),
        (r#"{"uuid":"u1","reason":"x"}"#, "error"),
    ] {
        let sample = post("", body);
        let parsed = sample.show(NOW, |request| Vonage.parse(&hook, request));
        assert_eq!(parsed.unwrap().unknown, [kind], "{body}");
    }
}
