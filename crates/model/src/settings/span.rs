//! Lengths of time in settings: `30m`, `24h`, `1h 30m`, `400d`, `25 months`.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Months};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::Time;

/// A length of time with its unit: `ms`, `s`, `m`, `h`, `d`, `w`, or calendar `months` and `years`.
///
/// Units of fixed length may be added up (`1h 30m`); months and years stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// A fixed length in milliseconds.
    Fixed(i64),
    /// Calendar months.
    Months(u32),
}

const FIXED: [(&str, i64); 16] = [
    ("ms", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("second", 1_000),
    ("seconds", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("minute", 60_000),
    ("minutes", 60_000),
    ("h", 3_600_000),
    ("hour", 3_600_000),
    ("hours", 3_600_000),
    ("d", 86_400_000),
    ("day", 86_400_000),
    ("days", 86_400_000),
    ("w", 604_800_000),
];
const CALENDAR: [(&str, u32); 4] = [("month", 1), ("months", 1), ("year", 12), ("years", 12)];
/// A hundred years; more is a mistake.
const MOST_MS: i64 = 36_525 * 86_400_000;

impl Span {
    /// Makes a span of hours.
    pub const fn hours(hours: i64) -> Self {
        Self::Fixed(hours * 3_600_000)
    }

    /// Makes a span of days.
    pub const fn days(days: i64) -> Self {
        Self::Fixed(days * 86_400_000)
    }

    /// Parses numbers with their units; at most a hundred years.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_ascii();
        let (mut total, mut parts) = (0_i64, 0);
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number = rest[..digits].parse::<i64>().ok()?;
            let after = rest[digits..].trim_ascii_start();
            let letters = after.len()
                - after
                    .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                    .len();
            let unit = &after[..letters];
            rest = after[letters..].trim_ascii_start();
            parts += 1;
            if let Some((_, months)) = CALENDAR.iter().find(|(name, _)| *name == unit) {
                let alone = parts == 1 && rest.is_empty();
                let months = u32::try_from(number).ok()?.checked_mul(*months)?;
                return (alone && months <= 1_200).then_some(Self::Months(months));
            }
            let (_, length) = FIXED.iter().find(|(name, _)| *name == unit)?;
            total = total.checked_add(number.checked_mul(*length)?)?;
        }
        (parts > 0 && total <= MOST_MS).then_some(Self::Fixed(total))
    }

    /// Gives the milliseconds of a span of fixed length.
    pub const fn millis(self) -> Option<i64> {
        match self {
            Self::Fixed(millis) => Some(millis),
            Self::Months(_) => None,
        }
    }

    /// Gives the instant this long before `at`; months are counted in UTC and stop at a month's
    /// last day.
    pub fn before(self, at: Time) -> Time {
        match self {
            Self::Fixed(millis) => at.plus(-millis),
            Self::Months(months) => DateTime::from_timestamp_millis(at.0)
                .and_then(|at| at.checked_sub_months(Months::new(months)))
                .map_or(at, |before| Time(before.timestamp_millis())),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Months(months) => write!(f, "{months} months"),
            Self::Fixed(millis) => {
                let units = [
                    (86_400_000, "d"),
                    (3_600_000, "h"),
                    (60_000, "m"),
                    (1_000, "s"),
                ];
                let whole = units
                    .iter()
                    .find(|(length, _)| millis > 0 && millis % length == 0);
                let (length, unit) = whole.copied().unwrap_or((1, "ms"));
                write!(f, "{}{unit}", millis / length)
            }
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SpanVisitor)
    }
}

struct SpanVisitor;

impl de::Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a length of time with its unit, like \"30m\", \"24h\", \"400d\" or \"25 months\"",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        Span::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^( *[0-9]+ *[a-z]+)+ *$", "examples": ["30m", "24h"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_units() {
        for (text, millis) in [
            ("30m", 1_800_000),
            ("24h", 86_400_000),
            ("2d", 172_800_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("90 seconds", 90_000),
            ("0s", 0),
            ("250ms", 250),
            ("2w", 1_209_600_000),
        ] {
            assert_eq!(Span::parse(text), Some(Span::Fixed(millis)), "{text}");
        }
        assert_eq!(Span::parse("25 months"), Some(Span::Months(25)));
        assert_eq!(Span::parse("2 years"), Some(Span::Months(24)));
    }

    #[test]
    fn what_has_no_unit_is_no_span() {
        for text in [
            "",
            " ",
            "30",
            "h",
            "-1h",
            "1.5h",
            "1 month 2d",
            "1d 2 months",
            "5x",
            "1h,",
            "999999999999999d",
        ] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_is_written_as_it_can_be_read() {
        for span in [
            Span::Fixed(0),
            Span::Fixed(1),
            Span::hours(24),
            Span::hours(25),
            Span::Months(25),
        ] {
            assert_eq!(Span::parse(&span.to_string()), Some(span));
        }
    }

    #[test]
    fn months_go_back_along_the_calendar() {
        let at = Time::parse("2026-03-31T12:00:00Z").unwrap();
        let before = |span: &str| Span::parse(span).unwrap().before(at).to_string();
        assert_eq!(before("1 month"), "2026-02-28T12:00:00.000Z");
        assert_eq!(before("25 months"), "2024-02-29T12:00:00.000Z");
        assert_eq!(before("1d"), "2026-03-30T12:00:00.000Z");
    }
}
