//! The figures of the dashboard beside those of the report API for the same question.

use std::collections::{BTreeMap, BTreeSet};

use e2e::clock::{at, rfc3339};
use e2e::grafana::{ALL, Chosen, Query};
use e2e::table::Table;
use serde_json::{Value, json};

use super::{World, all, days};

/// The same question for the report API.
struct Question<'a> {
    world: &'a World,
    parameters: Vec<(&'static str, String)>,
}

impl<'a> Question<'a> {
    fn of(world: &'a World, chosen: &Chosen) -> Self {
        let [from, to] = chosen.period;
        let mut parameters = vec![("from", rfc3339(from)), ("to", rfc3339(to + 1))];
        parameters.push(("tz", chosen.zone.clone()));
        for name in ["manager", "team", "channel"] {
            let values = chosen.values[name].iter().filter(|value| *value != ALL);
            parameters.extend(values.map(|value| (name, value.clone())));
        }
        Self { world, parameters }
    }

    /// Asks of all time until now in place of the period.
    fn until_now(mut self) -> Self {
        self.parameters.retain(|(name, _)| *name != "to");
        self.parameters[0].1 = "2000-01-01T00:00:00Z".into();
        self
    }

    #[track_caller]
    fn ask(&self, report: &str, more: &[(&str, &str)]) -> Table {
        let given = self.parameters.iter();
        let given = given.map(|(name, value)| (*name, value.as_str()));
        let parameters: Vec<_> = given
            .chain(more.iter().copied())
            .chain([("limit", "10000")])
            .collect();
        self.world.service.door("main").report(report, &parameters)
    }

    fn times(&self, chosen: &Chosen, more: &[(&str, &str)]) -> Table {
        let one = |name: &str| chosen.values[name][0].as_str();
        let choice = [("definition", one("definition")), ("hours", one("hours"))];
        self.ask("response-times", &[&choice, more].concat())
    }
}

#[track_caller]
pub(super) fn same(shown: &Value, reported: &Value, what: &str) {
    let equal = match (shown.as_f64(), reported.as_f64()) {
        (Some(shown), Some(reported)) => shown.to_bits() == reported.to_bits(),
        _ => shown == reported,
    };
    assert!(
        equal,
        "{what}: the dashboard shows {shown}, the report {reported}"
    );
}

/// Holds every figure of the dashboard against the report's.
#[track_caller]
pub(crate) fn are_the_reports(world: &World, chosen: &Chosen) {
    tiles(world, chosen);
    waiting(world, chosen);
    managers(world, chosen);
    week(world, chosen);
}

#[track_caller]
fn tiles(world: &World, chosen: &Chosen) {
    let question = Question::of(world, chosen);
    let times = question.times(chosen, &[]);
    let conversations = question.ask("conversations", &[]);
    let messages = question.ask("messages", &[("author", "manager")]);
    for (panel, shown, report, reported) in [
        ("Inquiries (stat)", "received", &times, "received"),
        (
            "Answered (stat)",
            "answered_share",
            &times,
            "answered_share",
        ),
        ("Response time (stat)", "replies", &times, "count"),
        ("Response time (stat)", "p50_s", &times, "p50_s"),
        ("Response time (stat)", "p90_s", &times, "p90_s"),
        (
            "Participations and conversations (stat)",
            "participations",
            &conversations,
            "participations",
        ),
        (
            "Participations and conversations (stat)",
            "conversations",
            &conversations,
            "conversations",
        ),
        ("Messages out (stat)", "messages", &messages, "messages"),
    ] {
        let table = world.panel(panel, chosen);
        assert_eq!(table.len(), 1, "{panel}");
        let what = format!("{panel} {shown} of {chosen:?}");
        same(table.value(0, shown), report.value(0, reported), &what);
    }
}

