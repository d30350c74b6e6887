//! Figures of a distribution as SQL: over samples with the columns `ms` (`Int64`, not negative) and
//! `bucket` (its bucket by [`hdr`]), of those samples for which a condition holds; or over cells,
//! which have in place of them the columns `n` (how many samples), `ms` (their sum), `least`,
//! `greatest` and `buckets` (a map of how many samples are in which bucket).
//!
//! Quantiles are by nearest rank over the buckets, at a bucket's middle, but never outside the
//! smallest and the greatest sample, so the quantile of one sample is the sample. Of no samples a
//! figure is `null`.

use crate::report::{Empty, Figure};
use crate::request::{Request, Rows};
use crate::value::Unit;
use trunkline_warehouse::hdr;

/// The levels of the quantiles. All are asked for wherever one is, so that ClickHouse makes them
/// from one state.
const LEVELS: &str = "0.5, 0.9, 0.95, 0.99";

/// One of the quantiles, by its place among the levels, from 1.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    P50 = 1,
    P90,
    P95,
    P99,
}

/// Describes a figure in seconds that nothing has none of.
pub(crate) const fn of_some(
    name: &'static str,
    sql: fn(&Request) -> String,
    about: &'static str,
) -> Figure {
    Figure {
        unit: Unit::S,
        empty: Empty::Null,
        ..Figure::count(name, sql, about)
    }
}

/// Describes a share that nothing has none of.
pub(crate) const fn share(
    name: &'static str,
    sql: fn(&Request) -> String,
    about: &'static str,
) -> Figure {
    Figure {
        unit: Unit::Share,
        ..of_some(name, sql, about)
    }
}

/// A share as SQL in ten-thousandths, half of one rounded up, or `null` of nothing.
pub(crate) fn share_sql(part: &str, whole: &str) -> String {
    let (part, whole) = (format!("toInt64({part})"), format!("toInt64({whole})"));
    format!("if({whole} = 0, NULL, {})", ratio(&part, &whole, 10_000))
}

/// A figure of the samples for which `of` holds, or `null` if there are none.
pub(crate) fn some(of: &str, sql: &str) -> String {
    format!("if(countIf({of}) = 0, NULL, {sql})")
}

/// The mean of `ms` in whole milliseconds, half a one rounded up, without a floating number.
pub(crate) fn mean(rows: Rows, of: &str) -> String {
    let many = format!("toInt64({})", rows.count(of));
    some(of, &ratio(&format!("sumIf(ms, {of})"), &many, 1))
}

impl Rows {
    /// How many samples there are.
    pub(crate) fn count(self, of: &str) -> String {
        match self {
            Self::Samples => format!("countIf({of})"),
            Self::Cells => format!("sumIf(n, {of})"),
        }
    }

    /// How many samples there are of which a column says yes.
    pub(crate) fn count_those(self, of: &str, column: &str) -> String {
        match self {
            Self::Samples => format!("countIf(if({of}, {column}, 0))"),
            Self::Cells => format!("sumIf({column}, {of})"),
        }
    }

    /// The least of `ms`.
    pub(crate) fn least(self, of: &str) -> String {
        match self {
            Self::Samples => format!("minIf(ms, {of})"),
            Self::Cells => format!("minIf(least, {of})"),
        }
    }

    /// The greatest of `ms`.
    pub(crate) fn greatest(self, of: &str) -> String {
        match self {
            Self::Samples => format!("maxIf(ms, {of})"),
            Self::Cells => format!("maxIf(greatest, {of})"),
        }
    }

    /// The buckets of the quantiles.
    fn buckets(self, of: &str) -> String {
        match self {
            Self::Samples => format!("quantilesExactWeightedIf({LEVELS})(bucket, 1, {of})"),
            Self::Cells => format!(
                "quantilesExactWeightedArrayIf({LEVELS})(mapKeys(buckets), mapValues(buckets), {of})"
            ),
        }
    }
}

/// A quotient of whole numbers as a whole number of parts, of which `parts` make one: half of one
/// rounded up. Of a divisor that is zero it is something; the caller must not use it.
pub(crate) fn ratio(dividend: &str, divisor: &str, parts: u32) -> String {
    let twice = 2 * parts;
    format!("intDiv({twice} * {dividend} + {divisor}, 2 * greatest({divisor}, 1))")
}

/// A quantile of `ms`.
pub(crate) fn quantile(rows: Rows, of: &str, level: Level) -> String {
    let place = level as u8;
    let bucket = format!("toInt64({}[{place}])", rows.buckets(of));
    let middle = hdr::middle_sql(&bucket);
    let (least, greatest) = (rows.least(of), rows.greatest(of));
    some(
        of,
        &format!("greatest({least}, least({greatest}, {middle}))"),
    )
}
