//! From text to an event: the way of well-formed ones, without an explanation of what is wrong.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, IgnoredAny, MapAccess};
use serde_json::Error;

use super::{Event, Kind};

/// Parses an event in one pass if `type` is its first key, else in two.
pub(super) fn event(raw: &str) -> Result<Event<'_>, Error> {
    if begins_with_type(raw) {
        return serde_json::from_str::<TypeFirst<'_>>(raw).map(|first| first.0);
    }
    let Typed { kind } = serde_json::from_str(raw)?;
    of_kind(kind, &mut serde_json::Deserializer::from_str(raw))
}

/// Reads the fields of an event of `kind`, skipping those that are not known.
pub(super) fn of_kind<'de, D>(kind: Kind, from: D) -> Result<Event<'de>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    Ok(match kind {
        Kind::Message => Event::Message(Deserialize::deserialize(from)?),
        Kind::Conversation => Event::Conversation(Deserialize::deserialize(from)?),
        Kind::Call => Event::Call(Deserialize::deserialize(from)?),
        Kind::Visit => Event::Visit(Deserialize::deserialize(from)?),
        Kind::Form => Event::Form(Deserialize::deserialize(from)?),
        Kind::Lead => Event::Lead(Deserialize::deserialize(from)?),
        Kind::Purchase => Event::Purchase(Deserialize::deserialize(from)?),
        Kind::Contact => Event::Contact(Deserialize::deserialize(from)?),
        Kind::Task => Event::Task(Deserialize::deserialize(from)?),
        Kind::Rating => Event::Rating(Deserialize::deserialize(from)?),
        Kind::Upload => Event::Upload(Deserialize::deserialize(from)?),
        Kind::Presence => Event::Presence(Deserialize::deserialize(from)?),
        Kind::Spend => Event::Spend(Deserialize::deserialize(from)?),
        Kind::Retract => Event::Retract(Deserialize::deserialize(from)?),
    })
}

/// Says whether the first key is `type`, written without escapes.
fn begins_with_type(raw: &str) -> bool {
    let inside = raw.trim_ascii_start().strip_prefix('{').unwrap_or_default();
    inside.trim_ascii_start().starts_with("\"type\"")
}

/// The type alone; the first one counts where there are several.
pub(super) struct Typed {
    pub(super) kind: Kind,
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TypedVisitor)
    }
}

struct TypedVisitor;

impl<'de> de::Visitor<'de> for TypedVisitor {
    type Value = Typed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Typed, A::Error> {
        let mut kind = None;
        while let Some(key) = map.next_key::<Key>()? {
            match (key, kind) {
                (Key::Type, None) => kind = Some(map.next_value()?),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        kind.map(|kind| Typed { kind })
            .ok_or_else(|| de::Error::missing_field("type"))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Type,
    #[serde(other)]
    Other,
}

/// An event whose first key is known to be `type`.
struct TypeFirst<'a>(Event<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for TypeFirst<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(TypeFirstVisitor).map(TypeFirst)
    }
}

struct TypeFirstVisitor;

impl<'de> de::Visitor<'de> for TypeFirstVisitor {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event<'de>, A::Error> {
        let (_, kind) = map
            .next_entry::<Key, Kind>()?
            .ok_or_else(|| de::Error::missing_field("type"))?;
        of_kind(kind, MapAccessDeserializer::new(map))
    }
}
