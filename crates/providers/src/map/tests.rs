//! Maps as a whole: what they make, what they refuse, and that every error names its key.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};
use trunkline_model::event::{Event, Kind, examples};
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use super::*;

const CLOSED: &str = "[[event]]\ntype = 'conversation'\nchange = 'closed'\nchannel = 'web'\n\
                      conversation = '{c}'\nat = '{at}'\n";

fn map(text: &str) -> Map {
    Map::parse(text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"))
}

fn made(map: &Map, record: Value) -> Vec<Value> {
    match map.events(&Record::nested(record).unwrap()) {
        Ok(Made::Events(events)) => events
            .iter()
            .map(|event| {
                Event::parse(event).unwrap_or_else(|refusal| panic!("{refusal}: {event}"));
                serde_json::from_str(event).unwrap()
            })
            .collect(),
        other => panic!("{other:?}"),
    }
}

/// Makes the one event of a `closed` map with more lines.
fn closed(lines: &str, mut record: Value) -> Value {
    record["c"] = json!("1");
    record["at"] = json!("2026-03-02T10:00:00Z");
    let mut events = made(&map(&format!("{CLOSED}{lines}")), record);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn refused(lines: &str, record: Value) -> RowError {
    let map = map(&format!("{CLOSED}{lines}"));
    map.events(&Record::nested(record).unwrap()).unwrap_err()
}

#[test]
fn a_row_makes_the_events_whose_condition_holds() {
    let map = map(r#"
        skip = [{ outcome = "PHANTOM" }, { test = true }]
        [[event]]
        type = "call"
        phase = "started"
        call = "{id}"
        id = "{id}-started"
        at = "{at}"
        [[event]]
        when = { outcome = ["DONE", "OTHER"], line = { like = "AA*" } }
        type = "call"
        phase = "answered"
        call = "{id}"
        id = "{id}-answered"
        at = { from = "{at}", plus = ["{wait}", "{menu}"] }
    "#);
    let row = |outcome: &str, line: &str| {
        json!({ "id": 7, "outcome": outcome, "line": line,
        "at": "2026-03-02T10:00:00Z", "wait": "0:01:30", "menu": "-57" })
    };
    let phases = |row| -> Vec<String> {
        let events = made(&map, row);
        events
            .iter()
            .map(|it| format!("{} {}", it["phase"], it["at"]))
            .collect()
    };
    let (started, answered) = (
        "\"started\" \"2026-03-02T10:00:00Z\"".to_owned(),
        "\"answered\" \"2026-03-02T10:00:33.000Z\"".to_owned(),
    );
    assert_eq!(phases(row("DONE", "AA01")), [started.clone(), answered]);
    assert_eq!(phases(row("HANG", "AA01")), std::slice::from_ref(&started));
    assert_eq!(phases(row("DONE", "BB01")), [started]);
    let skipped = Record::nested(row("PHANTOM", "AA01")).unwrap();
    assert_eq!(map.events(&skipped), Ok(Made::Skipped));
}

#[test]
fn values_take_the_shape_of_their_field() {
    let map = map(r#"
        [lookup.kind]
        values = { pic = "image" }
        otherwise = "keep"
        [[event]]
        type = "message"
        conversation = "{c}"
        contact = "{p}"
        channel = "web"
        author = "contact"
        at = "{at}"
        chars = "{n}"
        private = "{note}"
        expects_reply = false
        kind = { from = "{kind}", lookup = "kind" }
        file = { name = "{file}", size = { from = "{size}", number = "1 234,56" } }
        extra = { row = "{n}", deep = "{a.b[1]}" }
    "#);
    let record = json!({ "c": 71, "p": "p", "at": 1_772_445_600, "n": "0057", "note": "No",
        "kind": "pic", "file": "x.png", "size": "20 481", "a": { "b": [1, 2] } });
    let expected = json!({ "type": "message", "conversation": "71", "contact": "p",
        "channel": "web", "author": "contact", "at": "1772445600", "chars": 57,
        "private": false, "expects_reply": false, "kind": "image",
        "file": { "name": "x.png", "size": 20481 }, "row": "0057", "deep": "2" });
    assert_eq!(made(&map, record), [expected]);
}

#[test]
fn lists_come_from_lists_texts_and_templates() {
    let lead = |contacts: &str, record: Value| {
        let text = format!(
            "[[event]]\ntype = 'lead'\nlead = '1'\nchange = 'created'\nat = '0'\n{contacts}"
        );
        made(&map(&text), record)[0]["contacts"].clone()
    };
    let two = json!(["a", "7"]);
    assert_eq!(
        lead("contacts = '{p}'", json!({ "p": ["a", 7, null, ""] })),
        two
    );
    assert_eq!(lead("contacts = '{p}'", json!({ "p": "a" })), json!("a"));
    assert_eq!(
        lead(
            "contacts = ['{p}', '{r}', '{q}']",
            json!({ "p": "a", "q": 7 })
        ),
        two
    );
    let split = "contacts = { from = '{p}', list = ';' }";
    assert_eq!(lead(split, json!({ "p": "a; 7;;" })), two);
    assert_eq!(lead(split, json!({ "p": ";" })), Value::Null);
}

#[test]
fn an_empty_value_is_left_out_or_its_default() {
    let lines = "manager = { from = '{m}', default = 'nobody' }\nid = '{i}-{j}'\nstage = '{s}'";
    let event = closed(lines, json!({ "m": " ", "i": "1", "j": null, "s": "" }));
    assert_eq!(event["manager"], "nobody");
    assert!(event.get("id").is_none() && event.get("stage").is_none());
}

#[test]
fn an_unknown_word_is_refused_kept_emptied_or_replaced() {
    let found = |more: &str| {
        let lookup = format!("{{ values = {{ a = 'ana', z = '' }}, {more} }}");
        closed(
            &format!("manager = {{ from = '{{m}}', lookup = {lookup} }}"),
            json!({ "m": "A" }),
        )["manager"]
            .clone()
    };
    assert_eq!(found("otherwise = 'keep'"), "A");
    assert_eq!(found("otherwise = 'empty'"), Value::Null);
    assert_eq!(found("default = 'x'"), "x");
    assert_eq!(found("ignore_case = true"), "ana");
    let wrong = refused(
        "manager = { from = '{m}', lookup = { values = { ana = '1' } } }",
        json!({ "m": "anna", "c": "1", "at": "0" }),
    );
    assert_eq!(wrong.key, "event[1].manager");
    assert!(
        wrong.detail.contains("\"anna\"") && wrong.detail.contains("`ana`"),
        "{wrong}"
    );
}

#[test]
fn a_value_that_is_written_otherwise_is_refused_with_its_key() {
    for (lines, key) in [
        (
            "manager = { from = '{m}', number = '1,234.56' }",
            "event[1].manager",
        ),
        (
            "manager = { from = '{m}', flag = { yes = 'ja', no = 'nein' } }",
            "event[1].manager",
        ),
        (
            "[event.extra]\nend = { from = '{m}', time = 'epoch_s' }",
            "event[1].extra.end",
        ),
        (
            "[event.extra]\nend = { from = '0', plus = '{m}' }",
            "event[1].extra.end.plus",
        ),
    ] {
        let record = json!({ "m": "anna", "c": "1", "at": "0" });
        assert_eq!(refused(lines, record).key, key);
    }
    let long = json!({ "m": "x".repeat(500), "c": "1", "at": "0" });
    let wrong = refused("manager = { from = '{m}', number = 'ms' }", long);
    assert!(wrong.detail.len() < 100, "{wrong}");
}

#[test]
fn two_events_of_a_row_with_one_id_are_refused() {
    let twice = format!("{CLOSED}id = '{{c}}'\n{CLOSED}id = '{{c}}'\nwhen = {{ again = 'yes' }}");
    let map = map(&twice);
    let row = |again| Record::flat([("c", "1"), ("at", "0"), ("again", again)]);
    assert!(matches!(map.events(&row("no")), Ok(Made::Events(events)) if events.len() == 1));
    assert_eq!(map.events(&row("yes")).unwrap_err().key, "event[2].id");
}

#[test]
fn a_row_for_which_nothing_holds_is_refused() {
    let wrong = refused("when = { c = '2' }", json!({ "c": "1", "at": "0" }));
    assert_eq!(wrong.key, "event");
    assert!(wrong.detail.contains("skip"), "{wrong}");
}

/// Each line: what stands in the map, the key of its error, and what is suggested.
#[track_caller]
fn told(lines: &str, before: &str) {
    for line in lines.trim().lines() {
        let mut parts = line.split("=>").map(str::trim);
        let mut next = || parts.next().unwrap_or_default();
        let (text, key, suggestion) = (next().replace("\\n", "\n"), next(), next());
        let wrong = Map::parse(&format!("{before}{text}")).unwrap_err();
        let got = (wrong.key.as_str(), wrong.suggestion.as_deref());
        assert_eq!(
            got,
            (key, Some(suggestion).filter(|it| !it.is_empty())),
            "{line}: {wrong}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_map_is_said_with_its_key_and_the_nearest_word() {
    let lines = r"
        zome = 'UTC' => zome => zone
        zone = 'Asia/Jerusalm' => zone => Asia/Jerusalem
        fold = 'earliest' => fold => earlier
        = 1 => line 1 =>
         => event =>
        [event]\ntype = 'call' => event =>
        [[event]]\ntype = 'mesage' => event[1].type => message
        [[event]]\ntype = 'call'\nphase = 'started'\nat = '0' => event[1].call =>
        [lookup.x]\nvalues = { a = 1.5 } => lookup.x.values.a =>
        [lookup.x]\nvalues = {}\notherwise = 'keeep' => lookup.x.otherwise => keep
        [lookup.x]\nvalues = {}\notherwise = 'keep'\ndefault = 'x' => lookup.x.default =>
    ";
    told(lines, "");
}

#[test]
fn what_is_wrong_with_an_event_is_said_with_its_key_and_the_nearest_word() {
    let lines = r"
        conversaton = '' => event[1].conversaton => conversation
        manager = { form = '{m}' } => event[1].manager.form => from
        manager = { lookup = 'x' } => event[1].manager.from =>
        manager = '{m' => event[1].manager =>
        manager = 2026-03-01 => event[1].manager =>
        manager = { from = '{m}', lookup = 'x' } => event[1].manager.lookup =>
        when = { c = { lik = 'x' } } => event[1].when.c.lik => like
        when = {} => event[1].when =>
        extra = { manager = 'x' } => event[1].extra.manager =>
        extra = { batch = 'x' } => event[1].extra.batch =>
        batch = 'x' => event[1].batch =>
        stage = { from = '{m}', number = '1.23' } => event[1].stage.number => 1.234,56
        stage = { from = '{m}', number = 'ms', list = ',' } => event[1].stage.list =>
        stage = { from = '{m}', list = ',', zone = 'UTC' } => event[1].stage.zone =>
        stage = { from = '{m}', time = '%d.%m.%Y' } => event[1].stage.zone =>
        stage = { from = '{m}', time = 'epoc_s' } => event[1].stage.time => epoch_s
        [file]\ndelimiter = 'tab' => file.delimiter =>
    ";
    told(lines, CLOSED);
}

#[test]
fn the_columns_that_a_file_must_have_are_listed() {
    let map = map(&format!(
        "skip = {{ s = 'x' }}\n{CLOSED}when = {{ w = 'x' }}\nid = '{{c}}-{{i|j}}{{n?}}'\n\
         extra = {{ end = {{ from = '{{e}}', plus = '{{p}}' }} }}"
    ));
    assert_eq!(map.columns(), ["at", "c", "e", "i", "j", "p", "s", "w"]);
}

#[test]
fn every_field_of_every_type_can_be_mapped() {
    for kind in Kind::ALL {
        let Value::Object(example) = examples(*kind).remove(1) else {
            panic!("{kind}: no object");
        };
        let mut lines = format!("[[event]]\ntype = '{kind}'\n");
        for name in example
            .keys()
            .filter(|name| *name != "type" && *name != "batch")
        {
            let value = match &example[name] {
                Value::Object(fields) => {
                    let inner = fields.keys().map(|it| format!("{it} = '{{{name}.{it}}}'"));
                    format!("{{ {} }}", inner.collect::<Vec<_>>().join(", "))
                }
                _ => format!("'{{{name}}}'"),
            };
            let _ = writeln!(lines, "{name} = {value}");
        }
        let events = made(&map(&lines), Value::Object(example.clone()));
        let direct = Value::Object(example).to_string();
        let (direct, mapped) = (Event::parse(&direct).unwrap(), events[0].to_string());
        let mapped = Event::parse(&mapped).unwrap();
        assert_eq!(
            mapped.content(&mut Vec::new(), 0),
            direct.content(&mut Vec::new(), 0),
            "{kind}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_goes_through_unchanged_but_for_blanks_around_it(text in ".*", other in ".*") {
        let map = map(&format!("{CLOSED}extra = {{ x = '{{x}}', y = '<{{y?}}>' }}"));
        let record = Record::flat([("c", "1"), ("at", "0"), ("x", text.as_str()), ("y", &other)]);
        let Ok(Made::Events(events)) = map.events(&record) else {
            panic!("no events");
        };
        let event: Value = serde_json::from_str(&events[0]).unwrap();
        let expected = Some(text.trim()).filter(|text| !text.is_empty());
        prop_assert_eq!(event["x"].as_str(), expected);
        let expected = format!("<{}>", other.trim());
        prop_assert_eq!(event["y"].as_str(), Some(expected.as_str()));
    }

    #[test]
    fn a_time_that_was_written_in_a_format_is_read_back(
        seconds in 0_i64..4_102_444_800,
        format in prop::sample::select(vec![
            "%Y-%m-%d %H:%M:%S %z", "%d/%m/%Y %I:%M:%S %p %:z", "%FT%T%:z", "%a, %d %b %Y %T %z",
        ]),
    ) {
        let written = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let written = written.format(format).to_string();
        let map = map(&format!("{CLOSED}extra = {{ x = {{ from = '{{x}}', time = '{format}' }} }}"));
        let record = Record::flat([("c", "1"), ("at", "0"), ("x", written.as_str())]);
        let Ok(Made::Events(events)) = map.events(&record) else {
            panic!("no events of {written}");
        };
        let event: Value = serde_json::from_str(&events[0]).unwrap();
        let expected = Time(seconds * 1_000).to_string();
        prop_assert_eq!(event["x"].as_str(), Some(expected.as_str()));
    }

    #[test]
    fn a_grouped_number_is_the_number(whole in 0_u64.., fraction in 0_u32..100, minus in any::<bool>()) {
        let sign = if minus { "-" } else { "" };
        let digits = whole.to_string();
        let mut grouped = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                grouped.push('.');
            }
            grouped.push(digit);
        }
        let map = map(&format!("{CLOSED}extra = {{ x = {{ from = '{{x}}', number = '1.234,56' }} }}"));
        let written = format!("{sign}{grouped},{fraction:02}");
        let record = Record::flat([("c", "1"), ("at", "0"), ("x", written.as_str())]);
        let expected = format!("\"x\":{sign}{whole}.{fraction:02}}}");
        let ends = matches!(map.events(&record), Ok(Made::Events(events)) if events[0].ends_with(&expected));
        prop_assert!(ends, "{}", written);
    }

    #[test]
    fn no_format_of_a_time_panics(format in "(%[#:.3-9]{0,2}[A-Za-z%+]{1,2}[ T:]?){1,4}", text in "[ -~]{0,24}") {
        let lines = format!("extra = {{ x = {{ from = '{{x}}', time = '{format}', zone = 'UTC' }} }}");
        if let Ok(map) = Map::parse(&format!("{CLOSED}{lines}")) {
            let _ = map.events(&Record::flat([("c", "1"), ("at", "0"), ("x", text.as_str())]));
        }
    }

    #[test]
    fn no_text_of_a_map_panics(text in ".{0,80}", value in "[ -~]{0,40}") {
        let _ = Map::parse(&text);
        let _ = Map::parse(&format!("{CLOSED}manager = '''{value}'''"));
        let _ = Map::parse(&format!("{CLOSED}manager = {{ from = '{{m}}', time = '''%{value}''' , zone = 'UTC' }}"));
    }
}
