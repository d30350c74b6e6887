use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128, xxh3_128_with_seed};

use super::*;
use crate::word::Word;

const SEED: u64 = 7;

fn parse(json: &str) -> Event<'_> {
    Event::parse(json).unwrap()
}

fn content(event: &Value) -> u64 {
    parse(&event.to_string()).content(&mut Vec::new(), SEED)
}

fn identity(event: &Value, account: &str, origin: &str) -> u128 {
    parse(&event.to_string()).identity(&mut Vec::new(), account, origin, SEED)
}

fn full(kind: Kind) -> Value {
    examples(kind).pop().unwrap()
}

#[test]
fn a_message_borrows_and_has_its_defaults() {
    let raw = r#"{"type":"message","conversation":"c1","contact":"p1","channel":"telegram",
        "author":"contact","at":1772359200,"text":"unknown fields are skipped","deep":{"a":[1,2]}}"#;
    let Event::Message(message) = parse(raw) else {
        panic!("not a message")
    };
    assert_eq!(&*message.conversation, "c1");
    assert_eq!(message.author, Author::Contact);
    assert_eq!(message.at, Time(1_772_359_200_000));
    assert_eq!(message.kind, MessageKind::Text);
    assert!(message.expects_reply && !message.private);
    assert!(message.id.is_none() && message.manager.is_none() && message.source.is_none());
}

#[test]
fn null_is_absent() {
    let mut event = examples(Kind::Message).remove(0);
    let bare = content(&event);
    for field in [
        "manager",
        "id",
        "file",
        "chars",
        "gclid",
        "origin",
        "kind",
        "private",
        "expects_reply",
    ] {
        event[field] = Value::Null;
    }
    assert_eq!(content(&event), bare);
}

#[test]
fn source_fields_are_found_among_the_others() {
    let event = full(Kind::Message).to_string();
    let Event::Message(message) = parse(&event) else {
        panic!("not a message")
    };
    let source = message.source.unwrap();
    assert_eq!(source.campaign.as_deref(), Some("spring"));
    assert_eq!(source.ctwa_clid.as_deref(), Some("c1"));
    assert_eq!(source.origin, Some(Origin::Utm));
    assert_eq!(message.chars, Some(57));
}

#[test]
fn one_contact_stands_for_a_list() {
    for kind in [Kind::Lead, Kind::Purchase] {
        let mut list = examples(kind).remove(0);
        list["contacts"] = json!(["p-9"]);
        let mut one = list.clone();
        one.as_object_mut().unwrap().remove("contacts");
        one["contact"] = json!("p-9");
        assert_eq!(content(&one), content(&list), "{kind}");
        one["contacts"] = json!(["p-9"]);
        assert!(Event::parse(&one.to_string()).is_err(), "{kind} with both");
    }
}

#[test]
fn the_type_may_stand_anywhere() {
    for kind in Kind::ALL {
        let event = full(*kind);
        let Value::Object(fields) = &event else {
            panic!("not an object")
        };
        let mut rest = fields.clone();
        rest.remove("type");
        let rest = Value::Object(rest).to_string();
        let (first, last) = (
            format!("{{\"type\":\"{kind}\",{}", &rest[1..]),
            format!("{},\"type\":\"{kind}\"}}", &rest[..rest.len() - 1]),
        );
        assert_eq!(parse(&first), parse(&last));
        assert_eq!(parse(&first).kind(), *kind);
        let spaced = format!(" \n{{ \"ty\\u0070e\" : \"{kind}\",{}", &rest[1..]);
        assert_eq!(parse(&spaced), parse(&last));
    }
}

#[test]
fn every_type_has_its_own_time_and_id() {
    for kind in Kind::ALL {
        let event = full(*kind).to_string();
        assert_eq!(
            parse(&event).at().to_string(),
            "2026-03-02T09:15:00.000Z",
            "{kind}"
        );
        assert!(parse(&event).id().is_some(), "{kind}");
    }
}

#[test]
fn ratings_keep_to_their_scale() {
    for (kind, value, good) in [
        ("nps", 0, true),
        ("nps", 10, true),
        ("nps", 11, false),
        ("csat", 0, false),
        ("csat", 1, true),
        ("csat", 5, true),
        ("csat", 6, false),
    ] {
        let mut event = examples(Kind::Rating).remove(0);
        (event["kind"], event["value"]) = (kind.into(), value.into());
        assert_eq!(
            Event::parse(&event.to_string()).is_ok(),
            good,
            "{kind} {value}"
        );
    }
}

