use jsonschema::Validator;

use super::super::Event;
use super::*;

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

#[test]
fn every_example_is_valid_and_parses() {
    let validator = validator();
    for kind in Kind::ALL {
        for example in examples(*kind) {
            assert!(validator.is_valid(&example), "{example}");
            Event::parse(&example.to_string()).unwrap();
        }
    }
}

#[test]
fn every_type_and_field_is_described() {
    let schema = schema();
    for event in schema["oneOf"].as_array().unwrap() {
        assert!(event["description"].is_string(), "{}", event["title"]);
        for (name, field) in event["properties"].as_object().unwrap() {
            assert!(
                field["description"].is_string() || name == "type",
                "{} {name}",
                event["title"]
            );
        }
    }
}

/// Puts all sorts of values into every field of every example and asks both.
#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let validator = validator();
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(5),
        json!(-1),
        json!(2.5),
        json!(1_772_359_200_000_u64),
        json!(""),
        json!("x"),
        json!("5"),
        json!("contact"),
        json!("EUR"),
        json!("2026-03-01"),
        json!("2026-03-01T10:00:00Z"),
        json!("a\tb"),
        json!("a\u{1}b"),
        json!("x".repeat(64)),
        json!("x".repeat(65)),
        json!("x".repeat(200)),
        json!("x".repeat(201)),
        json!("x".repeat(257)),
        json!("x".repeat(4_097)),
        json!([]),
        json!(["x"]),
        json!(["x", 5]),
        json!(vec!["x"; 101]),
        json!({}),
        json!({ "name": "x" }),
        json!({ "name": "x", "size": -1 }),
    ];
    for kind in Kind::ALL {
        for example in examples(*kind) {
            for name in example.as_object().into_iter().flat_map(Map::keys) {
                for value in &values {
                    let mut changed = example.clone();
                    changed[name] = value.clone();
                    let text = changed.to_string();
                    let parsed = Event::parse(&text);
                    let valid = validator.is_valid(&changed);
                    assert_eq!(valid, parsed.is_ok(), "{kind}.{name} = {value}: {parsed:?}");
                }
                let mut without = example.clone();
                without.as_object_mut().unwrap().remove(name);
                let text = without.to_string();
                let parsed = Event::parse(&text);
                assert_eq!(
                    validator.is_valid(&without),
                    parsed.is_ok(),
                    "{kind} without {name}"
                );
            }
        }
    }
}

#[test]
fn contact_may_stand_for_contacts_but_not_beside_them() {
    let validator = validator();
    for kind in [Kind::Lead, Kind::Purchase] {
        let both = json!({ "contact": "p-1", "contacts": ["p-1"] });
        let cases = [
            (json!({ "contact": "p-1" }), true),
            (json!({ "contact": 5 }), false),
            (both, false),
        ];
        for (contacts, good) in cases {
            let mut event = examples(kind).remove(0);
            event.as_object_mut().unwrap().remove("contacts");
            event
                .as_object_mut()
                .unwrap()
                .extend(contacts.as_object().unwrap().clone());
            assert_eq!(validator.is_valid(&event), good, "{event}");
            assert_eq!(Event::parse(&event.to_string()).is_ok(), good, "{event}");
        }
    }
}
