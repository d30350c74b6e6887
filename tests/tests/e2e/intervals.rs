//! Calendar intervals in the account's zone, through clock changes.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime};
use e2e::clock::{DAY, MINUTE, at, wall};
use e2e::events::{Event, Thread};
use e2e::table::Table;
use serde_json::{Value, json};

use crate::accounts::given;

/// A contact and, a minute later, Ana, at each of these times.
fn replies(times: &[&str]) -> Vec<Event> {
    let mut events = Vec::new();
    for (index, time) in times.iter().enumerate() {
        let (day, minute) = time.split_once(' ').unwrap();
        let thread = Thread::new(&format!("{index}")).day(day);
        let asked = format!("{minute}:00");
        events.extend(
            thread
                .contact(&asked)
                .manager("ana", &format!("{minute}:30"))
                .events(),
        );
    }
    events
}

fn starts(table: &Table) -> Vec<String> {
    table
        .column("time")
        .iter()
        .map(|time| time.as_str().unwrap().to_owned())
        .collect()
}

fn counts(table: &Table) -> Vec<u64> {
    table
        .column("count")
        .iter()
        .map(|count| count.as_u64().unwrap())
        .collect()
}

fn around_both_changes() -> Vec<Event> {
    replies(&[
        "2026-03-28 22:59",
        "2026-03-28 23:00",
        "2026-03-29 21:59",
        "2026-03-29 22:00",
        "2026-10-24 21:59",
        "2026-10-24 22:00",
        "2026-10-25 22:59",
        "2026-10-25 23:00",
    ])
}

