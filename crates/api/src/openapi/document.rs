//! The doors, written as OpenAPI 3.1.
//!
//! Every operation also has what every request may be answered: see [`COMMON`].

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use trunkline_model::event::schema;
use url::form_urlencoded;

use super::operation::{Group, Operation, Parameter, Place, Sample, Shape};
use crate::door::Door;
use crate::problem::{self, Code, MEDIA_TYPE, codes};

/// Why any request may be refused.
const COMMON: [Code; 4] = [
    Code::RequestTimeout,
    Code::Internal,
    Code::TooManyConnections,
    Code::TimedOut,
];

const ABOUT: &str = "Trunkline takes in the messages between managers and contacts and answers how fast and how \
    much each manager answers.\n\nA success is answered only after the events are on stable storage. Any other answer \
    is `application/problem+json` (RFC 9457) with a stable `code`; nothing of such a request was promised, and sending \
    the same events again is always safe. Every answer has the header `x-request-id`, which also stands in the log; \
    send one to choose it. What says 503 also says `Retry-After`.\n\nTimes are answered as RFC 3339, UTC, with \
    milliseconds. Phone numbers are masked unless the token has the scope `read:phones`.";

const TOKEN: &str = "A token of the configuration (`trunkline token new` makes one). The names beside it are the scopes that an operation needs.";

/// The groups: name and meaning.
const GROUPS: [(Group, &str, &str); 5] = [
    (Group::Events, "Events in", "Send what happened."),
    (
        Group::Visits,
        "Visits of sites",
        "Ask which number to show, and tell that somebody is there.",
    ),
    (Group::Figures, "Figures out", "Ask for what came of it."),
    (
        Group::Administration,
        "Administration",
        "For whoever runs the service.",
    ),
    (Group::Service, "The service", "How it stands."),
];

/// Writes the document of the doors.
pub(super) fn write(doors: &[Door]) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|all| all.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths = Map::new();
    for door in doors.iter().filter(|door| !door.operations.is_empty()) {
        let operations = door.operations.iter();
        let item: Map<String, Value> = operations
            .map(|(method, about)| {
                let written = operation(door.path, method, about, &mut generator);
                ((*method).to_owned(), written)
            })
            .collect();
        paths.insert(door.path.to_owned(), item.into());
    }
    let mut schemas = generator.take_definitions(true);
    events(&mut schemas);
    let tag = |(_, name, about): &(Group, &str, &str)| json!({"name": name, "description": about});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Trunkline",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": GROUPS.iter().map(tag).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": TOKEN },
            },
            "schemas": schemas,
        },
    })
}

/// Adds the schema of all events, each under the name of its type.
fn events(schemas: &mut Map<String, Value>) {
    let mut all = schema();
    let mut mapping = Map::new();
    let mut either = Vec::new();
    for event in all["oneOf"].take().as_array().into_iter().flatten() {
        let kind = event["title"].as_str().unwrap_or_default();
        let place = format!("#/components/schemas/event.{kind}");
        either.push(json!({ "$ref": place }));
        mapping.insert(kind.to_owned(), place.into());
        schemas.insert(format!("event.{kind}"), event.clone());
    }
    let event = json!({
        "description": all["description"],
        "oneOf": either,
        "discriminator": { "propertyName": "type", "mapping": mapping },
    });
    schemas.insert("Event".to_owned(), event);
}

fn operation(
    path: &str,
    method: &str,
    about: &Operation,
    generator: &mut SchemaGenerator,
) -> Value {
    let group = GROUPS.iter().find(|(group, ..)| *group == about.group);
    let given = about
        .samples
        .first()
        .map_or_else(BTreeMap::new, |it| values(path, it));
    let parameters = about.parameters.iter();
    let mut written = json!({
        "operationId": about.id,
        "tags": group.map(|(_, name, _)| name).into_iter().collect::<Vec<_>>(),
        "summary": about.summary,
        "security": security(about),
        "parameters": parameters.map(|it| parameter(it, &given)).collect::<Vec<_>>(),
        "responses": responses(about, generator),
        "x-codeSamples": about.samples.iter().map(|it| sample(it, method, about)).collect::<Vec<_>>(),
    });
    if !about.about.is_empty() {
        written["description"] = about.about.into();
    }
    if !about.bodies.is_empty() {
        let bodies = about.bodies.iter();
        let content: Map<String, Value> = bodies
            .map(|(media, shape)| ((*media).to_owned(), taken(media, shape, about, generator)))
            .collect();
        written["requestBody"] = json!({ "required": true, "content": content });
    }
    written
}

fn security(about: &Operation) -> Value {
    match about.scope {
        None => json!([]),
        Some((scope, false)) => json!([{ "token": [scope.as_str()] }]),
        Some((scope, true)) => json!([{ "token": [scope.as_str()] }, {}]),
    }
}

fn parameter(parameter: &Parameter, given: &BTreeMap<String, String>) -> Value {
    let mut written = json!({
        "name": parameter.name,
        "in": match parameter.place {
            Place::Path => "path",
            Place::Query | Place::Needed => "query",
        },
        "required": parameter.place != Place::Query,
        "description": parameter.about,
        "schema": parameter.schema,
    });
    if let Some(value) = given.get(parameter.name) {
        written["example"] = if parameter.schema["type"] == "array" {
            json!([value])
        } else {
            value.as_str().into()
        };
    }
    written
}

