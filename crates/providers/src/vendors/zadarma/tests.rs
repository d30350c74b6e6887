use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

const FORM: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];

fn sample(body: &str) -> Sample {
    Sample::new("POST", "/v1/hooks/h", FORM, body.as_bytes())
}

fn file(name: &str) -> Sample {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendors/zadarma/samples/");
    Sample::read(format!("{folder}{name}.http").as_ref())
}

fn told(name: &str) -> Vec<Value> {
    kit::events(&Zadarma, &file(name))
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Zadarma, "zd_secret");
}

/// Computed apart: base64 of the hexadecimal text of HMAC-SHA1.
#[test]
fn the_computed_vector_is_verified() {
    let hook = hook(&Zadarma, &["zd_secret"]);
    let signature = "ZGE4YjVkNTcyODViY2ZmNjk1YjYxOGE4ZjFhODY3MjIxODc1MDg1Mw==";
    let check = |body: &str| {
        request(
            "/",
            &[("Signature", signature)],
            body.as_bytes(),
            NOW,
            |request| Zadarma.verify(&hook, request),
        )
    };
    let parties =
        "caller_id=996555000001&called_did=996555000009&call_start=2026-09-27+14%3A00%3A00";
    for event in [
        "NOTIFY_START",
        "NOTIFY_INTERNAL",
        "NOTIFY_END",
        "NOTIFY_IVR",
    ] {
        let body = format!("event={event}&{parties}&pbx_call_id=x");
        assert_eq!(check(&body), Ok(Integrity::Weak), "{event}");
    }
    let other = parties.replace("000001", "000002");
    assert_eq!(
        check(&format!("event=NOTIFY_START&{other}")),
        Err(Refused::Wrong)
    );
    // The same fields are not those that a record or an outgoing call signs.
    for event in ["NOTIFY_RECORD", "NOTIFY_OUT_END"] {
        let body = format!("event={event}&{parties}&pbx_call_id=x");
        assert_eq!(check(&body), Err(Refused::Wrong), "{event}");
    }
}

#[test]
fn a_start_makes_an_end_that_is_weak_and_only_the_first_of_them_counts() {
    let good = hook(&Zadarma, &["s"]);
    let start = file("start").signed(&Zadarma, "s");
    let signature = start.show(NOW, |request| {
        request.header("signature").map(str::to_owned)
    });
    let forged = |duration: &str| {
        let body = format!(
            "event=NOTIFY_END&call_start=2026-03-02+12%3A59%3A20&pbx_call_id=in_1&caller_id=%2B34911222333\
             &called_did=34944555666&duration={duration}&disposition=answered"
        );
        let headers = [("signature", signature.as_deref().unwrap())];
        Sample::new("POST", "/v1/hooks/h", &headers, body.as_bytes())
    };
    let verdict = forged("999").show(NOW, |request| Zadarma.verify(&good, request));
    assert_eq!(verdict, Ok(Integrity::Weak));
    let ids: BTreeSet<String> = ["999", "1"]
        .iter()
        .map(|duration| kit::events(&Zadarma, &forged(duration))[0]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "a second end would count");
}

#[test]
fn a_recording_is_signed_whole() {
    let good = hook(&Zadarma, &["s"]);
    let verdict = file("record")
        .signed(&Zadarma, "s")
        .show(NOW, |request| Zadarma.verify(&good, request));
    assert_eq!(verdict, Ok(Integrity::Verified));
}

#[test]
fn phases_of_one_call_share_its_id_and_repetitions_have_equal_ids() {
    let names = [
        "start",
        "ivr",
        "internal_101",
        "internal_102",
        "answer",
        "end_answered",
        "record",
    ];
    let events: Vec<Value> = names.iter().flat_map(|name| told(name)).collect();
    let calls: BTreeSet<String> = events.iter().map(|e| e["call"].to_string()).collect();
    assert_eq!(calls.len(), 1);
    let ids: BTreeSet<String> = events.iter().map(|e| e["id"].to_string()).collect();
    assert_eq!(ids.len(), names.len());
    for id in ids {
        assert!(
            !id.contains("911222333") && !id.contains("944555666"),
            "{id}"
        );
    }
    // A repetition comes later, and is the same event.
    let hook = hook(&Zadarma, &["s"]);
    let again = file("internal_101").show(NOW + 5_000, |request| Zadarma.parse(&hook, request));
    let again = again.unwrap().events.remove(0);
    assert_eq!(again.field("id"), Some(&told("internal_101")[0]["id"]));
}

/// Each extension that rings is a leg of its own, and the one that answers is one of them.
#[test]
fn who_rings_and_who_answers_are_legs() {
    let leg = |name: &str| told(name)[0]["leg"].as_str().unwrap().to_owned();
    assert_ne!(leg("internal_101"), leg("internal_102"));
    assert_eq!(leg("internal_102"), leg("answer"));
    assert_eq!(told("answer_forwarded")[0]["extension"], "34600700800");
}

