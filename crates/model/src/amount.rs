//! Money: exact decimals and currencies. No value ever passes through a binary fraction where the
//! sender's digits are at hand.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

/// A decimal of at most 18 digits, at most 9 of them after the point: `units / 10^scale`.
///
/// It is kept without trailing zeros after the point, so that equal amounts are equal values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    const MAX_DIGITS: u32 = 18;
    const MAX_SCALE: i64 = 9;

    /// Parses digits with an optional sign, point and exponent, as JSON writes numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        let mut units = 0_i64;
        for digit in whole.bytes().chain(fraction.bytes()) {
            units = units
                .checked_mul(10)?
                .checked_add(i64::from(digit - b'0'))?;
        }
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        Self::normal(if negative { -units } else { units }, scale)
    }

    /// Makes the amount `units / 10^scale`; none if it has too many digits.
    pub fn of(units: i64, scale: u8) -> Option<Self> {
        Self::normal(units, scale.into())
    }

    /// Gives the amount's digits as a whole number; see [`Self::scale`].
    pub const fn units(self) -> i64 {
        self.units
    }

    /// Gives how many of the digits stand after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    fn normal(mut units: i64, mut scale: i64) -> Option<Self> {
        if units == 0 {
            return Some(Self::default());
        }
        while scale > 0 && units % 10 == 0 {
            (units, scale) = (units / 10, scale - 1);
        }
        while scale < 0 {
            (units, scale) = (units.checked_mul(10)?, scale + 1);
        }
        let fits = units.unsigned_abs() < 10_u64.pow(Self::MAX_DIGITS) && scale <= Self::MAX_SCALE;
        fits.then_some(Self {
            units,
            scale: scale as u8,
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (
            if self.units < 0 { "-" } else { "" },
            self.units.unsigned_abs(),
        );
        if self.scale == 0 {
            return write!(f, "{sign}{size}");
        }
        let one = 10_u64.pow(u32::from(self.scale));
        let width = usize::from(self.scale);
        write!(f, "{sign}{}.{:0width$}", size / one, size % one)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

/// Reads an optional amount from the sender's own digits, so that a JSON number loses none.
pub(crate) fn exact<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
    let Some(raw) = Option::<&RawValue>::deserialize(from)? else {
        return Ok(None);
    };
    required(raw).map(Some)
}

/// Reads a required amount; see [`exact`].
pub(crate) fn exact_required<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    required(<&RawValue>::deserialize(from)?)
}

fn required<E: de::Error>(raw: &RawValue) -> Result<Decimal, E> {
    let unexpected = || E::invalid_value(de::Unexpected::Other("this value"), &DecimalVisitor);
    let text = raw.get();
    if text.starts_with('"') {
        let text: Cow<'_, str> = serde_json::from_str(text).map_err(|_| unexpected())?;
        return Decimal::parse(&text).ok_or_else(unexpected);
    }
    Decimal::parse(text).ok_or_else(unexpected)
}

struct DecimalVisitor;

impl de::Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an amount like \"12.50\": at most 18 digits, at most 9 of them after the point",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
        Decimal::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
        // The shortest digits that give this double are those that were written, up to 15 of them.
        self.visit_str(&number.to_string())
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$" },
                { "type": "number" }
            ]
        })
    }
}

/// A currency: three letters, as ISO 4217 writes them, kept in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads three ASCII letters of either case; whether they name a currency is not looked up.
    pub fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.as_bytes().try_into().ok()?;
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(letters.map(|l| l.to_ascii_uppercase())))
    }

    /// Gives the three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CurrencyVisitor)
    }
}

struct CurrencyVisitor;

impl de::Visitor<'_> for CurrencyVisitor {
    type Value = Currency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a currency of three letters, like EUR")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Currency, E> {
        Currency::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Currency {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z]{3}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_amounts_are_equal_however_written() {
        let expected = Decimal {
            units: 125,
            scale: 1,
        };
        for text in ["12.5", "12.50", "012.500", "125e-1", "1.25E1", "0.125e+2"] {
            assert_eq!(Decimal::parse(text), Some(expected), "{text}");
        }
        assert_eq!(Decimal::parse("-0.00"), Some(Decimal::default()));
        assert_eq!(Decimal::parse("1200").unwrap().to_string(), "1200");
        assert_eq!(Decimal::parse("-0.05").unwrap().to_string(), "-0.05");
        assert_eq!(Decimal::parse("12e2").unwrap().to_string(), "1200");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "+1", "1,5", "1e", "NaN", "0x1", "1e999", "1 ",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse("1234567890123456789"), None);
        assert_eq!(Decimal::parse("0.1234567891"), None);
        assert!(Decimal::parse("123456789012345678").is_some());
    }

    #[test]
    fn no_digit_of_a_json_number_is_lost() {
        #[derive(Deserialize)]
        struct Row {
            #[serde(deserialize_with = "exact")]
            amount: Option<Decimal>,
        }
        let row: Row = serde_json::from_str(r#"{"amount":123456789012345.678}"#).unwrap();
        assert_eq!(row.amount.unwrap().to_string(), "123456789012345.678");
        let row: Row = serde_json::from_str(r#"{"amount":"\u0031.10"}"#).unwrap();
        assert_eq!(row.amount.unwrap().to_string(), "1.1");
        assert!(serde_json::from_str::<Row>(r#"{"amount":[1]}"#).is_err());
        assert!(
            serde_json::from_str::<Row>(r#"{"amount":null}"#)
                .unwrap()
                .amount
                .is_none()
        );
    }

    #[test]
    fn a_currency_is_three_letters_in_upper_case() {
        assert_eq!(Currency::parse("eur").unwrap().as_str(), "EUR");
        for text in ["", "EU", "EURO", "E1R", "ЕВ"] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
    }
}
