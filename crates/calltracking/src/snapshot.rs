//! What a checkpoint takes, part by part, and how it comes back: visits and calls first, the ledger last, which has the
//! texts that they point into. What follows from them is computed when it is first asked for.

use serde::{Deserialize, Serialize};

use crate::calls::Known;
use crate::people::Link;
use crate::rules::KeptRules;
pub use crate::store::PARTS;
use crate::tracking::Tracking;
use crate::visits::{Texts, Visit};

/// Visits or calls to be written to a checkpoint.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Kept<'a, T>(&'a [T]);

impl<T> Kept<'_, T> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Visits read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct ReadVisits(Vec<Visit>);

/// Calls read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct ReadCalls(Vec<Known>);

/// The part of a checkpoint that is taken last.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ledger {
    texts: Texts,
    rules: KeptRules,
    links: Vec<Link>,
    retracted: Vec<u64>,
    head: u64,
}

impl Tracking {
    /// Gives the visits of one of the [`PARTS`] parts.
    pub fn part_of_visits(&self, part: u8) -> Kept<'_, impl Serialize + use<>> {
        Kept(self.visits.part(part))
    }

    /// Gives the calls of one of the [`PARTS`] parts. What records are still to change of them must have been settled.
    pub fn part_of_calls(&self, part: u8) -> Kept<'_, impl Serialize + use<>> {
        Kept(self.calls.part(part))
    }

    /// Gives what a checkpoint takes last.
    pub fn ledger(&self) -> Ledger {
        let mut retracted: Vec<u64> = self.retracted.iter().copied().collect();
        retracted.sort_unstable();
        Ledger {
            texts: self.texts.clone(),
            rules: self.rules.keep(),
            links: self.people.links(),
            retracted,
            head: self.head,
        }
    }

    /// Restores one part of the visits, taken when all records below `taken` were in it. Nothing of it is dirty: what
    /// ClickHouse lacks is told by [`Tracking::rewind`].
    pub fn restore_visits(&mut self, part: u8, read: ReadVisits, taken: u64) {
        self.visits.restore(part, read.0);
        self.unread(taken);
    }

    /// Restores one part of the calls. Calls that changed from its `taken` on are to be told again.
    pub fn restore_calls(&mut self, part: u8, read: ReadCalls, taken: u64) {
        self.calls.restore(part, read.0);
        self.unread(taken);
    }

    /// Restores the ledger.
    pub fn restore_ledger(&mut self, ledger: Ledger, taken: u64) {
        self.texts = ledger.texts;
        self.rules.restore(ledger.rules, &mut self.texts.numbers);
        self.people.restore(ledger.links);
        self.retracted = ledger.retracted.into_iter().collect();
        self.head = self.head.max(ledger.head);
        self.unread(taken);
    }

    fn unread(&mut self, taken: u64) {
        self.taken = self.taken.max(taken);
        self.is_unread = true;
    }
}
