//! Calendar intervals in a zone, through its clock changes (metrics, Common rules: Period).
//!
//! Days and longer begin at local midnight. Where that midnight is skipped, at the first instant
//! that exists after it; where it comes twice, at its first. So a day may have 23 or 25 hours, and
//! a date that a zone skipped has no interval. Minutes and hours are stretches of elapsed time that
//! begin when the local clock shows a full minute or hour, or when it is set to another offset:
//! the two hours 01:00 of an autumn night are two intervals.

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;
use thiserror::Error;

use super::Time;
use crate::word::words;

/// The most intervals that [`boundaries`] gives.
pub const MAX_INTERVALS: usize = 100_000;

words! {
    /// A calendar interval.
    Interval {
        /// A minute of the local clock.
        Minute = "minute",
        /// An hour of the local clock.
        Hour = "hour",
        /// A local day.
        Day = "day",
        /// A week from Monday.
        Week = "week",
        /// A month.
        Month = "month",
        /// A quarter: from January, April, July or October.
        Quarter = "quarter",
        /// A year.
        Year = "year",
    }
}

words! {
    /// A calendar period up to now.
    Period {
        /// Since local midnight.
        Today = "today",
        /// Since Monday (S25).
        Week = "week",
        /// Since the first of the month.
        Month = "month",
        /// Since the first of the quarter.
        Quarter = "quarter",
        /// Since the first of January.
        Year = "year",
    }
}

/// The period holds more intervals than [`MAX_INTERVALS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("more than {MAX_INTERVALS} intervals: choose a longer interval or a shorter period")]
pub struct TooMany;

impl Period {
    /// Gives the period `[from, to)` to date: from its calendar start in `zone` until `now`.
    pub fn to_date(self, zone: Tz, now: Time) -> (Time, Time) {
        let interval = match self {
            Self::Today => Interval::Day,
            Self::Week => Interval::Week,
            Self::Month => Interval::Month,
            Self::Quarter => Interval::Quarter,
            Self::Year => Interval::Year,
        };
        (start_of(zone, now, interval), now)
    }
}

/// Lists the starts of the intervals that cover `[from, to)`, ascending: the first is at or before
/// `from`, the last before `to`. An empty period has none.
pub fn boundaries(zone: Tz, from: Time, to: Time, every: Interval) -> Result<Vec<Time>, TooMany> {
    let mut starts = Vec::new();
    if from >= to {
        return Ok(starts);
    }
    let mut start = start_of(zone, from, every);
    while start < to {
        if starts.len() == MAX_INTERVALS {
            return Err(TooMany);
        }
        starts.push(start);
        let next = after(zone, start, every);
        if next <= start {
            break;
        }
        start = next;
    }
    Ok(starts)
}

/// Gives the first instant of a local date, or of the date after it if the zone skipped it.
pub fn start_of_day(zone: Tz, date: NaiveDate) -> Time {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    match zone.from_local_datetime(&midnight) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Time(at.timestamp_millis()),
        LocalResult::None => {
            // No offset reaches 16 hours, so that the local clock passes midnight in between.
            let utc = midnight.and_utc().timestamp_millis();
            let (before, after) = (utc - 16 * HOUR_MS, utc + 16 * HOUR_MS);
            first_instant(before, after, |at| at + offset(zone, at) >= utc)
        }
    }
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Gives the start of the interval that holds `at`.
fn start_of(zone: Tz, at: Time, every: Interval) -> Time {
    match every {
        Interval::Minute => start_of_stretch(zone, at.0, MINUTE_MS),
        Interval::Hour => start_of_stretch(zone, at.0, HOUR_MS),
        _ => {
            let mut date = floor(local_date(zone, at), every);
            // A clock set back over midnight shows yesterday again after today has begun.
            let mut start = start_of_day(zone, date);
            loop {
                date = next_date(date, every);
                let next = start_of_day(zone, date);
                if next > at {
                    return start;
                }
                start = next;
            }
        }
    }
}

/// Gives the start of the interval after the one that starts at `start`.
fn after(zone: Tz, start: Time, every: Interval) -> Time {
    match every {
        Interval::Minute => end_of_stretch(zone, start.0, MINUTE_MS),
        Interval::Hour => end_of_stretch(zone, start.0, HOUR_MS),
        _ => {
            // The date is that of the interval even where its first instant lies after midnight.
            let mut date = floor(local_date(zone, start), every);
            loop {
                date = next_date(date, every);
                let next = start_of_day(zone, date);
                if next > start || date.year() > 2_200 {
                    return next;
                }
            }
        }
    }
}

fn start_of_stretch(zone: Tz, at: i64, length: i64) -> Time {
    let shift = offset(zone, at);
    let start = (at + shift).div_euclid(length) * length - shift;
    if offset(zone, start) == shift {
        return Time(start);
    }
    first_instant(start, at, |instant| offset(zone, instant) == shift)
}

fn end_of_stretch(zone: Tz, start: i64, length: i64) -> Time {
    let shift = offset(zone, start);
    let end = ((start + shift).div_euclid(length) + 1) * length - shift;
    if offset(zone, end - 1) == shift {
        return Time(end);
    }
    first_instant(start, end - 1, |instant| offset(zone, instant) != shift)
}

/// Finds the first instant in `(before, after]` that `holds`; it must not hold at `before`, and
/// hold at `after` and from its first instant on.
fn first_instant(mut before: i64, mut after: i64, holds: impl Fn(i64) -> bool) -> Time {
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if holds(middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Time(after)
}

/// Gives the zone's offset from UTC at an instant, in milliseconds.
fn offset(zone: Tz, at: i64) -> i64 {
    let seconds = at.div_euclid(1_000);
    let utc = DateTime::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000
}

fn local_date(zone: Tz, at: Time) -> NaiveDate {
    let local = at.0 + offset(zone, at.0);
    DateTime::from_timestamp_millis(local)
        .unwrap_or_default()
        .date_naive()
}

fn floor(date: NaiveDate, every: Interval) -> NaiveDate {
    let first_of = |month| NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date);
    match every {
        Interval::Minute | Interval::Hour | Interval::Day => date,
        Interval::Week => {
            let since_monday = date.weekday().num_days_from_monday();
            date.checked_sub_days(Days::new(u64::from(since_monday)))
                .unwrap_or(date)
        }
        Interval::Month => first_of(date.month()),
        Interval::Quarter => first_of(date.month0() / 3 * 3 + 1),
        Interval::Year => first_of(1),
    }
}

fn next_date(date: NaiveDate, every: Interval) -> NaiveDate {
    let next = match every {
        Interval::Minute | Interval::Hour | Interval::Day => date.checked_add_days(Days::new(1)),
        Interval::Week => date.checked_add_days(Days::new(7)),
        Interval::Month => date.checked_add_months(Months::new(1)),
        Interval::Quarter => date.checked_add_months(Months::new(3)),
        Interval::Year => date.checked_add_months(Months::new(12)),
    };
    next.unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests;
