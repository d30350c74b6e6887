use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, Sample};

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&FreeSwitch, "long-and-random");
}

const RECORD: &str = r#"{"variables":{"uuid":"u1","start_uepoch":"1772452800250000","bridge_epoch":"1772452810","end_epoch":"1772452860","hangup_cause":"NORMAL_CLEARING","mos":"a+b & c"},"callflow":[{"caller_profile":{"caller_id_number":"+34911222333","destination_number":"+34944555666"}}]}"#;

fn events(body: &str) -> Vec<Value> {
    kit::events(
        &FreeSwitch,
        &Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes()),
    )
}

/// The law of the encodings: a record is the same in each of the three.
#[test]
fn the_three_encodings_say_the_same() {
    let plain = events(RECORD);
    assert_eq!(plain[0]["at"], "2026-03-02T12:00:00.250Z");
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("cdr", RECORD)
        .finish();
    assert_eq!(events(&form), plain);
    let base64 = STANDARD.encode(RECORD);
    assert_eq!(events(&format!("cdr={base64}")), plain);
    let escaped = form_urlencoded::Serializer::new(String::new())
        .append_pair("cdr", &base64)
        .finish();
    assert_eq!(events(&escaped), plain);
}

#[test]
fn a_figure_that_is_none_spoils_nothing() {
    for nan in ["nan,", "-nan,", " nan ,"] {
        let body = RECORD.replacen('{', &format!("{{\"quality\":{nan}"), 1);
        assert_eq!(events(&body), events(RECORD), "{nan}");
    }
}

#[test]
fn a_menu_that_picks_up_answers_nothing() {
    let alone = RECORD.replace(
        "\"bridge_epoch\":\"1772452810\"",
        "\"answer_epoch\":\"1772452801\"",
    );
    assert_eq!(events(RECORD).last().unwrap()["disposition"], "answered");
    assert_eq!(events(&alone).last().unwrap()["disposition"], "missed");
}
