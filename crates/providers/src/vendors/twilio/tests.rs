use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook};

const TOKEN: &str = "12345";

fn file(name: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/twilio/samples/");
    Sample::read(format!("{folder}{name}.http").as_ref())
}

fn told(name: &str) -> Vec<Value> {
    kit::events(&Twilio, &file(name))
}

/// Verifies a request to an address of the vendor's own tests.
fn check(url: &str, body: &str, signature: &str) -> Result<Integrity, Refused> {
    let mut headers = http::HeaderMap::new();
    headers.insert(verify::HEADER, signature.parse().unwrap());
    let request = Request {
        method: &http::Method::POST,
        url,
        headers: &headers,
        body: body.as_bytes(),
        peer: None,
        received_at: trunkline_model::time::Time(NOW),
    };
    Twilio.verify(&hook(&Twilio, &[TOKEN]), &request)
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Twilio, TOKEN);
}

/// The vectors of the vendor's Python client: addresses, fields and signatures are its tests'.
#[test]
fn the_vendors_own_vectors_are_verified() {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let form = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212\
        &Caller=%2B14158675309";
    let http = url.replace("https", "http");
    for (url, signature) in [
        (url, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (
            &url.replace(".com", ".com:1234"),
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            &http.replace(".com", ".com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
        (url, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (&http, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
    ] {
        assert_eq!(
            check(url, form, signature),
            Ok(Integrity::Verified),
            "{url}"
        );
        let other = form.replace("1234&", "1235&");
        assert_eq!(check(url, &other, signature), Err(Refused::Wrong), "{url}");
    }
    let twice = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234";
    assert_eq!(
        check(url, twice, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        Ok(Integrity::Verified)
    );
}

/// Made with version 9.13.0 of the vendor's Python client, of two samples.
#[test]
fn signatures_of_the_vendors_client_are_ours() {
    for (name, signature) in [
        ("leg_completed", "veT98NIAYD92ITMX2frMLMHz4Zg="),
        ("empty_fields", "lY7hiI7RJVsmnyAIoq5FwFAqTuA="),
    ] {
        let own = file(name).show(NOW, |request| verify::sign(TOKEN, request));
        assert_eq!(own, signature, "{name}");
    }
}

#[test]
fn a_json_body_is_verified_by_its_hash() {
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=\
        0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
    let body = r#"{"property": "value", "boolean": true}"#;
    assert_eq!(check(url, body, signature), Ok(Integrity::Verified));
    let other = body.replace("true", "false");
    assert_eq!(check(url, &other, signature), Err(Refused::Wrong));
}

#[test]
fn a_signature_for_get_does_not_cover_a_body() {
    let good = hook(&Twilio, &[TOKEN]);
    let get = file("outbound_get").signed(&Twilio, TOKEN);
    let (url, signature) = get.show(NOW, |request| {
        let signature = request.header(verify::HEADER).unwrap().to_owned();
        assert!(Twilio.verify(&good, request).is_ok());
        (request.url.to_owned(), signature)
    });
    assert_eq!(
        check(&url, "CallStatus=completed", &signature),
        Err(Refused::Wrong)
    );
}

/// What is dialled for a call belongs to it, and each leg stays itself.
#[test]
fn legs_are_joined_to_their_parents_call() {
    let names = [
        "inbound_ringing",
        "inbound_in_progress",
        "leg_ringing_number",
        "leg_ringing_sip",
        "leg_answered",
        "leg_canceled",
        "leg_completed",
        "leg_transferred_answered",
        "leg_completed_only",
        "dial_action",
        "inbound_completed",
        "recording",
        "conference_hold",
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
    assert_eq!(legs.len(), 3, "{legs:?}");
    let ids: BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    // The answer of one leg is told twice: as it happens, and by the only callback of another setting.
    assert_eq!(ids.len(), events.len() - 1);
    let phones = ["911222333", "944555666", "600700801"];
    for id in ids {
        assert!(phones.iter().all(|phone| !id.contains(phone)), "{id}");
    }
}

/// The program picks up at once; that is no answer by a person.
#[test]
fn a_program_that_picks_up_is_a_menu() {
    for name in ["inbound_in_progress", "inbound_completed_only"] {
        for event in told(name) {
            assert_ne!(event["phase"], "answered", "{name}");
            assert_eq!(event.get("talk_s"), None, "{name}");
        }
    }
    assert_eq!(told("leg_answered")[0]["phase"], "answered");
    assert_eq!(told("leg_completed")[0]["talk_s"], 31);
}

/// A leg of 16 s that ended at 11:51:08 was answered at 11:50:52, as its own callback says.
#[test]
fn an_answer_that_was_not_told_is_where_the_duration_says() {
    let events = told("leg_completed_only");
    assert_eq!(events[1]["phase"], "answered");
    assert_eq!(events[1]["at"], told("leg_transferred_answered")[0]["at"]);
}

#[test]
fn a_repetition_has_the_same_id_whenever_it_comes() {
    let hook = hook(&Twilio, &[TOKEN]);
    let again = file("inbound_ringing").show(NOW + 60_000, |request| Twilio.parse(&hook, request));
    let again = again.unwrap().events.remove(0);
    assert_eq!(again.field("id"), Some(&told("inbound_ringing")[0]["id"]));
}

/// A row of the list tells what the callback at the end does, under the same ids.
#[test]
fn a_row_of_the_list_is_the_callback_at_the_end() {
    let json = |draft: Draft| serde_json::from_str::<Value>(&draft.to_json()).unwrap();
    let hook = hook(&Twilio, &[TOKEN]);
    let row = serde_json::json!({
        "sid": "CA38d27c16b05af49e38d27c16b05af49e", "from": "+34944555666", "to": "client:berta",
        "parent_call_sid": "CAe38d27c16b05af49e38d27c16b05af49", "direction": "outbound-dial",
        "status": "completed", "duration": "16", "start_time": "Mon, 02 Mar 2026 11:50:52 +0000",
        "end_time": "Mon, 02 Mar 2026 11:51:08 +0000",
    });
    let row = Record::nested(row).unwrap();
    let events: Vec<Value> = Twilio
        .export(&hook, &row)
        .unwrap()
        .into_iter()
        .map(json)
        .collect();
    assert_eq!(events, told("leg_completed_only"));

    let call = [
        ("Call Sid", "CAe38d27c16b05af49e38d27c16b05af49"),
        ("Start Time", "2026-03-02 11:50:04 UTC"),
        ("Duration", "64"),
        ("Status", "Completed"),
        ("Direction", "Inbound"),
        ("From", "+34911222333"),
        ("To", "+34944555666"),
    ];
    let read = |row: &[(&'static str, &'static str)]| {
        Twilio.export(&hook, &Record::flat(row.iter().copied()))
    };
    let events: Vec<Value> = read(&call).unwrap().into_iter().map(json).collect();
    assert_eq!(events, told("inbound_completed_only"));
    assert!(read(&call[1..]).is_err());
    let mut going = call;
    going[3].1 = "in-progress";
    assert_eq!(read(&going).unwrap(), []);
}
