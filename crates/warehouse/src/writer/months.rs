//! The months that partitions are named after.

use chrono::{DateTime, Datelike, Months as Span, NaiveDate, NaiveTime};
use trunkline_model::time::Time;

/// Gives the calendar month of UTC that a time is in; quick when it is the same again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Months {
    /// The last one, and its first and last millisecond but one.
    last: Option<(i32, i64, i64)>,
}

impl Months {
    /// Counts months since the year 0. Times outside the calendar's range fall into one month of
    /// their own; none come from a parsed event.
    pub(super) fn of(&mut self, at: Time) -> i32 {
        let at = at.millis();
        match self.last {
            Some((month, from, until)) if (from..until).contains(&at) => month,
            _ => self.look_up(at).unwrap_or(i32::MAX),
        }
    }

    fn look_up(&mut self, at: i64) -> Option<i32> {
        let day = DateTime::from_timestamp_millis(at)?.date_naive();
        let first = day.with_day(1)?;
        let next = first.checked_add_months(Span::new(1))?;
        let millis = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
        let month = day.year() * 12 + day.month0().cast_signed();
        self.last = Some((month, millis(first), millis(next)));
        Some(month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(at: i64) -> i32 {
        Months::default().of(Time(at))
    }

    #[test]
    fn the_last_millisecond_of_a_month_belongs_to_it() {
        let mut months = Months::default();
        let march = 1_772_323_200_000;
        let all = [march, march - 1, 1_770_000_000_000, march].map(|at| months.of(Time(at)));
        assert_eq!(
            all,
            [2026 * 12 + 2, 2026 * 12 + 1, 2026 * 12 + 1, 2026 * 12 + 2]
        );
    }

    #[test]
    fn the_same_month_of_another_year_is_another_month() {
        assert_eq!(month(366 * 86_400_000) - month(0), 12);
        assert_eq!(month(i64::MAX), i32::MAX);
    }
}
