//! When new conversations begin: more by day than by night, less at weekends, and now and then a
//! quarter of an hour in which everybody writes.

use chrono::Weekday;
use trunkline_model::time::Time;

use crate::chance::Chance;
use crate::config::Config;
use crate::hours::{HOUR, MINUTE, QUARTER, WRITING, local};

/// How much more a burst brings.
const BURST: u64 = 6;
/// Of how many chances each arrival is one; the more, the less even they come.
const CHANCES: u64 = 10;

/// Draws the beginnings of conversations.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// The quarter of an hour of today's burst, if there is one.
    burst: Option<u32>,
    today: i32,
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        Self {
            burst: None,
            today: i32::MIN,
        }
    }

    /// Draws those of the quarter of an hour from `at` on, in the order of time.
    pub(crate) fn of_quarter(
        &mut self,
        config: &Config,
        chance: &mut Chance,
        at: Time,
    ) -> Vec<Time> {
        let local = local(config.zone, at);
        if local.day != self.today {
            self.today = local.day;
            let hour = chance.between(9, 19) as u32;
            let burst = hour * 4 + chance.below(4) as u32;
            self.burst = chance.happens(config.bursts).then_some(burst);
        }
        let is_burst = self.burst == Some(local.minute * MINUTE as u32 / QUARTER as u32);
        let weight = WRITING[(local.minute / 60) as usize % 24]
            * if is_burst { BURST } else { 1 }
            * if weekend(local.weekday) { 2 } else { 5 };
        // Expected of this quarter, in parts of `whole`.
        let expected = u64::from(config.rate) * weight;
        let whole = 1_000 * 5 * (HOUR / QUARTER) as u64;
        let tries = (expected * CHANCES).div_ceil(whole);
        let mut found: Vec<Time> = (0..tries)
            .filter(|_| chance.below(whole * tries) < expected)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|_| at.plus(chance.between(0, QUARTER)))
            .collect();
        found.sort_unstable();
        found
    }
}

fn weekend(day: Weekday) -> bool {
    matches!(day, Weekday::Sat | Weekday::Sun)
}