/// Reads the values of parameters off an example.
fn values(path: &str, sample: &Sample) -> BTreeMap<String, String> {
    let (target, query) = sample.target.split_once('?').unwrap_or((sample.target, ""));
    let segments = path.split('/').zip(target.split('/'));
    let named = segments.filter_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name.to_owned(), value.to_owned()))
    });
    named
        .chain(form_urlencoded::parse(query.as_bytes()).into_owned())
        .collect()
}

fn taken(media: &str, shape: &Shape, about: &Operation, generator: &mut SchemaGenerator) -> Value {
    let samples = about.samples.iter().filter(|it| !it.gzip);
    let examples = samples.filter_map(|it| {
        let (_, text) = it.body.filter(|(of, _)| *of == media)?;
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or(Value::Null))
                .collect(),
        };
        Some((it.title.to_owned(), json!({ "value": value })))
    });
    let examples: Map<String, Value> = examples.collect();
    json!({ "schema": schema_of(shape, generator), "examples": examples })
}

fn schema_of(shape: &Shape, generator: &mut SchemaGenerator) -> Value {
    match shape {
        Shape::Of(make) => make(generator).to_value(),
        Shape::Is(schema) => schema.clone(),
    }
}

fn responses(about: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut all = BTreeMap::<u16, Value>::new();
    for answer in &about.answers {
        let of = all.entry(answer.status).or_insert_with(|| json!({}));
        add_text(of, answer.about);
        if let Some((media, shape)) = &answer.body {
            of["content"][*media] = json!({ "schema": schema_of(shape, generator) });
        }
    }
    for (status, codes) in refusals(about) {
        let of = all.entry(status).or_insert_with(|| json!({}));
        refusal(of, status, &codes, about, generator);
    }
    for (status, name, about) in &about.headers {
        let header = json!({ "description": about, "schema": { "type": "string" } });
        if let Some(of) = all.get_mut(status) {
            of["headers"][*name] = header;
        }
    }
    let all = all.into_iter().map(|(status, of)| (status.to_string(), of));
    all.collect::<Map<_, _>>().into()
}

/// Gives the codes of refusals by their status.
fn refusals(about: &Operation) -> BTreeMap<u16, Vec<&'static str>> {
    let mut all = BTreeMap::<u16, Vec<&'static str>>::new();
    let common = COMMON.iter().map(|code| code.info());
    let common = common.map(|info| (info.status, info.code));
    for (status, code) in about.refusals.iter().copied().chain(common) {
        let codes = all.entry(status).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    all
}

fn refusal(
    of: &mut Value,
    status: u16,
    known: &[&str],
    about: &Operation,
    generator: &mut SchemaGenerator,
) {
    for code in known {
        let meaning = codes().iter().find(|info| info.code == *code);
        let meaning = meaning.map_or("Nothing of the body could be taken in.", |it| it.meaning);
        add_text(of, &format!("`{code}`: {meaning}"));
    }
    let problem = schema_of(&Shape::of::<problem::Shown>(), generator);
    let longer = about.longer.iter().filter(|(of, _)| *of == status);
    let mut forms = vec![problem];
    forms.extend(longer.map(|(_, shape)| schema_of(shape, generator)));
    let mut schema = json!({
        "type": "object",
        "properties": { "code": { "enum": known }, "status": { "const": status } },
    });
    // What says more says all that a problem does too.
    schema["anyOf"] = forms.into();
    of["content"][MEDIA_TYPE] = json!({ "schema": schema });
    let header = match status {
        401 => "WWW-Authenticate",
        503 => "Retry-After",
        _ => return,
    };
    let schema = if status == 503 { "integer" } else { "string" };
    let about = if status == 503 {
        "Seconds to wait before trying again."
    } else {
        "How to authenticate."
    };
    of["headers"][header] = json!({ "description": about, "schema": { "type": schema } });
}

/// Adds a paragraph to a description.
fn add_text(of: &mut Value, text: &str) {
    let before = of["description"].as_str().unwrap_or_default();
    of["description"] = if before.is_empty() {
        text.into()
    } else {
        format!("{before}\n\n{text}").into()
    };
}

/// Writes an example as a command for a shell.
fn sample(sample: &Sample, method: &str, about: &Operation) -> Value {
    let mut lines = vec![format!(
        "curl -sS --fail-with-body \"$TRUNKLINE{}\"",
        sample.target
    )];
    if about.scope.is_some() {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    let mut before = String::new();
    match sample.body {
        Some((media, text)) => {
            lines.push(format!("-H 'Content-Type: {media}'"));
            if sample.gzip {
                before = format!("printf '%s\\n' '{text}' | gzip |\n  ");
                lines.push("-H 'Content-Encoding: gzip' --data-binary @-".to_owned());
            } else {
                lines.push(format!("--data-binary '{text}'"));
            }
        }
        None if method == "post" => lines.push("-X POST".to_owned()),
        None => {}
    }
    let source = format!("{before}{}", lines.join(" \\\n  "));
    json!({ "lang": "Shell", "label": sample.title, "source": source })
}
