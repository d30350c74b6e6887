//! Against a watchman who looks at the local clock once a minute for a year.

use std::collections::HashMap;

use chrono::NaiveTime;

use super::*;
use crate::settings::Hours;

fn schedule(text: &str) -> Schedule {
    serde_json::from_str(text).expect("a schedule")
}

fn at(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn minutes(open: &OpenHours, from: &str, to: &str) -> i64 {
    open.elapsed(at(from), at(to)) / MINUTE_MS
}

const OFFICE: &str = r#"{"zone":"Europe/Madrid",
    "mon":["09:00-13:00","14:00-18:00"],"tue":["09:00-13:00","14:00-18:00"],
    "wed":["09:00-13:00","14:00-18:00"],"thu":["09:00-13:00","14:00-18:00"],
    "fri":["09:00-15:00"],"closed":["2026-12-25"],"open":{"2026-12-24":["09:00-12:00"]}}"#;

#[test]
fn nights_breaks_weekends_and_special_days_do_not_count() {
    let open = OpenHours::new(&schedule(OFFICE), Tz::UTC);
    // Monday 9 March 2026, one hour ahead of UTC.
    assert_eq!(
        minutes(&open, "2026-03-09T08:00:00Z", "2026-03-09T17:00:00Z"),
        8 * 60
    );
    assert_eq!(
        minutes(&open, "2026-03-09T11:30:00Z", "2026-03-09T13:15:00Z"),
        45
    );
    assert_eq!(
        minutes(&open, "2026-03-06T14:30:00Z", "2026-03-09T08:10:00Z"),
        10
    );
    assert_eq!(
        minutes(&open, "2026-03-07T00:00:00Z", "2026-03-08T23:00:00Z"),
        0
    );
    assert_eq!(
        minutes(&open, "2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z"),
        3 * 60
    );
    assert_eq!(
        minutes(&open, "2026-03-09T17:00:00Z", "2026-03-09T08:00:00Z"),
        0
    );
}

