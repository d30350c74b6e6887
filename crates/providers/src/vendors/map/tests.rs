use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use trunkline_model::event::Event;

use super::*;
use crate::vendors::kit::{self, NOW, Sample, hook, request};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/maps")
}

/// Makes the hook `h` with a map.
fn mapped(map: &str) -> Hook {
    let mut hook = hook(&Mapped, &["hush"]);
    hook.map = Some(Arc::new(
        Map::parse(map).unwrap_or_else(|wrong| panic!("{wrong}")),
    ));
    hook
}

fn shipped(name: &str) -> Hook {
    let path = docs().join(format!("{name}.toml"));
    mapped(&fs::read_to_string(path).unwrap())
}

/// Reads a request with a hook; the events as JSON, and the unknown kinds.
fn told(hook: &Hook, sample: &Sample) -> Value {
    let parsed = sample.show(NOW, |request| Mapped.parse(hook, request));
    let parsed = parsed.unwrap_or_else(|error| panic!("{error}"));
    let events = parsed.events.iter().map(|event| {
        let json = event.to_json();
        Event::parse(&json).unwrap_or_else(|refusal| panic!("{refusal}: {json}"));
        serde_json::from_str::<Value>(&json).unwrap()
    });
    let mut made = json!({ "events": events.collect::<Vec<_>>() });
    if !parsed.unknown.is_empty() {
        made["unknown"] = json!(parsed.unknown);
    }
    made
}

fn sent(hook: &Hook, method: &str, path: &str, body: &str) -> Value {
    told(hook, &Sample::new(method, path, &[], body.as_bytes()))
}

const MAPS: [&str; 5] = ["3cx", "calltouch", "ringostat", "roistat", "uis"];

