use serde_json::{Value, json};

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&Mango, "code123:key456");
}

const JSON: &str = r#"{"entry_id":"e1","call_id":"c1","timestamp":1398956995,"seq":1,"call_state":"Appeared","location":"abonent"}"#;

/// The vector of the specification: code, key, JSON and signature.
#[test]
fn the_vector_is_verified_with_and_without_the_code() {
    let sign = "68dbe24826f2b8a86efcf8e611cc89c2e2e5874df46385ece67a71f618858a2b";
    let form = |code: &str, sign: &str, json: &str| {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("vpbx_api_key", code)
            .append_pair("sign", sign)
            .append_pair("json", json)
            .finish()
    };
    let check = |secret: &str, body: &str| {
        let hook = hook(&Mango, &["x:y", secret]);
        request(
            "/v1/hooks/h/events/call",
            &[],
            body.as_bytes(),
            NOW,
            |request| Mango.verify(&hook, request),
        )
    };
    let body = form("qwerty123", sign, JSON);
    assert_eq!(check("qwerty123:salt456", &body), Ok(Integrity::Verified));
    assert_eq!(check("salt456", &body), Ok(Integrity::Verified));
    assert_eq!(check("qwerty124:salt456", &body), Err(Refused::Wrong));
    // Only the text as it was sent is signed: another spelling of the same JSON is not.
    let spelled = form("qwerty123", sign, &JSON.replace(":1,", ": 1,"));
    assert_eq!(check("qwerty123:salt456", &spelled), Err(Refused::Wrong));
    assert_eq!(
        check("qwerty123:salt456", "json=%7B%7D"),
        Err(Refused::Missing("vpbx_api_key"))
    );
}

fn events(json: &Value) -> Vec<Value> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("json", &json.to_string())
        .finish();
    kit::events(
        &Mango,
        &Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes()),
    )
}

/// The law of the numbers: the same notification in whatever order gives the same ids, and each
/// notification of a leg another one.
#[test]
fn each_notification_of_a_leg_has_its_own_id_and_number() {
    let of = |seq: u64, state: &str| {
        let json = json!({ "entry_id": "e1", "call_id": "c1", "timestamp": 1_772_452_800 + seq,
            "seq": seq, "call_state": state, "locaton": "abonent",
            "from": { "number": "74951234567" }, "to": { "extension": "12", "line_number": "74957654321" } });
        let events = events(&json);
        assert_eq!(events.len(), 1);
        (
            events[0]["phase"].clone(),
            events[0]["id"].clone(),
            events[0]["seq"].clone(),
        )
    };
    let told = [
        (1, "Appeared"),
        (2, "Connected"),
        (3, "OnHold"),
        (4, "Connected"),
        (5, "Disconnected"),
    ]
    .map(|(seq, state)| of(seq, state));
    let phases = told.clone().map(|(phase, _, _)| phase);
    assert_eq!(phases, ["ringing", "answered", "held", "resumed", "ended"]);
    let mut ids: Vec<_> = told.iter().map(|(_, id, _)| id.as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    assert_eq!(of(2, "Connected"), told[1]);
}

#[test]
fn a_call_that_nobody_took_is_missed_or_unanswered_by_its_way() {
    let disposition = |direction: u8, reason: u32| {
        let json = json!({ "entry_id": "e1", "call_direction": direction, "entry_result": 0,
            "create_time": 1_772_452_800, "talk_time": 0, "end_time": 1_772_452_830,
            "disconnect_reason": reason });
        let events = events(&json);
        assert_eq!(events.len(), 2, "a talk at 0 is none");
        events[1]["disposition"].clone()
    };
    assert_eq!(disposition(1, 1100), Value::Null, "its phases say it");
    assert_eq!(disposition(2, 1100), "no_answer");
    assert_eq!(disposition(2, 4201), "no_answer");
    assert_eq!(disposition(2, 3201), "failed");
}