#[test]
fn a_day_in_madrid_has_23_hours_in_march_and_25_in_october() {
    let own = given("madrid", &around_both_changes());
    let days = |from: &str, to: &str| {
        let span = [("from", from), ("to", to), ("interval", "day")];
        own.door.report("response-times", &span)
    };
    let spring = days("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z");
    let want = ["2026-03-27T23", "2026-03-28T23", "2026-03-29T22"];
    assert_eq!(
        starts(&spring),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(counts(&spring), [1, 2, 1]);
    let autumn = days("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z");
    let want = ["2026-10-23T22", "2026-10-24T22", "2026-10-25T23"];
    assert_eq!(
        starts(&autumn),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(counts(&autumn), [1, 2, 1]);
}

#[test]
fn weeks_quarters_and_local_dates_follow_the_accounts_calendar() {
    let own = given("madrid", &around_both_changes());
    let report = |from: &str, to: &str, interval: &str| {
        let span = [("from", from), ("to", to), ("interval", interval)];
        own.door.report("response-times", &span)
    };
    let local = report("2026-03-28", "2026-03-31", "day");
    let want = ["2026-03-27T23", "2026-03-28T23", "2026-03-29T22"];
    assert_eq!(
        starts(&local),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(local.json["from"], "2026-03-27T23:00:00.000Z");
    let weeks = report("2026-03-16", "2026-04-06", "week");
    let want = ["2026-03-15T23", "2026-03-22T23", "2026-03-29T22"];
    assert_eq!(
        starts(&weeks),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(counts(&weeks), [0, 3, 1]);
    let quarters = report("2026-01-01", "2027-01-01", "quarter");
    let want = [
        "2025-12-31T23",
        "2026-03-31T22",
        "2026-06-30T22",
        "2026-09-30T22",
    ];
    assert_eq!(
        starts(&quarters),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(counts(&quarters), [4, 0, 0, 4]);
    let months = counts(&report("2026-01-01", "2027-01-01", "month"));
    assert_eq!(months, [0, 0, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0]);
    assert_eq!(counts(&report("2026-01-01", "2027-01-01", "year")), [8]);
}

#[test]
fn the_doubled_hour_is_two_rows_and_the_missing_one_none() {
    let own = given(
        "madrid-hours",
        &replies(&[
            "2026-10-25 00:30",
            "2026-10-25 01:30",
            "2026-03-29 00:30",
            "2026-03-29 01:30",
        ]),
    );
    let hours = |day: &str, next: &str| {
        let span = [("from", day), ("to", next), ("interval", "hour")];
        own.door.report("response-times", &span)
    };
    let autumn = hours("2026-10-25", "2026-10-26");
    assert_eq!(autumn.len(), 25);
    assert_eq!(
        starts(&autumn)[2..4],
        ["2026-10-25T00:00:00.000Z", "2026-10-25T01:00:00.000Z"]
    );
    assert_eq!(counts(&autumn)[1..5], [0, 1, 1, 0]);
    let spring = hours("2026-03-29", "2026-03-30");
    assert_eq!(spring.len(), 23);
    assert_eq!(
        starts(&spring)[1..3],
        ["2026-03-29T00:00:00.000Z", "2026-03-29T01:00:00.000Z"]
    );
    assert_eq!(counts(&spring)[0..4], [0, 1, 1, 0]);
    let by_hour = own.door.report(
        "response-times",
        &[("from", "2026-10-25"), ("to", "2026-10-26"), ("by", "hour")],
    );
    assert_eq!(by_hour.column("hour"), [json!(2)]);
    assert_eq!(by_hour.column("count"), [json!(2)]);
}

#[test]
fn a_day_without_a_midnight_begins_with_its_first_instant() {
    // São Paulo, 4 November 2018: at midnight the clock went to 01:00, which is 03:00 UTC.
    let own = given(
        "sao-paulo",
        &replies(&["2018-11-04 02:59", "2018-11-04 03:00", "2018-11-05 01:59"]),
    );
    let table = own.door.report(
        "response-times",
        &[
            ("from", "2018-11-03"),
            ("to", "2018-11-06"),
            ("interval", "day"),
        ],
    );
    let want = ["2018-11-03T03", "2018-11-04T03", "2018-11-05T02"];
    assert_eq!(
        starts(&table),
        want.map(|hour| format!("{hour}:00:00.000Z"))
    );
    assert_eq!(counts(&table), [1, 2, 0]);
}

#[test]
fn a_zone_that_moves_by_half_an_hour_is_followed() {
    // Lord Howe goes from UTC+11 to UTC+10:30 on 5 April 2026 at 02:00 local, 15:00 UTC the day
    // before.
    let own = given(
        "lord-howe",
        &replies(&[
            "2026-04-04 12:59",
            "2026-04-04 13:00",
            "2026-04-05 13:29",
            "2026-04-05 13:30",
        ]),
    );
    let table = own.door.report(
        "response-times",
        &[
            ("from", "2026-04-04"),
            ("to", "2026-04-07"),
            ("interval", "day"),
        ],
    );
    let want = ["2026-04-03T13:00", "2026-04-04T13:00", "2026-04-05T13:30"];
    assert_eq!(
        starts(&table),
        want.map(|minute| format!("{minute}:00.000Z"))
    );
    assert_eq!(counts(&table), [1, 2, 1]);
}

#[test]
fn an_interval_of_a_dimension_shows_only_what_occurred() {
    let own = given(
        "period",
        &replies(&["2026-03-02 10:00", "2026-03-04 10:00"]),
    );
    let span = [
        ("from", "2026-03-02"),
        ("to", "2026-03-05"),
        ("interval", "day"),
    ];
    let all = own.door.report("response-times", &span);
    assert_eq!(counts(&all), [1, 0, 1]);
    assert_eq!(all.value(1, "mean_s"), &Value::Null);
    let by = own.door.report(
        "response-times",
        &[&span[..], &[("by", "manager")]].concat(),
    );
    assert_eq!(counts(&by), [1, 1]);
    assert_eq!(by.columns()[..3], ["time", "manager", "manager_name"]);
    // Calendar to date: these are in the past, so this year's figures are there and today's are
    // not.
    let today = own.door.report("response-times", &[("period", "today")]);
    assert_eq!(counts(&today), [0]);
    for period in ["week", "month", "quarter", "year"] {
        let table = own.door.report("response-times", &[("period", period)]);
        let from = at(table.json["from"].as_str().unwrap());
        let (start, to) = (of_now(period), at(table.json["to"].as_str().unwrap()));
        // Midnight may fall between the question and this line.
        assert!(
            from == start || wall() - start < DAY,
            "{period}: {}",
            table.json["from"]
        );
        assert!(
            (wall() - to).abs() < MINUTE,
            "{period}: until {}",
            table.json["to"]
        );
    }
    let month = own.door.report("response-times", &[]);
    assert_eq!(
        month.json["from"],
        own.door.report("messages", &[("period", "month")]).json["from"]
    );
}

/// Returns when the current week (from Monday), month, quarter or year began, in UTC.
fn of_now(period: &str) -> i64 {
    let today = DateTime::from_timestamp_millis(wall())
        .unwrap()
        .date_naive();
    let start = match period {
        "week" => today - Days::new(u64::from(today.weekday().num_days_from_monday())),
        "month" => today.with_day(1).unwrap(),
        "quarter" => today
            .with_day(1)
            .unwrap()
            .with_month(today.month0() / 3 * 3 + 1)
            .unwrap(),
        _ => NaiveDate::from_ymd_opt(today.year(), 1, 1).unwrap(),
    };
    start.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}
