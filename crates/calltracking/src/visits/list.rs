//! All visits: those held, and those that are cold.
//!
//! A visit has a place for good, also through checkpoints: its part follows from its id, its index from the order of
//! appearance in the part. Its [`Core`] stays there. The whole of one that is cold is on the shelf: it is read there for its
//! texts, and is held again once a record tells something new of it.
//!
//! The visits of a visitor are a chain, that which began last first, so that it costs four bytes a visit.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Range;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use trunkline_model::shelf::{Shelf, Torn};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Change, Core, Said, Visit};
use crate::people::Visitor;
use crate::store::PARTS;

mod cold;
mod part;

use part::Body;
pub(crate) use part::Part;

/// Ends a chain.
const NONE: u32 = u32::MAX;

/// All visits.
#[derive(Debug)]
pub(crate) struct Visits {
    parts: Vec<Part>,
    /// Places by hashes of ids, a table for each part: one that grows holds up little.
    ids: Vec<HashTable<u32>>,
    /// The first places of chains, by visitors.
    visitors: Vec<HashTable<u32>>,
    seed: u64,
    /// All rows are of this version at least: that of the record that changed what they all depend on.
    pub(crate) floor: u64,
    /// Where each held one is, those that are to be looked at next first.
    held: VecDeque<u32>,
    shelf: Option<Box<dyn Shelf>>,
    torn: OnceCell<Torn>,
    moving: Option<Range<u64>>,
}

/// What a page is taken back by: hashes of its event's id and of its import's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageKey {
    pub(crate) id: u64,
    pub(crate) run: Option<u64>,
}

