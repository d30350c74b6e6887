use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn document() -> Value {
    serde_json::from_slice(&DOCUMENT.plain).unwrap()
}

#[test]
fn every_path_is_in_the_document_but_those_of_the_board() {
    let (mut public, mut pages) = (BTreeSet::new(), BTreeSet::new());
    for door in doors() {
        if door.operations.is_empty() {
            pages.insert(door.path);
        } else {
            public.insert(door.path);
        }
    }
    let of_the_board = [
        "/",
        "/board/assets/{file}",
        "/board/rows/{report}",
        "/board/{panel}",
        "/calls",
        "/connections",
        "/login",
        "/logout",
        "/sources",
        "/sources/spend",
    ];
    // The document has the address without what some providers put behind it.
    assert!(pages.remove("/v1/hooks/{hook}/{*rest}"));
    assert_eq!(pages, BTreeSet::from(of_the_board));
    let document = document();
    let written: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(written, public);
}

#[test]
fn names_of_operations_are_used_once_and_names_in_paths_are_described() {
    let mut seen = BTreeSet::new();
    for door in doors() {
        for (_, about) in &door.operations {
            assert!(seen.insert(about.id), "{} twice", about.id);
            let segments = door.path.split('/');
            let named: Vec<&str> = segments
                .filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let places = about.parameters.iter().filter(|it| it.place == Place::Path);
            let described: Vec<&str> = places.map(|it| it.name).collect();
            assert_eq!(named, described, "{}", door.path);
        }
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for place in &used {
        let name = place.strip_prefix("#/components/schemas/");
        assert!(
            name.is_some_and(|name| schemas.contains_key(name)),
            "{place}"
        );
    }
    for name in schemas.keys() {
        let place = format!("#/components/schemas/{name}");
        assert!(used.contains(&place), "{name}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(place) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(place.to_owned());
            }
            fields.values().for_each(|it| references(it, found));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, found)),
        _ => {}
    }
}

#[test]
fn every_code_of_the_doors_is_in_the_document_where_it_occurs() {
    let text = document()["paths"].to_string();
    for info in crate::problem::codes() {
        let said = text.contains(&format!("`{}`:", info.code));
        // What no path of the document can be answered.
        let elsewhere = ["method_not_allowed"].contains(&info.code);
        assert_eq!(said, !elsewhere, "{}", info.code);
    }
}
