//! What is merely strange is no error: every value of every sample of the conversations' providers is
//! put in the place of another kind of value, and is read all the same.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::vendors::kit::{self, Sample};
use crate::{Provider, Talk, vendors};

#[test]
fn a_strange_value_anywhere_is_read_all_the_same() {
    let mut tried = 0;
    let talk = |provider: &&&dyn Provider| provider.guide().talk == Talk::Conversations;
    for provider in vendors::ALL.iter().filter(talk) {
        for body in bodies(*provider) {
            for path in paths(&body) {
                for strange in [
                    json!(null),
                    json!(-7.5),
                    json!("\u{7}x"),
                    json!([[]]),
                    json!({"a": {}}),
                ] {
                    let mut changed = body.clone();
                    if let Some(place) = changed.pointer_mut(&path) {
                        *place = strange.clone();
                    }
                    is_read(*provider, &changed, &path);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 10_000, "only {tried} were tried");
}

fn is_read(provider: &'static dyn Provider, body: &Value, path: &str) {
    let hook = kit::hook(provider, &["secret"]);
    let sample = Sample::new("POST", "/v1/hooks/h", &[], body.to_string().as_bytes());
    let parsed = sample.show(kit::NOW, |request| provider.parse(&hook, request));
    let name = provider.guide().name;
    assert!(
        parsed.is_ok(),
        "{name}, {path}: {:?} of {body}",
        parsed.err()
    );
}

/// The samples whose bodies are JSON.
fn bodies(provider: &dyn Provider) -> Vec<Value> {
    let folder = provider.guide().name.replace('-', "_");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/vendors")
        .join(folder)
        .join("samples");
    let files = fs::read_dir(samples).expect("there is a folder of samples");
    let mut bodies = Vec::new();
    for file in files {
        let path = file.expect("it can be read").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "http")
        {
            let text = fs::read_to_string(path).expect("the sample is there");
            let (_, body) = text
                .split_once("\n\n")
                .expect("an empty line ends the head");
            bodies.extend(serde_json::from_str::<Value>(body).ok());
        }
    }
    bodies
}

/// The places of a value, itself and all below it.
fn paths(value: &Value) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            let name = |name: &String| name.replace('~', "~0").replace('/', "~1");
            fields
                .iter()
                .map(|(own, value)| (name(own), value))
                .collect()
        }
        Value::Array(items) => {
            let number = |(number, value): (usize, _)| (number.to_string(), value);
            items.iter().enumerate().map(number).collect()
        }
        _ => Vec::new(),
    };
    let deeper = below.into_iter().flat_map(|(name, value)| {
        let paths = paths(value).into_iter();
        paths.map(move |path| format!("/{name}{path}"))
    });
    std::iter::once(String::new()).chain(deeper).collect()
}
