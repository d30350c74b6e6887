//! When people work: weekly ranges in a zone, holidays and special days.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Zone;
use crate::time::Day;

/// A schedule: ranges of each weekday, days that are closed and days with other ranges.
///
/// A range that ends before it starts runs into the next day and belongs to the day it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The zone of the ranges (IANA); the account's by default.
    pub zone: Option<Zone>,
    /// Monday's ranges, like `["09:00-13:00", "14:00-18:00"]`; closed by default, as all days.
    pub mon: Vec<Hours>,
    /// Tuesday's ranges.
    pub tue: Vec<Hours>,
    /// Wednesday's ranges.
    pub wed: Vec<Hours>,
    /// Thursday's ranges.
    pub thu: Vec<Hours>,
    /// Friday's ranges.
    pub fri: Vec<Hours>,
    /// Saturday's ranges.
    pub sat: Vec<Hours>,
    /// Sunday's ranges.
    pub sun: Vec<Hours>,
    /// Days that are closed whatever their weekday.
    pub closed: Vec<Day>,
    /// Days with ranges of their own instead of their weekday's.
    pub open: BTreeMap<Day, Vec<Hours>>,
}

impl Schedule {
    /// Gives the ranges of the weekdays from Monday.
    pub fn week(&self) -> [&[Hours]; 7] {
        [
            &self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun,
        ]
    }

    /// Names what does not agree: ranges of a day that overlap, a day both closed and open.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let week = NAMES.iter().map(ToString::to_string).zip(self.week());
        let special = self
            .open
            .iter()
            .map(|(day, hours)| (format!("open.{day}"), &**hours));
        let mut problems: Vec<_> = week
            .chain(special)
            .filter(|(_, hours)| overlap(hours))
            .map(|(key, _)| (key, "the ranges overlap".to_owned()))
            .collect();
        for day in self.closed.iter().filter(|day| self.open.contains_key(day)) {
            problems.push((format!("open.{day}"), "the day is also closed".to_owned()));
        }
        problems
    }
}

fn overlap(hours: &[Hours]) -> bool {
    let mut spans: Vec<_> = hours
        .iter()
        .map(|range| (range.start, range.end_after_start()))
        .collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

/// A range of a day, in minutes since its local midnight, written `09:00-18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hours {
    /// The first minute: 0 to 1439.
    pub start: u16,
    /// The minute after the last: 0 to 1440; before `start`: on the next day.
    pub end: u16,
}

impl Hours {
    /// Parses `HH:MM-HH:MM`; `24:00` is the end of the day. A range without length is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minutes(start.trim_ascii())?, minutes(end.trim_ascii())?);
        (start < 1_440 && start != end).then_some(Self { start, end })
    }

    /// Gives the end counted from the midnight before the start: 1 to 2,879.
    pub const fn end_after_start(self) -> u16 {
        if self.end <= self.start {
            self.end + 1_440
        } else {
            self.end
        }
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 1_440).then_some(total)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end } = *self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            start / 60,
            start % 60,
            end / 60,
            end % 60
        )
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(HoursVisitor)
    }
}

struct HoursVisitor;

impl de::Visitor<'_> for HoursVisitor {
    type Value = Hours;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a range like \"09:00-18:00\", or past midnight like \"22:00-06:00\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Hours, E> {
        Hours::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Hours {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Hours".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_minutes_of_the_day_and_may_pass_midnight() {
        assert_eq!(
            Hours::parse("09:00-13:30"),
            Some(Hours {
                start: 540,
                end: 810
            })
        );
        assert_eq!(
            Hours::parse("00:00-24:00"),
            Some(Hours {
                start: 0,
                end: 1_440
            })
        );
        let night = Hours::parse("22:00-06:00").unwrap();
        assert_eq!((night.start, night.end_after_start()), (1_320, 1_800));
        assert_eq!(night.to_string(), "22:00-06:00");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "9:00-18:00",
            "09:00",
            "09:00-09:00",
            "24:00-01:00",
            "09:60-10:00",
            "09:00-24:01",
            "a-b",
        ] {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
    }

    #[test]
    fn overlapping_ranges_and_closed_open_days_are_problems() {
        let schedule: Schedule = serde_json::from_str(
            r#"{"mon":["09:00-13:00","12:00-18:00"],"tue":["09:00-13:00","13:00-18:00"],
                "closed":["2026-12-24"],"open":{"2026-12-24":["09:00-12:00"]}}"#,
        )
        .unwrap();
        let keys: Vec<_> = schedule
            .problems()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, ["mon", "open.2026-12-24"]);
    }
}
