use std::collections::BTreeSet;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook};

fn file(name: &str) -> Sample {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/vendors/signalwire/samples/"
    );
    Sample::read(format!("{folder}{name}.http").as_ref())
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&SignalWire, "PSK_secret");
}

/// The vector of the vendor's own clients: key, address, body and signature are their tests'.
#[test]
fn the_vendors_own_vector_is_verified() {
    let hook = hook(&SignalWire, &["PSKtest1234567890abcdef"]);
    let body = r#"{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}"#;
    let check = |header: &'static str, url: &str, body: &str| {
        let mut headers = http::HeaderMap::new();
        let signature = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f";
        headers.insert(header, signature.parse().unwrap());
        let request = Request {
            method: &http::Method::POST,
            url,
            headers: &headers,
            body: body.as_bytes(),
            peer: None,
            received_at: trunkline_model::time::Time(NOW),
        };
        SignalWire.verify(&hook, &request)
    };
    let url = "https://example.ngrok.io/webhook";
    for header in [verify::HEADER, twilio::verify::HEADER] {
        assert_eq!(check(header, url, body), Ok(Integrity::Verified));
    }
    let other = body.replace("answered", "ended");
    assert_eq!(check(verify::HEADER, url, &other), Err(Refused::Wrong));
    let elsewhere = "https://example.ngrok.io/other";
    assert_eq!(check(verify::HEADER, elsewhere, body), Err(Refused::Wrong));
}

/// Twilio's vector, under SignalWire's header.
#[test]
fn a_form_is_signed_as_twilio_signs_it() {
    let sample = file("leg_ringing").signed(&SignalWire, "s");
    let good = hook(&SignalWire, &["s"]);
    sample.show(NOW, |request| {
        let signature = request.header(verify::HEADER).unwrap();
        let as_twilio = twilio::verify::verify(&good, request, signature);
        assert_eq!(as_twilio, Ok(Integrity::Verified));
    });
}

#[test]
fn legs_are_joined_to_their_parents_call() {
    let names = [
        "inbound_completed",
        "leg_ringing",
        "leg_completed",
        "recording",
    ];
    let events: Vec<_> = names
        .iter()
        .flat_map(|name| kit::events(&SignalWire, &file(name)))
        .collect();
    let calls: BTreeSet<String> = events
        .iter()
        .map(|event| event["call"].to_string())
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let ids: BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len());
}
