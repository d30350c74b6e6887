//! Bounded text, borrowed from what was received wherever it holds no escapes.
//!
//! A value is checked when it is made: its length in characters and its control characters. Ids are
//! keys and may hold no control character at all; texts for people may hold tabs and line breaks;
//! a party of a call is kept whatever it is.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// What a kind of text admits.
pub trait Rule: Copy + Ord + std::hash::Hash + fmt::Debug + 'static {
    /// The fewest characters.
    const MIN: usize;
    /// The most characters.
    const MAX: usize;
    /// Which control characters are admitted.
    const CONTROLS: Controls;
    /// Whether a bare JSON number stands for its digits.
    const NUMBERS: bool = false;
}

/// Which control characters (Unicode `Cc`) a text admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// None.
    None,
    /// Tab, line feed and carriage return.
    Breaks,
    /// All.
    All,
}

/// Says why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// The text has more characters than its kind admits.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// The text holds a control character that its kind does not admit.
    #[error("it holds a control character")]
    Control,
}

/// A text that keeps rule `R`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounded<'a, R>(Cow<'a, str>, PhantomData<R>);

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $alias:ident $min:literal..=$max:literal $controls:ident $numbers:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $rule;

        impl Rule for $rule {
            const MIN: usize = $min;
            const MAX: usize = $max;
            const CONTROLS: Controls = Controls::$controls;
            const NUMBERS: bool = $numbers;
        }

        $(#[$doc])*
        pub type $alias<'a> = Bounded<'a, $rule>;
    )+};
}

rules! {
    /// An id: 1 to 200 characters, no control characters.
    IdRule Id 1..=200 None false;
    /// A name, tag, source or other short text: at most 256 characters.
    ShortRule Text 0..=256 Breaks false;
    /// An address, title or reason: at most 4,096 characters.
    LongRule LongText 0..=4096 Breaks false;
    /// A party of a call as the sender wrote it: any text of at most 64 characters.
    PartyRule Party 0..=64 All true;
}

impl<'a, R: Rule> Bounded<'a, R> {
    /// Checks `text` against the rule.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, TextError> {
        let text = text.into();
        check::<R>(&text)?;
        Ok(Self(text, PhantomData))
    }

    /// Gives the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Copies the text out of what it was borrowed from.
    pub fn into_owned(self) -> Bounded<'static, R> {
        Bounded(Cow::Owned(self.0.into_owned()), PhantomData)
    }
}

fn check<R: Rule>(text: &str) -> Result<(), TextError> {
    if text.len() < R::MIN {
        return Err(TextError::Empty);
    }
    // A character has at least one byte, so that short texts need no count.
    if text.len() > R::MAX && text.chars().count() > R::MAX {
        return Err(TextError::TooLong(R::MAX));
    }
    match R::CONTROLS {
        Controls::All => Ok(()),
        _ if !may_hold_controls(text) => Ok(()),
        Controls::None if text.chars().any(char::is_control) => Err(TextError::Control),
        Controls::Breaks if text.chars().any(is_unwanted) => Err(TextError::Control),
        _ => Ok(()),
    }
}

/// Says whether a text may hold control characters: `false` is certain.
///
/// Eight bytes are looked at at once: all must be ASCII from 0x20 to 0x7e. Other scripts get `true`
/// and a closer look.
#[inline]
fn may_hold_controls(text: &str) -> bool {
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let suspicious = |eight: [u8; 8]| {
        let eight = u64::from_ne_bytes(eight);
        // A byte's top bit is set by the subtraction if the byte was smaller, by the addition if
        // it was greater than 0x7e, or stands in it already.
        (eight.wrapping_sub(all(0x20)) | eight.wrapping_add(all(1)) | eight) & all(0x80)
    };
    let bytes = text.as_bytes();
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut found = chunks
        .iter()
        .fold(0, |found, chunk| found | suspicious(*chunk));
    match bytes.last_chunk::<8>() {
        Some(last) => found |= suspicious(*last),
        None => return rest.iter().any(|byte| !(0x20..0x7f).contains(byte)),
    }
    found != 0
}

fn is_unwanted(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

impl<R> Deref for Bounded<'_, R> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<R> AsRef<str> for Bounded<'_, R> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<R> fmt::Display for Bounded<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<R> fmt::Debug for Bounded<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<R> Serialize for Bounded<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a, R: Rule> Deserialize<'de> for Bounded<'a, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TextVisitor(PhantomData);
        if R::NUMBERS {
            deserializer.deserialize_any(visitor)
        } else {
            deserializer.deserialize_str(visitor)
        }
    }
}