impl Visits {
    pub(crate) fn new(seed: u64) -> Self {
        let tables = || (0..PARTS).map(|_| HashTable::new()).collect();
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            ids: tables(),
            visitors: tables(),
            seed,
            floor: 0,
            held: VecDeque::new(),
            shelf: None,
            torn: OnceCell::new(),
            moving: None,
        }
    }

    pub(crate) fn hash(&self, id: &str) -> u64 {
        xxh3_64_with_seed(id.as_bytes(), self.seed)
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        let hash = self.hash(id);
        let is = |place: &u32| self.hash_of(*place) == hash && self.read(*place).id == id;
        self.ids[part_of(hash)].find(hash, is).copied()
    }

    /// Finds the visit whose id has this hash.
    pub(crate) fn of_hash(&self, hash: u64) -> Option<u32> {
        let is = |place: &u32| self.hash_of(*place) == hash;
        self.ids[part_of(hash)].find(hash, is).copied()
    }

    /// Gives the hash of a visit's id.
    pub(crate) fn hash_of(&self, place: u32) -> u64 {
        hash_at(&self.parts, place)
    }

    pub(crate) fn visitor_of(&self, place: u32) -> Visitor {
        visitor_at(&self.parts, place)
    }

    pub(crate) fn core(&self, place: u32) -> Core {
        let (part, index) = split(place);
        self.parts[part].core(index)
    }

    /// Gives the whole of a visit. If that cannot be read nothing is to be relied on any more ([`Visits::torn`]).
    pub(crate) fn read(&self, place: u32) -> Cow<'_, Visit> {
        let (part, index) = split(place);
        match self.parts[part].body(index) {
            Body::Held(visit) => Cow::Borrowed(visit),
            Body::Cold(at) => Cow::Owned(self.fetch(at)),
        }
    }

    /// Orders visits by their ids.
    pub(crate) fn order(&self, left: u32, right: u32) -> Ordering {
        if left == right {
            return Ordering::Equal;
        }
        self.read(left).id.cmp(&self.read(right).id)
    }

    /// Gives the version of a visit's row, without the generation.
    pub(crate) fn changed(&self, place: u32) -> u64 {
        let (part, index) = split(place);
        self.parts[part].changed(index).max(self.floor)
    }

    /// Raises the version of a visit's row, if there is such a visit.
    pub(crate) fn change(&mut self, place: u32, version: u64) {
        let (part, index) = split(place);
        self.parts[part].change(index, version);
    }

    /// Adds what is not there yet; gives its place.
    pub(crate) fn insert(&mut self, visit: Visit) -> u32 {
        let hash = self.hash(&visit.id);
        let visitor = Visitor::of(&visit.head.visitor, self.seed);
        let part = part_of(hash);
        let own = &mut self.parts[part];
        let place = place(part as u32, own.len());
        own.push(&Core::of(&visit, hash, visitor, false), visit);
        self.held.push_back(place);
        self.number(place);
        self.link(place);
        place
    }

    /// Finds a visit by its id from here on.
    fn number(&mut self, place: u32) {
        let parts = &self.parts;
        let hash = hash_at(parts, place);
        self.ids[part_of(hash)].insert_unique(hash, place, |place| hash_at(parts, *place));
    }

    /// Tells a visit of a record; says what that changed.
    pub(crate) fn hear(&mut self, place: u32, said: Said, received_at: i64) -> Change {
        let (part, index) = split(place);
        let before = self.core(place);
        let change = if let Some(visit) = self.parts[part].body_mut(index) {
            let change = visit.hear(said);
            visit.received_at = visit.received_at.max(received_at);
            change
        } else {
            let mut visit = self.read(place).into_owned();
            let change = visit.hear(said);
            if !change.any() && received_at <= visit.received_at {
                return change;
            }
            visit.received_at = visit.received_at.max(received_at);
            self.thaw(place, visit);
            change
        };
        let visit = self.read(place);
        let visitor = Visitor::of(&visit.head.visitor, self.seed);
        let core = Core::of(&visit, before.hash, visitor, before.gone);
        let keys = (change.head || change.pages).then(|| visit.keys_of_pages());
        if before.visitor != visitor {
            self.unlink(place);
        }
        let own = &mut self.parts[part];
        own.set_core(index, &core);
        match keys {
            Some(Some(keys)) => drop(own.pages.insert(index as u32, keys)),
            Some(None) => drop(own.pages.remove(&(index as u32))),
            None => {}
        }
        if before.visitor != visitor {
            self.link(place);
        }
        change
    }

    /// Notes whether a visit is gone.
    pub(crate) fn set_gone(&mut self, place: u32, gone: bool) {
        let core = self.core(place);
        if core.gone == gone {
            return;
        }
        let core = Core::of(&self.read(place), core.hash, core.visitor, gone);
        let (part, index) = split(place);
        self.parts[part].set_core(index, &core);
    }

    /// Gives what the pages of a visit can be taken back by; none if none of them can be.
    pub(crate) fn page_keys(&self, place: u32) -> &[PageKey] {
        let (part, index) = split(place);
        let known = self.parts[part].pages.get(&(index as u32));
        known.map_or(&[], |keys| keys)
    }

    /// Lists the visits of which pages may be taken back.
    pub(crate) fn with_page_keys(&self) -> impl Iterator<Item = u32> {
        let parts = (0..).zip(&self.parts);
        parts.flat_map(|(part, of)| of.pages.keys().map(move |index| place(part, *index)))
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len() as usize).sum()
    }

    /// Lists all places.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> + use<> {
        let lengths: Vec<u32> = self.parts.iter().map(Part::len).collect();
        let parts = (0..).zip(lengths);
        parts.flat_map(|(part, length)| (0..length).map(move |index| place(part, index)))
    }

    /// Gives the first place from `from` on: places of visits that came together are beside each other.
    pub(crate) fn from(&self, from: u32) -> Option<u32> {
        let longest = self.parts.iter().map(Part::len).max().unwrap_or_default();
        let is_there = |place: &u32| (place / u32::from(PARTS)) < self.parts[split(*place).0].len();
        (from..longest * u32::from(PARTS)).find(is_there)
    }

    pub(crate) fn part(&self, part: u8) -> &Part {
        &self.parts[usize::from(part)]
    }

    /// Puts a part in the place of what was there. All is to be linked then.
    pub(crate) fn restore(&mut self, part: u8, of: Part) {
        self.ids[usize::from(part)].clear();
        let length = of.len();
        self.parts[usize::from(part)] = of;
        (0..length).for_each(|index| self.number(place(u32::from(part), index)));
    }

    /// Finds out what follows from all that was restored.
    pub(crate) fn link_all(&mut self) {
        self.visitors.iter_mut().for_each(HashTable::clear);
        self.held.clear();
        for place in self.all() {
            self.link(place);
        }
        for (part, of) in (0..).zip(&self.parts) {
            self.held
                .extend(of.all_held().map(|index| place(part, index)));
        }
    }

    /// Gives the visit of a visitor that began last.
    pub(crate) fn last(&self, visitor: Visitor) -> Option<u32> {
        let is = |place: &u32| self.visitor_of(*place) == visitor;
        let table = &self.visitors[part_of(visitor.hash())];
        table.find(visitor.hash(), is).copied()
    }

    /// Lists the visits of a visitor, that which began last first.
    pub(crate) fn of_visitor(&self, visitor: Visitor) -> impl Iterator<Item = u32> {
        self.chain(self.last(visitor))
    }

    /// Lists a visit and those of its visitor behind it.
    pub(crate) fn chain(&self, from: Option<u32>) -> impl Iterator<Item = u32> {
        let next = |place: &u32| {
            let (part, index) = split(*place);
            Some(self.parts[part].next(index)).filter(|next| *next != NONE)
        };
        std::iter::successors(from, next)
    }

    /// Adds a visit to those of its visitor.
    fn link(&mut self, place: u32) {
        let visitor = self.visitor_of(place);
        let first = self.core(place).first;
        let last = self.last(visitor);
        if let Some(last) = last.filter(|last| self.core(*last).first > first) {
            let next = self.set_next(last, place);
            self.set_next(place, next);
            return;
        }
        self.set_next(place, last.unwrap_or(NONE));
        let parts = &self.parts;
        let table = &mut self.visitors[part_of(visitor.hash())];
        let is = |place: &u32| visitor_at(parts, *place) == visitor;
        if let Some(last) = table.find_mut(visitor.hash(), is) {
            *last = place;
        } else {
            let hash = |place: &u32| visitor_at(parts, *place).hash();
            table.insert_unique(visitor.hash(), place, hash);
        }
    }

    /// Takes a visit from those of its visitor.
    fn unlink(&mut self, place: u32) {
        let visitor = self.visitor_of(place);
        let rest: Vec<u32> = self
            .of_visitor(visitor)
            .filter(|known| *known != place)
            .collect();
        let parts = &self.parts;
        let is = |place: &u32| visitor_at(parts, *place) == visitor;
        let table = &mut self.visitors[part_of(visitor.hash())];
        if let Ok(known) = table.find_entry(visitor.hash(), is) {
            known.remove();
        }
        rest.into_iter().rev().for_each(|known| self.link(known));
    }

    fn set_next(&mut self, at: u32, next: u32) -> u32 {
        let (part, index) = split(at);
        self.parts[part].set_next(index, next)
    }
}

fn hash_at(parts: &[Part], place: u32) -> u64 {
    let (part, index) = split(place);
    parts[part].packed(index).hash
}

fn visitor_at(parts: &[Part], place: u32) -> Visitor {
    let (part, index) = split(place);
    parts[part].packed(index).visitor
}

const fn part_of(hash: u64) -> usize {
    (hash % PARTS as u64) as usize
}

const fn place(part: u32, index: u32) -> u32 {
    index * PARTS as u32 + part
}

const fn split(place: u32) -> (usize, usize) {
    let parts = PARTS as u32;
    ((place % parts) as usize, (place / parts) as usize)
}