/// What waits now, as a tile and as a list, whatever the period.
#[track_caller]
fn waiting(world: &World, chosen: &Chosen) {
    let question = Question::of(world, chosen).until_now();
    let before = question.ask("response-times", &[]);
    let tile = world.panel("Waiting now (stat)", chosen);
    let after = question.ask("response-times", &[]);
    same(
        tile.value(0, "awaiting"),
        before.value(0, "awaiting"),
        &format!("{chosen:?}"),
    );
    let [least, shown, most] =
        [&before, &tile, &after].map(|table| table.millis(0, "longest_wait_s"));
    assert!(
        least <= shown && shown <= most,
        "{least:?} {shown:?} {most:?}"
    );

    let list = world.panel("Waiting now (table)", chosen);
    let given = question
        .parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let parameters: Vec<_> = given
        .chain([("figure", "awaiting"), ("limit", "1000")])
        .collect();
    let pages =
        crate::reports::all_rows(&world.service.door("main"), "response-times", &parameters);
    let rows = |table: &Table| -> BTreeSet<String> {
        let names = ["channel", "conversation", "contact"];
        let row = |row| {
            names
                .map(|name| table.value(row, name).to_string())
                .join(" ")
        };
        (0..table.len()).map(row).collect()
    };
    let reported: BTreeSet<_> = pages.iter().flat_map(rows).collect();
    let shown = rows(&list);
    assert_eq!(list.len(), reported.len().min(500));
    assert!(shown.is_subset(&reported), "{shown:?}");
    let waits = list.column("wait_s");
    assert!(
        waits.is_sorted_by(|one, next| one.as_f64() >= next.as_f64()),
        "{waits:?}"
    );
}

#[track_caller]
fn managers(world: &World, chosen: &Chosen) {
    let question = Question::of(world, chosen);
    let by = [("by", "manager")];
    let times = question.times(chosen, &by);
    let conversations = question.ask("conversations", &by);
    let messages = question.ask("messages", &[("by", "manager"), ("author", "manager")]);
    let waiting = Question::of(world, chosen)
        .until_now()
        .ask("response-times", &by);
    let shown = world.panel("Managers (table)", chosen);
    let mut seen = BTreeSet::new();
    for row in 0..shown.len() {
        let manager = shown.value(row, "manager");
        assert!(seen.insert(manager.to_string()), "{manager} twice");
        for (name, report, reported, none) in [
            ("count", &times, "count", json!(0)),
            ("p50_s", &times, "p50_s", Value::Null),
            ("p90_s", &times, "p90_s", Value::Null),
            ("mean_s", &times, "mean_s", Value::Null),
            ("within_target", &times, "within_target", json!(0)),
            ("awaiting", &waiting, "awaiting", json!(0)),
            ("participations", &conversations, "participations", json!(0)),
            ("messages", &messages, "messages", json!(0)),
        ] {
            let place = report.column("manager").iter().position(|of| of == manager);
            let expected = place.map_or(&none, |place| report.value(place, reported));
            same(
                shown.value(row, name),
                expected,
                &format!("{name} of {manager}, {chosen:?}"),
            );
        }
    }
    let of_any = [&times, &messages]
        .map(|table| table.column("manager"))
        .concat();
    for manager in of_any.into_iter().filter(|manager| !manager.is_null()) {
        let place = times.column("manager").iter().position(|of| *of == manager);
        let replied = place.is_none_or(|row| times.count(row, "count") > 0);
        assert!(
            !replied || seen.contains(&manager.to_string()),
            "{manager} is missing"
        );
    }
}

