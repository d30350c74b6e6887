//! What became of an account's events, and what it holds, counted.

use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

use super::Account;
use crate::submap::Submap;

/// How many events ended in each outcome since the journal began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In the figures.
    pub observed: u64,
    /// Seen before with the same content.
    pub duplicate: u64,
    /// Seen before with other content.
    pub conflict: u64,
    /// Kept, but the fold could not apply them.
    pub quarantined: u64,
    /// Kept until their room exists.
    pub waiting: u64,
}

impl Counts {
    /// Adds all outcomes.
    pub fn total(&self) -> u64 {
        self.observed + self.duplicate + self.conflict + self.quarantined + self.waiting
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.observed += more.observed;
        self.duplicate += more.duplicate;
        self.conflict += more.conflict;
        self.quarantined += more.quarantined;
        self.waiting += more.waiting;
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            observed: self.observed - before.observed,
            duplicate: self.duplicate - before.duplicate,
            conflict: self.conflict - before.conflict,
            quarantined: self.quarantined - before.quarantined,
            waiting: self.waiting - before.waiting,
        }
    }
}

impl Account {
    /// Counts the conversations whose timeline is held, and those that have shrunk.
    pub fn conversations(&self) -> (usize, usize) {
        let all = self.submaps.iter().map(Submap::counts);
        all.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
    }

    /// Counts the identities remembered.
    pub fn remembered(&self) -> usize {
        self.seen.len()
    }

    /// Counts how often a manager beyond the cap was named.
    pub fn beyond_cap(&self) -> u64 {
        self.names.beyond()
    }

    /// Counts the calls whose phases are in memory, and those that are cold.
    pub fn calls(&self) -> (usize, usize) {
        (self.calls.len(), self.calls.cold())
    }

    /// Measures the memory that calls take, in bytes, without what the allocator adds.
    pub fn bytes_of_calls(&self) -> usize {
        self.calls.bytes()
    }

    /// Counts the conversations, calls, entities and identities with rows to gather.
    pub fn dirty(&self) -> usize {
        let others = self.contacts.dirty() + self.entities.dirty();
        self.changed.dirty.len() + self.calls.dirty() + others
    }
}
