//! Where a value stands in a record: `name`, `a.b[0].c`, or `'any name at all'`.
//!
//! A field of the record whose whole name is the path goes first, so that columns may be called
//! `user.name` or `message[add][0][id]`.

use serde_json::Value;

use crate::record::Record;

/// A path into a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// As it was written, without quotes: the name of a column.
    pub(super) name: String,
    /// Empty where only a field of that very name is meant.
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Place(usize),
}

impl Path {
    /// Parses a path.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let quoted = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
        let name = quoted.unwrap_or(text).to_owned();
        if name.is_empty() {
            return Err("a column has no name".into());
        }
        let steps = match quoted {
            Some(_) => Vec::new(),
            None => steps(text).unwrap_or_default(),
        };
        Ok(Self { name, steps })
    }

    /// Finds the value in a record.
    pub(super) fn find<'r>(&self, record: &'r Record) -> Option<&'r Value> {
        if let Some(value) = record.field(&self.name) {
            return Some(value);
        }
        let (first, rest) = self.steps.split_first()?;
        let Step::Key(first) = first else {
            return None;
        };
        let mut value = record.field(first)?;
        for step in rest {
            value = match step {
                Step::Key(key) => value.get(key)?,
                Step::Place(place) => value.get(place)?,
            };
        }
        Some(value)
    }
}

/// Reads `a.b[0].c`; what is not of that shape can only be a whole name.
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (key, mut places) = match part.find('[') {
            Some(at) => part.split_at(at),
            None => (part, ""),
        };
        if key.is_empty() {
            return None;
        }
        steps.push(Step::Key(key.to_owned()));
        while !places.is_empty() {
            let (place, rest) = places.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Place(place.parse().ok()?));
            places = rest;
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(path: &str) -> Option<Value> {
        let record = json!({
            "a": { "b": [{ "c": "deep" }, "second"] },
            "user.name": "flat",
            "message[add][0][id]": "form",
            "a.b": "whole",
        });
        let record = Record::nested(record).unwrap();
        Path::parse(path).unwrap().find(&record).cloned()
    }

    #[test]
    fn a_path_leads_through_objects_and_lists() {
        assert_eq!(found("a.b[0].c"), Some(json!("deep")));
        assert_eq!(found("a.b[1]"), Some(json!("second")));
        assert_eq!(found("a.b[2]"), None);
        assert_eq!(found("a.x.y"), None);
        assert_eq!(found("[0]"), None);
    }

    #[test]
    fn a_whole_name_goes_first() {
        assert_eq!(found("user.name"), Some(json!("flat")));
        assert_eq!(found("message[add][0][id]"), Some(json!("form")));
        assert_eq!(found("a.b"), Some(json!("whole")));
        assert_eq!(found("'a.b'"), Some(json!("whole")));
        assert_eq!(found("'a'"), found("a"));
        assert!(Path::parse(" ").is_err());
    }
}
