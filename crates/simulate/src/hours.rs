//! The local clock: when people write, and when managers work.

use chrono::{DateTime, Datelike, TimeZone, Timelike, Weekday};
use trunkline_model::time::{Time, Tz};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const QUARTER: i64 = 15 * MINUTE;
pub(crate) const HOUR: i64 = 60 * MINUTE;

/// How many of a thousand conversations of a day begin in each local hour.
pub(crate) const WRITING: [u64; 24] = [
    4, 2, 2, 2, 2, 4, 10, 22, 50, 80, 95, 95, 80, 65, 70, 75, 72, 65, 55, 45, 38, 30, 22, 15,
];

/// The local day of the week and the minute of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) weekday: Weekday,
    /// The number of the local date.
    pub(crate) day: i32,
    pub(crate) minute: u32,
}

/// Reads the local clock.
pub(crate) fn local(zone: Tz, at: Time) -> Local {
    let utc = DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
    let local = zone.from_utc_datetime(&utc.naive_utc());
    Local {
        weekday: local.weekday(),
        day: local.num_days_from_ce(),
        minute: local.hour() * 60 + local.minute(),
    }
}

/// When a manager works: eight hours on weekdays, early or late in turn, with half an hour of lunch
/// in the middle; one in four on Saturdays too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    begins: u32,
    lunch: u32,
    saturdays: bool,
}

impl Shift {
    const EARLY: u32 = 8 * 60;
    const LATE: u32 = 12 * 60;
    const MINUTES: u32 = 8 * 60;
    const LUNCH: u32 = 30;

    /// Gives the shift of the manager of a number.
    pub(crate) fn of(number: u32) -> Self {
        let begins = if number.is_multiple_of(2) {
            Self::EARLY
        } else {
            Self::LATE
        };
        Self {
            begins,
            lunch: begins + 3 * 60 + number / 2 % 4 * Self::LUNCH,
            saturdays: number.is_multiple_of(4),
        }
    }

    pub(crate) fn begins(&self) -> u32 {
        self.begins
    }

    pub(crate) fn ends(&self) -> u32 {
        self.begins + Self::MINUTES
    }

    pub(crate) fn saturdays(&self) -> bool {
        self.saturdays
    }

    /// Says whether the manager works now.
    pub(crate) fn works(&self, zone: Tz, at: Time) -> bool {
        let local = local(zone, at);
        let day = match local.weekday {
            Weekday::Sun => false,
            Weekday::Sat => self.saturdays,
            _ => true,
        };
        let on = (self.begins..self.ends()).contains(&local.minute);
        let lunch = (self.lunch..self.lunch + Self::LUNCH).contains(&local.minute);
        day && on && !lunch
    }

    /// Gives the first instant from `at` on at which the manager works. Shifts change at quarters of
    /// an hour, as do the clocks of all zones.
    pub(crate) fn next(&self, zone: Tz, at: Time) -> Time {
        let mut at = at;
        while !self.works(zone, at) {
            at = Time((at.millis().div_euclid(QUARTER) + 1) * QUARTER);
        }
        at
    }
}
