//! The figures of the dashboard *Calls* beside those of the report API for the same question.

use std::collections::BTreeMap;
use std::process::Command;

use e2e::clock::{at, rfc3339};
use e2e::doors::Door;
use e2e::grafana::{ALL, Chosen, Query};
use e2e::service::binary;
use e2e::table::Table;
use serde_json::{Value, json};

use super::World;
use super::figures::same;

/// Calls of a made-up week, and some that the simulation does not make.
fn send(door: &Door) {
    let centre = "simulate --seed 3 --managers 5 --rate 5 --days 6 --calls 90";
    let output = Command::new(binary())
        .args(centre.split(' '))
        .args(["--start", "2026-02-26T00:00:00Z", "--out", "-"])
        .output()
        .expect("the binary runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for part in events.chunks(1_000) {
        door.post_json(&part.into()).expect_status(202);
    }
    door.post_json(&odd().into()).expect_status(202);
}

/// A phase of a call at a second of a minute.
fn phase(call: &str, phase: &str, second: u32, more: &Value) -> Value {
    let mut event = json!({"type": "call", "call": call, "phase": phase,
        "at": format!("2026-03-02T10:00:{second:02}Z")});
    let fields = event.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    event
}

/// Calls that the simulation does not make.
fn odd() -> Vec<Value> {
    let none = json!({});
    let inbound = json!({"direction": "inbound", "from": "+34600777888", "to": "o'line"});
    let spam =
        json!({"direction": "inbound", "from": "+34600777888", "to": "o'line", "spam": true});
    let ana = json!({"leg": "1", "manager": "ana"});
    let dialler = json!({"direction": "outbound", "origin": "dialler"});
    let callback = json!({"direction": "outbound", "origin": "callback"});
    vec![
        // Short; spam; of a dialler; internal; a callback, which is an inquiry; nobody knows who talked.
        phase("short", "started", 0, &inbound),
        phase("short", "ringing", 1, &ana),
        phase("short", "ended", 3, &none),
        phase("spam", "started", 0, &spam),
        phase("spam", "ended", 9, &none),
        phase("dialler", "started", 0, &dialler),
        phase("dialler", "ended", 9, &none),
        phase("inside", "started", 0, &json!({"direction": "internal"})),
        phase("inside", "answered", 2, &ana),
        phase("inside", "ended", 9, &none),
        phase("back", "started", 0, &callback),
        phase(
            "back",
            "answered",
            5,
            &json!({"leg": "1", "manager": "luis"}),
        ),
        phase("back", "ended", 50, &none),
        phase("whose", "started", 0, &inbound),
        phase("whose", "answered", 7, &json!({"leg": "1"})),
        phase("whose", "ended", 30, &none),
        phase("odd", "started", 0, &inbound),
        phase("odd", "ended", 30, &json!({"disposition": "o'word"})),
        // Two that go on.
        phase("rings", "started", 40, &inbound),
        phase("rings", "ringing", 41, &ana),
        phase("talks", "started", 45, &json!({"direction": "outbound"})),
        phase("talks", "answered", 49, &ana),
    ]
}

fn all(from: &str, to: &str) -> Chosen {
    Chosen {
        period: [at(from), at(to)],
        interval: 3600,
        zone: "Europe/Madrid".into(),
        values: BTreeMap::new(),
    }
    .with("account", &["main"])
    .with("number", &[ALL])
    .with("target", &["20"])
    .with("short", &["5"])
}

fn days() -> Chosen {
    all("2026-02-27T10:17:33.123Z", "2026-03-02T11:05:00.999Z")
}

fn ask(world: &World, chosen: &Chosen, more: &[(&str, &str)]) -> Table {
    let [from, to] = chosen.period;
    let (from, to) = (rfc3339(from), rfc3339(to + 1));
    let mut parameters = vec![("from", from.as_str()), ("to", &to), ("tz", &chosen.zone)];
    let numbers = chosen.values["number"].iter().filter(|it| *it != ALL);
    parameters.extend(numbers.map(|number| ("number", number.as_str())));
    parameters.extend(more.iter().copied());
    world.service.door("main").report("calls", &parameters)
}

#[track_caller]
fn are_the_reports(world: &World, chosen: &Chosen) {
    tiles(world, chosen);
    managers(world, chosen);
    week(world, chosen);
}

#[track_caller]
fn tiles(world: &World, chosen: &Chosen) {
    let inbound = ask(world, chosen, &[("direction", "inbound")]);
    let outbound = ask(world, chosen, &[("direction", "outbound")]);
    let both = ask(world, chosen, &[]);
    for (panel, shown, report, reported) in [
        ("Calls (stat)", "inbound", &inbound, "calls"),
        ("Calls (stat)", "outbound", &outbound, "calls"),
        ("Answered (stat)", "answer_rate", &inbound, "answer_rate"),
        (
            "Service level (stat)",
            "service_level",
            &inbound,
            "service_level",
        ),
        ("Wait (stat)", "p50_s", &inbound, "wait_p50_s"),
        ("Wait (stat)", "p90_s", &inbound, "wait_p90_s"),
        ("Talk (stat)", "talk_sum_s", &both, "talk_sum_s"),
        ("Talk (stat)", "talk_mean_s", &both, "talk_mean_s"),
    ] {
        let table = world.panel(panel, chosen);
        assert_eq!(table.len(), 1, "{panel}");
        let what = format!("{panel} {shown} of {chosen:?}");
        same(table.value(0, shown), report.value(0, reported), &what);
    }
}

