use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Didww, "ps-secret");
}

/// Made by an independent program: HMAC-SHA256 of `1772452800.{}` with the key `ps-secret`.
#[test]
fn a_signature_is_verified_within_five_minutes_of_its_time() {
    let hook = hook(&Didww, &["old", "ps-secret"]);
    let check = |header: &str, now: i64| {
        let headers = [("x-ps-signature", header)];
        request("/v1/hooks/h", &headers, b"{}", now, |request| {
            Didww.verify(&hook, request)
        })
    };
    let good = "t=1772452800,v1=d9da2d6066ba12c0cfde85317188ffb4423e148099d289beafeead76f00941fb";
    assert_eq!(check(good, NOW), Ok(Integrity::Verified));
    assert_eq!(check(good, NOW + 300_000), Ok(Integrity::Verified));
    assert_eq!(check(good, NOW + 301_000), Err(Refused::Stale(301, 300)));
    assert_eq!(check(good, NOW - 301_000), Err(Refused::Stale(-301, 300)));
    assert_eq!(
        check(&good.replace("1772452800", "1772452801"), NOW),
        Err(Refused::Wrong)
    );
    assert_eq!(
        check(
            &good
                .to_uppercase()
                .replace("T=", "t=")
                .replace("V1=", "v1="),
            NOW
        ),
        Err(Refused::Wrong)
    );
    assert_eq!(
        check("t=1772452800", NOW),
        Err(Refused::Malformed("x-ps-signature"))
    );
}

/// The law of repetition: what is sent again, signed anew at another time, is the same event.
#[test]
fn a_repetition_is_the_same_event() {
    let body = br#"{"id":"evt_9","type":"call.connected","ts":"2026-03-02T12:00:07.500Z","global_tag":"g-1","data":{"extension":"101"}}"#;
    let sample = Sample::new("POST", "/v1/hooks/h", &[("x-ps-attempt", "1")], body);
    let again = Sample::new("POST", "/v1/hooks/h", &[("x-ps-attempt", "2")], body);
    let events = kit::events(&Didww, &sample);
    assert_eq!(events, kit::events(&Didww, &again));
    assert_eq!(events[0]["id"], "evt_9:answered");
    assert_eq!(events[0]["at"], "2026-03-02T12:00:07.500Z");
}
