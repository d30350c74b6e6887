//! What is wrong with a map, or with a record under a map that is right.

use strsim::jaro_winkler;
use thiserror::Error;

/// How alike an unknown word and a known one are at least, if one is to be suggested.
const NEAR: f64 = 0.8;

/// A map that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: {detail}{}", hint(.suggestion.as_deref()))]
pub struct MapError {
    /// Where in the map: its key from the top, such as `event[2].at.zone`.
    pub key: String,
    /// What is wrong and what may stand there instead.
    pub detail: String,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

impl MapError {
    pub(super) fn new(key: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            detail: detail.into(),
            suggestion: None,
        }
    }

    /// Adds the nearest of the words that would have been understood.
    pub(super) fn meant<'a>(self, given: &str, of: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            suggestion: nearest(given, of),
            ..self
        }
    }
}

/// A record of which a map cannot make events.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: {detail}")]
pub struct RowError {
    /// The place in the map that failed, such as `event[1].at`.
    pub key: String,
    /// What is wrong with the record there; holds no more than a short piece of it.
    pub detail: String,
}

impl RowError {
    pub(super) fn new(key: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            detail: detail.into(),
        }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean `{word}`?)"))
}

/// Gives the word that is most like the given one, if one is like it at all.
pub(super) fn nearest<'a>(given: &str, of: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let given = given.to_lowercase();
    of.into_iter()
        .map(|word| (jaro_winkler(&given, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, word)| word.to_owned())
}

/// Shortens what was sent to what may be repeated in an error.
pub(super) fn short(text: &str) -> String {
    const ECHO: usize = 32;
    match text.char_indices().nth(ECHO) {
        Some((place, _)) => format!("\"{}…\"", &text[..place]),
        None => format!("\"{text}\""),
    }
}