#[test]
fn a_retraction_names_an_event_or_an_import() {
    let at = "2026-03-02T09:15:00Z";
    for (event, good) in [
        (json!({ "type": "retract", "target": "m", "at": at }), true),
        (json!({ "type": "retract", "batch": "b", "at": at }), true),
        (json!({ "type": "retract", "at": at }), false),
        (
            json!({ "type": "retract", "target": "m", "batch": "b", "at": at }),
            false,
        ),
    ] {
        assert_eq!(Event::parse(&event.to_string()).is_ok(), good, "{event}");
    }
}

#[test]
fn the_parties_of_a_call_are_never_a_reason_to_refuse() {
    let mut event = examples(Kind::Call).remove(0);
    for party in [
        json!("anonymous"),
        json!(""),
        json!(34_911_222_333_u64),
        json!("\u{0}☎"),
    ] {
        (event["from"], event["to"]) = (party.clone(), party);
        assert!(Event::parse(&event.to_string()).is_ok(), "{event}");
    }
}

#[test]
fn every_known_field_is_part_of_the_content() {
    let schema = schema();
    for (kind, schema) in Kind::ALL.iter().zip(schema["oneOf"].as_array().unwrap()) {
        let event = full(*kind);
        let fields = event.as_object().unwrap();
        let known: BTreeSet<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "contact" || !fields.contains_key("contacts"))
            .collect();
        let shown: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
        // The run of an import and the verdict of a door are not what an event says.
        let exempt = [schema_less(*kind), vec!["batch", "integrity"]].concat();
        let missing: Vec<_> = known
            .difference(&shown)
            .filter(|name| !exempt.contains(name))
            .collect();
        assert!(
            missing.is_empty(),
            "the full example of {kind} lacks {missing:?}"
        );
        for name in fields
            .keys()
            .filter(|name| !["type", "id", "batch", "integrity"].contains(&name.as_str()))
        {
            let mut changed = event.clone();
            changed[name] = another(&fields[name]);
            assert_ne!(content(&changed), content(&event), "{kind}.{name}");
        }
    }
}

/// Source fields that the full examples of forms and leads leave out; a message has them all.
fn schema_less(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Form | Kind::Lead => vec![
            "source",
            "medium",
            "campaign",
            "content",
            "term",
            "gclid",
            "gbraid",
            "wbraid",
            "fbclid",
            "yclid",
            "msclkid",
            "ctwa_clid",
            "origin",
        ],
        _ => vec![],
    }
}

/// Gives another value that is as valid in the examples.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => (!flag).into(),
        Value::Number(number) => json!(number.as_f64().unwrap() as u64 - 1),
        Value::Array(items) => json!(
            items[..1]
                .iter()
                .chain([&json!("other")])
                .collect::<Vec<_>>()
        ),
        Value::Object(file) => {
            let mut file: Map<String, Value> = file.clone();
            file.insert("size".to_owned(), json!(1));
            file.into()
        }
        Value::String(text) => another_text(text).into(),
        Value::Null => panic!("no example is null"),
    }
}

fn another_text(text: &str) -> String {
    let words = [
        ("manager", "contact"),
        ("image", "text"),
        ("stage", "moved"),
        ("ended", "held"),
        ("inbound", "outbound"),
        ("moved", "valued"),
        ("bought", "closed"),
        ("state", "merged"),
        ("won", "not_won"),
        ("rescheduled", "done"),
        ("nps", "csat"),
        ("note", "chat"),
        ("active", "hidden"),
        ("utm", "card"),
        ("EUR", "USD"),
        ("2026-03-01", "2026-02-28"),
        ("2026-03-02T09:15:00.000Z", "2026-03-02T09:15:00.001Z"),
        ("2026-03-02T09:45:00.000Z", "2026-03-02T09:45:00.001Z"),
        ("2026-03-04T12:00:00.000Z", "2026-03-04T12:00:00.001Z"),
    ];
    let word = words
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, other)| (*other).to_owned());
    let digits = text.parse::<f64>().is_ok() && !text.starts_with('+');
    word.unwrap_or_else(|| format!("{text}{}", if digits { "1" } else { "x" }))
}

#[test]
fn equal_contents_have_equal_hashes_however_spelled() {
    let spellings = [
        r#"{"type":"message","conversation":"c","contact":"p","channel":"w","author":"contact","at":"2026-03-01T10:00:00Z"}"#,
        r#"{"at":1772359200.000,"author":"contact","channel":"w","contact":"p","conversation":"c","type":"message"}"#,
        r#"{"type":"message","conversation":"\u0063","contact":"p","channel":"w","author":"contact","at":"2026-03-01T11:00:00.0004+01:00","kind":"text","private":false,"expects_reply":true}"#,
        r#" {"type":"message","text":"hi","conversation":"c","contact":"p","channel":"w","author":"contact","at":1772359200000,"manager":null}"#,
    ];
    let mut scratch = Vec::new();
    let first = parse(spellings[0]);
    for spelling in spellings {
        let event = parse(spelling);
        assert_eq!(
            event.content(&mut scratch, SEED),
            first.content(&mut scratch, SEED)
        );
        assert_eq!(
            event.identity(&mut scratch, "a", "api", SEED),
            first.identity(&mut scratch, "a", "api", SEED)
        );
    }
    let purchase = |amount: &str| {
        format!(
            r#"{{"type":"purchase","purchase":"r","contact":"p","at":1,"status":"bought","amount":{amount}}}"#
        )
    };
    for amount in ["12.5", "12.50", "\"12.5\"", "\"12.500\"", "125e-1"] {
        let (one, other) = (purchase(amount), purchase("12.5"));
        assert_eq!(
            parse(&one).content(&mut scratch, 0),
            parse(&other).content(&mut scratch, 0)
        );
    }
}

