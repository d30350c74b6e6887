//! `pool size`: numbers against blocking, as a table for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use trunkline_calltracking::erlang;
use trunkline_model::amount::Decimal;

use super::amounts::grouped;
use crate::cli::{Pool, Size};
use crate::print;

const ASSUMED: &str = "\
Assumes that visits come by chance, each for itself (Poisson), as many as in the busiest
quarter of an hour; how long they hold their numbers may be spread in any way. The hold is
all the time a visit keeps its number: the visit itself and the lease's time after its last
sign of life (attribution.hold, 30m by default).";

/// Where the table begins: the share of visits that find no number.
const HALF: f64 = 0.5;
/// How many steps between round numbers there are at most.
const ROUND: u32 = 20;

/// Runs a command for pools.
pub(super) fn run(pool: &Pool) -> Result<()> {
    let Pool::Size(size) = pool;
    Ok(print::line(shown(size))?)
}

fn shown(size: &Size) -> String {
    let load = size.load();
    let mut text = format!(
        "{} visits an hour, {} each: {load:.2} numbers held at once on average, if there are enough\n\n\
         {:>9}{:>12}{:>14}",
        size.visits_per_hour, size.hold, "numbers", "blocking", "not served"
    );
    if size.price.is_some() {
        let _ = write!(text, "{:>14}", "a month");
    }
    for (numbers, enough) in rows(size) {
        let share = erlang::blocking(load, numbers);
        let missed = format!("{}/h", digits(share * size.visits_per_hour));
        let _ = write!(
            text,
            "\n{:>9}{:>12}{missed:>14}",
            grouped(u64::from(numbers)),
            percent(share)
        );
        if let Some(price) = size.price {
            let _ = write!(text, "{:>14}", times(price, numbers));
        }
        if let Some(share) = enough {
            // Without the noise of binary fractions: 0.28 % is 0.28000000000000003.
            let percent = (share * 1e8).round() / 1e6;
            let _ = write!(text, "  the fewest for {percent} %");
        }
    }
    format!("{text}\n\n{ASSUMED}")
}

/// Gives the numbers that are shown, each with the smallest share that it is the fewest for: round ones from where
/// half of the visits find none, and beside what was asked for its neighbours.
fn rows(size: &Size) -> BTreeMap<u32, Option<f64>> {
    let load = size.load();
    let mut rows: BTreeMap<u32, Option<f64>> = BTreeMap::new();
    if let Some(asked) = erlang::numbers_for(load, size.blocking) {
        rows.extend([(asked.saturating_sub(1), None), (asked + 1, None)]);
    }
    for share in size.shares() {
        if let Some(numbers) = erlang::numbers_for(load, share) {
            let least = rows.entry(numbers).or_default();
            *least = Some(least.map_or(share, |least| least.min(share)));
        }
    }
    if let Some((most, _)) = rows.last_key_value() {
        let (few, most) = (erlang::numbers_for(load, HALF).unwrap_or_default(), *most);
        let fits = |step: &u32| (most - few.min(most)) / step <= ROUND;
        let mut steps = (0..6).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u32.pow(power)));
        let step = steps.find(fits).unwrap_or(most.max(1));
        for numbers in (few.next_multiple_of(step)..=most).step_by(step as usize) {
            rows.entry(numbers).or_default();
        }
    }
    rows
}

fn percent(share: f64) -> String {
    format!("{} %", digits(share * 100.0))
}

/// Writes a number with two decimals, and one far below 1 with two digits that say something.
fn digits(number: f64) -> String {
    let decimals = if number > 0.0 && number < 0.1 {
        (1.0 - number.log10().floor()) as usize
    } else {
        2
    };
    format!("{number:.decimals$}")
}

/// Multiplies an amount exactly; it has two decimals at least.
fn times(price: Decimal, count: u32) -> String {
    let scale = u32::from(price.scale());
    let shown = scale.max(2);
    let units = i128::from(price.units()) * i128::from(count) * 10_i128.pow(shown - scale);
    let one = 10_i128.pow(shown);
    let width = shown as usize;
    format!("{}.{:0width$}", units / one, units % one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        for (price, count, expected) in [
            ("1.5", 82, "123.00"),
            ("0.1", 3, "0.30"),
            ("0.0045", 1_001, "4.5045"),
            ("0", 7, "0.00"),
            (
                "999999999999999999",
                1_000_000,
                "999999999999999999000000.00",
            ),
        ] {
            assert_eq!(times(Decimal::parse(price).unwrap(), count), expected);
        }
    }

    #[test]
    fn small_shares_keep_digits_that_say_something() {
        for (number, text) in [
            (28.336, "28.34"),
            (0.878, "0.88"),
            (0.0996, "0.100"),
            (0.000_123_4, "0.00012"),
            (0.0, "0.00"),
        ] {
            assert_eq!(digits(number), text);
        }
    }
}
