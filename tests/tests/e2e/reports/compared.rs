//! Periods of a calendar and what came before them; filters by period and manager; what is now
//! beside what was: rows S25, S36, S37, S49, S50 and S59 of the requirements.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, NaiveTime};
use e2e::clock::{DAY, HOUR, MINUTE, at, rfc3339, wall};
use e2e::config::Account;
use e2e::doors::Door;
use e2e::events::{Author, Event, Thread};
use e2e::service::Service;
use e2e::shared::Shared;
use e2e::table::Table;
use serde_json::{Value, json};

use super::all_rows;

static SHARED: Shared = Shared::new(|| {
    ["s25", "s36", "s37", "s49", "s50", "s59"]
        .map(Account::new)
        .into()
});

/// The account's door, with these events in ClickHouse; the service lives as long as it is held.
fn given(account: &str, events: &[Event]) -> (Arc<Service>, Door) {
    let service = SHARED.service();
    let door = service.door(account);
    door.send_flushed(events);
    (service, door)
}

/// A contact's question and its answer by a manager, after so many seconds, at an instant.
fn reply(conversation: &str, manager: &str, answered: i64, seconds: i64) -> Vec<Event> {
    let asked = answered - seconds * 1_000;
    Thread::new(conversation)
        .message(Author::Contact, None, "10:00", |message| message.at = asked)
        .message(Author::Manager, Some(manager), "10:00", |message| {
            message.at = answered;
        })
        .events()
}

