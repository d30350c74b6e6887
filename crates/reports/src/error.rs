//! Why a report was not answered, and who must act: the caller (a parameter, a name), or whoever
//! runs ClickHouse.

use serde::Serialize;
use strsim::jaro_winkler;
use trunkline_warehouse::QueryError;

/// No name of ours is longer, so nothing longer is compared with them.
const LONGEST_NAME: usize = 64;

/// A report was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no report of that name (404).
    #[error("there is no report {name:?}{}", hint(.suggestion.as_deref()))]
    UnknownReport {
        /// What was asked for.
        name: String,
        /// The report that was perhaps meant.
        suggestion: Option<String>,
    },
    /// There is no dimension of that name whose values can be listed (404).
    #[error("there is no dimension {name:?}; there are {known}{}", hint(.suggestion.as_deref()))]
    UnknownDimension {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
        /// The dimension that was perhaps meant.
        suggestion: Option<String>,
    },
    /// A parameter is unknown, malformed or out of its range (400).
    #[error(transparent)]
    BadParameter(#[from] BadParameter),
    /// ClickHouse is away, busy or not yet migrated (503): the same question may be asked again later.
    #[error("{0}")]
    Unavailable(String),
    /// The question takes too long, needs too much, or its answer is too large (422): ask for less
    /// at a time.
    #[error("{0}")]
    TooMuch(String),
    /// ClickHouse refused the statement or answered what this build does not understand (500): a
    /// mistake of ours.
    #[error("the report could not be made: {0}")]
    Failed(String),
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        let text = error.to_string();
        match error {
            QueryError::Unavailable(_) => Self::Unavailable(text),
            QueryError::TooSlow(_) | QueryError::TooHeavy(_) | QueryError::TooLarge => {
                Self::TooMuch(text)
            }
            QueryError::Bad(_) => Self::Failed(text),
        }
    }
}

/// A parameter that cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("parameter `{name}`: {detail}{}", hint(.suggestion.as_deref()))]
pub struct BadParameter {
    /// The parameter's name as it was given.
    pub name: String,
    /// What is wrong with it and what may be given instead.
    pub detail: String,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

impl BadParameter {
    pub(crate) fn new(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            detail: detail.into(),
            suggestion: None,
        }
    }

    /// Adds the nearest of the words that would have been understood.
    pub(crate) fn meant<'a>(self, given: &str, of: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            suggestion: nearest(given, of),
            ..self
        }
    }
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!(" (did you mean `{word}`?)"))
}

/// Returns the word that is most like the given one, if one is like it at all.
pub(crate) fn nearest<'a>(given: &str, of: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if given.len() > LONGEST_NAME {
        return None;
    }
    let given = given.to_lowercase();
    of.into_iter()
        .map(|word| (jaro_winkler(&given, &word.to_lowercase()), word))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_a_far_one_is_not() {
        let words = ["interval", "manager", "order"];
        assert_eq!(nearest("intervall", words), Some("interval".into()));
        assert_eq!(nearest("Manger", words), Some("manager".into()));
        assert_eq!(nearest("zzz", words), None);
    }

    #[test]
    fn a_bad_parameter_says_its_name_and_the_way_out() {
        let bad = BadParameter::new("intervall", "is unknown").meant("intervall", ["interval"]);
        let text = Error::from(bad).to_string();
        assert_eq!(
            text,
            "parameter `intervall`: is unknown (did you mean `interval`?)"
        );
    }
}