#[test]
fn a_message_is_known_by_its_channel_conversation_and_id() {
    let event = full(Kind::Message);
    let known = identity(&event, "a", "api");
    assert_eq!(identity(&event, "a", "hook"), known);
    assert_ne!(identity(&event, "b", "api"), known);
    for (field, same) in [
        ("channel", false),
        ("conversation", false),
        ("id", false),
        ("contact", true),
        ("manager", true),
        ("at", true),
    ] {
        let mut changed = event.clone();
        changed[field] = another(&event[field]);
        assert_eq!(identity(&changed, "a", "api") == known, same, "{field}");
    }
}

#[test]
fn another_event_is_known_by_its_origin_type_and_id() {
    let event = full(Kind::Task);
    let known = identity(&event, "a", "api");
    assert_ne!(identity(&event, "a", "hook"), known);
    assert_ne!(identity(&event, "b", "api"), known);
    let mut changed = event.clone();
    changed["task"] = "t-2".into();
    assert_eq!(identity(&changed, "a", "api"), known);
    let mut other = full(Kind::Presence);
    other["id"] = event["id"].clone();
    assert_ne!(identity(&other, "a", "api"), known);
}

#[test]
fn an_event_without_an_id_is_known_by_its_content() {
    for kind in Kind::ALL {
        let event = examples(*kind).remove(0);
        let known = identity(&event, "a", "api");
        assert_eq!(identity(&event, "a", "api"), known);
        let time = if *kind == Kind::Spend { "as_of" } else { "at" };
        let mut later = event.clone();
        later[time] = another(&event[time]);
        assert_ne!(identity(&later, "a", "api"), known, "{kind}");
    }
}

