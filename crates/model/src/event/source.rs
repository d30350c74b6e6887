//! The source fields, which stand flat among the others of a message, a form or a lead.
//!
//! They are many and rare. So they are taken out of the map on its way to the event's own
//! fields and kept in one box, and an event without a source stays small.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{self, DeserializeSeed, Error, IntoDeserializer, MapAccess};
use serde::{Deserialize, Deserializer};

use super::hash::Fields;
use crate::text::Text;
use crate::word::words;

words! {
    /// By which way a source became known (metrics, Call tracking).
    Origin {
        /// A tracked call.
        Calltracking = "calltracking",
        /// Tags of an address.
        Utm = "utm",
        /// The channel itself.
        Channel = "channel",
        /// A tag of a card.
        Card = "card",
        /// An import.
        Import = "import",
    }
}

macro_rules! source {
    ($($tag:literal $(#[$doc:meta])* $field:ident)+) => {
        /// Where a contact came from: marketing tags and the click ids of advertisers.
        #[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
        pub struct Source<'a> {
            $($(#[$doc])* pub $field: Option<Text<'a>>,)+
            /// By which way the source became known.
            pub origin: Option<Origin>,
        }

        #[derive(Clone, Copy)]
        enum Field { $(#[expect(non_camel_case_types, reason = "named as the field")] $field,)+ Origin }

        impl Field {
            fn find(key: &str) -> Option<Self> {
                match key {
                    $(stringify!($field) => Some(Self::$field),)+
                    "origin" => Some(Self::Origin),
                    _ => None,
                }
            }
        }

        impl<'a> Source<'a> {
            fn take<'de: 'a, A>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error>
            where
                A: MapAccess<'de>,
            {
                match field {
                    $(Field::$field => once(&mut self.$field, map.next_value()?, stringify!($field)),)+
                    Field::Origin => once(&mut self.origin, map.next_value()?, "origin"),
                }
            }

            pub(super) fn fields(&self, to: &mut Fields<'_>) {
                $(to.option($tag, self.$field.as_ref());)+
                if let Some(origin) = self.origin {
                    to.word(233, origin);
                }
            }
        }
    };
}

source! {
    221 /// The source, like `google`.
        source
    222 /// The medium, like `cpc`.
        medium
    223 /// The campaign.
        campaign
    224 /// The variant of the advertisement.
        content
    225 /// The search term.
        term
    226 /// The click id of Google Ads.
        gclid
    227 /// The click id of Google Ads from iOS apps.
        gbraid
    228 /// The click id of Google Ads to iOS apps.
        wbraid
    229 /// The click id of Facebook.
        fbclid
    230 /// The click id of Yandex Direct.
        yclid
    231 /// The click id of Microsoft Advertising.
        msclkid
    232 /// The click id of an advertisement that opens WhatsApp.
        ctwa_clid
}

/// The click ids, each with the source and the medium that it names where nothing else does (metrics, 3:
/// Source). The first that is there names them: paid clicks before `fbclid`, which Facebook puts on every
/// link.
pub const CLICKS: [(&str, &str, &str); 7] = [
    ("gclid", "google", "cpc"),
    ("gbraid", "google", "cpc"),
    ("wbraid", "google", "cpc"),
    ("yclid", "yandex", "cpc"),
    ("msclkid", "bing", "cpc"),
    ("ctwa_clid", "facebook", "paid"),
    ("fbclid", "facebook", "social"),
];

fn once<T, E: Error>(place: &mut Option<T>, value: Option<T>, name: &'static str) -> Result<(), E> {
    if place.is_some() {
        return Err(E::duplicate_field(name));
    }
    *place = value;
    Ok(())
}

/// An event with source fields among its own.
pub(super) trait Sourced<'de>: Sized {
    /// Reads the event's own fields.
    fn fields<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;

    /// Puts the source fields in.
    fn set_source(&mut self, source: Box<Source<'de>>);
}

/// Reads an event with its source fields.
pub(super) fn deserialize<'de, T: Sourced<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    from.deserialize_map(SourcedVisitor(PhantomData))
}

struct SourcedVisitor<T>(PhantomData<T>);

impl<'de, T: Sourced<'de>> de::Visitor<'de> for SourcedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let mut source = None;
        let tap = Tap {
            map,
            source: &mut source,
        };
        let mut event = T::fields(de::value::MapAccessDeserializer::new(tap))?;
        if let Some(source) = source {
            event.set_source(source);
        }
        Ok(event)
    }
}

/// Gives a map's entries on, but takes those of the source out.
struct Tap<'t, 'de, A> {
    map: A,
    source: &'t mut Option<Box<Source<'de>>>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Tap<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<Key<'de>>()? {
            let Some(field) = Field::find(&key.0) else {
                return seed
                    .deserialize(key.0.as_ref().into_deserializer())
                    .map(Some);
            };
            self.source
                .get_or_insert_default()
                .take(field, &mut self.map)?;
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key of any length, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> de::Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
