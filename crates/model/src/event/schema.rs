//! The JSON Schema of all events, made from the types that parse them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::examples::examples;
use super::{
    Call, ContactChange, ConversationChange, Form, Kind, Lead, Message, Presence, Purchase, Rating,
    Retract, Source, Spend, Task, Upload, Visit,
};
use crate::word::Word;

/// Gives the JSON Schema (draft 2020-12) of all events: one schema for each `type`, with examples.
///
/// It says what is refused of types, lengths, words and missing fields. That `at` may not lie more
/// than a day ahead, and how long and how deep an event may be, it cannot say.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|all| all.inline_subschemas = true);
    let mut generator = settings.into_generator();
    let events: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| of(*kind, &mut generator))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Trunkline events",
        "description": "One flat JSON object for each event; `type` names it. Unknown fields are kept.",
        "oneOf": events,
    })
}

fn of(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    let fields = fields(kind, generator);
    let mut properties = Map::new();
    let doc = kind_description(&fields);
    properties.insert("type".to_owned(), json!({ "const": kind.as_str() }));
    properties.extend(object(&fields, "properties"));
    if matches!(kind, Kind::Message | Kind::Form | Kind::Lead) {
        properties.extend(object(
            &Source::json_schema(generator).to_value(),
            "properties",
        ));
    }
    if matches!(kind, Kind::Lead | Kind::Purchase) {
        let mut contact = properties["contacts"].clone();
        contact["description"] = "Stands for `contacts` with this one contact.".into();
        properties.insert("contact".to_owned(), contact);
    }
    let mut required = vec![json!("type")];
    required.extend(fields["required"].as_array().into_iter().flatten().cloned());
    let mut schema = json!({
        "title": kind.as_str(),
        "description": doc,
        "type": "object",
        "properties": properties,
        "required": required,
        "examples": examples(kind),
    });
    relations(kind, &mut schema);
    schema
}

/// Adds what a struct cannot say: which of two fields is needed, which excludes the other.
fn relations(kind: Kind, schema: &mut Value) {
    let both = json!({ "required": ["contact", "contacts"] });
    match kind {
        Kind::Lead => schema["not"] = both,
        Kind::Purchase => {
            let given: Vec<Value> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|name| *name != "contacts")
                .cloned()
                .collect();
            schema["required"] = given.into();
            schema["oneOf"] = json!([{ "required": ["contacts"] }, { "required": ["contact"] }]);
        }
        Kind::Retract => {
            let given = |name: &str| json!({ "required": [name], "properties": { name: { "type": "string" } } });
            schema["oneOf"] = json!([given("target"), given("batch")]);
        }
        Kind::Rating => {
            schema["if"] = json!({ "properties": { "kind": { "const": "csat" } } });
            schema["then"] = json!({ "properties": { "value": { "minimum": 1, "maximum": 5 } } });
        }
        _ => {}
    }
}

fn fields(kind: Kind, generator: &mut SchemaGenerator) -> Value {
    let schema = match kind {
        Kind::Message => Message::json_schema(generator),
        Kind::Conversation => ConversationChange::json_schema(generator),
        Kind::Call => Call::json_schema(generator),
        Kind::Visit => Visit::json_schema(generator),
        Kind::Form => Form::json_schema(generator),
        Kind::Lead => Lead::json_schema(generator),
        Kind::Purchase => Purchase::json_schema(generator),
        Kind::Contact => ContactChange::json_schema(generator),
        Kind::Task => Task::json_schema(generator),
        Kind::Rating => Rating::json_schema(generator),
        Kind::Upload => Upload::json_schema(generator),
        Kind::Presence => Presence::json_schema(generator),
        Kind::Spend => Spend::json_schema(generator),
        Kind::Retract => Retract::json_schema(generator),
    };
    schema.to_value()
}

fn kind_description(fields: &Value) -> Value {
    fields["description"].clone()
}

fn object(schema: &Value, key: &str) -> Map<String, Value> {
    schema[key].as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests;
