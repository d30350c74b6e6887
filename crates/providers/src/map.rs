//! The mapping language: how a record of somebody else's becomes events of the contract.
//!
//! A map is a TOML file. Each `[[event]]` makes one event of every record for which its `when`
//! holds; its other keys are the fields of that event. A text is a template: `"{ticket}-{n}"` puts
//! columns together, `"{ticket}"` takes one over, `"manager"` is constant. A table says what else is
//! to be done with a value. Numbers, flags and lists are made where the event's field wants them.
//!
//! ```
//! use trunkline_providers::{Made, Map, Record};
//!
//! let map = Map::parse(r#"
//!     zone = "Europe/Madrid"                 # of all times without an offset
//!     fold = "earlier"                       # which of two equal local times; or "later"
//!     empty = ["NULL", "-"]                  # cells that count as empty
//!     skip = { status = ["test", "spam"] }   # records to leave out
//!
//!     [lookup.author]
//!     values = { C = "contact", M = "manager", B = "bot" }
//!     otherwise = "refuse"                   # or "keep", "empty"; or instead: default = "system"
//!     ignore_case = true
//!
//!     [[event]]
//!     type = "message"
//!     when = { kind = { not = "close" }, text = { unlike = "[auto]*" } }
//!     id = "{ticket}-{n}"
//!     conversation = "{ticket}"
//!     contact = "{phone|email}"              # the first that is not empty
//!     channel = "helpdesk"
//!     author = { from = "{who}", lookup = "author" }
//!     manager = "{employee}"                 # left out where the column is empty
//!     at = { from = "{date} {time}", time = "%d.%m.%Y %H:%M:%S" }
//!     chars = { from = "{text}", length = true }
//!
//!     [[event]]
//!     type = "conversation"
//!     when = { kind = "close" }
//!     id = "{ticket}-closed"
//!     conversation = "{ticket}"
//!     channel = "helpdesk"
//!     change = "closed"
//!     at = { from = "{date} {time}", time = "%d.%m.%Y %H:%M:%S", plus = "{after}" }
//! "#)?;
//!
//! let row = Record::flat([
//!     ("ticket", "17"), ("n", "2"), ("kind", "text"), ("status", "ok"), ("who", "m"),
//!     ("employee", "ana"), ("phone", "NULL"), ("email", "eva@example.com"), ("after", ""),
//!     ("date", "02.03.2026"), ("time", "10:15:00"), ("text", "¡Hola!"),
//! ]);
//! let Made::Events(events) = map.events(&row)? else { panic!("the row is left out") };
//! assert_eq!(events, [concat!(
//!     r#"{"type":"message","at":"2026-03-02T09:15:00.000Z","author":"manager","channel":"helpdesk","#,
//!     r#""chars":6,"contact":"eva@example.com","conversation":"17","id":"17-2","manager":"ana"}"#,
//! )]);
//!
//! let typo = Map::parse("zone = \"Europe/Madird\"").unwrap_err();
//! assert_eq!(typo.key, "zone");
//! assert_eq!(typo.suggestion.as_deref(), Some("Europe/Madrid"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The keys of a value: `from` (a template, required), `default` (where `from` is empty), `lookup`
//! (a table's name, or a table in place), and one of `time`, `number`, `flag`, `list`, `length`.
//! `time` is a format of strftime or a list of them, `epoch_s` (also `_ms`, `_us`, `_ns`) or `rfc3339`,
//! with `zone`, `fold` and `plus` (columns with seconds or `h:mm:ss` to add). `number` is a sample:
//! `1.234,56`, `h:mm:ss` or `ms`, the last two in seconds. `flag` is `{ yes = [..], no = [..] }`,
//! `list` what stands between values. Fields that the contract does not know stand in `extra`.
//! `each` beside `when` names a list: each of its items, as `{item}` at `{place}`, makes an event.
//! `[file]` says how a file is written: `delimiter`, and `columns` where it has no header.

mod clock;
mod error;
mod field;
mod lookup;
mod number;
mod out;
mod path;
mod read;
mod section;
mod template;
mod when;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;
use trunkline_model::event::Kind;

pub(crate) use clock::local;
pub use error::{MapError, RowError};
use field::Field;
use out::Out;
use path::Path;
use when::When;

use crate::record::Record;

/// A map that was read and is sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    blank: Vec<String>,
    skip: Option<When>,
    file: FileShape,
    events: Vec<EventRule>,
}

