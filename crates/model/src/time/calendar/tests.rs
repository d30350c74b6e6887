use chrono::Timelike;

use super::*;

fn at(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn starts(zone: Tz, from: &str, to: &str, every: Interval) -> Vec<String> {
    let starts = boundaries(zone, at(from), at(to), every).unwrap();
    starts
        .iter()
        .map(|start| start.to_string().replace(":00.000Z", "Z"))
        .collect()
}

#[test]
fn a_day_may_have_23_or_25_hours() {
    let zone = Tz::Europe__Madrid;
    assert_eq!(
        starts(
            zone,
            "2026-03-28T23:00:00Z",
            "2026-03-30T22:00:00Z",
            Interval::Day
        ),
        ["2026-03-28T23:00Z", "2026-03-29T22:00Z"]
    );
    assert_eq!(
        starts(
            zone,
            "2026-10-25T12:00:00Z",
            "2026-10-26T00:00:00Z",
            Interval::Day
        ),
        ["2026-10-24T22:00Z", "2026-10-25T23:00Z"]
    );
    let hours = |day: &str, next: &str| starts(zone, day, next, Interval::Hour).len();
    assert_eq!(hours("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23);
    assert_eq!(hours("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25);
}

#[test]
fn a_day_without_midnight_begins_at_its_first_instant() {
    assert_eq!(
        starts(
            Tz::America__Sao_Paulo,
            "2017-10-14T03:00:00Z",
            "2017-10-16T02:00:01Z",
            Interval::Day
        ),
        [
            "2017-10-14T03:00Z",
            "2017-10-15T03:00Z",
            "2017-10-16T02:00Z"
        ]
    );
    let day = NaiveDate::from_ymd_opt(2017, 10, 15).unwrap();
    assert_eq!(
        start_of_day(Tz::America__Sao_Paulo, day),
        at("2017-10-15T03:00:00Z")
    );
}

#[test]
fn a_doubled_hour_before_midnight_belongs_to_the_day_before() {
    assert_eq!(
        starts(
            Tz::America__Sao_Paulo,
            "2018-02-17T12:00:00Z",
            "2018-02-19T12:00:00Z",
            Interval::Day
        ),
        [
            "2018-02-17T02:00Z",
            "2018-02-18T03:00Z",
            "2018-02-19T03:00Z"
        ]
    );
}

#[test]
fn a_doubled_midnight_begins_the_day_at_its_first() {
    assert_eq!(
        starts(
            Tz::America__Havana,
            "2017-11-05T04:00:00Z",
            "2017-11-06T05:00:01Z",
            Interval::Day
        ),
        ["2017-11-05T04:00Z", "2017-11-06T05:00Z"]
    );
    // St. John's was set back from 00:01 to 23:01: midnight comes twice, a day and an hour long.
    assert_eq!(
        starts(
            Tz::America__St_Johns,
            "2010-11-07T02:45:00Z",
            "2010-11-08T03:30:01Z",
            Interval::Day
        ),
        ["2010-11-07T02:30Z", "2010-11-08T03:30Z"]
    );
}

#[test]
fn a_date_that_the_zone_skipped_has_no_interval() {
    assert_eq!(
        starts(
            Tz::Pacific__Apia,
            "2011-12-29T12:00:00Z",
            "2011-12-31T12:00:00Z",
            Interval::Day
        ),
        [
            "2011-12-29T10:00Z",
            "2011-12-30T10:00Z",
            "2011-12-31T10:00Z"
        ]
    );
}

#[test]
fn hours_follow_the_local_clock_of_half_hour_zones() {
    assert_eq!(
        starts(
            Tz::Asia__Kolkata,
            "2026-03-01T10:00:00Z",
            "2026-03-01T12:00:00Z",
            Interval::Hour
        ),
        [
            "2026-03-01T09:30Z",
            "2026-03-01T10:30Z",
            "2026-03-01T11:30Z"
        ]
    );
}

#[test]
fn a_change_of_half_an_hour_begins_an_hour() {
    let zone = Tz::Australia__Lord_Howe;
    // Back from 02:00 +11 to 01:30 +10:30, and forward from 02:00 +10:30 to 02:30 +11.
    assert_eq!(
        starts(
            zone,
            "2026-04-04T14:00:00Z",
            "2026-04-04T16:00:00Z",
            Interval::Hour
        ),
        [
            "2026-04-04T14:00Z",
            "2026-04-04T15:00Z",
            "2026-04-04T15:30Z"
        ]
    );
    assert_eq!(
        starts(
            zone,
            "2026-10-03T14:30:00Z",
            "2026-10-03T17:00:00Z",
            Interval::Hour
        ),
        [
            "2026-10-03T14:30Z",
            "2026-10-03T15:30Z",
            "2026-10-03T16:00Z"
        ]
    );
}

#[test]
fn longer_intervals_begin_on_their_first_local_day() {
    let zone = Tz::Europe__Madrid;
    let (from, to) = ("2026-01-01T12:00:00Z", "2026-04-01T12:00:00Z");
    assert_eq!(
        starts(zone, from, "2026-01-12T00:00:00Z", Interval::Week),
        [
            "2025-12-28T23:00Z",
            "2026-01-04T23:00Z",
            "2026-01-11T23:00Z"
        ]
    );
    assert_eq!(
        starts(zone, from, to, Interval::Month),
        [
            "2025-12-31T23:00Z",
            "2026-01-31T23:00Z",
            "2026-02-28T23:00Z",
            "2026-03-31T22:00Z"
        ]
    );
    assert_eq!(
        starts(zone, from, to, Interval::Quarter),
        ["2025-12-31T23:00Z", "2026-03-31T22:00Z"]
    );
    assert_eq!(
        starts(zone, from, "2027-06-01T00:00:00Z", Interval::Year),
        ["2025-12-31T23:00Z", "2026-12-31T23:00Z"]
    );
}

#[test]
fn an_empty_period_has_no_intervals_and_too_many_are_refused() {
    let now = at("2026-03-01T00:00:00Z");
    assert_eq!(boundaries(Tz::UTC, now, now, Interval::Day), Ok(vec![]));
    assert_eq!(
        boundaries(Tz::UTC, now, now.plus(-1), Interval::Day),
        Ok(vec![])
    );
    assert_eq!(
        boundaries(Tz::UTC, now, now.plus(1), Interval::Day),
        Ok(vec![now])
    );
    let limit = now.plus(MAX_INTERVALS as i64 * 60_000);
    assert_eq!(
        boundaries(Tz::UTC, now, limit, Interval::Minute)
            .unwrap()
            .len(),
        MAX_INTERVALS
    );
    assert_eq!(
        boundaries(Tz::UTC, now, limit.plus(1), Interval::Minute),
        Err(TooMany)
    );
}

#[test]
fn periods_run_from_their_local_start_until_now() {
    // A Thursday; in Madrid it is already 00:30 of Friday the 2nd.
    let now = at("2026-10-01T22:30:00Z");
    let from = |period: Period| period.to_date(Tz::Europe__Madrid, now);
    assert_eq!(from(Period::Today), (at("2026-10-01T22:00:00Z"), now));
    assert_eq!(from(Period::Week), (at("2026-09-27T22:00:00Z"), now));
    assert_eq!(from(Period::Month), (at("2026-09-30T22:00:00Z"), now));
    assert_eq!(from(Period::Quarter), (at("2026-09-30T22:00:00Z"), now));
    assert_eq!(from(Period::Year), (at("2025-12-31T23:00:00Z"), now));
}

/// Walks every minute of 15 months and applies the definitions literally: a calendar interval
/// begins when the local calendar shows a later one than ever before; an hour begins at a full hour
/// of the local clock or when the offset changes.
#[test]
fn every_boundary_agrees_with_a_walk_over_the_minutes() {
    let zones = [
        (Tz::America__Sao_Paulo, "2017-09-01T00:00:00Z"),
        (Tz::America__Havana, "2017-09-01T00:00:00Z"),
        (Tz::America__St_Johns, "2010-01-01T00:00:00Z"),
        (Tz::Pacific__Apia, "2011-01-01T00:00:00Z"),
        (Tz::Australia__Lord_Howe, "2025-01-01T00:00:00Z"),
        (Tz::Asia__Kathmandu, "2025-01-01T00:00:00Z"),
        (Tz::Africa__Casablanca, "2025-01-01T00:00:00Z"),
        (Tz::Antarctica__Troll, "2025-01-01T00:00:00Z"),
    ];
    let intervals = [
        Interval::Hour,
        Interval::Day,
        Interval::Week,
        Interval::Month,
    ];
    for (zone, from) in zones {
        let (from, to) = (at(from), at(from).plus(456 * 86_400_000));
        let walked = walk(zone, from, to);
        for (every, expected) in intervals.into_iter().zip(walked) {
            // The first one began before the walk.
            let found = &boundaries(zone, from, to, every).unwrap()[1..];
            assert_eq!(found, expected, "{zone} {every}");
        }
    }
}

fn walk(zone: Tz, from: Time, to: Time) -> [Vec<Time>; 4] {
    let local = |minute: Time| zone.timestamp_millis_opt(minute.0).unwrap();
    let mut starts: [Vec<Time>; 4] = Default::default();
    let (mut offset, mut latest) = (local(from).offset().fix(), local(from).date_naive());
    let mut minute = from.plus(60_000);
    while minute < to {
        let now = local(minute);
        if now.minute() == 0 || now.offset().fix() != offset {
            starts[0].push(minute);
        }
        offset = now.offset().fix();
        let date = now.date_naive();
        if date > latest {
            starts[1].push(minute);
            if date.iso_week() != latest.iso_week() {
                starts[2].push(minute);
            }
            if date.month() != latest.month() {
                starts[3].push(minute);
            }
            latest = date;
        }
        minute = minute.plus(60_000);
    }
    starts
}