/// A greeting answers, rings 101, the caller gives up: Zadarma says answered, nobody did.
#[test]
fn a_ghost_answer_is_no_answer() {
    for event in told("end_answered") {
        assert_eq!(event["phase"], "ended");
        assert_eq!(event.get("disposition"), None);
        assert_eq!(event.get("talk_s"), None);
    }
}

#[test]
fn a_start_in_the_doubled_hour_is_the_earlier() {
    let body = "event=NOTIFY_START&call_start=2026-10-25+02%3A30%3A00&pbx_call_id=in_1";
    assert_eq!(
        kit::events(&Zadarma, &sample(body))[0]["at"],
        "2026-10-25T00:30:00.000Z"
    );
}

#[test]
fn what_is_merely_strange_is_kept_as_unknown() {
    let hook = hook(&Zadarma, &["s"]);
    for (body, kind) in [
        ("", "a notice without event"),
        ("event=NOTIFY_END", "NOTIFY_END without pbx_call_id"),
        ("event=NOTIFY_NEW&pbx_call_id=in_1", "NOTIFY_NEW"),
    ] {
        let parsed = sample(body).show(NOW, |request| Zadarma.parse(&hook, request));
        assert_eq!(parsed.unwrap().unknown, [kind]);
    }
}

#[test]
fn the_handshake_gives_back_letters_and_digits_only() {
    let hook = hook(&Zadarma, &["s"]);
    let greet = |path: &str| {
        Sample::new("GET", path, &[], b"").show(NOW, |request| Zadarma.greeting(&hook, request))
    };
    assert_eq!(
        greet("/v1/hooks/h?zd_echo=aB3"),
        Ok(Some(Answer::text("aB3")))
    );
    assert_eq!(greet("/v1/hooks/h"), Ok(None));
    let long = format!("/v1/hooks/h?zd_echo={}", "a".repeat(65));
    for path in [
        "/v1/hooks/h?zd_echo=",
        "/v1/hooks/h?zd_echo=%3Cscript%3E",
        "/v1/hooks/h?zd_echo=a%20b",
        &long,
    ] {
        assert_eq!(greet(path), Err(Refused::Malformed("zd_echo")), "{path}");
    }
}

/// A row of the statistics tells what notices tell that came late, under the same ids.
#[test]
fn a_row_of_the_statistics_is_the_notices_come_late() {
    let hook = hook(&Zadarma, &["zd_secret"]);
    let read = |row: &[(&'static str, &'static str)]| {
        Zadarma.export(&hook, &Record::flat(row.iter().copied()))
    };
    let json = |draft: Draft| serde_json::from_str::<Value>(&draft.to_json()).unwrap();
    let made = |row: &[(&'static str, &'static str)]| -> Vec<Value> {
        read(row).unwrap().into_iter().map(json).collect()
    };
    let notices = |parties: &str, notices: &[&str]| -> Vec<Value> {
        let start = "call_start=2026-03-02+09%3A15%3A00";
        let told = |notice: &&str| {
            let body = format!("event={notice}&{start}&{parties}");
            kit::events(&Zadarma, &sample(&body))
        };
        notices.iter().flat_map(told).collect()
    };
    let inbound = [
        ("callstart", "2026-03-02 09:15:00"),
        ("pbx_call_id", "in_5f0c1e7a"),
        ("clid", "+34911222333"),
        ("destination", "101"),
        ("called_did", "34944555666"),
        ("disposition", "answered"),
        ("seconds", "95"),
    ];
    let parties = "pbx_call_id=in_5f0c1e7a&caller_id=%2B34911222333&called_did=34944555666";
    let expected = notices(
        parties,
        &[
            "NOTIFY_START",
            "NOTIFY_INTERNAL&internal=101",
            "NOTIFY_ANSWER&internal=101",
            "NOTIFY_END&duration=95&disposition=answered",
        ],
    );
    assert_eq!(made(&inbound), expected);
    let outbound = [
        ("Call start", "2026-03-02 09:15:00"),
        ("PBX call id", "out_90aa"),
        ("Clid", "101"),
        ("Destination", "34600700800"),
        ("Disposition", "busy"),
        ("Seconds", "4"),
    ];
    let parties = "pbx_call_id=out_90aa&internal=101&destination=34600700800";
    let ended = "NOTIFY_OUT_END&duration=4&disposition=busy";
    assert_eq!(
        made(&outbound),
        notices(parties, &["NOTIFY_OUT_START", ended])
    );
    assert!(read(&inbound[1..]).is_err());
    assert!(read(&inbound[..1]).is_err());
}
