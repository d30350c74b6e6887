//! Facts by the month that their partition is named after.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike};
use trunkline_model::time::Time;

/// Sorts `facts` into calendar months of UTC, the earliest first, keeping their order within one.
pub(super) fn by_month<T>(facts: &[T], at: impl Fn(&T) -> Time) -> Vec<Vec<&T>> {
    let mut months = BTreeMap::<i32, Vec<&T>>::new();
    for fact in facts {
        months.entry(month(at(fact))).or_default().push(fact);
    }
    months.into_values().collect()
}

/// Counts months since the year 0. Times outside the calendar's range fall into one month of their
/// own; none come from a parsed event.
fn month(at: Time) -> i32 {
    DateTime::from_timestamp_millis(at.millis())
        .map_or(i32::MAX, |day| day.year() * 12 + day.month0().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_millisecond_of_a_month_belongs_to_it() {
        let times = [
            Time(1_772_323_200_000),
            Time(1_772_323_199_999),
            Time(1_770_000_000_000),
        ];
        let months = by_month(&times, |time| *time);
        assert_eq!(months, [vec![&times[1], &times[2]], vec![&times[0]]]);
    }

    #[test]
    fn the_same_month_of_another_year_is_another_month() {
        let times = [Time(0), Time(366 * 86_400_000)];
        assert_eq!(by_month(&times, |time| *time).len(), 2);
    }
}
