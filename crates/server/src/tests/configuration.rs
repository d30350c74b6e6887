//! Every key of the configuration as Markdown, from the JSON Schema that `trunkline config schema` prints.
//!
//! A table of the file is a section, one that is used in several places is told once. What a key's documentation says of its
//! default at its end ("..; 30 by default." or "Default 30.") stands in a column, and must be what the code does.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use schemars::schema_for;
use serde_json::{Map, Value};
use trunkline_model::settings::Span;

use crate::config::{EXAMPLE, File};

/// Keys in the order in which people need them; what is not named follows by the alphabet.
const FIRST: [&str; 24] = [
    "server",
    "journal",
    "warehouse",
    "fold",
    "retention",
    "account",
    "id",
    "name",
    "listen",
    "data_dir",
    "url",
    "timezone",
    "schedule",
    "targets",
    "token",
    "manager",
    "team",
    "channel",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
];

/// Keys and tables that are read and checked, and change nothing yet.
const LATER: [&str; 5] = [
    "account.caps.sources",
    "account.funnel",
    "account.goal",
    "account.routing",
    "account.sales",
];

/// A table of the file: its schema, and the headings under which it stands.
struct Table<'a> {
    headings: Vec<String>,
    schema: &'a Value,
}

/// Gives the reference.
pub(super) fn reference() -> String {
    let schema = serde_json::to_value(schema_for!(File)).expect("a schema is JSON");
    let mut text = format!(
        "\n## An example\n\nWhat `trunkline config example` prints:\n\n```toml\n{}\n```\n",
        EXAMPLE.trim_end()
    );
    for table in tables(&schema) {
        write(&mut text, &schema, &table);
    }
    for path in LATER {
        let key = path.rsplit('.').next().unwrap_or(path);
        assert!(text.contains(&format!("| `{key}` |")), "there is no {path}");
    }
    text
}

/// Lists the tables, each behind the one that it is in.
fn tables(schema: &Value) -> Vec<Table<'_>> {
    let mut order: Vec<&str> = Vec::new();
    let mut found: BTreeMap<&str, Table<'_>> = BTreeMap::new();
    let mut ahead = VecDeque::from([(String::new(), schema)]);
    while let Some((path, table)) = ahead.pop_front() {
        let mut inner = Vec::new();
        for (key, value) in keys(table) {
            let Some((name, list)) = table_of(schema, value) else {
                continue;
            };
            let path = format!("{path}{key}");
            let heading = if list {
                format!("`[[{path}]]`")
            } else {
                format!("`[{path}]`")
            };
            if let Some(known) = found.get_mut(name) {
                known.headings.push(heading);
                continue;
            }
            order.push(name);
            let definition = &schema["$defs"][name];
            let headings = vec![heading];
            let table = Table {
                headings,
                schema: definition,
            };
            found.insert(name, table);
            inner.push((format!("{path}."), definition));
        }
        ahead.extend(inner);
    }
    order.iter().filter_map(|name| found.remove(name)).collect()
}

/// Gives a table's keys in their order.
fn keys(table: &Value) -> Vec<(&String, &Value)> {
    let properties = table["properties"].as_object().into_iter();
    let mut keys: Vec<_> = properties.flat_map(Map::iter).collect();
    let place = |key: &str| FIRST.iter().position(|first| *first == key);
    let optional = |key: &str| !required(table).any(|it| it == key);
    keys.sort_by_key(|(key, _)| {
        let place = place(key).unwrap_or(FIRST.len());
        (optional(key), place, key.as_str())
    });
    keys
}

fn required(table: &Value) -> impl Iterator<Item = &str> {
    let names = table["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str)
}

/// Gives the name of the table that a value is, or that its list is made of.
fn table_of<'a>(schema: &Value, value: &'a Value) -> Option<(&'a str, bool)> {
    let named = |value: &'a Value| {
        let name = value["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        schema["$defs"][name]["properties"]
            .is_object()
            .then_some(name)
    };
    let choices = value["anyOf"].as_array().into_iter().flatten();
    let one = std::iter::once(value).chain(choices).find_map(named);
    one.map(|name| (name, false))
        .or_else(|| named(&value["items"]).map(|name| (name, true)))
}

