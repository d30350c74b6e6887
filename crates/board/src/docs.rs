//! `/docs`: the OpenAPI document as one page for people, without a script of its own.
//!
//! What is shown is read off the document alone, so the page can say nothing that the document does
//! not. Of schemas it shows what tables can: names, types, words, meanings; the document has all.

use askama::Template;
use serde_json::{Map, Value};

use crate::assets;
use crate::panels::render;

/// A paragraph: pieces of text, each with whether it is code.
type Paragraph = Vec<(bool, String)>;

/// What a value is: pieces of text, each with whether it is the name of a schema.
type Kind = Vec<(bool, String)>;

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    version: String,
    about: Vec<Paragraph>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

struct Group {
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    access: String,
    about: Vec<Paragraph>,
    parameters: Vec<Field>,
    bodies: Vec<(String, Kind)>,
    samples: Vec<(String, String)>,
    answers: Vec<Answer>,
}

struct Answer {
    status: String,
    good: bool,
    about: Vec<Paragraph>,
    forms: Vec<(String, Kind)>,
    headers: Vec<(String, String)>,
}

/// A parameter, or a field of an object.
struct Field {
    name: String,
    place: String,
    kind: Kind,
    required: bool,
    about: Vec<Paragraph>,
    default: Option<String>,
}

struct Schema {
    name: String,
    about: Vec<Paragraph>,
    kind: Kind,
    fields: Vec<Field>,
}

/// Renders an OpenAPI document.
pub fn docs(document: &Value) -> String {
    let groups = list(&document["tags"]).iter().map(|tag| Group {
        name: text(&tag["name"]),
        about: text(&tag["description"]),
        operations: operations(document, &tag["name"]),
    });
    let schemas = fields_of(&document["components"]["schemas"]);
    render(&Docs {
        version: text(&document["info"]["version"]),
        about: paragraphs(&document["info"]["description"]),
        groups: groups.collect(),
        schemas: schemas.map(|(name, it)| schema(name, it)).collect(),
    })
}

fn operations(document: &Value, tag: &Value) -> Vec<Operation> {
    let paths = fields_of(&document["paths"]);
    let all = paths
        .flat_map(|(path, item)| fields_of(item).map(move |(method, about)| (path, method, about)));
    let own = all.filter(|(_, _, about)| list(&about["tags"]).contains(tag));
    own.map(|(path, method, about)| operation(path, method, about))
        .collect()
}

