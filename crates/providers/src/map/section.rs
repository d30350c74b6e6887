//! Reading a table of a map: unknown keys are errors, and every error knows its key.

use toml::{Table, Value};

use super::error::MapError;

/// One table of a map, with its key from the top.
pub(super) struct Section<'t> {
    key: String,
    table: &'t Table,
}

impl<'t> Section<'t> {
    /// Opens a table that may hold only `known` keys.
    pub(super) fn new(
        key: impl Into<String>,
        table: &'t Table,
        known: &[&str],
    ) -> Result<Self, MapError> {
        let section = Self {
            key: key.into(),
            table,
        };
        let mut keys = table.keys();
        match keys.find(|key| !known.contains(&key.as_str())) {
            None => Ok(section),
            Some(unknown) => {
                let detail = format!("is unknown; here may stand {}", known.join(", "));
                let known = known.iter().copied();
                Err(MapError::new(section.at(unknown), detail).meant(unknown, known))
            }
        }
    }

    /// Opens a value that must be a table.
    pub(super) fn of(
        key: impl Into<String>,
        value: &'t Value,
        known: &[&str],
    ) -> Result<Self, MapError> {
        let key = key.into();
        match value {
            Value::Table(table) => Self::new(key, table, known),
            _ => Err(MapError::new(
                key,
                "must be a table, like { key = \"value\" }",
            )),
        }
    }

    /// Gives the key of something in this table, from the top.
    pub(super) fn at(&self, name: &str) -> String {
        match self.key.as_str() {
            "" => name.to_owned(),
            key => format!("{key}.{name}"),
        }
    }

    /// Gives an error about something in this table.
    pub(super) fn wrong(&self, name: &str, detail: impl Into<String>) -> MapError {
        MapError::new(self.at(name), detail)
    }

    /// Gives a value, whatever it is.
    pub(super) fn value(&self, name: &str) -> Option<&'t Value> {
        self.table.get(name)
    }

    /// Gives all values but those of `except`, in the order of their keys.
    pub(super) fn others(&self, except: &[&str]) -> impl Iterator<Item = (&'t str, &'t Value)> {
        let others = self.table.iter();
        others
            .filter(move |(name, _)| !except.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Gives a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'t str>, MapError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be a text in quotes")),
        }
    }

    /// Gives a flag, false where there is none.
    pub(super) fn flag(&self, name: &str) -> Result<bool, MapError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// Gives a text or a list of texts as a list, empty where there is none.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, MapError> {
        let list = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(value) => texts(value),
        };
        list.ok_or_else(|| self.wrong(name, "must be a text in quotes, or a list of them"))
    }

    /// Gives one of several words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, MapError> {
        let Some(given) = self.text(name)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == given);
        match found {
            Some((_, word)) => Ok(Some(*word)),
            None => Err(unknown_word(self.at(name), given, words)),
        }
    }
}

/// Reads a text or a list of texts; numbers and flags stand for their spelling.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(plain).collect(),
        one => plain(one).map(|text| vec![text]),
    }
}

/// Gives the spelling of a text, a whole number or a flag.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn unknown_word<T>(key: String, given: &str, words: &[(&str, T)]) -> MapError {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let detail = format!("{given:?} is unknown; write one of {}", known.join(", "));
    MapError::new(key, detail).meant(given, known)
}
