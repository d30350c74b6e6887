//! Goals and the periods they are set for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::amount::Decimal;
use crate::time::Day;

/// A goal of a manager or a team (S12-S15).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Whose goal it is.
    pub who: GoalWho,
    /// The period it is set for.
    pub period: GoalPeriod,
    /// How many leads are to be won.
    #[serde(default)]
    pub won_count: Option<u32>,
    /// Which amount is to be won, in the account's currency.
    #[serde(default)]
    pub won_amount: Option<Decimal>,
    /// The members' shares of a team's goal, by manager; equal by default.
    #[serde(default)]
    pub weights: BTreeMap<String, u32>,
}

/// Whose goal it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum GoalWho {
    /// A manager's.
    Manager(String),
    /// A team's.
    Team(String),
}

/// The period of a goal, in days of the account's zone: `2026-03`, `2026-Q1`, `2026-H1`, `2026`, or
/// `2026-03-01/2026-03-31` with both days included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalPeriod {
    text: String,
    first: Day,
    last: Day,
}

impl GoalPeriod {
    /// Parses a month, quarter, half-year, year or a range of days.
    pub fn parse(text: &str) -> Option<Self> {
        let (first, last) = match text.split_once('/') {
            Some((first, last)) => (Day::parse(first)?, Day::parse(last)?),
            None => months(text)?,
        };
        (first <= last).then(|| Self {
            text: text.to_owned(),
            first,
            last,
        })
    }

    /// Gives the first day.
    pub const fn first(&self) -> Day {
        self.first
    }

    /// Gives the last day, which belongs to the period.
    pub const fn last(&self) -> Day {
        self.last
    }
}

fn months(text: &str) -> Option<(Day, Day)> {
    let (year, part) = text.split_once('-').unwrap_or((text, ""));
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| digits.len() <= 2);
    let (month, length) = if let Some(quarter) = part.strip_prefix('Q') {
        (
            number(quarter).filter(|quarter| (1..=4).contains(quarter))? * 3 - 2,
            3,
        )
    } else if let Some(half) = part.strip_prefix('H') {
        (
            number(half).filter(|half| (1..=2).contains(half))? * 6 - 5,
            6,
        )
    } else if part.is_empty() {
        (1, 12)
    } else {
        (number(part).filter(|_| part.len() == 2)?, 1)
    };
    let first = Day::parse(&format!("{year}-{month:02}-01"))?;
    Some((first, first.last_of_months(length)?))
}

impl fmt::Display for GoalPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for GoalPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for GoalPeriod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(PeriodVisitor)
    }
}

struct PeriodVisitor;

impl de::Visitor<'_> for PeriodVisitor {
    type Value = GoalPeriod;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a period like \"2026-03\", \"2026-Q1\", \"2026-H1\", \"2026\" or \
             \"2026-03-01/2026-03-31\"",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoalPeriod, E> {
        GoalPeriod::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for GoalPeriod {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GoalPeriod".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["2026-03", "2026-Q1", "2026-H1", "2026"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_their_first_and_last_day() {
        for (text, first, last) in [
            ("2026-03", "2026-03-01", "2026-03-31"),
            ("2028-02", "2028-02-01", "2028-02-29"),
            ("2026-Q1", "2026-01-01", "2026-03-31"),
            ("2026-Q4", "2026-10-01", "2026-12-31"),
            ("2026-H2", "2026-07-01", "2026-12-31"),
            ("2026", "2026-01-01", "2026-12-31"),
            ("2026-03-15/2026-04-02", "2026-03-15", "2026-04-02"),
        ] {
            let period = GoalPeriod::parse(text).unwrap();
            assert_eq!(
                (period.first().to_string(), period.last().to_string()),
                (first.into(), last.into())
            );
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in [
            "",
            "26",
            "2026-3",
            "2026-13",
            "2026-Q5",
            "2026-H0",
            "2026-04-02/2026-03-15",
            "2026-03-01",
        ] {
            assert_eq!(GoalPeriod::parse(text), None, "{text}");
        }
    }
}
