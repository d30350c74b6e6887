//! What stands on a card: its fields and its tags.

use serde_json::Value;

use super::form::items;
use crate::body;

/// The most tags of a card that are read.
const MOST: usize = 100;

/// Gives the first value of the field with a code, like `PHONE`.
pub(super) fn particular(item: &Value, code: &str) -> Option<String> {
    let field = fields(item).find(|field| {
        let own = body::first(field, &["/code", "/field_code"]);
        own.as_deref() == Some(code)
    })?;
    value(field)
}

/// Gives what the fields of a lead tell of its source, as fields of an event: those of tracking have codes like
/// `UTM_SOURCE`; those that somebody made himself are known by their names.
pub(super) fn source(item: &Value) -> Vec<(&'static str, String)> {
    let mut source: Vec<(&str, String)> = Vec::new();
    for field in fields(item) {
        let names = ["/code", "/field_code", "/name", "/field_name"];
        let name = body::first(field, &names).unwrap_or_default();
        let Some(own) = body::source_field(&name.to_lowercase()) else {
            continue;
        };
        let is_told = source.iter().any(|(told, _)| *told == own);
        if let Some(value) = value(field).filter(|_| !is_told) {
            source.push((own, body::short(&value)));
        }
    }
    source
}

/// Gives the tags of a card as it stands.
pub(super) fn tags(item: &Value) -> Vec<String> {
    let list = item.get("tags").or_else(|| item.pointer("/_embedded/tags"));
    let mut tags: Vec<String> = Vec::new();
    let mut add = |tag: &str| {
        let tag = body::short(tag.trim());
        if !tag.is_empty() && !tags.contains(&tag) && tags.len() < MOST {
            tags.push(tag);
        }
    };
    match list {
        Some(Value::String(all)) => all.split(',').for_each(&mut add),
        Some(list) => {
            let names = items(list).into_iter();
            let names = names.filter_map(|tag| body::first(tag, &["/name", ""]));
            names.for_each(|name| add(&name));
        }
        None => {}
    }
    tags
}

fn fields(item: &Value) -> impl Iterator<Item = &Value> {
    let list = item.get("custom_fields");
    let list = list.or_else(|| item.get("custom_fields_values"));
    list.map(items).unwrap_or_default().into_iter()
}

/// Gives the first value of a field that has one; of some kinds of fields a value stands alone.
fn value(field: &Value) -> Option<String> {
    let values = items(field.get("values")?).into_iter();
    let mut values = values.filter_map(|value| body::first(value, &["/value", ""]));
    values.next().map(std::borrow::Cow::into_owned)
}
