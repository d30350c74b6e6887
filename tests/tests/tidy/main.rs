//! The house rules that a compiler does not check: sizes, words, who may know whom, which licences come in, and that
//! the documents say what the code says. A rule that is broken is named with file and line and how to mend it.
//!
//! The rules come from the project's style and architecture (`docs/architecture.md`, `docs/vocabulary.md`). Every
//! checker has a test beside it that shows it a bad example, so that a rule cannot die silently.
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod boards;
mod deploy;
mod documents;
mod edges;
mod findings;
mod grafana;
mod invariants;
mod licences;
mod metadata;
mod paths;
mod sizes;
mod tree;
mod unsafety;
mod words;
mod writing;
