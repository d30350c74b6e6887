//! Fields that hold several values, or one written without a list.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, value::StrDeserializer};
use serde::{Deserialize, Deserializer};

use crate::text::{Bounded, Rule};

/// The most values of one field.
pub(super) const MOST: usize = 100;

/// Reads `"x"` as `["x"]`, and `null` as none.
pub(super) fn one_or_many<'de: 'a, 'a, D, R>(from: D) -> Result<Vec<Bounded<'a, R>>, D::Error>
where
    D: Deserializer<'de>,
    R: Rule,
{
    from.deserialize_any(ListVisitor(PhantomData))
}

/// Reads a list that must not be empty.
pub(super) fn at_least_one<'de: 'a, 'a, D, R>(from: D) -> Result<Vec<Bounded<'a, R>>, D::Error>
where
    D: Deserializer<'de>,
    R: Rule,
{
    let list = one_or_many(from)?;
    if list.is_empty() {
        return Err(de::Error::invalid_length(0, &"at least one"));
    }
    Ok(list)
}

/// Gives the schema of what [`one_or_many`] reads.
pub(super) fn schema<R: Rule>(generator: &mut SchemaGenerator) -> Schema {
    let one = Bounded::<R>::json_schema(generator);
    let many = json_schema!({ "type": "array", "items": one, "maxItems": MOST });
    json_schema!({ "anyOf": [one, many, { "type": "null" }] })
}

/// Gives the schema of what [`at_least_one`] reads.
pub(super) fn schema_of_some<R: Rule>(generator: &mut SchemaGenerator) -> Schema {
    let one = Bounded::<R>::json_schema(generator);
    let many = json_schema!({ "type": "array", "items": one, "minItems": 1, "maxItems": MOST });
    json_schema!({ "anyOf": [one, many] })
}

struct ListVisitor<R>(PhantomData<R>);

impl<'de, R: Rule> de::Visitor<'de> for ListVisitor<R> {
    type Value = Vec<Bounded<'de, R>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text, or a list of at most {MOST} texts")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(vec![Bounded::deserialize(
            de::value::BorrowedStrDeserializer::new(text),
        )?])
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let one: StrDeserializer<'_, E> = de::IntoDeserializer::into_deserializer(text);
        Ok(vec![Bounded::deserialize(
            de::value::StringDeserializer::new(String::deserialize(one)?),
        )?])
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            if list.len() == MOST {
                return Err(de::Error::invalid_length(MOST + 1, &self));
            }
            list.push(item);
        }
        Ok(list)
    }
}
