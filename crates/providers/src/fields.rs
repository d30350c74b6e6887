//! Reading what a provider sent field by field: what is not there, or is of another kind, is empty.

use std::borrow::Cow;

use serde_json::{Map, Value};
use trunkline_model::time::{Time, Tz};

use crate::moment::moment;
use crate::record::text;
use crate::{Request, Unreadable};

/// How deep names with brackets lead.
const DEPTH: usize = 8;

/// Reads a body that is JSON or a form. Names of a form with brackets, `a[b][0][c]`, lead inside.
pub(crate) fn body(request: &Request<'_>) -> Result<Value, Unreadable> {
    let start = request.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if matches!(start, Some(b'{' | b'[')) {
        return json(request.body);
    }
    let form = form_urlencoded::parse(request.body);
    Ok(nested(form))
}

/// Reads JSON.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(bytes)
        .map_err(|error| Unreadable::new(format!("the body is no JSON: {error}")))
}

/// Makes an object of names and values: `a[b][0]` leads inside, a repeated name becomes a list.
pub(crate) fn nested<'a>(pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>) -> Value {
    let mut all = Value::Object(Map::new());
    for (name, value) in pairs {
        let (first, rest) = name.split_once('[').unwrap_or((&name, ""));
        let inner = rest.split('[').map(|part| part.trim_end_matches(']'));
        let inner = inner.take(DEPTH).filter(|part| !part.is_empty());
        put(
            &mut all,
            std::iter::once(first).chain(inner),
            value.into_owned(),
        );
    }
    all
}

fn put<'n>(all: &mut Value, path: impl Iterator<Item = &'n str>, value: String) {
    let mut place = all;
    for key in path {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(fields) = place else {
            return;
        };
        place = fields.entry(key).or_insert(Value::Null);
    }
    match place {
        Value::Null => *place = Value::String(value),
        Value::Array(list) => list.push(Value::String(value)),
        Value::String(_) => {
            let first = place.take();
            *place = Value::Array(vec![first, Value::String(value)]);
        }
        _ => {}
    }
}

/// A value, for reading its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'v>(pub(crate) &'v Value);

impl<'v> Fields<'v> {
    /// Gives the text of a field; numbers and flags are texts too. `a.b` leads inside.
    pub(crate) fn get(self, path: &str) -> Option<Cow<'v, str>> {
        text(self.at(path).0)
    }

    /// Gives the text of the first of the fields that has one.
    pub(crate) fn first(self, paths: &[&str]) -> Option<Cow<'v, str>> {
        paths.iter().find_map(|path| self.get(path))
    }

    /// Gives a field.
    pub(crate) fn at(self, path: &str) -> Self {
        Self(path.split('.').fold(self.0, |value, key| &value[key]))
    }

    /// Gives the items of a list, or of an object whose names are their places.
    pub(crate) fn items(self) -> Vec<Self> {
        match self.0 {
            Value::Array(items) => items.iter().map(Self).collect(),
            Value::Object(fields) => {
                let mut items: Vec<_> = fields.iter().collect();
                items.sort_by_key(|(name, _)| name.parse::<u64>().unwrap_or(u64::MAX));
                items.into_iter().map(|(_, item)| Self(item)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Gives a time. Zero is none.
    pub(crate) fn time(self, path: &str, zone: Tz) -> Option<Time> {
        let text = self.get(path)?;
        moment(&text, zone).filter(|time| time.millis() > 0)
    }

    /// Gives a whole number.
    pub(crate) fn number(self, path: &str) -> Option<i64> {
        self.get(path)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_with_brackets_lead_inside() {
        let read = |form: &str| nested(form_urlencoded::parse(form.as_bytes()));
        assert_eq!(
            read("a=1&b[c]=2&b[d][0][e]=3&b[d][10][e]=5&b[d][2][e]=4&l[]=x&l[]=y"),
            json!({ "a": "1", "b": { "c": "2", "d": { "0": { "e": "3" }, "10": { "e": "5" }, "2": { "e": "4" } } },
                    "l": ["x", "y"] })
        );
        let odd = read("a=1&a[b]=2&[=3&x[y=4");
        assert_eq!(
            odd,
            json!({ "a": { "b": "2" }, "": "3", "x": { "y": "4" } })
        );
        let all = read("b[d][0][e]=3&b[d][10][e]=5&b[d][2][e]=4");
        let items = Fields(&all).at("b.d").items();
        let order: Vec<_> = items.iter().filter_map(|it| it.get("e")).collect();
        assert_eq!(order, ["3", "4", "5"]);
    }
}
