//! What Grafana reads is of Grafana's own form: dashboards by the JSON Schema made from its types
//! (`tests/data/grafana.schema.json`), provisioning files by what its documentation says of them; and all of it goes
//! together.

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::boards::boards;
use crate::findings::{Finding, none};
use crate::tree::read;

const DATASOURCES: &str = "grafana/provisioning/datasources/trunkline.yaml";
const PROVIDERS: &str = "grafana/provisioning/dashboards/trunkline.yaml";

#[test]
fn dashboards_are_of_grafanas_types() {
    let schema = Schema::read();
    let mut found = Vec::new();
    for (path, board) in boards() {
        let wrong = schema.of_board(&board).into_iter();
        found.extend(wrong.map(|what| Finding::new(&path, 0, what)));
    }
    none(
        found,
        "Grafana's types know no such thing: look it up in the version of the schema",
    );
}

#[test]
fn provisioning_is_of_grafanas_form_and_goes_with_the_dashboards() {
    let (sources, providers) = (yaml(&read(DATASOURCES)), yaml(&read(PROVIDERS)));
    let mut found = Vec::new();
    for (path, file, form) in [
        (DATASOURCES, &sources, datasources_form()),
        (PROVIDERS, &providers, providers_form()),
    ] {
        let wrong = errors(&validator(&form), file).into_iter();
        found.extend(wrong.map(|what| Finding::new(path, 0, what)));
    }
    let compose = read("deploy/compose.yaml");
    let installed = compose
        .lines()
        .find_map(|line| line.split_once("GF_PLUGINS_PREINSTALL_SYNC: "));
    let (_, installed) = installed.expect("the plugins");
    for (path, board) in boards() {
        for kind in kinds(&board) {
            if !list(&sources["datasources"])
                .iter()
                .any(|source| source["type"] == kind)
            {
                found.push(Finding::new(
                    &path,
                    0,
                    format!("no datasource of type {kind}"),
                ));
            }
            let needed = list(&board["__requires"])
                .iter()
                .find(|one| one["id"] == kind);
            let version = needed.map_or(&Value::Null, |one| &one["version"]);
            let plugin = format!("{kind}@{}", version.as_str().unwrap_or_default());
            if kind != "prometheus" && plugin != installed {
                let what = format!("needs {plugin}, {installed} is installed");
                found.push(Finding::new(&path, 0, what));
            }
        }
    }
    for provider in list(&providers["providers"]) {
        let folder = provider["options"]["path"].as_str().unwrap_or_default();
        if !compose.contains(&format!("- ../grafana/dashboards:{folder}:ro")) {
            found.push(Finding::new(
                PROVIDERS,
                0,
                format!("{folder} is not mounted"),
            ));
        }
    }
    none(found, "mend the file, or what it goes with");
}

/// Grafana's types.
struct Schema(Value);

impl Schema {
    fn read() -> Self {
        let schema = serde_json::from_str(&read("tests/data/grafana.schema.json"));
        Self(schema.expect("JSON"))
    }

    /// What is wrong with a value of one of the types.
    fn of(&self, kind: &Value, value: &Value) -> Vec<String> {
        let mut schema = kind.clone();
        schema["definitions"] = self.0["definitions"].clone();
        errors(&validator(&schema), value)
    }

    fn of_board(&self, board: &Value) -> Vec<String> {
        let named = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
        let mut frame = board.clone();
        for name in ["__requires", "panels"] {
            frame.as_object_mut().expect("an object").remove(name);
        }
        // What the page for imports reads, and the text that a query variable's list shows: no types have them.
        for variable in frame["templating"]["list"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            variable
                .as_object_mut()
                .expect("an object")
                .remove("definition");
        }
        let mut wrong = self.of(&named("Dashboard"), &frame);
        for panel in list(&board["panels"]) {
            let kind = panel["type"].as_str().unwrap_or_default();
            let found = match kind {
                "row" => self.of(&named("RowPanel"), panel),
                _ => [self.of(&named("Panel"), panel), self.of_kind(kind, panel)].concat(),
            };
            let title = &panel["title"];
            wrong.extend(found.into_iter().map(|what| format!("{title}: {what}")));
        }
        wrong
    }

    /// What is wrong with what only this kind of panel has.
    fn of_kind(&self, kind: &str, panel: &Value) -> Vec<String> {
        let kind = kind.replace('-', "");
        let properties = &self.0["properties"];
        let Some(options) = properties.get(format!("{kind}Options")) else {
            return vec![format!("the schema has no panel {kind}")];
        };
        let mut wrong = self.of(options, &panel["options"]);
        let closed = json!({"additionalProperties": false});
        let custom = properties.get(format!("{kind}Custom")).unwrap_or(&closed);
        let mut configured = vec![panel["fieldConfig"]["defaults"].clone()];
        let overrides = list(&panel["fieldConfig"]["overrides"]).iter();
        configured.extend(overrides.map(|one| overridden(&one["properties"])));
        for mut fields in configured {
            let own = fields
                .as_object_mut()
                .and_then(|fields| fields.remove("custom"));
            wrong.extend(self.of(custom, &own.unwrap_or_else(|| json!({}))));
            wrong.extend(self.of(&json!({"$ref": "#/definitions/FieldConfig"}), &fields));
        }
        wrong
    }
}

/// An override's properties in the form of a field's configuration.
fn overridden(properties: &Value) -> Value {
    let (mut fields, mut custom) = (Map::new(), Map::new());
    for property in list(properties) {
        let id = property["id"].as_str().unwrap_or_default();
        let value = property["value"].clone();
        match id.strip_prefix("custom.") {
            Some(name) => custom.insert(name.into(), value),
            None => fields.insert(id.into(), value),
        };
    }
    fields.insert("custom".into(), custom.into());
    fields.into()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::draft7::new(schema).expect("a schema")
}

fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The types of datasource that a dashboard lets one choose from.
fn kinds(board: &Value) -> impl Iterator<Item = &str> {
    let variables = list(&board["templating"]["list"]).iter();
    variables
        .filter(|variable| variable["type"] == "datasource")
        .filter_map(|variable| variable["query"].as_str())
}

fn datasources_form() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    let clickhouse = json!({
        "type": "object", "additionalProperties": false,
        "required": ["host", "port", "protocol", "username", "defaultDatabase"],
        "properties": {
            "host": text, "port": {"type": "integer"}, "protocol": {"enum": ["native", "http"]}, "username": text,
            "defaultDatabase": text, "queryTimeout": {"type": "string", "pattern": "^[0-9]+$"},
        },
    });
    let prometheus = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "httpMethod": {"enum": ["POST", "GET"]}, "timeInterval": {"type": "string", "pattern": "^[0-9]+[smh]$"},
        },
    });
    let of = |kind: &str, settings: Value| json!({"properties": {"type": {"const": kind}, "jsonData": settings}});
    json!({
        "type": "object", "additionalProperties": false, "required": ["apiVersion", "datasources"],
        "properties": {
            "apiVersion": {"const": 1},
            "prune": {"type": "boolean"},
            "datasources": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "uid", "type", "jsonData"],
                "properties": {
                    "name": text, "uid": {"type": "string", "pattern": "^trunkline-[a-z]+$"}, "type": text,
                    "access": {"enum": ["proxy", "direct"]}, "url": text, "isDefault": {"type": "boolean"},
                    "jsonData": {}, "secureJsonData": {"type": "object", "additionalProperties": text},
                },
                "oneOf": [of("grafana-clickhouse-datasource", clickhouse), of("prometheus", prometheus)],
            }},
        },
    })
}

fn providers_form() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    json!({
        "type": "object", "additionalProperties": false, "required": ["apiVersion", "providers"],
        "properties": {
            "apiVersion": {"const": 1},
            "providers": {"type": "array", "minItems": 1, "items": {
                "type": "object", "additionalProperties": false, "required": ["name", "type", "options"],
                "properties": {
                    "name": text, "type": {"const": "file"}, "folder": {"type": "string"},
                    "allowUiUpdates": {"type": "boolean"}, "updateIntervalSeconds": {"type": "integer", "minimum": 1},
                    "options": {"type": "object", "additionalProperties": false, "required": ["path"],
                                "properties": {"path": text}},
                },
            }},
        },
    })
}

/// Reads a file of one YAML document.
fn yaml(text: &str) -> Value {
    let documents = YamlLoader::load_from_str(text).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(documents.len(), 1);
    plain(&documents[0])
}

fn plain(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => json!(text),
        Yaml::Integer(number) => json!(number),
        Yaml::Boolean(is) => json!(is),
        Yaml::Array(list) => list.iter().map(plain).collect(),
        Yaml::Hash(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.as_str().expect("a name").to_owned(), plain(value)));
            Value::Object(pairs.collect())
        }
        Yaml::Null => Value::Null,
        _ => panic!("a form of YAML that is not used here: {yaml:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grafanas_types_do_not_know_is_found() {
        let panel = json!({
            "id": 1, "type": "stat", "title": "Age", "options": {"colorMode": "value"},
            "fieldConfig": {"defaults": {"unit": "s"}, "overrides": [
                {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "s"}]},
            ]},
        });
        let wrong = |change: &dyn Fn(&mut Value)| {
            let mut board = json!({"title": "T", "templating": {"list": [{"type": "query", "name": "v", "definition": ""}]},
                                   "panels": [panel]});
            change(&mut board);
            Schema::read().of_board(&board).len()
        };
        assert_eq!(wrong(&|_| ()), 0);
        assert_eq!(wrong(&|board| board["title"] = json!(5)), 1);
        assert_eq!(wrong(&|board| board["made_up"] = json!(1)), 1);
        assert_eq!(
            wrong(&|board| board["panels"][0]["type"] = json!("sankey")),
            1
        );
        assert_eq!(
            wrong(&|board| board["panels"][0]["options"]["colorMode"] = json!("loud")),
            1
        );
        assert_eq!(
            wrong(&|board| board["panels"][0]["fieldConfig"]["defaults"]["units"] = json!("s")),
            2
        );
        let id = "/panels/0/fieldConfig/overrides/0/properties/0/id";
        let renamed = |to: &'static str| {
            move |board: &mut Value| *board.pointer_mut(id).expect("it") = json!(to)
        };
        assert_eq!(wrong(&renamed("displayName")), 0);
        assert_eq!(wrong(&renamed("shownName")), 1);
        assert_eq!(
            wrong(&renamed("custom.lineWidth")),
            1,
            "a stat has no lines"
        );
    }

    #[test]
    fn wrong_provisioning_is_found() {
        let good = read(DATASOURCES);
        let wrong = |text: &str| errors(&validator(&datasources_form()), &yaml(text)).len();
        assert_eq!(wrong(&good), 0);
        for (from, to) in [
            ("port: 9000", "port: \"9000\""),
            ("protocol: native", "protocol: tcp"),
            ("uid: trunkline-clickhouse", "uuid: trunkline-clickhouse"),
            ("httpMethod: POST", "method: POST"),
            ("apiVersion: 1", "apiVersion: 2"),
        ] {
            assert!(wrong(&good.replace(from, to)) > 0, "{to}");
        }
    }
}
