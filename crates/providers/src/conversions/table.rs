//! Rows of files with commas (RFC 4180), and how vendors write times.

use std::fmt::Write;

use chrono::DateTime;
use trunkline_model::time::Time;

/// Adds a row; its end is CR LF.
pub(super) fn row(out: &mut String, fields: &[&str]) {
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            let _ = write!(out, "\"{}\"", field.replace('"', "\"\""));
        } else {
            out.push_str(field);
        }
    }
    out.push_str("\r\n");
}

/// Writes a time in UTC: `2026-03-01 10:00:00` and what follows it. What is finer than a second is cut
/// off.
pub(super) fn civil(Time(millis): Time, zone: &str) -> String {
    let at = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    format!("{}{zone}", at.format("%Y-%m-%d %H:%M:%S"))
}

/// Gives the whole seconds since 1970.
pub(super) fn unix(at: Time) -> i64 {
    at.millis().div_euclid(1000)
}