fn write(text: &mut String, schema: &Value, table: &Table<'_>) {
    let path = path(&table.headings[0]);
    let about = sentence(&table.schema["description"]);
    let later = if is_later(&path) {
        " *Without effect yet.*"
    } else {
        ""
    };
    let _ = write!(
        text,
        "\n## {}\n\n{about}{later}\n\n",
        table.headings.join(", ")
    );
    *text += "| key | what | value | default |\n|---|---|---|---|\n";
    for (key, value) in keys(table.schema) {
        let (what, said) = split(&sentence(&value["description"]));
        let later = if is_later(&format!("{path}.{key}")) {
            " *Without effect yet.*"
        } else {
            ""
        };
        let default = if required(table.schema).any(|it| it == key) {
            "required".to_owned()
        } else {
            default(&format!("{path}.{key}"), &value["default"], said)
        };
        let kind = match table_of(schema, value) {
            Some((_, true)) => format!("tables `[[{path}.{key}]]`"),
            Some((_, false)) => format!("table `[{path}.{key}]`"),
            None => kind(schema, value),
        };
        let _ = writeln!(text, "| `{key}` | {what}{later} | {kind} | {default} |");
    }
}

fn path(heading: &str) -> String {
    heading.trim_matches(['`', '[', ']']).to_owned()
}

fn is_later(path: &str) -> bool {
    LATER.contains(&path)
}

/// Gives a description as one line, without what it says of the specification.
fn sentence(description: &Value) -> String {
    let text = description.as_str().unwrap_or_default();
    let paragraph = text.split("\n\n").collect::<Vec<_>>().join(" ");
    let mut line = paragraph.replace('\n', " ");
    for mark in [" (metrics", " (S"] {
        if let Some((before, rest)) = line.split_once(mark)
            && let Some((_, after)) = rest.split_once(')')
        {
            line = format!("{before}{after}");
        }
    }
    line
}

/// Parts what a description says of the default from the rest.
fn split(text: &str) -> (String, Option<String>) {
    if let Some((what, default)) = text.split_once(" Default") {
        let default = default.trim_start_matches([':', ' ']).trim_end_matches('.');
        return (what.to_owned(), Some(default.to_owned()));
    }
    let ends = text.strip_suffix(" by default.");
    match ends.and_then(|text| text.rsplit_once("; ")) {
        Some((what, default)) => (format!("{what}."), Some(default.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Gives the default as it is told, which must be as it is.
fn default(key: &str, is: &Value, said: Option<String>) -> String {
    let is = match is {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    match (is, said) {
        (None, Some(said)) if said.chars().all(|char| char.is_ascii_digit()) => format!("`{said}`"),
        (None, said) => said.unwrap_or_else(|| "none".to_owned()),
        (Some(is), None) => format!("`{is}`"),
        (Some(is), Some(said)) => {
            let first = said.split(';').next().unwrap_or_default();
            let first = first.trim_matches('`').replace(',', "");
            let same =
                first == is || Span::parse(&first).is_some_and(|it| Span::parse(&is) == Some(it));
            assert!(
                same,
                "{key}: its documentation says {said} by default, the code {is}"
            );
            if said.contains('`') {
                said
            } else {
                format!("`{first}`")
            }
        }
    }
}

/// Says in words what a value may be.
fn kind(schema: &Value, value: &Value) -> String {
    if let Some(name) = value["$ref"]
        .as_str()
        .and_then(|it| it.strip_prefix("#/$defs/"))
    {
        return kind(schema, &schema["$defs"][name]);
    }
    if let Some(words) = value["enum"].as_array() {
        return either(words.iter().filter_map(Value::as_str));
    }
    if let Some(choices) = value["oneOf"].as_array() {
        let words = choices.iter().filter_map(|choice| choice["const"].as_str());
        let words: Vec<&str> = words.collect();
        if !words.is_empty() {
            return either(words.into_iter());
        }
        let keys = choices
            .iter()
            .filter_map(|choice| choice["required"].as_array());
        let keys = keys.flatten().filter_map(Value::as_str);
        let keys = keys.map(|key| format!("`{{ {key} = \"...\" }}`"));
        return keys.collect::<Vec<_>>().join(" or ");
    }
    if let Some(choice) = value["anyOf"]
        .as_array()
        .and_then(|choices| choices.first())
    {
        return kind(schema, choice);
    }
    let kinds = match &value["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        one => one.as_str(),
    };
    match kinds {
        Some("array") => format!("list: {}", kind(schema, &value["items"])),
        Some("integer") => "number".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("string") => examples(value).unwrap_or_else(|| "text".to_owned()),
        _ => "table".to_owned(),
    }
}

fn either<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words = words.map(|word| format!("`{word}`"));
    words.collect::<Vec<_>>().join(", ")
}

fn examples(value: &Value) -> Option<String> {
    let examples = value["examples"].as_array()?.iter();
    let examples: Vec<&str> = examples.filter_map(Value::as_str).collect();
    if examples
        .iter()
        .all(|example| Span::parse(example).is_some())
    {
        return Some("duration".to_owned());
    }
    Some(format!("such as {}", either(examples.into_iter())))
}
