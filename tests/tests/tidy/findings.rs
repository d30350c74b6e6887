//! What a checker found, and how it is told.

use std::fmt::{self, Display};

/// A broken rule at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    file: String,
    line: usize,
    what: String,
}

impl Finding {
    /// Notes a broken rule; lines count from 1, and 0 is the file as a whole.
    pub(crate) fn new(file: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        write!(f, "{file}:{line}: {what}")
    }
}

/// Fails with all findings and the way to mend them, if there are any.
#[track_caller]
pub(crate) fn none(mut findings: Vec<Finding>, mend: &str) {
    findings.sort();
    let told: Vec<String> = findings.iter().map(|one| format!("  {one}\n")).collect();
    assert!(
        told.is_empty(),
        "{} broken:\n{}to mend: {mend}",
        told.len(),
        told.concat()
    );
}
