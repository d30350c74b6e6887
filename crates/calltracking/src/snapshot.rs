//! What a checkpoint takes, part by part, and how it comes back: visits and calls first, the ledger last, which has the
//! texts that they point into. What follows from them is computed when it is first asked for.
//!
//! Records go on coming while parts are taken, and are heard again after a restart; those that a part has already change
//! nothing then. What they changed in life, a part taken before does not know, so the ledger lists all rows that changed
//! since the first part.

use std::collections::BTreeSet;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::calls::Known;
use crate::people::KeptLinks;
use crate::rules::KeptRules;
pub use crate::store::PARTS;
use crate::tracking::{Item, Tracking};
use crate::visits::{Part, Texts};

/// Calls to be written to a checkpoint.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Kept<'a, T>(&'a [T]);

impl<T> Kept<'_, T> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Visits to be written to a checkpoint.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PartOfVisits<'a>(&'a Part);

impl PartOfVisits<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Visits read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct ReadVisits(Part);

/// Calls read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct ReadCalls(Vec<Known>);

/// The part of a checkpoint that is taken last.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ledger {
    texts: Texts,
    rules: KeptRules,
    links: KeptLinks,
    retracted: Vec<u64>,
    head: u64,
    /// The version that all visits have at least.
    floor: u64,
    /// Visits (by place) and calls that changed since the first part, with their versions.
    visits: Vec<(u32, u64)>,
    calls: Vec<(CompactString, u64)>,
}

impl Tracking {
    /// Begins a checkpoint: to be called before its first part is taken.
    pub fn begin_checkpoint(&mut self) {
        self.settle();
        self.recent = Some(BTreeSet::new());
    }

    /// Gives the visits of one of the [`PARTS`] parts.
    pub fn part_of_visits(&self, part: u8) -> PartOfVisits<'_> {
        PartOfVisits(self.visits.part(part))
    }

    /// Gives the calls of one of the [`PARTS`] parts.
    pub fn part_of_calls(&self, part: u8) -> Kept<'_, impl Serialize + use<>> {
        Kept(self.calls.part(part))
    }

    /// Gives what a checkpoint takes last.
    pub fn ledger(&mut self) -> Ledger {
        self.settle();
        let mut retracted: Vec<u64> = self.retracted.iter().copied().collect();
        retracted.sort_unstable();
        let (mut visits, mut calls) = (Vec::new(), Vec::new());
        for item in self.recent.take().unwrap_or_default() {
            match item {
                Item::Visit(place) => {
                    visits.push((place, self.visits.changed(place)));
                }
                Item::Call(place) => {
                    let call = self.calls.get(place);
                    calls.push((call.id.clone(), call.changed));
                }
            }
        }
        Ledger {
            texts: self.texts.clone(),
            rules: self.rules.keep(),
            links: self.people.keep(),
            retracted,
            head: self.head,
            floor: self.visits.floor,
            visits,
            calls,
        }
    }

    /// Restores one part of the visits. Nothing of it is dirty: what ClickHouse lacks is told by [`Tracking::rewind`].
    pub fn restore_visits(&mut self, part: u8, read: ReadVisits) {
        self.visits.restore(part, read.0);
        self.is_unread = true;
    }

    /// Restores one part of the calls. Those that changed since it was taken are to be told again.
    pub fn restore_calls(&mut self, part: u8, read: ReadCalls) {
        self.calls.restore(part, read.0);
        self.is_unread = true;
    }

    /// Restores the ledger, after all parts.
    pub fn restore_ledger(&mut self, ledger: Ledger) {
        self.texts = ledger.texts;
        self.rules.restore(ledger.rules, &mut self.texts);
        self.people.restore(ledger.links);
        self.retracted = ledger.retracted.into_iter().collect();
        self.head = ledger.head;
        self.visits.floor = ledger.floor;
        for (place, changed) in ledger.visits {
            self.visits.change(place, changed);
        }
        for (id, changed) in ledger.calls {
            if let Some(place) = self.calls.find(&id) {
                self.calls.get_mut(place).changed = changed;
            }
        }
        self.is_unread = true;
    }
}
