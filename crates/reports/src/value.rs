//! One figure or dimension value of an answer, and the columns that hold them.
//!
//! Values are exact: seconds are whole milliseconds until they are written, and are written as a
//! decimal with three places, never through a floating number.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;
use trunkline_model::time::Time;

/// What a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An instant: RFC 3339, UTC, with milliseconds.
    Time,
    /// An id, a name or a word; `null` where there is none.
    Text,
    /// A whole number of things.
    Count,
    /// A whole number that names something: an hour of the day, a day of the week.
    Number,
    /// Seconds with milliseconds; `null` where there is no data.
    S,
    /// A fraction of 1 with four decimals; `null` where there is nothing to have a share in.
    Share,
    /// A number with four decimals, which may be negative: a count of which parts belong to several, or
    /// a quotient.
    Ratio,
    /// Money in the currency of the account, with the decimals of its minor unit.
    Money,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing is known, or there is none; sorts before everything.
    Null,
    /// A whole number.
    Count(u64),
    /// A length of time in milliseconds, written as seconds.
    Millis(i64),
    /// A fraction of 1 in ten-thousandths, written with four decimals.
    Share(u64),
    /// A number in ten-thousandths, written with four decimals.
    Ratio(i64),
    /// Money: so many minor units, written with so many decimals.
    Money(i64, u8),
    /// An instant.
    Time(Time),
    /// An id, a name or a word; sorts by its bytes, as ClickHouse does.
    Text(String),
}

impl fmt::Display for Value {
    /// Writes the value as it stands in CSV; `null` is nothing.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Count(count) => count.fmt(out),
            Self::Millis(millis) => decimal(out, *millis, 3),
            Self::Share(parts) => write!(out, "{}.{:04}", parts / 10_000, parts % 10_000),
            Self::Ratio(parts) => decimal(out, *parts, 4),
            Self::Money(units, digits) => decimal(out, *units, *digits),
            Self::Time(time) => time.fmt(out),
            Self::Text(text) => out.write_str(text),
        }
    }
}

/// Writes `units / 10^digits` with all its decimals.
fn decimal(out: &mut fmt::Formatter<'_>, units: i64, digits: u8) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let (units, one) = (units.unsigned_abs(), 10_u64.pow(digits.into()));
    match usize::from(digits) {
        0 => write!(out, "{sign}{units}"),
        width => write!(out, "{sign}{}.{:0width$}", units / one, units % one),
    }
}

impl Serialize for Value {
    /// Writes the value as JSON. Seconds and shares go through a raw JSON number, which only the serialisers
    /// of `serde_json` understand.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Millis(_) | Self::Share(_) | Self::Ratio(_) | Self::Money(..) => {
                RawValue::from_string(self.to_string())
                    .map_err(ser::Error::custom)?
                    .serialize(serializer)
            }
            Self::Time(_) => serializer.collect_str(self),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["null", "number", "string"] })
    }
}

/// A column of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// The dimension, or the figure's name in `metrics.md`.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value) -> String {
        serde_json::to_string(value).expect("a value is JSON")
    }

    #[test]
    fn seconds_are_exact_decimals_with_three_places() {
        assert_eq!(json(&Value::Millis(0)), "0.000");
        assert_eq!(json(&Value::Millis(7)), "0.007");
        assert_eq!(json(&Value::Millis(1_268_404_100)), "1268404.100");
        assert_eq!(
            json(&Value::Millis(9_007_199_254_740_993)),
            "9007199254740.993"
        );
        assert_eq!(json(&Value::Millis(-1_500)), "-1.500");
    }

    #[test]
    fn shares_are_exact_decimals_with_four_places() {
        assert_eq!(json(&Value::Share(0)), "0.0000");
        assert_eq!(json(&Value::Share(3_333)), "0.3333");
        assert_eq!(json(&Value::Share(10_000)), "1.0000");
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        assert_eq!(json(&Value::Money(1_250, 2)), "12.50");
        assert_eq!(json(&Value::Money(-5, 2)), "-0.05");
        assert_eq!(json(&Value::Money(-5, 0)), "-5");
        assert_eq!(json(&Value::Ratio(-12_345)), "-1.2345");
    }

    #[test]
    fn nothing_is_null_in_json_and_empty_in_csv() {
        assert_eq!(json(&Value::Null), "null");
        assert_eq!(Value::Null.to_string(), "");
    }

    #[test]
    fn text_is_escaped_and_null_sorts_before_it() {
        assert_eq!(json(&Value::Text("a\"b".into())), r#""a\"b""#);
        assert!(Value::Null < Value::Text(String::new()));
        assert!(Value::Null < Value::Millis(i64::MIN));
    }
}
