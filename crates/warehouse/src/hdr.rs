//! The buckets of [`trunkline_model::hdr`] as SQL.

use trunkline_model::hdr::{DIGITS, EXACT};

/// Writes [`trunkline_model::hdr::index`] as SQL over an expression of type `Int64` that is not negative.
pub fn index_sql(value: &str) -> String {
    // The greatest power of two at or below the value, by integer arithmetic: a floating log2
    // would round some values just below a power up to it.
    let power = format!("roundToExp2(greatest({value}, {EXACT}))");
    format!(
        "if({value} < {EXACT}, {value}, \
         bitShiftLeft(toInt64(bitCount({power} - 1)) - {DIGITS}, {DIGITS}) \
         + intDiv({value}, bitShiftRight({power}, {DIGITS})))"
    )
}

/// Writes [`trunkline_model::hdr::middle`] as SQL over an expression of type `Int64` that holds a bucket.
pub fn middle_sql(index: &str) -> String {
    let shift = format!("(greatest(bitShiftRight({index}, {DIGITS}), 2) - 1)");
    format!(
        "if({index} < {EXACT}, {index}, \
         bitShiftLeft({index} - bitShiftLeft({shift}, {DIGITS}), {shift}) \
         + bitShiftLeft(toInt64(1), {shift} - 1))"
    )
}
