//! Whether a question can be answered from the cells of figures (`v_answers`): its period and its
//! intervals begin and end where cells do, and what it tells apart is told apart there. The answer is
//! the same as from the messages, to the last digit; only sooner.

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use trunkline_model::time::Time;

use super::Request;
use super::span::Span;
use crate::dimension::Dimension;
use crate::report::Report;

/// The cells that an account's figures are added up in, if they are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// How long one is: 60, 30 or 15 minutes.
    pub minutes: u8,
    /// Whether managers join and leave teams only where a cell begins.
    pub teams: bool,
}

/// What a report's figures are added up from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// One row a sample, from the facts.
    Samples,
    /// One row a cell.
    Cells,
}

const DAY: i64 = 86_400_000;

impl Request {
    /// Forgets the cells if what the question tells apart is not told apart in them.
    pub(super) fn told_in_cells(mut self, report: &Report) -> Self {
        let kind = |of: Dimension| matches!(of, Dimension::Kind | Dimension::Integrity);
        let fits = report.cells.is_some()
            && !self.dimensions().any(kind)
            && self.choice("exclude").is_none()
            && self
                .choice("scope")
                .is_none_or(|scope| scope == "conversation");
        let by_team = self.tells_teams();
        self.cells = self.cells.filter(|cells| fits && (cells.teams || !by_team));
        self
    }

    /// Chooses what to read, by the period.
    pub(super) fn settled(mut self) -> Self {
        let clock = |dimension| matches!(dimension, Dimension::Hour | Dimension::Weekday);
        let by_clock = self.dimensions().any(clock);
        let on = |cells: Cells| on_cells(&self.span, i64::from(cells.minutes) * 60_000, by_clock);
        self.rows = match self.cells {
            Some(cells) if on(cells) => Rows::Cells,
            _ => Rows::Samples,
        };
        self
    }

    /// Whether it tells a dimension apart or filters by it.
    pub(crate) fn tells(&self, dimension: Dimension) -> bool {
        self.dimensions().any(|own| own == dimension)
    }

    /// All that it tells apart or filters by.
    fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        let filters = self.filters.iter().map(|(dimension, _)| *dimension);
        self.by.iter().copied().chain(filters)
    }

    /// Whether the answer depends on the teams of those who replied.
    fn tells_teams(&self) -> bool {
        let restricted = self.restriction.as_ref();
        self.dimensions().any(|of| of == Dimension::Team)
            || restricted.is_some_and(|only| !only.teams.is_empty())
    }
}

/// Whether no cell is cut by the period, an interval or, `by_clock`, an hour or a day of its zone.
fn on_cells(span: &Span, length: i64, by_clock: bool) -> bool {
    let aligned = |at: &Time| at.0.rem_euclid(length) == 0;
    let mut ends = [span.from, span.to].into_iter();
    ends.all(|at| aligned(&at))
        && span.starts.iter().all(aligned)
        && (!by_clock || hours_on_cells(span, length))
}

/// Whether each cell lies in one hour of the zone's clock.
fn hours_on_cells(span: &Span, length: i64) -> bool {
    let hour = |shift: i64| shift.rem_euclid(length) == 0;
    let mut at = span.from.0;
    let mut shift = shift_at(span.zone, at);
    while at < span.to.0 {
        if !hour(shift) {
            return false;
        }
        let next = (at + DAY).min(span.to.0);
        let then = shift_at(span.zone, next);
        if then != shift && change(span.zone, at, next).rem_euclid(length) != 0 {
            return false;
        }
        (at, shift) = (next, then);
    }
    true
}

/// The instant within a day at which the clock was set: not at `from` yet, by `until` it was.
fn change(zone: Tz, from: i64, until: i64) -> i64 {
    let before = shift_at(zone, from);
    let (mut low, mut high) = (from, until);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if shift_at(zone, middle) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How far a zone's clock is ahead of UTC, in milliseconds.
fn shift_at(zone: Tz, at: i64) -> i64 {
    let utc = DateTime::from_timestamp_millis(at).unwrap_or_default();
    let shift = zone.offset_from_utc_datetime(&utc.naive_utc()).fix();
    i64::from(shift.local_minus_utc()) * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn span(zone: Tz, from: &str, to: &str) -> Span {
        let time = |text| Time::parse(text).expect("a time");
        Span {
            from: time(from),
            to: time(to),
            period: None,
            zone,
            interval: None,
            starts: Vec::new(),
        }
    }

    #[test]
    fn a_period_begins_and_ends_where_cells_do() {
        let whole = span(Tz::UTC, "2026-03-01T10:00:00Z", "2026-03-02T11:00:00Z");
        assert!(on_cells(&whole, HOUR, true));
        let half = span(Tz::UTC, "2026-03-01T10:30:00Z", "2026-03-02T11:00:00Z");
        assert!(!on_cells(&half, HOUR, false));
        assert!(on_cells(&half, HOUR / 2, true));
    }

    #[test]
    fn hours_of_a_clock_that_is_half_an_hour_off_cut_longer_cells() {
        let india = span(
            Tz::Asia__Kolkata,
            "2026-03-01T10:00:00Z",
            "2026-03-02T11:00:00Z",
        );
        assert!(on_cells(&india, HOUR, false));
        assert!(!on_cells(&india, HOUR, true));
        assert!(on_cells(&india, HOUR / 2, true));
        assert!(!on_cells(
            &span(
                Tz::Asia__Kathmandu,
                "2026-03-01T10:00:00Z",
                "2026-03-02T11:00:00Z"
            ),
            HOUR / 2,
            true
        ));
    }

    #[test]
    fn a_clock_that_is_set_within_a_cell_cuts_it() {
        // In St John's it was set at one minute past midnight until 2011.
        let old = span(
            Tz::America__St_Johns,
            "2010-03-01T00:00:00Z",
            "2010-04-01T00:00:00Z",
        );
        assert!(!on_cells(&old, HOUR / 2, true));
        let later = span(
            Tz::America__St_Johns,
            "2026-03-01T00:00:00Z",
            "2026-04-01T00:00:00Z",
        );
        assert!(on_cells(&later, HOUR / 2, true));
    }
}