#[test]
fn the_maps_that_we_ship_make_of_their_samples_what_is_on_file() {
    for name in MAPS {
        let hook = shipped(name);
        let files = fs::read_dir(docs().join("samples")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.retain(|file| {
            let own = file.file_stem().unwrap().to_string_lossy();
            own.starts_with(&format!("{name}-")) && file.extension().unwrap() == "http"
        });
        assert!(files.len() > 1, "{name} has samples");
        for file in files {
            let sample = Sample::read(&file);
            let verified = sample.show(NOW, |request| Mapped.verify(&hook, request));
            assert_eq!(verified, Ok(Integrity::Weak), "{}", file.display());
            kit::as_on_file(&file.with_extension("json"), &told(&hook, &sample));
        }
    }
}

/// The law of each map: what is told of one call at its beginning and at its end is one call, which
/// begins before it ends, and the same request sent twice is the same events.
#[test]
fn a_call_is_one_call_through_all_its_requests() {
    for (name, parts) in [
        ("uis", &["start", "ring", "answer", "end", "record"][..]),
        ("ringostat", &["start", "answer", "end"]),
        ("calltouch", &["start", "end"]),
        ("roistat", &["start", "end"]),
        ("3cx", &["inbound"]),
    ] {
        let hook = shipped(name);
        let read = || -> Vec<Value> {
            let files = parts
                .iter()
                .map(|part| docs().join(format!("samples/{name}-{part}.http")));
            let all = files.map(|file| told(&hook, &Sample::read(&file))["events"].take());
            all.flat_map(|events| events.as_array().unwrap().clone())
                .collect()
        };
        let events = read();
        assert_eq!(events, read(), "{name}");
        assert!(
            events
                .iter()
                .all(|event| event["call"] == events[0]["call"]),
            "{name}"
        );
        assert!(
            events[0]["call"].as_str().unwrap().starts_with("h:"),
            "{name}"
        );
        let at = |phase: &str| {
            let event = events.iter().find(|event| event["phase"] == phase).unwrap();
            event["at"].as_str().unwrap().to_owned()
        };
        assert!(at("started") < at("ended"), "{name}");
    }
}

#[test]
fn without_a_secret_nothing_is_vouched_for() {
    let hook = hook(&Mapped, &[]);
    let verified = request("/v1/hooks/h", &[], b"", NOW, |request| {
        Mapped.verify(&hook, request)
    });
    assert_eq!(verified, Ok(Integrity::Unverified));
}

const WHERE: &str = r#"
    [[event]]
    type = "call"
    phase = "started"
    call = "{id}"
    id = "{id}-{hook}"
    from = "{query.from|form.a[b]|form.a.b|json.x.y}"
    to = "{hook_channel}"
    at = "{time|received_at}"
"#;

#[test]
fn a_map_sees_body_query_and_what_we_know_of_the_request() {
    let hook = mapped(WHERE);
    let one =
        |method: &str, path: &str, body: &str| sent(&hook, method, path, body)["events"][0].take();
    let event = one("GET", "/v1/hooks/h?id=7&from=%2B34911222333", "");
    assert_eq!(
        event,
        json!({ "type": "call", "phase": "started", "call": "h:7", "id": "7-h", "to": "h",
                "from": "+34911222333", "at": "2026-03-02T12:00:00.000Z" })
    );
    let event = one("POST", "/v1/hooks/h?id=7", "id=8&a%5Bb%5D=1");
    assert_eq!(
        (&event["call"], &event["from"]),
        (&json!("h:8"), &json!("1"))
    );
    let event = one(
        "POST",
        "/v1/hooks/h",
        r#"{"id":9,"x":{"y":2},"time":1772452801}"#,
    );
    assert_eq!(
        (&event["from"], &event["at"]),
        (&json!("2"), &json!("1772452801"))
    );
    // A call that is named as ours already is not named twice.
    assert_eq!(one("GET", "/v1/hooks/h?id=h%3A7", "")["call"], "h:7");
}

#[test]
fn a_list_makes_an_event_of_each_of_its_items() {
    let hook = mapped(
        r#"
        skip = { test = true }
        [[event]]
        each = "batch.calls"
        when = { "item.kind" = { not = "fax" } }
        type = "call"
        phase = "started"
        call = "{batch.id}-{item.id}"
        id = "{batch.id}-{place}"
        at = "{item.at}"
        "#,
    );
    let calls = |body: Value| sent(&hook, "POST", "/v1/hooks/h", &body.to_string());
    let batch = |more: Value| {
        json!({ "batch": { "id": "b", "calls": [
            { "id": 1, "at": 1 }, { "id": 2, "at": 2, "kind": "fax" }, { "id": 3, "at": 3 } ] },
            "test": more })
    };
    let made = calls(batch(json!(false)));
    let ids: Vec<_> = made["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["call"])
        .collect();
    assert_eq!(ids, ["h:b-1", "h:b-3"]);
    assert_eq!(made["events"][1]["id"], "b-2");
    assert_eq!(calls(batch(json!(true))), json!({ "events": [] }));
    // A body that is a list is one record an item.
    let two = calls(json!([batch(json!(false)), { "batch": { "calls": [] } }]));
    assert_eq!(two["events"].as_array().unwrap().len(), 2);
    assert_eq!(two["unknown"], json!(["unmapped"]));
}

#[test]
fn what_no_event_is_meant_for_is_unknown_and_what_is_strange_harms_no_other() {
    let hook = mapped(
        "[[event]]\nwhen = { kind = 'x' }\ntype = 'call'\nphase = 'started'\ncall = '{id}'\nat = { from = '{at}', time = 'epoch' }\n",
    );
    assert_eq!(
        sent(&hook, "POST", "/v1/hooks/h", r#"{"kind":"y"}"#),
        json!({ "events": [], "unknown": ["unmapped"] })
    );
    let made = sent(
        &hook,
        "POST",
        "/v1/hooks/h",
        r#"[{"kind":"x","id":1,"at":1},{"kind":"x","id":2,"at":"soon"},3]"#,
    );
    assert_eq!(made["events"].as_array().unwrap().len(), 1);
    assert_eq!(made["unknown"], json!(["event[1].at", "unmapped"]));
    let read = |body: &str| {
        let sample = Sample::new("POST", "/v1/hooks/h", &[], body.as_bytes());
        sample.show(NOW, |request| Mapped.parse(&hook, request).map(|_| ()))
    };
    assert!(read("{\"kind\": ,}").is_err());
    assert!(read(r#"{"kind":"x","id":2,"at":"soon"}"#).is_err());
    assert!(read(&format!("[{}0]", "0,".repeat(1_000))).is_err());
}

#[test]
fn a_map_may_stand_in_the_settings_as_json() {
    let rule = json!({ "type": "call", "phase": "started", "call": "{id}", "at": "{at}" });
    let map = Map::of(&json!({ "empty": ["-"], "event": [rule] })).unwrap();
    assert_eq!(
        map,
        Map::parse(
            "empty = ['-']\n[[event]]\ntype = 'call'\nphase = 'started'\ncall = '{id}'\nat = '{at}'"
        )
        .unwrap()
    );
    assert_eq!(
        Map::of(&json!({ "evnt": [] }))
            .unwrap_err()
            .suggestion
            .as_deref(),
        Some("event")
    );
    assert!(Map::of(&json!("event")).is_err());
}

#[test]
fn no_request_that_is_spoiled_panics() {
    let hook = mapped(WHERE);
    for body in ["id=8&a%5Bb%5D=1&at=1", r#"[{"id":9,"x":{"y":2}}]"#] {
        for place in 0..body.len() {
            for byte in [0, b'[', b'"', b'=', 0xff] {
                let mut spoiled = body.as_bytes().to_vec();
                spoiled[place] = byte;
                let sample = Sample::new("POST", "/v1/hooks/h?token=hush", &[], &spoiled);
                sample.show(NOW, |request| drop(Mapped.parse(&hook, request)));
            }
        }
    }
}

/// The real calls of the bank: what the map makes of each row, by counting the rows themselves.
#[test]
fn the_banks_calls_are_answered_by_a_server_or_abandoned() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let text = fs::read_to_string(data.join("bank-calls-1999-02-a-head.tsv")).unwrap();
    let map = Map::parse(&fs::read_to_string(docs().join("bank-calls.toml")).unwrap()).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    let mut seen = [0; 3];
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |name: &str| cells[names.iter().position(|own| *own == name).unwrap()];
        let made = map.events(&Record::flat(
            names.iter().copied().zip(cells.iter().copied()),
        ));
        let events: Vec<Value> = match made.unwrap() {
            Made::Skipped => Vec::new(),
            Made::Events(events) => events
                .iter()
                .map(|it| serde_json::from_str(it).unwrap())
                .collect(),
        };
        let answered = events.iter().find(|event| event["phase"] == "answered");
        let ended = events.last();
        let (place, expected) = match (cell("outcome"), cell("server")) {
            ("PHANTOM", _) => (0, None),
            ("AGENT", server) if server != "NO_SERVER" => {
                assert_eq!(answered.unwrap()["manager"], server);
                assert_eq!(ended.unwrap()["talk_s"].to_string(), cell("ser_time"));
                (1, Some("answered"))
            }
            _ => {
                assert!(answered.is_none() && ended.unwrap()["manager"].is_null());
                (2, Some("abandoned"))
            }
        };
        seen[place] += 1;
        let told = ended.and_then(|event| event["disposition"].as_str());
        assert_eq!(told, expected, "{line}");
        if let Some(ended) = ended {
            assert_eq!(ended["wait_s"].to_string(), cell("q_time"), "{line}");
        }
    }
    assert!(seen.iter().all(|rows| *rows > 0), "{seen:?}");
}

#[test]
fn the_rules_in_the_document_are_maps() {
    let document = docs().join("../mapping.md");
    let document = fs::read_to_string(document).unwrap();
    let blocks = document
        .split("```toml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next());
    let rules: Vec<&str> = blocks
        .filter(|block| block.starts_with("[[event]]"))
        .collect();
    assert_eq!(rules.len(), 1);
    let body =
        r#"{"batch":{"calls":[{"id":5,"began":"1772452800"},{"id":6,"began":1,"kind":"fax"}]}}"#;
    let made = sent(&mapped(rules[0]), "POST", "/v1/hooks/h", body);
    let expected = json!([{ "type": "call", "phase": "started", "call": "h:5",
        "id": "5-started", "at": "2026-03-02T12:00:00.000Z" }]);
    assert_eq!(made["events"], expected);
}

/// Tells each event of a record in a line.
fn lines(map: &Map, record: &Record) -> Vec<String> {
    let Made::Events(events) = map.events(record).unwrap() else {
        return Vec::new();
    };
    let line = |event: &String| {
        let event: Value = serde_json::from_str(event).unwrap();
        let word = |name: &str| event[name].as_str().unwrap_or("-");
        let at = &word("at")[11..19];
        format!(
            "{at} {} {} {}",
            word("phase"),
            word("extension"),
            word("disposition")
        )
    };
    events.iter().map(line).collect()
}

#[test]
fn asterisks_records_tell_of_calls_by_who_was_reached() {
    let map = Map::parse(&fs::read_to_string(docs().join("asterisk-cdr.toml")).unwrap()).unwrap();
    let names: Vec<&str> = map.file().columns.iter().map(String::as_str).collect();
    let told = |parties: &str, channels: &str, answer: &str, word: &str| {
        let row = format!(
            ",{parties},ctx,x,{channels},Dial,x,2026-03-02 13:00:00,{answer},2026-03-02 13:01:00,\
             60,50,{word},3,1772452800.9,"
        );
        lines(
            &map,
            &Record::flat(names.iter().copied().zip(row.split(','))),
        )
    };
    let answer = "2026-03-02 13:00:07";
    assert_eq!(
        told(
            "+34911222333,101",
            "PJSIP/my-trunk-01,PJSIP/101-02",
            answer,
            "ANSWERED"
        ),
        [
            "12:00:00 started - -",
            "12:00:07 answered 101 -",
            "12:01:00 ended - answered"
        ]
    );
    assert_eq!(
        told(
            "101,600111222",
            "PJSIP/101-02,PJSIP/my-trunk-01",
            "",
            "BUSY"
        ),
        ["12:00:00 started - -", "12:01:00 ended - busy"]
    );
    assert!(told("101,102", "PJSIP/101-02,PJSIP/102-03", answer, "ANSWERED").is_empty());
}
