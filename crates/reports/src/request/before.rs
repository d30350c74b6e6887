//! The period that a question is compared with (`metrics.md` §0: Compare; S36, S37).
//!
//! Everything is moved by the local clock: what a question calls 09:00 lies at 09:00 before, though
//! the clock was changed in between. A day that the earlier month lacks is cut at that month's end:
//! nothing lies there. A time that the clock skipped or showed twice is its first instant after, or
//! its first.
//!
//! Invariants: `from <= to`; `parts` has one start for each of the question's, ascending. An
//! interval that the earlier period lacks begins where the next one does, or at its end.

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDateTime, NaiveTime, Offset, TimeZone,
};
use chrono_tz::Tz;
use trunkline_model::time::{Period, Time};

use super::span::Span;
use super::word;
use crate::error::BadParameter;

/// The words of `compare`.
pub(crate) const COMPARE: &[&str] = &["previous", "year"];

/// An earlier period, cut as the question's is.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    /// The period; its starts are those of `parts` that are not empty.
    pub(crate) span: Span,
    /// Where each of the question's intervals begins in it.
    parts: Vec<Time>,
}

/// How far back, by the local clock.
#[derive(Clone, Copy)]
enum Shift {
    Months(u32),
    Millis(i64),
}

const DAY: i64 = 86_400_000;

impl Before {
    /// Reads `compare`.
    pub(super) fn parse(text: &str, span: &Span) -> Result<Self, BadParameter> {
        let shift = match word("compare", text, COMPARE)? {
            "year" => Shift::Months(12),
            _ => back(span),
        };
        let zone = span.zone;
        let from = shift.of(zone, span.from);
        let to = match (shift, span.period) {
            // Just before is until the question begins, whatever the clock showed then.
            (Shift::Millis(_), None) => span.from,
            _ => shift.of(zone, span.to),
        };
        let to = to.max(from);
        let mut parts: Vec<_> = span
            .starts
            .iter()
            .map(|start| shift.of(zone, *start))
            .collect();
        // A clock set back within the question's period shows some times twice: the second one is
        // compared.
        let mut next = to;
        for part in parts.iter_mut().rev() {
            next = next.min(*part);
            *part = next;
        }
        let mut starts = parts.clone();
        starts.dedup();
        starts.retain(|start| *start < to);
        let span = Span {
            from,
            to,
            starts,
            ..span.clone()
        };
        Ok(Self { span, parts })
    }

    /// Where the question's interval of that place begins; none if the period lacks it.
    pub(crate) fn part(&self, place: usize) -> Option<Time> {
        let start = *self.parts.get(place)?;
        let end = self.parts.get(place + 1).copied().unwrap_or(self.span.to);
        (start < end).then_some(start)
    }
}

/// How far the period before lies back: one calendar period, or the length by the local clock.
fn back(span: &Span) -> Shift {
    match span.period {
        Some(Period::Today) => Shift::Millis(DAY),
        Some(Period::Week) => Shift::Millis(7 * DAY),
        Some(Period::Month) => Shift::Months(1),
        Some(Period::Quarter) => Shift::Months(3),
        Some(Period::Year) => Shift::Months(12),
        None => {
            let shown = local(span.zone, span.to) - local(span.zone, span.from);
            let shown = shown.num_milliseconds();
            // A clock set back within the period may show that it ends before it begins.
            Shift::Millis(if shown > 0 {
                shown
            } else {
                span.to.since(span.from)
            })
        }
    }
}

impl Shift {
    /// Moves an instant.
    fn of(self, zone: Tz, at: Time) -> Time {
        let shown = local(zone, at);
        let earlier = match self {
            Self::Millis(millis) => {
                shown.checked_sub_signed(chrono::TimeDelta::milliseconds(millis))
            }
            Self::Months(months) => months_before(shown, months),
        };
        let earlier = earlier.map_or(Time::MIN, |earlier| instant(zone, earlier));
        earlier.max(Time::MIN)
    }
}

/// Moves by whole months; a day that the month lacks is the month's end.
fn months_before(shown: NaiveDateTime, months: u32) -> Option<NaiveDateTime> {
    let date = shown.date().checked_sub_months(Months::new(months))?;
    if date.day() == shown.day() {
        return Some(date.and_time(shown.time()));
    }
    let after = date.checked_add_days(Days::new(1))?;
    Some(after.and_time(NaiveTime::MIN))
}

/// What the clock shows at an instant.
fn local(zone: Tz, at: Time) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(at.0)
        .unwrap_or_default()
        .naive_utc();
    let shift = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
    utc + chrono::TimeDelta::seconds(shift.into())
}

/// The first instant at which the clock shows a time or, if it skips it, a later one.
fn instant(zone: Tz, shown: NaiveDateTime) -> Time {
    match zone.from_local_datetime(&shown) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Time(at.timestamp_millis()),
        LocalResult::None => {
            // No clock is 16 hours off or skips more than a day, so it reaches the time in between.
            let utc = shown.and_utc().timestamp_millis();
            let (mut before, mut after) = (utc - 2 * DAY, utc + 2 * DAY);
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if local(zone, Time(middle)) >= shown {
                    after = middle;
                } else {
                    before = middle;
                }
            }
            Time(after)
        }
    }
}

#[cfg(test)]
mod tests;