/// How a file of such records is written, where its kind leaves that open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileShape {
    /// What stands between the columns.
    pub delimiter: Option<u8>,
    /// The names of the columns, where the file has no line that says them.
    pub columns: Vec<String>,
}

/// One `[[event]]`.
#[derive(Clone, Debug, PartialEq)]
struct EventRule {
    key: String,
    kind: Kind,
    /// The list of the record of which each item makes an event.
    each: Option<Path>,
    when: Option<When>,
    fields: Vec<Field>,
}

/// What a map makes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Events as JSON objects, `type` first, in the order of the map; at least one. They have the
    /// fields that the contract wants, and are not yet validated by it.
    Events(Vec<String>),
    /// The map leaves the record out.
    Skipped,
}

impl Map {
    /// Reads a map.
    ///
    /// Errors with the first key that is unknown, missing or does not fit.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        read::map(text)
    }

    /// Reads a map that was written as JSON: the same keys and values, as in a hook's settings.
    ///
    /// Errors with the first key that is unknown, missing or does not fit.
    pub fn of(value: &Value) -> Result<Self, MapError> {
        read::json(value)
    }

    /// Makes the events of a record.
    ///
    /// Errors where a value is not written as the map says, where a look-up table has no such word,
    /// where no `when` holds and the record is not left out either, and where two events of the
    /// record would be taken for the same one.
    pub fn events(&self, record: &Record) -> Result<Made, RowError> {
        let blank = &self.blank;
        let skip = self.skip.as_ref();
        if skip.is_some_and(|skip| skip.holds(record, blank)) {
            return Ok(Made::Skipped);
        }
        let mut made = Vec::new();
        let mut ids = BTreeSet::new();
        for rule in &self.events {
            for record in rule.records(record) {
                if rule
                    .when
                    .as_ref()
                    .is_some_and(|when| !when.holds(&record, blank))
                {
                    continue;
                }
                let fields = rule.make(&record, blank)?;
                if let Some((_, id)) = fields.iter().find(|(name, _)| *name == "id")
                    && !ids.insert((rule.kind.as_str(), id.text()))
                {
                    let detail = "the id is that of another event of this row: add what tells \
                                  them apart, like \"{id}-ended\"";
                    return Err(RowError::new(format!("{}.id", rule.key), detail));
                }
                made.push(written(rule.kind, &fields));
            }
        }
        if made.is_empty() {
            let detail =
                "no `when` holds for this row: add an event for it, or leave it out with `skip`";
            return Err(RowError::new("event", detail));
        }
        Ok(Made::Events(made))
    }

    /// Lists the columns without which the map cannot work, each once, in no particular order.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<&str> = Vec::new();
        columns.extend(self.skip.iter().flat_map(When::columns));
        for rule in &self.events {
            columns.extend(rule.each.iter().map(|each| each.name.as_str()));
            columns.extend(rule.when.iter().flat_map(When::columns));
            columns.extend(rule.fields.iter().flat_map(Field::columns));
        }
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Says how a file of such records is written.
    pub const fn file(&self) -> &FileShape {
        &self.file
    }
}

impl EventRule {
    /// Gives the record, or, where the rule is about a list in it, the record with each of its items.
    fn records<'r>(&self, record: &'r Record) -> Vec<Cow<'r, Record>> {
        let Some(each) = &self.each else {
            return vec![Cow::Borrowed(record)];
        };
        let items = match each.find(record) {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(Value::Null) | None => Vec::new(),
            Some(Value::Object(fields)) => fields.values().collect(),
            Some(one) => vec![one],
        };
        let items = items.into_iter().enumerate();
        items
            .map(|(place, item)| Cow::Owned(record.at(item, place)))
            .collect()
    }

    fn make(&self, record: &Record, blank: &[String]) -> Result<Vec<(&str, Out)>, RowError> {
        let mut made = Vec::new();
        for field in &self.fields {
            if let Some(out) = field.make(record, blank)? {
                made.push((field.name.as_str(), out));
            }
        }
        Ok(made)
    }
}

fn written(kind: Kind, fields: &[(&str, Out)]) -> String {
    let mut event = format!("{{\"type\":\"{kind}\"");
    for (name, value) in fields {
        event.push(',');
        Out::Text((*name).to_owned()).write(&mut event);
        event.push(':');
        value.write(&mut event);
    }
    event.push('}');
    event
}

#[cfg(test)]
mod tests;
