//! The harness's clock: the one place of this package that reads the time or sleeps.
#![expect(
    clippy::disallowed_methods,
    reason = "a black-box test waits for a real process"
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

/// One second in milliseconds, the unit of every time in this package.
pub const SECOND: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Twenty-four hours in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// Returns now, for measuring how long something took.
pub fn now() -> Instant {
    Instant::now()
}

/// Returns the wall clock in milliseconds since 1970.
pub fn wall() -> i64 {
    Utc::now().timestamp_millis()
}

/// Sleeps for `millis` milliseconds.
pub fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Asks `condition` every 20 ms until it holds, and says whether it did within `limit`.
pub fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        pause(20);
    }
}

/// Waits until `condition` holds and panics, naming `what`, when it does not within `limit`.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, condition: impl FnMut() -> bool) {
    assert!(
        holds_within(limit, condition),
        "after {limit:?}, still not: {what}"
    );
}

/// Parses RFC 3339 into milliseconds since 1970.
#[track_caller]
pub fn at(text: &str) -> i64 {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.timestamp_millis(),
        Err(why) => panic!("`{text}` is no RFC 3339 time: {why}"),
    }
}

/// Writes milliseconds since 1970 as the service does: RFC 3339, UTC, three decimals.
pub fn rfc3339(millis: i64) -> String {
    let time = DateTime::from_timestamp_millis(millis).expect("a time within chrono's range");
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
