//! A form whose names are paths, `leads[status][0][id]`, as a tree of objects.

use serde_json::{Map, Value};

/// The most parts of a path; what is deeper is left out.
const DEEP: usize = 8;

/// Reads a form into objects; the numbers of lists are names like the others.
pub(super) fn tree<'a>(
    pairs: impl IntoIterator<Item = (impl AsRef<str> + 'a, impl AsRef<str> + 'a)>,
) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in pairs {
        put(&mut root, name.as_ref(), value.as_ref());
    }
    root
}

fn put(root: &mut Value, name: &str, value: &str) {
    let parts: Vec<_> = name
        .split('[')
        .map(|part| part.strip_suffix(']').unwrap_or(part))
        .collect();
    if parts.len() > DEEP {
        return;
    }
    let mut place = root;
    for part in parts {
        // A text where others put an object makes way for the object.
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(fields) = place else { return };
        place = fields.entry(part).or_insert(Value::Null);
    }
    if !place.is_object() {
        *place = value.into();
    }
}

/// Gives the items of a list, which is an object of numbers or, in JSON, a list.
pub(super) fn items(list: &Value) -> Vec<&Value> {
    match list {
        Value::Array(items) => items.iter().collect(),
        Value::Object(items) => items.values().collect(),
        _ => Vec::new(),
    }
}
