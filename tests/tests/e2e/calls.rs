//! Events of calls become one row each in `calls`, whatever the order and number of their arrivals.

use std::time::Duration;

use e2e::clock::{wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::generate::seed;
use e2e::service::Service;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

use crate::audit::audit;

/// What is live is at most a second behind what was acknowledged; a busy machine is given more.
const WITHIN: Duration = Duration::from_secs(10);

/// A phase of a call at a clock time of 2 March 2026.
pub(super) fn phase(call: &str, at: &str, phase: &str, more: &Value) -> Value {
    let leg = more["leg"].as_str().unwrap_or_default();
    let mut event = json!({"type": "call", "call": call, "phase": phase,
        "at": format!("2026-03-02T{at}Z"), "id": format!("{call}/{at}/{phase}{leg}")});
    let fields = event.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    event
}

/// Four calls: answered after a queue, handed on by a manager, missed by two, going out.
pub(super) fn events() -> Vec<Value> {
    let inbound = json!({"direction": "inbound", "from": "911222333", "to": "+34600100200"});
    let outbound = json!({"direction": "outbound", "from": "+34600100200", "to": "911222333",
        "manager": "ana"});
    let none = json!({});
    let ana = json!({"leg": "l1", "manager": "ana", "extension": "101"});
    let luis = json!({"leg": "l2", "manager": "luis", "extension": "102"});
    let paid = json!({"value": "12.50", "tags": ["sale"]});
    vec![
        phase("a", "10:00:00", "started", &inbound),
        phase("a", "10:00:02", "queued", &none),
        phase("a", "10:00:12", "ringing", &ana),
        phase("a", "10:00:15", "answered", &ana),
        phase("a", "10:00:40", "held", &ana),
        phase("a", "10:00:50", "resumed", &ana),
        phase("a", "10:01:15", "ended", &none),
        phase("a", "10:05:00", "tagged", &paid),
        phase("b", "10:00:00", "started", &inbound),
        phase("b", "10:00:05", "ringing", &ana),
        phase("b", "10:00:10", "answered", &ana),
        phase("b", "10:01:10", "transferred", &ana),
        phase("b", "10:01:12", "ringing", &luis),
        phase("b", "10:01:20", "answered", &luis),
        phase("b", "10:02:00", "ended", &none),
        phase("c", "10:00:00", "started", &inbound),
        phase("c", "10:00:01", "ringing", &ana),
        phase("c", "10:00:01", "ringing", &luis),
        phase("c", "10:00:31", "ended", &none),
        phase("d", "10:00:00", "started", &outbound),
        phase("d", "10:00:07", "answered", &none),
        phase("d", "10:00:37", "ended", &json!({"talk_s": 29})),
    ]
}

const COLUMNS: &str = "call, direction, caller, number, disposition, toUnixTimestamp(started_at), \
                       wait_ms, queue_ms, ring_ms, hold_ms, talk_ms, tags, value, \
                       arrayMap(m -> toString(m), legs.manager), legs.talk_ms, legs.ring_ms, \
                       legs.transferred_out, legs.transferred_in";

/// The rows that metrics.md §2 gives, worked out by hand. Of the second: from the answer to the end,
/// while ana's part ends with her transfer.
const EXPECTED: [&str; 4] = [
    r#"["a","inbound","+34911222333","+34600100200","answered",1772445600,13000,10000,3000,10000,50000,["sale"],12.5,["ana"],[50000],[3000],[0],[0]]"#,
    r#"["b","inbound","+34911222333","+34600100200","answered",1772445600,5000,0,5000,0,110000,[],null,["ana","luis"],[60000,40000],[5000,8000],[1,0],[0,1]]"#,
    r#"["c","inbound","+34911222333","+34600100200","missed",1772445600,30000,0,30000,0,0,[],null,["ana","luis"],[0,0],[30000,30000],[0,0],[0,0]]"#,
    r#"["d","outbound","+34911222333","+34600100200","answered",1772445600,7000,0,0,0,29000,[],null,["ana"],[29000],[0],[0],[0]]"#,
];

pub(super) fn expected() -> [Value; 4] {
    EXPECTED.map(|row| serde_json::from_str(row).expect("a row"))
}

pub(super) fn rows(service: &Service, account: &str) -> Vec<Value> {
    let settings = [("output_format_json_quote_64bit_integers", "0")];
    let sql = format!(
        "SELECT {COLUMNS} FROM trunkline.calls FINAL WHERE account = '{account}' ORDER BY call \
         FORMAT JSONCompactEachRow"
    );
    let (status, text) = service.tables().ask(&sql, &settings);
    assert_eq!(status, 200, "{text}");
    let rows = text.lines().map(serde_json::from_str);
    rows.map(|row| row.expect("a row")).collect()
}

pub(super) fn post(door: &Door, events: &[Value]) -> Value {
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let answer = door.post("application/x-ndjson", None, lines.join("\n").as_bytes());
    answer.expect_status(202).json()
}

fn service() -> Service {
    let spain = |id: &str| Account::new(id).setting("country = \"ES\"");
    Service::start(Config::of([spain("acme"), spain("bolt")]))
}

#[test]
fn calls_are_rows_whatever_the_order_and_number_of_arrivals() {
    let mut service = service();
    let mut random = StdRng::seed_from_u64(seed());
    let events = events();
    post(&service.door("acme"), &events);
    service.door("acme").flush();
    assert_eq!(rows(&service, "acme"), expected());
    // Shuffled and doubled, and killed twice on the way, once without its state.
    let mut mixed = [events.clone(), events.clone()].concat();
    mixed.shuffle(&mut random);
    for (number, part) in mixed.chunks(9).enumerate() {
        post(&service.door("bolt"), part);
        if number % 2 == 1 {
            service.kill9();
            if number == 3 {
                std::fs::remove_dir_all(service.data_dir().join("state")).unwrap();
            }
            service.restart();
        }
    }
    service.door("bolt").flush();
    assert_eq!(rows(&service, "bolt"), expected());
    assert_eq!(rows(&service, "acme"), expected());
    // What the journal gives when it is read anew is what ClickHouse holds.
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("rows: 8 the same"), "{said}");
    service.restart();
    // All again is known.
    let again = post(&service.door("bolt"), &events);
    assert_eq!(again["duplicates"], json!(events.len()));
}

