//! Closed sets of words: enums that are written in JSON as one fixed lower-case word.
//!
//! The word is the contract: it is what senders write, what tables hold and what hashes cover, so
//! variants may be reordered but a word never changes.

use std::fmt;
use std::marker::PhantomData;

use serde::de;

/// A closed set of words.
pub trait Word: Copy + 'static {
    /// Lists every member, in the order of the documentation.
    const ALL: &'static [Self];

    /// Gives the word as it is written in JSON.
    fn word(self) -> &'static str;

    /// Finds the member written as `text`, exactly.
    fn find(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|member| member.word() == text)
    }
}

/// Reads one word of `W`; its error lists the words that are admitted.
pub(crate) struct WordVisitor<W>(pub(crate) PhantomData<W>);

impl<W: Word> de::Visitor<'_> for WordVisitor<W> {
    type Value = W;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of ")?;
        for (place, member) in W::ALL.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{}", member.word())?;
        }
        Ok(())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<W, E> {
        W::find(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

/// Declares an enum as a closed set of words with everything that belongs to one.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Gives the word as it is written in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::word::Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn word(self) -> &'static str {
                self.as_str()
            }

            fn find(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str($crate::word::WordVisitor(std::marker::PhantomData))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($text),+] })
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use crate::event::Change;

    #[test]
    fn a_word_is_read_and_written_as_itself() {
        let read: Change = serde_json::from_str("\"handed_off\"").unwrap();
        assert_eq!(read, Change::HandedOff);
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"handed_off\"");
        assert_eq!(format!("{read:>12}|"), "  handed_off|");
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_list() {
        let error = serde_json::from_str::<Change>("\"opened\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("expected one of assigned, handed_off, closed"),
            "{error}"
        );
    }
}
