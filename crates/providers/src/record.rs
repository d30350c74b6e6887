//! What came in: a flat list of names and texts, or a nested JSON object.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

/// One record: a row of a table, the fields of a form or of a query, a JSON object.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    fields: Arc<Map<String, Value>>,
    /// Of a list in it the item that is looked at, and its place.
    item: Option<(Value, Value)>,
}

impl Record {
    /// Makes a record of names and texts; of two with one name the last stays.
    pub fn flat<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fields = fields.into_iter();
        let fields = fields.map(|(name, text)| (name.to_owned(), Value::from(text)));
        Self::of(fields.collect())
    }

    /// Makes a record of a JSON object; anything else is none.
    pub fn nested(value: Value) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self::of(fields)),
            _ => None,
        }
    }

    /// Makes a record of fields.
    pub(crate) fn of(fields: Map<String, Value>) -> Self {
        Self {
            fields: Arc::new(fields),
            item: None,
        }
    }

    /// Gives the record with an item of one of its lists as `item`, and its place as `place`.
    pub(crate) fn at(&self, item: &Value, place: usize) -> Self {
        Self {
            fields: Arc::clone(&self.fields),
            item: Some((item.clone(), Value::from(place))),
        }
    }

    /// Gives the names and values of its fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Gives the value of a field of the record itself.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        match (&self.item, name) {
            (Some((item, _)), "item") => Some(item),
            (Some((_, place)), "place") => Some(place),
            _ => self.fields.get(name),
        }
    }
}

/// Gives a value as trimmed text: numbers and flags in their JSON spelling; nothing, also a blank
/// text, is none, and so are lists and objects.
pub(crate) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim())
            .filter(|text| !text.is_empty())
            .map(Cow::Borrowed),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