#[test]
fn a_phase_taken_back_is_as_if_it_had_never_come() {
    let service = service();
    let door = service.door("acme");
    post(&door, &events());
    let retract = |target: &str| {
        json!({"type": "retract", "target": target, "at": "2026-03-03T09:00:00Z",
            "reason": "sent by mistake"})
    };
    let ids = [
        "a/10:00:40/heldl1",
        "d/10:00:00/started",
        "d/10:00:07/answered",
    ];
    let mut targets: Vec<Value> = ids.into_iter().map(retract).collect();
    targets.push(retract("d/10:00:37/ended"));
    post(&door, &targets);
    door.flush();
    let [mut a, b, c, _] = expected();
    (a[9], a[10], a[14]) = (json!(0), json!(60_000), json!([60_000]));
    assert_eq!(rows(&service, "acme"), [a, b, c]);
}

#[test]
fn a_call_in_progress_is_shown_until_it_ends() {
    let service = service();
    let door = service.door("acme");
    let at = |seconds: i64| e2e::clock::rfc3339(wall() + seconds * 1_000);
    let event = |phase: &str, seconds: i64, more: &Value| {
        let mut event = json!({"type": "call", "call": "k", "phase": phase, "at": at(seconds)});
        let fields = event.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        event
    };
    let inbound = json!({"direction": "inbound", "from": "911222333", "to": "+34600100200"});
    let ana = json!({"manager": "ana", "extension": "101"});
    let calls = || door.get("/v1/live", &[]).expect_status(200).json()["calls"].clone();
    let shows = |what: &str, check: &dyn Fn(&Value) -> bool| {
        wait_until(what, WITHIN, || check(&calls()));
    };
    assert_eq!(calls(), json!([]));
    post(
        &door,
        &[event("started", -20, &inbound), event("ringing", -15, &ana)],
    );
    shows("it rings", &|calls| calls[0]["state"] == "ringing");
    let shown = &calls()[0];
    let expected = json!(["k", "inbound", "+3***2333", "+34600100200", "ana", "101"]);
    let fields = ["call", "direction", "from", "to", "manager", "extension"];
    assert_eq!(json!(fields.map(|field| shown[field].clone())), expected);
    post(&door, &[event("answered", -10, &ana)]);
    shows("it is answered", &|calls| calls[0]["state"] == "talking");
    post(&door, &[event("ended", -1, &json!({}))]);
    shows("it ended", &|calls| *calls == json!([]));
}
