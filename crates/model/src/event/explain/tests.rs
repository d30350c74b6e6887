use serde_json::json;

use super::super::{Event, examples};
use super::*;

fn refused(json: &str) -> Refusal {
    Event::parse(json).unwrap_err()
}

fn message(field: &str, value: serde_json::Value) -> Refusal {
    let mut event = examples(Kind::Message).remove(0);
    event[field] = value;
    refused(&event.to_string())
}

#[test]
fn what_is_no_json_object_is_malformed() {
    for text in [
        "",
        " ",
        "{",
        "nonsense",
        "[]",
        "null",
        "\"message\"",
        "5",
        "{\"type\":\"message\"} x",
        "{\"type\":\"message\",}",
        "{\"type\":\"message\",\"at\":01}",
        "{\"type\":5,\"a\":}",
        "{\"type\":\"message\",\"at\":\"x\",\"a\":tru}",
    ] {
        assert_eq!(refused(text).code, Code::Malformed, "{text}");
    }
}

#[test]
fn the_type_is_needed_and_known() {
    let missing = refused("{\"at\":1}");
    assert_eq!(missing.code, Code::MissingField);
    assert!(
        missing
            .detail
            .starts_with("`type` is missing: write one of message, conversation")
    );
    let unknown = refused("{\"type\":\"massage\",\"at\":1}");
    assert_eq!(unknown.code, Code::UnknownType);
    assert!(unknown.detail.contains("\"massage\""), "{unknown}");
    assert!(
        unknown
            .detail
            .contains("expected one of message, conversation, call"),
        "{unknown}"
    );
    assert_eq!(refused("{\"at\":1,\"type\":\"massage\"}"), unknown);
    assert_eq!(refused("{\"type\":7}").code, Code::InvalidField);
}

#[test]
fn every_required_field_is_missed_by_name() {
    for kind in Kind::ALL {
        let event = examples(*kind).remove(0);
        for name in event
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "type")
        {
            let mut without = event.clone();
            without.as_object_mut().unwrap().remove(name);
            let refusal = refused(&without.to_string());
            assert_eq!(refusal.code, Code::MissingField, "{kind}.{name}: {refusal}");
            assert!(
                refusal.detail.contains(&format!("`{name}`")),
                "{kind}.{name}: {refusal}"
            );
        }
    }
}

#[test]
fn an_invalid_field_is_named_with_how_to_mend_it() {
    for (field, value, detail) in [
        (
            "author",
            json!("buyer"),
            "`author`: invalid value: string \"buyer\", expected one of contact, manager, bot, system, campaign",
        ),
        (
            "conversation",
            json!(7),
            "`conversation`: invalid type: integer `7`, expected a text of 1 to 200 characters",
        ),
        (
            "contact",
            json!(""),
            "`contact`: it is empty, expected a text of 1 to 200 characters",
        ),
        (
            "channel",
            json!("a\nb"),
            "`channel`: it holds a control character, expected a text of 1 to 200 characters",
        ),
        (
            "at",
            json!("yesterday"),
            "`at`: not a time: write RFC 3339 with an offset, like 2026-03-01T10:00:00Z, or an epoch number",
        ),
        (
            "at",
            json!("1960-01-01T00:00:00Z"),
            "`at`: the time lies outside 1970 to 2100",
        ),
        (
            "private",
            json!("no"),
            "`private`: invalid type: string \"no\", expected a boolean",
        ),
        (
            "gclid",
            json!([]),
            "`gclid`: invalid type: sequence, expected a text of 0 to 256 characters",
        ),
    ] {
        let refusal = message(field, value);
        assert_eq!(refusal.code, Code::InvalidField, "{refusal}");
        assert_eq!(refusal.detail, detail);
    }
    let nested = message("file", json!({ "name": "x", "size": -1, "mime": "y" }));
    assert!(nested.detail.starts_with("`file.size`: "), "{nested}");
    let nested = message("file", json!({ "size": 1 }));
    assert_eq!(nested.code, Code::MissingField);
    assert!(
        nested.detail.starts_with("`file.name` is missing"),
        "{nested}"
    );
}

#[test]
fn no_more_than_a_short_piece_of_input_is_repeated() {
    let refusal = message("author", json!("s3cret".repeat(100)));
    assert!(
        refusal.detail.contains("expected one of contact"),
        "{refusal}"
    );
    assert!(refusal.detail.len() < 200, "{refusal}");
    let refusal = message("private", json!("\"".repeat(9_999)));
    assert!(refusal.detail.len() < 200, "{refusal}");
}

#[test]
fn half_a_character_is_refused_in_a_known_field() {
    let refusal = refused(r#"{"type":"message","conversation":"\ud800"}"#);
    assert_eq!(refusal.code, Code::InvalidField);
    assert!(refusal.detail.starts_with("`conversation`: "), "{refusal}");
}

#[test]
fn doubled_fields_are_refused() {
    let text = r#"{"type":"presence","manager":"a","manager":"b","state":"active","at":1}"#;
    assert_eq!(refused(text).code, Code::InvalidField);
    let text = r#"{"type":"form","form":"a","at":1,"gclid":"b","gclid":"c"}"#;
    assert_eq!(refused(text).code, Code::InvalidField);
}