/// The hours of the week.
#[track_caller]
fn week(world: &World, chosen: &Chosen) {
    let question = Question::of(world, chosen);
    let report = question.times(chosen, &[("by", "weekday,hour")]);
    let reported: BTreeMap<_, _> = (0..report.len())
        .filter(|&row| !report.value(row, "p50_s").is_null())
        .map(|row| {
            let place = ["weekday", "hour"].map(|name| report.count(row, name));
            (place, report.value(row, "p50_s").clone())
        })
        .collect();
    let shown = world.panel("Response time by hour and weekday (table)", chosen);
    assert_eq!(
        shown.column("weekday"),
        (1..8).map(|day| json!(day)).collect::<Vec<_>>()
    );
    for day in 1..=7 {
        for hour in 0..24 {
            let expected = reported.get(&[day, hour]).unwrap_or(&Value::Null);
            let column = format!("{hour:02}");
            let row = usize::try_from(day - 1).expect("a row");
            same(
                shown.value(row, &column),
                expected,
                &format!("{day} {hour} of {chosen:?}"),
            );
        }
    }
}

/// The line over time.
#[track_caller]
fn line(world: &World, chosen: &Chosen, interval: &str) {
    let question = Question::of(world, chosen);
    let report = question.times(chosen, &[("interval", interval)]);
    let some = |row: &usize| report.count(*row, "count") > 0;
    let rows: Vec<_> = (0..report.len()).filter(some).collect();
    assert!(!rows.is_empty(), "no replies in {chosen:?}");
    let query = world.query("Response time (timeseries)");
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
    for (place, row) in rows.into_iter().enumerate() {
        let time = report.value(row, "time").as_str().expect("a time");
        let second = shown.value(place, "second").as_i64().expect("a second");
        assert_eq!(second * 1000, at(time), "{interval}");
        for name in ["p50_s", "p90_s", "p95_s"] {
            same(
                shown.value(place, name),
                report.value(row, name),
                &format!("{name} at {time}"),
            );
        }
    }
}

#[test]
fn figures_are_those_of_the_reports() {
    let world = World::start();
    for definition in ["wait", "turn", "first", "assigned", "kommo"] {
        are_the_reports(&world, &days().with("definition", &[definition]));
        are_the_reports(
            &world,
            &days()
                .with("definition", &[definition])
                .with("hours", &["business"]),
        );
    }
    for (variable, values) in [
        ("manager", &["manager-1"][..]),
        ("manager", &["manager-2", "o'neil"]),
        ("team", &["north"]),
        ("team", &["south"]),
        ("team", &["north", "o'team"]),
        ("channel", &["web"]),
        ("channel", &["telegram", "o'channel"]),
    ] {
        are_the_reports(&world, &days().with(variable, values));
    }
    are_the_reports(
        &world,
        &days()
            .with("team", &["north"])
            .with("manager", &["manager-3"]),
    );
    for (from, to) in [
        ("2026-03-02T10:05:00Z", "2026-03-02T10:25:00Z"),
        ("2026-03-02T10:30:00Z", "2026-03-02T11:30:00Z"),
        ("2026-03-01T23:00:00Z", "2026-03-02T22:59:59.999Z"),
        ("1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"),
        ("2005-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ] {
        are_the_reports(&world, &all(from, to));
    }
    for zone in ["Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"] {
        week(
            &world,
            &Chosen {
                zone: zone.into(),
                ..days()
            },
        );
    }
}

#[test]
fn the_line_over_time_is_that_of_the_reports() {
    let world = World::start();
    for (interval, seconds) in [
        ("hour", 3600),
        ("hour", 7200),
        ("day", 21_600),
        ("day", 86_400),
        ("week", 604_800),
    ] {
        line(
            &world,
            &Chosen {
                interval: seconds,
                ..days()
            },
            interval,
        );
    }
    let years = all("2005-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    line(
        &world,
        &Chosen {
            interval: 30 * 86_400,
            ..years.clone()
        },
        "month",
    );
    line(
        &world,
        &Chosen {
            interval: 86_400,
            ..years
        },
        "day",
    );
    for zone in ["Asia/Kolkata", "Australia/Lord_Howe"] {
        let there = Chosen {
            zone: zone.into(),
            ..days()
        };
        line(
            &world,
            &there.clone().with("manager", &["manager-1"]),
            "hour",
        );
        line(
            &world,
            &Chosen {
                interval: 86_400,
                ..there
            },
            "day",
        );
    }
}
