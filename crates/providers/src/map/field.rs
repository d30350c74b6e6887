//! One field of an event: where its value comes from and what is done to it.
//!
//! The way of a value is always the same: the columns are put into the template; if that is empty
//! the default takes its place; then the look-up; then the conversion to a number, a flag, a time
//! or a list. A field that ends up empty is left out of the event.

use std::borrow::Cow;

use serde_json::Value;
use trunkline_model::time::{Time, Tz};

use super::clock::{self, Fold};
use super::error::{RowError, short};
use super::lookup::Lookup;
use super::number;
use super::out::Out;
use super::template::Template;
use crate::record::{Record, text};

/// A field of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// Its key in the map, from the top.
    pub(super) key: String,
    /// Its name in the event.
    pub(super) name: String,
    pub(super) value: FieldValue,
}

/// Where a field's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue {
    /// The same in every event.
    Constant(Out),
    /// An object with fields of its own.
    Object(Vec<Field>),
    /// Each template that is not empty.
    Several(Vec<Template>),
    /// One value out of columns.
    One(Box<One>),
}

/// A value out of columns.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct One {
    pub(super) from: Template,
    pub(super) default: Option<String>,
    pub(super) lookup: Option<Lookup>,
    pub(super) how: How,
}

/// What a text becomes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum How {
    Text,
    /// Texts of a list of the record, or one text.
    Texts,
    /// Texts between separators.
    Split(String),
    Number(number::Format),
    /// How many characters it has.
    Length,
    Flag {
        yes: Vec<String>,
        no: Vec<String>,
    },
    Moment {
        formats: Vec<clock::Format>,
        zone: Tz,
        fold: Fold,
        plus: Vec<Template>,
    },
}

impl Field {
    /// Makes the field's value; none where it is empty.
    pub(super) fn make(&self, record: &Record, blank: &[String]) -> Result<Option<Out>, RowError> {
        match &self.value {
            FieldValue::Constant(out) => Ok(Some(out.clone())),
            FieldValue::Object(fields) => object(fields, record, blank),
            FieldValue::Several(templates) => {
                let texts = templates.iter().filter_map(|it| it.fill(record, blank));
                Ok(list(texts.map(Cow::into_owned)))
            }
            FieldValue::One(one) => one.make(&self.key, record, blank),
        }
    }

    /// Lists the columns it needs.
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.value {
            FieldValue::Constant(_) => Vec::new(),
            FieldValue::Object(fields) => fields.iter().flat_map(Self::columns).collect(),
            FieldValue::Several(templates) => {
                templates.iter().flat_map(Template::columns).collect()
            }
            FieldValue::One(one) => one.columns(),
        }
    }
}

fn object(fields: &[Field], record: &Record, blank: &[String]) -> Result<Option<Out>, RowError> {
    let mut made = Vec::new();
    for field in fields {
        if let Some(out) = field.make(record, blank)? {
            made.push((field.name.clone(), out));
        }
    }
    Ok((!made.is_empty()).then_some(Out::Object(made)))
}

fn list(texts: impl Iterator<Item = String>) -> Option<Out> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then_some(Out::List(texts))
}

impl One {
    fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = self.from.columns().collect();
        if let How::Moment { plus, .. } = &self.how {
            columns.extend(plus.iter().flat_map(Template::columns));
        }
        columns
    }

    fn make(&self, key: &str, record: &Record, blank: &[String]) -> Result<Option<Out>, RowError> {
        if let (How::Texts, Some(path)) = (&self.how, self.from.only_column())
            && let Some(Value::Array(items)) = path.find(record)
        {
            let texts = items.iter().filter_map(text);
            return Ok(list(texts.map(Cow::into_owned)));
        }
        let filled = self.from.fill(record, blank);
        let Some(text) = filled.or(self.default.as_deref().map(Cow::Borrowed)) else {
            return Ok(None);
        };
        let text = match &self.lookup {
            None => text,
            Some(lookup) => match lookup.find(key, &text)? {
                None => return Ok(None),
                Some(ours) => Cow::Owned(ours),
            },
        };
        self.how.convert(key, &text, record, blank)
    }
}

impl How {
    fn convert(
        &self,
        key: &str,
        text: &str,
        record: &Record,
        blank: &[String],
    ) -> Result<Option<Out>, RowError> {
        let wrong = |what: &str| RowError::new(key, format!("{} is {what}", short(text)));
        let out = match self {
            Self::Text | Self::Texts => Out::Text(text.to_owned()),
            Self::Split(mark) => {
                let parts = text.split(mark.as_str()).map(str::trim);
                let texts = parts.filter(|part| !part.is_empty());
                return Ok(list(texts.map(str::to_owned)));
            }
            Self::Number(format) => {
                let digits = format.read(text);
                Out::Number(digits.ok_or_else(|| wrong("no number as the map says"))?)
            }
            Self::Length => Out::Number(text.chars().count().to_string()),
            Self::Flag { yes, no } => {
                let is =
                    |words: &[String]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
                match (is(yes), is(no)) {
                    (true, _) => Out::Flag(true),
                    (_, true) => Out::Flag(false),
                    _ => return Err(wrong("neither yes nor no")),
                }
            }
            Self::Moment {
                formats,
                zone,
                fold,
                plus,
            } => {
                let mut read = formats.iter().filter_map(|it| it.time(text, *zone, *fold));
                let time = read
                    .next()
                    .ok_or_else(|| wrong("no time from 1970 to 2100 as the map says"))?;
                Out::Text(later(key, time, plus, record, blank)?.to_string())
            }
        };
        Ok(Some(out))
    }
}

/// Adds lengths of time; an empty one is none.
fn later(
    key: &str,
    time: Time,
    plus: &[Template],
    record: &Record,
    blank: &[String],
) -> Result<Time, RowError> {
    let mut millis = time.millis();
    for template in plus {
        let Some(text) = template.fill(record, blank) else {
            continue;
        };
        let add = number::millis(&text).and_then(|add| millis.checked_add(add));
        millis = add.ok_or_else(|| {
            let detail = format!("{} is no number of seconds to add", short(&text));
            RowError::new(format!("{key}.plus"), detail)
        })?;
    }
    clock::accepted(millis)
        .ok_or_else(|| RowError::new(format!("{key}.plus"), "the sum lies outside 1970 to 2100"))
}