/// Midnight of this week's Monday, in UTC.
fn monday() -> i64 {
    let today = DateTime::from_timestamp_millis(wall())
        .unwrap()
        .date_naive();
    let since = today.weekday().num_days_from_monday();
    let monday = today - Days::new(u64::from(since));
    monday.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

fn count(table: &Table, row: usize) -> u64 {
    table.count(row, "count")
}

/// A column of the rows of the period before.
fn previous(table: &Table, column: &str) -> Vec<Value> {
    let place = table.columns().iter().position(|name| name == column);
    let rows = table.json["previous"].as_array().unwrap();
    rows.iter().map(|row| row[place.unwrap()].clone()).collect()
}

#[test]
fn s25_a_week_is_monday_until_now_and_not_seven_days() {
    let monday = monday();
    let events = [
        reply("before", "ana", monday - 1, 60),
        reply("first", "ana", monday, 120),
        reply("six days", "ana", monday - 6 * DAY + HOUR, 60),
    ];
    let (_service, door) = given("s25", &events.concat());
    let week = door.report("response-times", &[("period", "week")]);
    assert_eq!(week.json["from"], json!(rfc3339(monday)));
    assert_eq!(count(&week, 0), 1);
    assert_eq!(week.value(0, "mean_s"), &json!(120.0));
    let to = at(week.json["to"].as_str().unwrap());
    assert!((wall() - to).abs() < 10 * MINUTE, "until now: {to}");
    // Any other interval too.
    let (from, to) = (rfc3339(monday - 6 * DAY), rfc3339(monday + 1));
    let span = [("from", from.as_str()), ("to", to.as_str())];
    assert_eq!(count(&door.report("response-times", &span), 0), 3);
}

/// Two weeks of March: Monday 9 and Monday 16.
fn two_weeks() -> Vec<Event> {
    let mut events = Vec::new();
    for (day, hour, seconds) in [
        ("09", "09", 30),
        ("11", "09", 60),
        ("11", "15", 120),
        ("16", "09", 300),
        ("18", "10", 600),
    ] {
        let answered = at(&format!("2026-03-{day}T{hour}:30:00Z"));
        let id = format!("{day}-{hour}");
        events.extend(reply(&id, "ana", answered, seconds));
    }
    events
}

const WEEK: [(&str, &str); 4] = [
    ("from", "2026-03-16"),
    ("to", "2026-03-23"),
    ("interval", "day"),
    ("compare", "previous"),
];

#[test]
fn s36_the_selected_period_and_the_same_length_before_are_two_lines() {
    let (_service, door) = given("s36", &two_weeks());
    let table = door.report("response-times", &WEEK);
    let null = || json!(null);
    let selected = [
        json!(300.0),
        null(),
        json!(600.0),
        null(),
        null(),
        null(),
        null(),
    ];
    assert_eq!(table.column("mean_s"), selected);
    let before = [
        json!(30.0),
        null(),
        json!(90.0),
        null(),
        null(),
        null(),
        null(),
    ];
    assert_eq!(previous(&table, "mean_s"), before);
    assert_eq!(
        previous(&table, "time")[0],
        json!("2026-03-09T00:00:00.000Z")
    );
    assert_eq!(
        table.json["previous_from"],
        json!("2026-03-09T00:00:00.000Z")
    );
    assert_eq!(table.json["previous_to"], json!("2026-03-16T00:00:00.000Z"));
    // A year before, nothing had happened yet: no data, not zero.
    let year = [&WEEK[..3], &[("compare", "year")]].concat();
    let year = door.report("response-times", &year);
    assert_eq!(previous(&year, "mean_s"), vec![json!(null); 7]);
    assert_eq!(
        previous(&year, "time")[0],
        json!("2025-03-16T00:00:00.000Z")
    );
    // A period that there is none of is named.
    let wrong = [&WEEK[..3], &[("compare", "decade")]].concat();
    let wrong = door.get("/v1/reports/response-times", &wrong);
    let problem = wrong.expect_problem(400, "bad_parameter");
    assert!(problem.text().contains("compare"), "{}", problem.text());
}

#[test]
fn s37_the_two_points_of_an_offset_open_to_the_replies_of_their_days() {
    let (_service, door) = given("s37", &two_weeks());
    let table = door.report("response-times", &WEEK);
    let wednesday = 2;
    let selected = table.column("time")[wednesday].clone();
    let before = previous(&table, "time")[wednesday].clone();
    let replies = |day: &Value| {
        let from = day.as_str().unwrap();
        let to = rfc3339(at(from) + DAY);
        let pages = all_rows(&door, "response-times", &[("from", from), ("to", &to)]);
        pages[0].column("response_s")
    };
    assert_eq!(replies(&selected), [json!(600.0)]);
    assert_eq!(replies(&before), [json!(120.0), json!(60.0)]);
}

#[test]
fn s49_every_report_is_of_the_period_asked_for() {
    let events = [
        reply("1", "ana", at("2026-03-09T09:30:00Z"), 60),
        reply("2", "ana", at("2026-03-11T00:00:00Z"), 60),
        reply("3", "ana", at("2026-03-12T00:00:00Z"), 60),
    ];
    let (_service, door) = given("s49", &events.concat());
    let period = [("from", "2026-03-11"), ("to", "2026-03-12")];
    // The question of the third conversation was asked on the day of the second's answer.
    let figures = [
        ("response-times", "count", 1),
        ("conversations", "participations", 1),
        ("conversations", "new", 1),
        ("messages", "messages", 2),
    ];
    for (report, figure, want) in figures {
        let table = door.report(report, &period);
        assert_eq!(table.count(0, figure), want, "{report} {figure}");
        let rows = all_rows(
            &door,
            report,
            &[&period[..], &[("figure", figure)]].concat(),
        );
        let rows: usize = rows.iter().map(Table::len).sum();
        assert_eq!(rows as u64, want, "the rows behind {report} {figure}");
    }
}

#[test]
fn s50_every_report_is_of_the_managers_asked_for() {
    let mut events = Vec::new();
    for (place, manager) in ["ana", "luis", "eva"].into_iter().enumerate() {
        let answered = at("2026-03-11T10:00:00Z") + place as i64 * HOUR;
        events.extend(reply(manager, manager, answered, 60));
    }
    let (_service, door) = given("s50", &events);
    let day = [
        ("from", "2026-03-11"),
        ("to", "2026-03-12"),
        ("by", "manager"),
    ];
    for report in ["response-times", "conversations", "messages"] {
        let managers = |wanted: &[&str]| {
            let wanted = wanted.iter().map(|name| ("manager", *name));
            let parameters: Vec<_> = day.into_iter().chain(wanted).collect();
            door.report(report, &parameters).column("manager")
        };
        assert_eq!(managers(&["ana"]), ["ana"], "{report}");
        assert_eq!(managers(&["eva", "ana"]), ["ana", "eva"], "{report}");
        assert_eq!(managers(&["nobody"]), [""; 0], "{report}");
    }
}

#[test]
fn s59_the_moment_and_the_period_stand_side_by_side_and_are_fresh() {
    let now = wall();
    let waits = Thread::new("waits").message(Author::Contact, None, "10:00", |message| {
        message.at = now - 2 * MINUTE;
    });
    let mut events = reply("answered", "ana", now - 3 * HOUR, 60);
    events.extend(waits.events());
    let (_service, door) = given("s59", &events);
    let from = rfc3339(now - 6 * HOUR);
    let span = [("from", from.as_str())];
    // At the moment: who waits, and for how long.
    let moment = door.report("response-times", &span);
    assert_eq!((moment.count(0, "awaiting"), count(&moment, 0)), (1, 1));
    let longest = moment.millis(0, "longest_wait_s").unwrap();
    let as_of = at(moment.json["as_of"].as_str().unwrap());
    assert!(as_of >= now, "newer than the last event: {}", moment.json);
    assert_eq!(longest, as_of - (now - 2 * MINUTE));
    // Over a period: the same figures by the hour.
    let series = door.report(
        "response-times",
        &[&span[..], &[("interval", "hour")]].concat(),
    );
    let sum =
        |column: &str| -> u64 { (0..series.len()).map(|row| series.count(row, column)).sum() };
    assert_eq!((sum("count"), sum("awaiting"), sum("received")), (1, 1, 2));
    assert!(series.len() >= 6);
    // What happens next is in both at once.
    let answer = Thread::new("waits").message(Author::Manager, Some("luis"), "10:00", |message| {
        message.at = now - MINUTE;
        message.id = Some("the answer".into());
    });
    door.send_flushed(&answer.events());
    let moment = door.report("response-times", &span);
    assert_eq!((moment.count(0, "awaiting"), count(&moment, 0)), (0, 2));
    assert_eq!(moment.value(0, "longest_wait_s"), &json!(null));
    assert_eq!(moment.value(0, "answered_share"), &json!(1.0));
}
