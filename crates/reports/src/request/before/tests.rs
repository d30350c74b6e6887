//! Periods to compare with, worked out from the calendar.

use chrono_tz::Tz;
use trunkline_model::time::{Interval, Period, boundaries};

use super::*;

fn at(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn span(
    zone: &str,
    period: Option<Period>,
    ends: (&str, &str),
    interval: Option<Interval>,
) -> Span {
    let zone: Tz = zone.parse().expect("a zone");
    let (from, to) = match period {
        Some(period) => period.to_date(zone, at(ends.1)),
        None => (at(ends.0), at(ends.1)),
    };
    let starts = interval.map(|interval| boundaries(zone, from, to, interval).expect("few"));
    Span {
        from,
        to,
        period,
        zone,
        interval,
        starts: starts.unwrap_or_default(),
    }
}

fn ends(compare: &str, span: &Span) -> [String; 2] {
    let before = Before::parse(compare, span).expect("a word").span;
    [before.from, before.to].map(|time| time.to_string().replace(":00.000Z", ""))
}

#[test]
fn with_a_period_it_is_the_same_elapsed_part_of_the_calendar_period_before() {
    // Friday, 3 April 2026, noon in Madrid: summer time began on 29 March, at 02:00.
    let now = ("", "2026-04-03T10:00:00Z");
    let of = |period| span("Europe/Madrid", Some(period), now, None);
    let cases = [
        (Period::Today, ["2026-04-01T22:00", "2026-04-02T10:00"]),
        (Period::Week, ["2026-03-22T23:00", "2026-03-27T11:00"]),
        (Period::Month, ["2026-02-28T23:00", "2026-03-03T11:00"]),
        (Period::Quarter, ["2025-12-31T23:00", "2026-01-03T11:00"]),
        (Period::Year, ["2024-12-31T23:00", "2025-04-03T10:00"]),
    ];
    for (period, want) in cases {
        assert_eq!(ends("previous", &of(period)), want, "{period}");
    }
    let cases = [
        (Period::Today, ["2025-04-02T22:00", "2025-04-03T10:00"]),
        (Period::Month, ["2025-03-31T22:00", "2025-04-03T10:00"]),
        (Period::Year, ["2024-12-31T23:00", "2025-04-03T10:00"]),
    ];
    for (period, want) in cases {
        assert_eq!(ends("year", &of(period)), want, "{period}");
    }
}

#[test]
fn a_day_that_the_month_before_lacks_is_cut_at_its_end() {
    let of = |now, period| span("UTC", Some(period), ("", now), None);
    let february = ["2026-02-01T00:00", "2026-03-01T00:00"];
    for now in ["2026-03-29T00:00:00Z", "2026-03-31T18:00:00Z"] {
        assert_eq!(ends("previous", &of(now, Period::Month)), february, "{now}");
    }
    let may = of("2026-05-31T18:00:00Z", Period::Quarter);
    assert_eq!(
        ends("previous", &may),
        ["2026-01-01T00:00", "2026-03-01T00:00"]
    );
    let leap = of("2024-02-29T18:00:00Z", Period::Today);
    assert_eq!(
        ends("year", &leap),
        ["2023-03-01T00:00", "2023-03-01T00:00"]
    );
    assert_eq!(
        ends("year", &of("2024-02-29T18:00:00Z", Period::Month)),
        ["2023-02-01T00:00", "2023-03-01T00:00"]
    );
}

#[test]
fn between_instants_it_is_the_equal_length_just_before_by_the_local_clock() {
    // A local week that has one hour less.
    let week = span(
        "Europe/Madrid",
        None,
        ("2026-03-23T23:00:00Z", "2026-03-30T22:00:00Z"),
        None,
    );
    assert_eq!(
        ends("previous", &week),
        ["2026-03-16T23:00", "2026-03-23T23:00"]
    );
    // The week after it, before which lies the short one.
    let week = span(
        "Europe/Madrid",
        None,
        ("2026-03-30T22:00:00Z", "2026-04-06T22:00:00Z"),
        None,
    );
    assert_eq!(
        ends("previous", &week),
        ["2026-03-23T23:00", "2026-03-30T22:00"]
    );
    // Two hours by the clock, of which the autumn night has three.
    let night = span(
        "Europe/Madrid",
        None,
        ("2025-10-26T00:30:00Z", "2025-10-26T01:10:00Z"),
        None,
    );
    assert_eq!(
        ends("previous", &night),
        ["2025-10-25T23:50", "2025-10-26T00:30"]
    );
    let year = span(
        "UTC",
        None,
        ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        None,
    );
    assert_eq!(
        ends("year", &year),
        ["2025-03-01T00:00", "2025-04-01T00:00"]
    );
    // Nothing was before 1970.
    let first = span(
        "UTC",
        None,
        ("1970-01-02T00:00:00Z", "1970-01-09T00:00:00Z"),
        None,
    );
    assert_eq!(
        ends("previous", &first),
        ["1970-01-01T00:00", "1970-01-02T00:00"]
    );
}

#[test]
fn intervals_lie_at_the_same_place_on_the_local_clock() {
    let day = span(
        "Europe/Madrid",
        Some(Period::Today),
        ("", "2026-03-30T20:00:00Z"),
        Some(Interval::Hour),
    );
    // Yesterday had no 02:00: its 22 hours are beside those of the same name.
    let before = Before::parse("previous", &day).expect("a word");
    let parts: Vec<_> = (0..22).map(|hour| before.part(hour)).collect();
    assert_eq!(day.starts.len(), 22);
    assert_eq!(parts[1], Some(at("2026-03-29T00:00:00Z")));
    assert_eq!(parts[2], None);
    assert_eq!(parts[3], Some(at("2026-03-29T01:00:00Z")));
    assert_eq!(parts[21], Some(at("2026-03-29T19:00:00Z")));
    assert_eq!(before.span.starts.len(), 21);
}

#[test]
fn the_second_of_two_hours_of_one_name_is_compared() {
    let ends = ("2025-10-25T22:00:00Z", "2025-10-26T23:00:00Z");
    for (interval, many) in [(Interval::Hour, 1), (Interval::Minute, 60)] {
        let day = span("Europe/Madrid", None, ends, Some(interval));
        let before = Before::parse("year", &day).expect("a word");
        assert_eq!(day.starts.len(), 25 * many);
        for place in 0..many {
            assert_eq!(before.part(2 * many + place), None);
            let shown = at("2024-10-26T00:00:00Z").plus((place * 60_000) as i64);
            assert_eq!(before.part(3 * many + place), Some(shown));
        }
        // A day of 24 hours: nothing of it is lost.
        assert_eq!(before.span.starts.len(), 24 * many);
    }
}

#[test]
fn the_last_days_of_march_have_none_beside_them_in_february() {
    let ends = ("", "2026-03-31T18:00:00Z");
    let month = span("UTC", Some(Period::Month), ends, Some(Interval::Day));
    let before = Before::parse("previous", &month).expect("a word");
    assert_eq!(before.part(27), Some(at("2026-02-28T00:00:00Z")));
    assert_eq!([28, 29, 30].map(|day| before.part(day)), [None; 3]);
    assert_eq!(before.span.starts.len(), 28);
}