#[test]
fn a_night_belongs_to_the_day_it_begins_and_goes_on_over_new_year() {
    let night = r#"{"zone":"UTC","thu":["22:00-06:00"],"fri":["05:00-07:00"]}"#;
    let open = OpenHours::new(&schedule(night), Tz::UTC);
    // 31 December 2026 is a Thursday: 22:00 to 06:00, and 05:00 to 07:00 overlaps it.
    assert_eq!(
        minutes(&open, "2026-12-31T00:00:00Z", "2027-01-02T00:00:00Z"),
        9 * 60
    );
    assert_eq!(
        minutes(&open, "2026-12-31T23:00:00Z", "2027-01-01T05:30:00Z"),
        6 * 60 + 30
    );
    assert_eq!(
        minutes(&open, "2020-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
        9 * 60 * 418
    );
}

#[test]
fn a_skipped_hour_moves_forward_and_a_doubled_one_opens_first_and_closes_second() {
    // Madrid: 29 March 2026 02:00 becomes 03:00; 25 October 2026 03:00 becomes 02:00.
    let half = r#"{"zone":"Europe/Madrid","sun":["02:30-05:00"]}"#;
    let open = OpenHours::new(&schedule(half), Tz::UTC);
    assert_eq!(
        minutes(&open, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
        90
    );
    assert_eq!(
        minutes(&open, "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"),
        210
    );
    let early = r#"{"zone":"Europe/Madrid","sun":["00:00-02:30"]}"#;
    let open = OpenHours::new(&schedule(early), Tz::UTC);
    assert_eq!(
        minutes(&open, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
        150
    );
    assert_eq!(
        minutes(&open, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
        210
    );
}

#[test]
fn the_accounts_zone_holds_where_a_schedule_has_none() {
    let open = OpenHours::new(&schedule(r#"{"mon":["09:00-10:00"]}"#), Tz::Asia__Kolkata);
    assert_eq!(
        minutes(&open, "2026-03-09T03:30:00Z", "2026-03-09T04:30:00Z"),
        60
    );
}

/// Walks a year minute by minute and opens and closes as the clock on the wall says.
fn watchman(schedule: &Schedule, zone: Tz, year: i32) -> Vec<bool> {
    let minute = |minutes: i64| DateTime::from_timestamp(minutes * 60, 0).expect("a minute");
    let first = NaiveDate::from_ymd_opt(year, 1, 1).expect("a day");
    let start = first.and_time(NaiveTime::MIN).and_utc().timestamp_millis() / MINUTE_MS - 3 * 1440;
    let count = 372 * 1440;
    // Where each wall minute appears: its first and its last instant.
    let mut seen: HashMap<NaiveDateTime, (i64, i64)> = HashMap::new();
    for place in 0..count {
        let wall = minute(start + place).with_timezone(&zone).naive_local();
        seen.entry(wall).or_insert((place, place)).1 = place;
    }
    let find = |wall: NaiveDateTime, last: bool| {
        let wall = if seen.contains_key(&wall) {
            wall
        } else {
            // The hour was skipped: the same minute of the next.
            wall + chrono::Duration::hours(1)
        };
        seen.get(&wall)
            .map(|(one, other)| if last { *other } else { *one })
    };
    let mut open = vec![false; count as usize];
    let mut date = first - Days::new(2);
    while date.year() <= year {
        let day = Day::of(date);
        let weekday = date.weekday().num_days_from_monday() as usize;
        let ranges: &[Hours] = match schedule.open.get(&day) {
            Some(ranges) => ranges,
            None if schedule.closed.contains(&day) => &[],
            None => schedule.week()[weekday],
        };
        for range in ranges {
            let wall = |minutes: u16| {
                let midnight = date.and_time(NaiveTime::MIN);
                midnight + chrono::Duration::minutes(i64::from(minutes))
            };
            let opens = find(wall(range.start), false);
            let closes = find(wall(range.end_after_start()), true);
            if let (Some(opens), Some(closes)) = (opens, closes) {
                open[opens as usize..closes as usize].fill(true);
            }
        }
        date = date + Days::new(1);
    }
    open.drain(..3 * 1440);
    open
}

#[test]
fn every_stretch_of_a_year_is_what_a_watchman_counts_by_the_minute() {
    let shifts = r#"{"mon":["22:00-06:00"],"tue":["09:00-13:00","14:00-18:00","22:00-06:00"],
        "wed":["00:00-24:00"],"thu":["05:30-09:15"],"sat":["01:30-02:45","23:00-03:30"],
        "sun":["02:00-05:00","20:30-01:00"],"closed":["2026-05-01","2026-03-28"],
        "open":{"2026-12-24":["09:00-12:00"],"2026-10-25":["00:30-02:30"]}}"#;
    let zones = [
        Tz::Europe__Madrid,
        Tz::America__New_York,
        Tz::Asia__Kolkata,
        Tz::UTC,
    ];
    for (zone, text) in zones
        .iter()
        .flat_map(|zone| [(zone, shifts), (zone, OFFICE)])
    {
        let mut schedule = schedule(text);
        schedule.zone = None;
        let open = OpenHours::new(&schedule, *zone);
        let minutes = watchman(&schedule, *zone, 2026);
        let start = at("2026-01-01T00:00:00Z").millis() / MINUTE_MS;
        let mut counted = 0;
        let mut random = 7_u64;
        for (place, is_open) in minutes.iter().take(364 * 1440).enumerate() {
            let now = Time((start + place as i64) * MINUTE_MS);
            let expected = counted * MINUTE_MS;
            if place % 61 == 0 {
                let first = Time(start * MINUTE_MS);
                assert_eq!(open.elapsed(first, now), expected, "{zone} until {now}");
            }
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            if random >> 52 == 0 {
                let back = (random >> 20) as usize % (place + 1);
                let part = minutes[back..place].iter().filter(|open| **open).count() as i64;
                let from = Time((start + back as i64) * MINUTE_MS);
                assert_eq!(
                    open.elapsed(from, now),
                    part * MINUTE_MS,
                    "{zone} {from} {now}"
                );
            }
            counted += i64::from(*is_open);
        }
        assert!(minutes.contains(&true) && minutes.contains(&false));
    }
}
