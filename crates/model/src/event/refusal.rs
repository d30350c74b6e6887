//! Why the edge said no.

use serde::Serialize;

use crate::word::words;

words! {
    /// A stable code of a refusal, for programs.
    Code {
        /// Not JSON, or not a JSON object.
        Malformed = "malformed",
        /// Not UTF-8.
        InvalidUtf8 = "invalid_utf8",
        /// Larger than an event may be.
        TooLarge = "too_large",
        /// Nested deeper than an event may be.
        TooDeep = "too_deep",
        /// More items than a batch may have.
        TooMany = "too_many",
        /// A `type` that is not known.
        UnknownType = "unknown_type",
        /// A required field is missing.
        MissingField = "missing_field",
        /// A field has a value that it cannot have.
        InvalidField = "invalid_field",
        /// It is said to happen more than a day ahead.
        Future = "future",
    }
}

/// Why an event or a body was refused: a code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// Names the field and how to mend it; holds no more than a short piece of what was sent.
    pub detail: String,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for Refusal {}