#[track_caller]
fn managers(world: &World, chosen: &Chosen) {
    let report = ask(world, chosen, &[("by", "manager")]);
    let shown = world.panel("Managers (table)", chosen);
    let figures = [
        "participations",
        "talk_sum_s",
        "talk_mean_s",
        "offered",
        "taken",
        "not_taken",
        "take_rate",
    ];
    let mut talked = 0;
    for (row, manager) in report.column("manager").iter().enumerate() {
        let place = shown.column("manager").iter().position(|of| of == manager);
        for name in figures {
            let what = format!("{name} of {manager}, {chosen:?}");
            match place {
                Some(place) => same(shown.value(place, name), report.value(row, name), &what),
                // Who had nothing to do with a call but by its credit is not shown.
                None => assert!(
                    [json!(0), json!(0.0), Value::Null].contains(report.value(row, name)),
                    "{what}"
                ),
            }
        }
        talked += report.count(row, "participations");
    }
    let sum: u64 = (0..shown.len())
        .map(|row| shown.count(row, "participations"))
        .sum();
    assert_eq!(sum, talked, "{chosen:?}");
}

#[track_caller]
fn week(world: &World, chosen: &Chosen) {
    let by = [("by", "weekday,hour"), ("direction", "inbound")];
    let report = ask(world, chosen, &by);
    let reported: BTreeMap<_, _> = (0..report.len())
        .map(|row| {
            let place = ["weekday", "hour"].map(|name| report.count(row, name));
            (place, report.value(row, "calls").clone())
        })
        .collect();
    let shown = world.panel("Inbound calls by hour and weekday (table)", chosen);
    for day in 1..=7 {
        for hour in 0..24 {
            let expected = reported.get(&[day, hour]).unwrap_or(&Value::Null);
            let row = usize::try_from(day - 1).expect("a row");
            let what = format!("{day} {hour} of {chosen:?}");
            same(shown.value(row, &format!("{hour:02}")), expected, &what);
        }
    }
}

/// The bars over time.
#[track_caller]
fn bars(world: &World, chosen: &Chosen, interval: &str) {
    let more = [("interval", interval), ("direction", "inbound")];
    let report = ask(world, chosen, &more);
    let some = |row: &usize| report.count(*row, "calls") > 0;
    let rows: Vec<_> = (0..report.len()).filter(some).collect();
    assert!(!rows.is_empty(), "no calls in {chosen:?}");
    let query = world.query("Inbound calls (timeseries)");
    let of_instants = Query {
        sql: format!(
            "SELECT toUnixTimestamp(time) AS second, * FROM (\n{}\n)",
            query.sql
        ),
        is_series: false,
        ..query.clone()
    };
    let shown = world.run(&of_instants, chosen);
    assert_eq!(shown.len(), rows.len(), "{interval}: {chosen:?}");
    let ends = [
        "answered",
        "missed",
        "abandoned",
        "voicemail",
        "menu",
        "failed",
    ];
    for (place, row) in rows.into_iter().enumerate() {
        let time = report.value(row, "time").as_str().expect("a time");
        let second = shown.value(place, "second").as_i64().expect("a second");
        assert_eq!(second * 1000, at(time), "{interval}");
        for name in ends {
            let what = format!("{name} at {time}");
            same(shown.value(place, name), report.value(row, name), &what);
        }
        let drawn: u64 = ends.iter().map(|name| shown.count(place, name)).sum();
        let all = drawn + shown.count(place, "other");
        assert_eq!(all, report.count(row, "calls"), "{time}");
    }
}

/// Calls that go on, as the live view has them.
#[track_caller]
fn in_progress(world: &World) {
    let live = world
        .service
        .door("main")
        .get("/v1/live", &[("limit", "1000")]);
    let live = live.json();
    let live = live["calls"].as_array().expect("a list");
    assert!(!live.is_empty());
    let tile = world.panel("In progress (stat)", &days());
    assert_eq!(tile.count(0, "in_progress"), live.len() as u64);
    let list = world.panel("In progress (table)", &days());
    let of = |call: &Value| call["call"].clone();
    assert_eq!(list.column("call"), live.iter().map(of).collect::<Vec<_>>());
}

#[test]
fn the_figures_of_calls_are_those_of_the_reports() {
    let world = World::of("calls.json", send);
    let choices = [
        days(),
        days().with("number", &["+34910000101"]),
        days().with("number", &["+34910000102", "o'line"]),
        days().with("number", &["nobody's"]),
        all("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z"),
        all("1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"),
        all("1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
        Chosen {
            zone: "Asia/Kolkata".into(),
            ..days()
        },
    ];
    for chosen in &choices {
        are_the_reports(&world, chosen);
    }
    for (interval, seconds) in [("hour", 3600), ("day", 86_400), ("week", 604_800)] {
        let chosen = Chosen {
            interval: seconds,
            ..days()
        };
        bars(&world, &chosen, interval);
    }
    in_progress(&world);
    // Every query runs whatever is chosen.
    for query in &world.queries {
        for zone in ["utc", "", "browser", "Australia/Lord_Howe"] {
            let zone = zone.to_owned();
            world.run(query, &Chosen { zone, ..days() });
        }
        for account in ["other", "", "it's nobody's"] {
            world.run(query, &days().with("account", &[account]));
        }
    }
    let numbers = world.panel("number", &days()).column("number");
    assert!(numbers.contains(&json!("o'line")), "{numbers:?}");
    assert_eq!(
        world.panel("account", &days()).column("account"),
        [json!("main")]
    );
}