fn operation(path: &str, method: &str, about: &Value) -> Operation {
    let parameters = list(&about["parameters"]).iter().map(|it| Field {
        name: text(&it["name"]),
        place: text(&it["in"]),
        kind: kind(&it["schema"]),
        required: it["required"] == true,
        about: paragraphs(&it["description"]),
        default: default(&it["schema"]),
    });
    let samples = list(&about["x-codeSamples"]).iter();
    let answers = fields_of(&about["responses"]).map(|(status, it)| Answer {
        status: status.clone(),
        good: status.starts_with(['1', '2']),
        about: paragraphs(&it["description"]),
        forms: forms(&it["content"]),
        headers: fields_of(&it["headers"])
            .map(|(name, it)| (name.clone(), text(&it["description"])))
            .collect(),
    });
    Operation {
        id: text(&about["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&about["summary"]),
        access: access(&about["security"]),
        about: paragraphs(&about["description"]),
        parameters: parameters.collect(),
        bodies: forms(&about["requestBody"]["content"]),
        samples: samples
            .map(|it| (text(&it["label"]), text(&it["source"])))
            .collect(),
        answers: answers.collect(),
    }
}

/// Says which token is needed.
fn access(security: &Value) -> String {
    let scopes = list(security).iter().flat_map(|it| list(&it["token"]));
    let scopes: Vec<String> = scopes.map(text).collect();
    let optional = list(security).len() > scopes.len();
    match (scopes.join(", "), optional) {
        (scopes, _) if scopes.is_empty() => "no token".to_owned(),
        (scopes, false) => format!("scope {scopes}"),
        (scopes, true) => format!("scope {scopes}, or without a token"),
    }
}

fn forms(content: &Value) -> Vec<(String, Kind)> {
    fields_of(content)
        .map(|(media, it)| (media.clone(), kind(&it["schema"])))
        .collect()
}

fn schema(name: &str, schema: &Value) -> Schema {
    let required = list(&schema["required"]);
    let fields = fields_of(&schema["properties"]).map(|(name, it)| Field {
        name: name.clone(),
        place: String::new(),
        kind: kind(it),
        required: required.iter().any(|it| it == name.as_str()),
        about: paragraphs(&it["description"]),
        default: default(it),
    });
    let mut fields: Vec<Field> = fields.collect();
    fields.sort_by_key(|field| !field.required);
    Schema {
        name: name.to_owned(),
        about: paragraphs(&schema["description"]),
        kind: kind(schema),
        fields,
    }
}

/// Says what a value is in a few words.
fn kind(schema: &Value) -> Kind {
    if let Some(place) = schema["$ref"].as_str() {
        let name = place.rsplit('/').next().unwrap_or_default();
        return vec![(true, name.to_owned())];
    }
    if let Some(word) = schema.get("const") {
        return plain(text(word));
    }
    if let Some(all) = schema["enum"].as_array() {
        return plain(joined(all, " | "));
    }
    for either in [&schema["oneOf"], &schema["anyOf"]] {
        if !either.is_null() {
            return one_of(list(either));
        }
    }
    match (&schema["type"], schema["format"].as_str()) {
        (Value::String(name), _) if name == "array" => {
            let mut kind = plain("list of ".to_owned());
            kind.extend(self::kind(&schema["items"]));
            kind
        }
        (_, Some("date-time")) => plain("time".to_owned()),
        (Value::Array(types), _) => plain(joined(types, " or ")),
        (name, _) => plain(text(name)),
    }
}

fn one_of(schemas: &[Value]) -> Kind {
    let mut all: Vec<Kind> = schemas.iter().map(kind).collect();
    all.dedup();
    all.join(&(false, " or ".to_owned()))
}

fn plain(text: String) -> Kind {
    vec![(false, text)]
}

fn joined(values: &[Value], between: &str) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(between)
}

fn default(schema: &Value) -> Option<String> {
    schema.get("default").filter(|it| !it.is_null()).map(text)
}

/// Cuts a text into paragraphs, and these at their backticks.
fn paragraphs(written: &Value) -> Vec<Paragraph> {
    let written = written.as_str().unwrap_or_default();
    let all = written.split("\n\n").filter(|it| !it.is_empty());
    all.map(|paragraph| {
        let pieces = paragraph.split('`').enumerate();
        let pieces = pieces.map(|(place, piece)| (place % 2 == 1, piece.to_owned()));
        pieces.filter(|(_, piece)| !piece.is_empty()).collect()
    })
    .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn fields_of(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_kind_names_words_lists_and_the_schemas_that_say_more() {
        let said = |schema: Value| {
            let pieces = kind(&schema).into_iter();
            let pieces = pieces.map(|(link, it)| if link { format!("[{it}]") } else { it });
            pieces.collect::<String>()
        };
        assert_eq!(said(json!({"enum": ["a", "b"]})), "a | b");
        assert_eq!(said(json!({"type": ["string", "null"]})), "string or null");
        let named = json!({"$ref": "#/components/schemas/Row"});
        let many = json!({"type": "array", "items": named});
        assert_eq!(said(many.clone()), "list of [Row]");
        assert_eq!(
            said(json!({"anyOf": [named, many, {"type": "null"}]})),
            "[Row] or list of [Row] or null"
        );
    }

    #[test]
    fn what_the_document_says_is_shown_and_escaped() {
        let page = docs(&json!({
            "info": {"version": "9", "description": "Take `a < b`.\n\nThen more."},
            "tags": [{"name": "One", "description": "The first"}],
            "paths": {"/v1/it/{name}": {"get": {"operationId": "it", "tags": ["One"],
                "summary": "Gives <it>", "security": [{"token": ["read"]}], "responses": {}}}},
        }));
        assert!(page.contains("<code>a &#60; b</code>"), "{page}");
        assert!(page.contains("Gives &#60;it&#62;") && page.contains("scope read"));
        assert!(page.contains("/v1/it/{name}") && !page.contains("<script>"));
    }
}
