//! Instants, kept to the millisecond, and the calendar around them.
//!
//! A [`Time`] that was parsed lies between 1970 and 2100. It is read from RFC 3339 with any offset
//! or from an epoch number (seconds below 1e11, milliseconds below 1e14, else microseconds; also as
//! digits in a string), and always written as RFC 3339 in UTC with milliseconds. What is finer than
//! a millisecond is cut off.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

mod calendar;
mod civil;
mod elapsed;
mod parse;

pub use calendar::{Interval, MAX_INTERVALS, Period, TooMany, boundaries, start_of_day};
pub use chrono_tz::Tz;
pub use civil::Day;
pub use elapsed::Elapsed;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// Says why a text or number is no [`Time`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TimeError {
    /// It is neither RFC 3339 with an offset nor an epoch number.
    #[error(
        "not a time: write RFC 3339 with an offset, like 2026-03-01T10:00:00Z, or an epoch number"
    )]
    Malformed,
    /// It lies outside what is accepted.
    #[error("the time lies outside 1970 to 2100")]
    OutOfRange,
}

impl Time {
    /// The earliest instant accepted from outside: 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The latest instant accepted from outside: 2100-01-01T00:00:00Z.
    pub const MAX: Self = Self(4_102_444_800_000);

    /// Parses RFC 3339 or the digits of an epoch number.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        parse::text(text)
    }

    /// Gives the milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Adds `millis`, which may be negative, stopping at the ends of what 64 bits hold.
    #[must_use]
    pub const fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Gives the milliseconds since `earlier`, never below 0 (`metrics.md` §0: elapsed time is never
    /// negative).
    pub const fn since(self, earlier: Self) -> i64 {
        let elapsed = self.0.saturating_sub(earlier.0);
        if elapsed < 0 { 0 } else { elapsed }
    }

    fn accepted(millis: i64) -> Result<Self, TimeError> {
        let time = Self(millis);
        if (Self::MIN..=Self::MAX).contains(&time) {
            Ok(time)
        } else {
            Err(TimeError::OutOfRange)
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, in_day) = (
            self.0.div_euclid(civil::DAY_MS),
            self.0.rem_euclid(civil::DAY_MS),
        );
        let (year, month, day) = civil::from_days(days);
        let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
        let (second, milli) = (in_day / 1_000 % 60, in_day % 1_000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

impl std::str::FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct TimeVisitor;

impl de::Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a time: RFC 3339 with an offset, like 2026-03-01T10:00:00Z, or an epoch number",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        parse::text(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Time, E> {
        parse::epoch(number, 0).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Time, E> {
        let number = u64::try_from(number).map_err(|_| E::custom(TimeError::OutOfRange))?;
        parse::epoch(number, 0).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Time, E> {
        parse::float(number).map_err(E::custom)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({ "type": "string", "format": "date-time" });
        }
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": parse::PATTERN },
                { "type": "number", "minimum": 0, "exclusiveMaximum": 4_102_444_801_u64 },
                { "type": "number", "minimum": 100_000_000_000_u64,
                    "exclusiveMaximum": 4_102_444_800_001_u64 },
                { "type": "number", "minimum": 100_000_000_000_000_u64,
                    "exclusiveMaximum": 4_102_444_800_001_000_u64 }
            ]
        })
    }
}

#[cfg(test)]
mod tests;
