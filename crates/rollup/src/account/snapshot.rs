//! What a checkpoint takes of an account, and how it comes back: the parts with their conversations
//! and calls first, then the cells, the ledger last.

use std::collections::BTreeSet;

use serde::ser::{SerializeSeq, SerializeTuple};
use serde::{Deserialize, Serialize, Serializer};

use super::{Account, Counts, LetGo, Retractions};
use crate::calls::{KeptCalls, PartOfCalls};
use crate::cells::CellSet;
use crate::contacts;
use crate::names::Names;
use crate::rules::History;
use crate::shrunk::Shrunk;
use crate::submap::{List, Place, SHRUNK, Submap};

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
        Part(&self.submaps[usize::from(part)])
    }

    /// Gives the calls of part `part` (0 to 255) for a checkpoint.
    pub fn part_of_calls(&self, part: u8) -> PartOfCalls<'_> {
        self.calls.part(part)
    }

    /// Restores one part of the calls, taken when all records below `taken` were in it. Nothing of it
    /// is dirty: what ClickHouse lacks is told by [`Account::rewind`].
    pub fn restore_calls(&mut self, part: u8, calls: KeptCalls, taken: u64) {
        self.calls.restore(part, calls, taken);
    }

    /// Gives one of the [`SETS`](crate::cells::SETS) sets of cells; none must be older than any part.
    pub fn cells(&self, set: u8) -> CellSet {
        self.cells.set(set)
    }

    /// Restores a set of cells, taken when all records below `taken` were in it.
    pub fn restore_cells(&mut self, set: u8, cells: CellSet, taken: u64) {
        self.cells.restore(set, cells, taken);
    }

    /// Gives one of the [`PARTS`](crate::contacts::PARTS) parts of its contacts.
    pub fn contacts(&self, part: u8) -> contacts::Kept<'_> {
        self.contacts.part(part)
    }

    /// Restores a part of its contacts, taken when all records below `taken` were in it.
    pub fn restore_contacts(&mut self, part: u8, contacts: contacts::Read, taken: u64) {
        self.contacts.restore(part, contacts, taken);
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
        self.contacts.restore_countries(self.rules.countries());
    }

    /// Restores one part, taken when all records below `taken` were in it. Nothing of it is dirty:
    /// what ClickHouse lacks is told by [`Account::rewind`].
    pub fn restore_part(&mut self, part: u8, conversations: Conversations, taken: u64) {
        let Conversations(mut list, mut shrunk) = conversations;
        let mut waiting = Vec::new();
        for (index, known) in (0..).zip(list.iter_mut()) {
            known.forget_gathering();
            known.touched = known.is_waiting();
            self.let_go.add(LetGo::of(known));
            if known.touched {
                waiting.push(index);
            }
        }
        for (index, shrunk) in (SHRUNK..).zip(&mut shrunk) {
            let known = shrunk.unpack();
            let touched = known.is_waiting();
            shrunk.set_marks(touched, false);
            self.let_go.add(LetGo::of(&known));
            if touched {
                waiting.push(index);
            }
        }
        let submap = part;
        for index in waiting {
            self.changed.touched.push(Place { submap, index });
        }
        self.submaps[usize::from(part)] = Submap::restore(list, shrunk, self.config.seed, taken);
    }
}

/// Conversations to be written to a checkpoint: those whose timeline is held, and those that have
/// shrunk.
#[derive(Debug)]
pub struct Part<'a>(&'a Submap);

impl Part<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.counts() == (0, 0)
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (awake, shrunk) = self.0.counts();
        let mut pair = to.serialize_tuple(2)?;
        pair.serialize_element(&Sized(awake, || self.0.awake().map(|(_, known)| known)))?;
        pair.serialize_element(&Sized(shrunk, || self.0.shrunk().map(|(_, shrunk)| shrunk)))?;
        pair.end()
    }
}

/// A list written from an iterator whose length is known.
struct Sized<F>(usize, F);

impl<T: Serialize, I: Iterator<Item = T>, F: Fn() -> I> Serialize for Sized<F> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.0))?;
        (self.1)().try_for_each(|item| list.serialize_element(&item))?;
        list.end()
    }
}

/// Conversations read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct Conversations(List, Vec<Shrunk>);