#[test]
fn neighbouring_fields_never_run_together() {
    let event = |account: &str, origin: &str, id: &str| {
        identity(
            &json!({ "type": "task", "task": "t", "change": "done", "at": 1, "id": id }),
            account,
            origin,
        )
    };
    let all = [
        event("ab", "c", "d"),
        event("a", "bc", "d"),
        event("a", "b", "cd"),
        event("a", "", "bcd"),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    let call = |tags: Value, value: Option<&str>| {
        content(
            &json!({ "type": "call", "call": "k", "phase": "tagged", "at": 1, "tags": tags,
            "value": value }),
        )
    };
    assert_ne!(call(json!(["ab"]), None), call(json!(["a", "b"]), None));
    assert_ne!(call(json!([]), Some("1")), call(json!([]), Some("0.1")));
}

#[test]
fn a_message_without_an_id_gets_one_from_its_content() {
    let parse_id = |event: &Value| {
        let text = event.to_string();
        let Event::Message(message) = parse(&text) else {
            panic!("not a message")
        };
        message.effective_id().into_owned()
    };
    let event = examples(Kind::Message).remove(0);
    let id = parse_id(&event);
    assert!(id.starts_with("h:") && id.len() == 34, "{id}");
    assert!(id[2..].bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(parse_id(&event), id);
    for field in ["conversation", "channel", "contact", "at"] {
        let mut changed = event.clone();
        changed[field] = another(&event[field]);
        assert_ne!(parse_id(&changed), id, "{field}");
    }
    assert_eq!(parse_id(&full(Kind::Message)), "m-100");
}

/// The bytes are written out by hand here, from the description of the encoding.
#[test]
fn the_hashes_cover_the_documented_bytes() {
    let text = |tag: u8, text: &str| {
        let mut bytes = vec![tag];
        bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let at = [&[5][..], &1_772_442_900_000_i64.to_le_bytes()[..]].concat();
    let fields = [
        text(6, "message"),
        text(1, "c-71"),
        text(2, "p-9"),
        text(3, "whatsapp"),
        text(4, "contact"),
        at,
        text(7, "text"),
        vec![8, 0],
        vec![9, 1],
    ]
    .concat();
    let place = [text(3, "whatsapp"), text(4, "c-71")].concat();
    let known = [text(0, "message"), text(1, "demo"), place.clone()].concat();
    let plain = examples(Kind::Message).remove(0);
    assert_eq!(content(&plain), xxh3_64_with_seed(&fields, SEED));
    let expected = xxh3_128_with_seed(&[known.clone(), fields.clone()].concat(), SEED);
    assert_eq!(identity(&plain, "demo", "api"), expected);
    let mut named = plain.clone();
    named["id"] = "m-100".into();
    let expected = xxh3_128_with_seed(&[known, text(5, "m-100")].concat(), SEED);
    assert_eq!(identity(&named, "demo", "api"), expected);
    let Ok(Event::Message(message)) = Event::parse(plain.to_string().leak()) else {
        panic!("not a message")
    };
    let unseeded = xxh3_128(&[place, fields].concat());
    assert_eq!(message.effective_id(), format!("h:{unseeded:032x}"));
}

/// Files on disk hold these hashes: a change here makes every stored event new.
#[test]
fn the_hashes_are_those_of_the_files_on_disk() {
    let mut scratch = Vec::new();
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        for event in examples(*kind) {
            let text = event.to_string();
            let event = parse(&text);
            let identity = event.identity(&mut scratch, "demo", "api", 1);
            lines.push(format!(
                "{kind} {identity:032x} {:016x}",
                event.content(&mut scratch, 1)
            ));
        }
    }
    let text = examples(Kind::Message)[0].to_string();
    let Event::Message(message) = parse(&text) else {
        panic!("not a message")
    };
    lines.push(message.effective_id().into_owned());
    let pinned: Vec<&str> = include_str!("tests/hashes.txt").lines().collect();
    assert_eq!(lines, pinned);
}

/// Visits stood in journals before there were decisions: those without one keep their hash.
#[test]
fn a_visit_without_a_decision_has_the_hash_it_always_had() {
    let text = r#"{"type":"visit","visit":"v-3","visitor":"w-8","at":"2026-03-02T09:15:00.000Z",
        "url":"https://shop.example/?utm_source=google","referrer":"https://www.google.com/","title":"Shoes",
        "ended":true,"user_agent":"Mozilla/5.0","number":"+34944555666","id":"e-1001"}"#;
    let content = parse(text).content(&mut Vec::new(), 1);
    assert_eq!(format!("{content:016x}"), "cf8b35728c5e3fc3");
    // Nor was it told who those are that count clicks.
    let mut decided = full(Kind::Visit);
    let fields = decided.as_object_mut().unwrap();
    for name in ["ga_client_id", "ym_client_id", "consent"] {
        fields.remove(name).unwrap();
    }
    let content = parse(&decided.to_string()).content(&mut Vec::new(), 1);
    assert_eq!(format!("{content:016x}"), "2e580dda62c4137a");
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\"type\":\"message\"".to_owned()),
        Just("\"type\":\"lead\"".to_owned()),
        "\"(conversation|contact|channel|at|id|author|file|tags|amount|origin)\":(\"[a-z0-9.]{0,5}\"|-?[0-9]{1,20}(\\.[0-9]{1,5})?|null|true|\\[\\]|\\{\\}|\\[\"a\"\\])",
    ]
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = Event::parse(&text);
    }

    #[test]
    fn nothing_like_an_event_panics(fields in prop::collection::vec(field(), 0..8), cut in 0..200_usize) {
        let text = format!("{{{}}}", fields.join(","));
        let _ = Event::parse(&text);
        let _ = Event::parse(text.get(..cut).unwrap_or(&text));
    }

    #[test]
    fn the_order_of_fields_makes_no_difference(
        kind in prop::sample::select(Kind::ALL),
        order in Just((0..40).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let event = full(kind);
        let fields: Vec<_> = event.as_object().unwrap().iter().collect();
        let shuffled: Vec<_> = order.iter().filter_map(|place| fields.get(*place))
            .map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let text = format!("{{{}}}", shuffled.join(","));
        let plain = event.to_string();
        prop_assert_eq!(parse(&text), parse(&plain));
    }

    #[test]
    fn every_refusal_has_a_short_detail(
        kind in prop::sample::select(Kind::ALL),
        place in any::<prop::sample::Index>(),
        bad in prop_oneof![
            Just(json!(true)), Just(json!([[1]])), Just(json!({"a": 1})), Just(json!(-1.5)),
            Just(json!("é".repeat(5_000))), Just(json!("")), Just(json!("\u{1}")),
        ],
    ) {
        let mut event = full(kind);
        let names: Vec<_> = event.as_object().unwrap().keys().cloned().collect();
        event[place.get(&names)] = bad;
        if let Err(refusal) = Event::parse(&event.to_string()) {
            prop_assert!(refusal.detail.chars().count() <= 450, "{}", refusal);
            prop_assert!(!refusal.detail.contains(&"é".repeat(40)), "{}", refusal);
        }
    }
}
