//! What a checkpoint takes of an account, and how it comes back: the parts with their
//! conversations first, then the cells, the ledger last.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Account, Counts, Retractions};
use crate::cells::CellSet;
use crate::names::Names;
use crate::rules::History;
use crate::submap::{List, Place, Submap};

/// The part of an account that a checkpoint takes last.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ledger {
    names: Names,
    rules: History,
    retractions: Retractions,
    counts: Counts,
    waiting: BTreeSet<u64>,
}

impl Account {
    /// Gives the conversations of part `part` (0 to 255) for a checkpoint.
    pub fn part(&self, part: u8) -> Part<'_> {
        Part(&self.submaps[usize::from(part)].conversations)
    }

    /// Gives one of the [`SETS`](crate::cells::SETS) sets of cells; none must be older than any part.
    pub fn cells(&self, set: u8) -> CellSet {
        self.cells.set(set)
    }

    /// Restores a set of cells, taken when all records below `taken` were in it.
    pub fn restore_cells(&mut self, set: u8, cells: CellSet, taken: u64) {
        self.cells.restore(set, cells, taken);
    }

    /// Gives what a checkpoint takes last; `names` must not be older than any part or cell.
    pub fn ledger(&self) -> Ledger {
        Ledger {
            names: self.names.clone(),
            rules: self.rules.clone(),
            retractions: self.retractions.clone(),
            counts: self.counts,
            waiting: self.waiting.clone(),
        }
    }

    /// Restores the ledger, taken when all records below `taken` were in it.
    pub fn restore_ledger(&mut self, ledger: Ledger, taken: u64) {
        self.names = ledger.names;
        self.rules = ledger.rules;
        self.retractions = ledger.retractions;
        self.counts = ledger.counts;
        self.waiting = ledger.waiting;
        self.taken = taken;
    }

    /// Restores one part, taken when all records below `taken` were in it. Nothing of it is dirty:
    /// what ClickHouse lacks is told by [`Account::rewind`].
    pub fn restore_part(&mut self, part: u8, conversations: Conversations, taken: u64) {
        let mut conversations = conversations.0;
        for (index, conversation) in (0..).zip(conversations.iter_mut()) {
            conversation.forget_gathering();
            conversation.touched = conversation.is_waiting();
            if conversation.touched {
                let submap = part;
                self.changed.touched.push(Place { submap, index });
            }
        }
        self.submaps[usize::from(part)] = Submap::restore(conversations, self.config.seed, taken);
    }
}

/// Conversations to be written to a checkpoint.
#[derive(Debug, Serialize)]
pub struct Part<'a>(&'a List);

impl Part<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.len() == 0
    }
}

/// Conversations read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct Conversations(List);
