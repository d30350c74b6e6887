//! Counts of what was read, and what was refused and why, with the first places of each reason.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use trunkline_model::event::{Kind, Refusal};
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use crate::stream::Reject;

/// Places that are named of each reason.
const NAMED: usize = 20;
/// Reasons that are told apart.
const REASONS: usize = 50;

/// What was read of a file, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    skipped: u64,
    events: BTreeMap<&'static str, u64>,
    span: Option<(Time, Time)>,
    refused: u64,
    reasons: Vec<Reason>,
}

#[derive(Debug)]
struct Reason {
    /// What all of its refusals share.
    key: String,
    /// The first one's own words.
    detail: String,
    count: u64,
    first: Vec<u64>,
}

impl Tally {
    pub(super) fn row(&mut self) {
        self.rows += 1;
    }

    pub(super) fn skipped(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn event(&mut self, kind: Kind, at: Time) {
        *self.events.entry(kind.word()).or_default() += 1;
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
    }

    /// Counts the refusals.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Notes a refusal of a row.
    pub(super) fn refuse(&mut self, key: &str, row: u64, detail: &str) {
        self.add(key, Some(row), detail);
    }

    /// Notes an event that the contract does not take.
    pub(super) fn refuse_of_contract(&mut self, row: u64, refusal: &Refusal) {
        let what = refusal.detail.split(": ").next().unwrap_or_default();
        let what = what.split('`').nth(1).unwrap_or_default();
        self.add(
            &format!("{} {what}", refusal.code),
            Some(row),
            &refusal.detail,
        );
    }

    /// Notes an event that the service refused.
    pub(super) fn refuse_of_service(&mut self, reject: &Reject) {
        let key = format!("the service refused: {}", reject.code);
        self.add(&key, reject.row, &reject.detail);
    }

    fn add(&mut self, key: &str, row: Option<u64>, detail: &str) {
        self.refused += 1;
        let known = self.reasons.iter().position(|reason| reason.key == key);
        let place = match known {
            Some(place) => place,
            None if self.reasons.len() < REASONS => {
                self.reasons.push(Reason {
                    key: key.trim().to_owned(),
                    detail: detail.to_owned(),
                    count: 0,
                    first: Vec::new(),
                });
                self.reasons.len() - 1
            }
            None => return,
        };
        let reason = &mut self.reasons[place];
        reason.count += 1;
        if reason.first.len() < NAMED {
            reason.first.extend(row);
        }
    }

    /// Tells all of it in a few lines.
    pub(super) fn summary(&self, file: &Path) -> String {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let all: u64 = self.events.values().sum();
        let mut text = format!("{name}: {} rows, {all} events", self.rows);
        let mut kinds = self.events.iter();
        if let Some((kind, count)) = kinds.next() {
            let _ = write!(text, " ({count} {kind}");
            for (kind, count) in kinds {
                let _ = write!(text, ", {count} {kind}");
            }
            text.push(')');
        }
        if self.skipped > 0 {
            let _ = write!(text, ", left out by the map: {}", self.skipped);
        }
        if let Some((first, last)) = self.span {
            let _ = write!(text, "\nthey happened from {first} to {last}");
        }
        let _ = write!(text, "\nrefused: {}", self.refused);
        for reason in &self.reasons {
            let _ = write!(text, "\n{}", reason.told());
        }
        let told: u64 = self.reasons.iter().map(|reason| reason.count).sum();
        if told < self.refused {
            let _ = write!(text, "\n  {} for other reasons", self.refused - told);
        }
        text
    }
}

impl Reason {
    fn told(&self) -> String {
        let places: Vec<String> = self.first.iter().map(u64::to_string).collect();
        let more = if self.count > self.first.len() as u64 {
            ", …"
        } else {
            ""
        };
        format!(
            "  {} x {}: {} (rows {}{more})",
            self.count,
            self.key,
            self.detail,
            places.join(", ")
        )
    }
}
