//! How much of a stretch of time a schedule is open (metrics, section 0, schedules).
//!
//! A local time that a clock change skips moves forward by the hour skipped; of one that comes
//! twice, the first opens and the second closes. So a range keeps its ends on the local clock. Ranges of
//! neighbouring days that overlap count once.

use std::sync::OnceLock;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::Schedule;
use crate::time::{Day, Time};

/// The years that times are accepted from.
const FIRST_YEAR: i32 = 1970;
const YEARS: usize = 131;
/// No clock change lies so long before a local time that it skips.
const BEFORE_A_CHANGE_MS: i64 = 16 * 3_600_000;
const MINUTE_MS: i64 = 60_000;

/// A schedule's open time. Years are worked out when they are first asked for.
#[derive(Debug)]
pub struct OpenHours {
    schedule: Schedule,
    zone: Tz,
    years: Vec<OnceLock<Year>>,
}

/// The open spans that lie in one year of UTC, disjoint and in order.
#[derive(Debug, Default)]
struct Year {
    spans: Vec<Span>,
    /// Milliseconds open in all.
    total: i64,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    until: i64,
    /// Milliseconds open in the year before it.
    before: i64,
}

impl OpenHours {
    /// Prepares a schedule; `zone` is the account's, for schedules without their own.
    pub fn new(schedule: &Schedule, zone: Tz) -> Self {
        Self {
            schedule: schedule.clone(),
            zone: schedule.zone.map_or(zone, |zone| zone.0),
            years: (0..YEARS).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Gives the milliseconds of `[from, to)` that are open; 0 if it is empty.
    pub fn elapsed(&self, from: Time, to: Time) -> i64 {
        let (from, to) = (from.millis(), to.millis());
        if from >= to {
            return 0;
        }
        let (first, last) = (year_of(from), year_of(to));
        if first == last {
            return self.before(last, to) - self.before(first, from);
        }
        let between = (first + 1..last).map(|year| self.year(year).total);
        self.year(first).total - self.before(first, from)
            + between.sum::<i64>()
            + self.before(last, to)
    }

    /// Gives the open parts of `[from, to)` in their order; parts of a night in two years are two.
    pub fn within(&self, from: Time, to: Time) -> Vec<(Time, Time)> {
        let (from, to) = (from.millis(), to.millis());
        let years = year_of(from)..=year_of(to);
        let spans = years.flat_map(|year| &self.year(year).spans);
        let cut = spans.map(|span| (span.from.max(from), span.until.min(to)));
        let cut = cut.filter(|(from, until)| from < until);
        cut.map(|(from, until)| (Time(from), Time(until))).collect()
    }

    /// Gives the milliseconds open in a year before a time in it.
    fn before(&self, year: i32, at: i64) -> i64 {
        let spans = &self.year(year).spans;
        let begun = spans.partition_point(|span| span.from < at);
        let last = begun.checked_sub(1).and_then(|last| spans.get(last));
        last.map_or(0, |span| span.before + at.min(span.until) - span.from)
    }

    fn year(&self, year: i32) -> &Year {
        let place = year.clamp(FIRST_YEAR, FIRST_YEAR + YEARS as i32 - 1) - FIRST_YEAR;
        self.years[place as usize].get_or_init(|| self.work_out(place + FIRST_YEAR))
    }

    fn work_out(&self, year: i32) -> Year {
        let new_year = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        let starts = [new_year(year), new_year(year + 1)];
        let [begins, ends] = starts.map(|day| millis(day.and_time(chrono::NaiveTime::MIN)));
        // A zone may be most of a day ahead or behind, and a night belongs to the day before.
        let first = starts[0] - Days::new(2);
        let days = first
            .iter_days()
            .take_while(|day| *day < starts[1] + Days::new(2));
        let mut spans: Vec<(i64, i64)> = days.flat_map(|day| self.spans_of(day)).collect();
        spans.sort_unstable();
        let mut year = Year::default();
        let mut open_until = begins;
        for (from, until) in spans {
            let (from, until) = (from.max(open_until), until.min(ends));
            if from < until {
                let before = year.total;
                year.total += until - from;
                year.spans.push(Span {
                    from,
                    until,
                    before,
                });
                open_until = until;
            }
        }
        year
    }

    /// Gives the spans that begin on a local date.
    fn spans_of(&self, date: NaiveDate) -> impl Iterator<Item = (i64, i64)> {
        let day = Day::of(date);
        let weekday = date.weekday().num_days_from_monday() as usize;
        let hours = match self.schedule.open.get(&day) {
            Some(special) => special.as_slice(),
            None if self.schedule.closed.contains(&day) => &[],
            None => self.schedule.week()[weekday],
        };
        let midnight = millis(date.and_time(chrono::NaiveTime::MIN));
        hours.iter().map(move |range| {
            let at = |minutes: u16| midnight + i64::from(minutes) * MINUTE_MS;
            let from = self.instant(at(range.start), |first, _| first);
            (
                from,
                self.instant(at(range.end_after_start()), |_, second| second),
            )
        })
    }

    /// Gives the instant at which the local clock shows a time, given as if it were UTC.
    fn instant(&self, local: i64, which: impl Fn(i64, i64) -> i64) -> i64 {
        let Some(clock) = DateTime::from_timestamp_millis(local) else {
            return local;
        };
        match self.zone.from_local_datetime(&clock.naive_utc()) {
            LocalResult::Single(at) => at.timestamp_millis(),
            LocalResult::Ambiguous(first, second) => {
                which(first.timestamp_millis(), second.timestamp_millis())
            }
            LocalResult::None => local - self.offset(local - BEFORE_A_CHANGE_MS),
        }
    }

    fn offset(&self, at: i64) -> i64 {
        let utc = DateTime::from_timestamp_millis(at).unwrap_or_default();
        let offset = self.zone.offset_from_utc_datetime(&utc.naive_utc());
        i64::from(offset.fix().local_minus_utc()) * 1000
    }
}

fn millis(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp_millis()
}

fn year_of(at: i64) -> i32 {
    DateTime::from_timestamp_millis(at).map_or(FIRST_YEAR, |at| at.year())
}

#[cfg(test)]
mod tests;
