//! What receivers were told last of a call's source, so that a change is told once and nothing that was told is told again;
//! and of what was told of a call and then taken back.
//!
//! A change is seen by what is said, not by the record that made it: replay, a restart, another version or other settings
//! that come to the same say nothing new. A notice's id follows from what it says, a correction's also from the record that
//! made it, so a correction back to what was said before is another notice, and one told again after a crash the same.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use trunkline_model::time::Time;

use crate::call::Attribution;
use crate::outbox::Id;

/// How long is known what was told of a source, in milliseconds: longer than corrections are told.
const KNOWN_FOR: i64 = 8 * 24 * 3_600_000;
/// Stands for what was told last in place of its hash: that it was not so.
pub(crate) const TAKEN_BACK: u64 = 0;
/// The same: that its twin counts.
pub(crate) const OF_TWIN: u64 = 2;
/// The same: that it is so after all, of what is told once.
pub(crate) const STANDS: u64 = 1;

/// What may have brought about that a call's source is another.
#[derive(Clone, Copy, Debug)]
pub struct Cause {
    /// The offset of the last such record.
    pub offset: u64,
    /// Whether those are told of the call who were told nothing of its source yet.
    pub is_new: bool,
}

/// What a receiver was told last: of a call's source, or that what he was told was not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) digest: u64,
    pub(crate) revision: u64,
    /// When, in milliseconds.
    pub(crate) at: i64,
}

/// What all receivers were told, by receiver and call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(pub(crate) HashMap<Id, Said>);

impl Said {
    /// Says whether what was told before was taken back.
    pub(crate) fn is_taken_back(&self) -> bool {
        matches!(self.digest, TAKEN_BACK | OF_TWIN)
    }
}

impl Sources {
    /// Gives what was told.
    pub(crate) fn said(&self, of: Id) -> Option<Said> {
        self.0.get(&of).copied()
    }

    pub(crate) fn note(&mut self, of: Id, said: Said) {
        self.0.insert(of, said);
    }

    pub(crate) fn forget(&mut self, now: Time) {
        self.0.retain(|_, said| now.0 - said.at < KNOWN_FOR);
    }
}

/// Hashes what an attribution says. What is not known has no part in it, so a version that can tell more says nothing new of
/// calls of which it knows no more.
pub(crate) fn digest(of: &Attribution) -> u64 {
    let mut fields = serde_json::to_value(of).unwrap_or_default();
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let digest = Sha256::digest(fields.to_string());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first)
}

/// Makes the id of a notice about the source of a call: `of` is receiver and call, `corrected_by` the record that made a
/// correction of it.
pub(crate) fn id(of: Id, digest: u64, corrected_by: Option<u64>) -> Id {
    let mut hash = Sha256::new();
    hash.update(of.0);
    hash.update(digest.to_le_bytes());
    if let Some(offset) = corrected_by {
        hash.update(offset.to_le_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    Id(id)
}
