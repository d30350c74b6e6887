//! What became of an account's events, counted.

use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

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