/// Borrows a text where it can; serde's own `Cow` does not inside an `Option`.
struct TextVisitor<R>(PhantomData<R>);

impl<R: Rule> TextVisitor<R> {
    /// Checks and refuses; out of line, for what usually comes was let through before.
    #[cold]
    #[inline(never)]
    fn check<E: de::Error>(self, text: Cow<'_, str>) -> Result<Bounded<'_, R>, E> {
        Bounded::new(text)
            .map_err(|error| E::custom(format_args!("{error}, expected {}", Expected(self))))
    }
}

impl<'de, R: Rule> de::Visitor<'de> for TextVisitor<R> {
    type Value = Bounded<'de, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text of {} to {} characters", R::MIN, R::MAX)
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        // Plain ASCII, so that its bytes are its characters; other texts are looked at closely.
        if !may_hold_controls(text) && (R::MIN..=R::MAX).contains(&text.len()) {
            return Ok(Bounded(Cow::Borrowed(text), PhantomData));
        }
        self.check(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        self.check(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        self.check(Cow::Owned(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        if R::NUMBERS {
            return self.check(Cow::Owned(number.to_string()));
        }
        Err(E::invalid_type(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        if R::NUMBERS {
            return self.check(Cow::Owned(number.to_string()));
        }
        Err(E::invalid_type(de::Unexpected::Signed(number), &self))
    }
}

struct Expected<R>(TextVisitor<R>);

impl<R: Rule> fmt::Display for Expected<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        de::Visitor::expecting(&self.0, f)
    }
}

impl<R: Rule> JsonSchema for Bounded<'_, R> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        std::any::type_name::<R>().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string", "maxLength": R::MAX });
        if R::NUMBERS {
            schema.insert("type".to_owned(), serde_json::json!(["string", "integer"]));
        }
        if R::MIN > 0 {
            schema.insert("minLength".to_owned(), R::MIN.into());
        }
        let pattern = match R::CONTROLS {
            Controls::None => "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
            Controls::Breaks => "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$",
            Controls::All => return schema,
        };
        schema.insert("pattern".to_owned(), pattern.into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &str) -> Result<Id<'_>, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn an_id_has_1_to_200_characters_counted_as_characters() {
        assert!(id("\"\"").is_err());
        assert!(id("\"a\"").is_ok());
        assert!(id(&format!("\"{}\"", "ж".repeat(200))).is_ok());
        assert!(id(&format!("\"{}\"", "ж".repeat(201))).is_err());
        assert!(id(&format!("\"{}\"", "a".repeat(201))).is_err());
    }

    #[test]
    fn an_id_holds_no_control_characters() {
        for json in [
            "\"a\\u0000\"",
            "\"a\\nb\"",
            "\"a\u{7f}\"",
            "\"a\u{85}\"",
            "\"\\u009f\"",
        ] {
            assert!(id(json).is_err(), "{json}");
        }
        for json in ["\"a b\"", "\"Â£ ±\"", "\"😀\"", "\"\\u0041\""] {
            assert!(id(json).is_ok(), "{json}");
        }
    }

    #[test]
    fn a_plain_text_is_borrowed_also_inside_an_option() {
        let json = String::from("\"abc\"");
        let read: Option<Id<'_>> = serde_json::from_str(&json).unwrap();
        assert!(matches!(read, Some(Bounded(Cow::Borrowed("abc"), _))));
        let escaped: Id<'_> = serde_json::from_str("\"\\u0041\"").unwrap();
        assert!(matches!(escaped.0, Cow::Owned(_)));
        assert_eq!(&*escaped, "A");
    }

    #[test]
    fn a_text_admits_line_breaks_but_no_other_controls() {
        assert!(serde_json::from_str::<Text<'_>>("\"a\\n\\tb\"").is_ok());
        assert!(serde_json::from_str::<Text<'_>>("\"a\\u0001\"").is_err());
        assert!(serde_json::from_str::<Text<'_>>("\"\"").is_ok());
    }

    #[test]
    fn a_party_is_any_text_and_a_number_is_its_digits() {
        for (json, kept) in [
            ("\"anonymous\\u0000\"", "anonymous\0"),
            ("79161234567", "79161234567"),
            ("\"\"", ""),
        ] {
            assert_eq!(&*serde_json::from_str::<Party<'_>>(json).unwrap(), kept);
        }
        assert!(serde_json::from_str::<Party<'_>>(&format!("\"{}\"", "1".repeat(65))).is_err());
        assert!(serde_json::from_str::<Id<'_>>("5").is_err());
    }
}
