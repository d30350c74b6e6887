//! Lengths of time as senders give them: seconds, with fractions.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A length of time that was sent in seconds, kept in milliseconds: 0 to 400 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Elapsed(u64);

impl Elapsed {
    const MAX_SECONDS: u64 = 400 * 86_400;

    /// Gives the milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Elapsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElapsedVisitor)
    }
}

struct ElapsedVisitor;

impl de::Visitor<'_> for ElapsedVisitor {
    type Value = Elapsed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds, from 0 to 400 days, as a number or its digits in a string")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Elapsed, E> {
        if seconds > Elapsed::MAX_SECONDS {
            return Err(E::invalid_value(de::Unexpected::Unsigned(seconds), &self));
        }
        Ok(Elapsed(seconds * 1_000))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Elapsed, E> {
        // `contains` is false for NaN.
        if !(0.0..=Elapsed::MAX_SECONDS as f64).contains(&seconds) {
            return Err(E::invalid_value(de::Unexpected::Float(seconds), &self));
        }
        Ok(Elapsed((seconds * 1_000.0).round() as u64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Elapsed, E> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        match text.parse::<f64>() {
            Ok(seconds) if plain => self.visit_f64(seconds),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for Elapsed {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Elapsed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": Self::MAX_SECONDS },
                { "type": "string", "pattern": "^[0-9]+(\\.[0-9]*)?$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_kept_in_milliseconds() {
        for (json, millis) in [("12", 12_000), ("0.25", 250), ("\"7.5\"", 7_500), ("0", 0)] {
            assert_eq!(
                serde_json::from_str::<Elapsed>(json).unwrap().millis(),
                millis
            );
        }
        for json in ["-1", "1e300", "\"inf\"", "\"\"", "34560001", "true"] {
            assert!(serde_json::from_str::<Elapsed>(json).is_err(), "{json}");
        }
    }
}
