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
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use trunkline_model::shelf::{Shelf, Torn};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Change, Core, Said, Visit};
use crate::people::Visitor;
use crate::store::PARTS;

mod cold;

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

/// Some of the visits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    slots: Vec<Slot>,
    /// The pages of visits of which some can be taken back, by index.
    pages: BTreeMap<u32, Box<[PageKey]>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Slot {
    core: Core,
    /// The next of the visitor's.
    #[serde(skip)]
    next: u32,
    body: Body,
}

#[derive(Debug, Serialize, Deserialize)]
enum Body {
    Held(Box<Visit>),
    /// Its place on the shelf.
    Cold(u64),
}

/// What a page is taken back by: hashes of its event's id and of its import's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PageKey {
    pub(crate) id: u64,
    pub(crate) run: Option<u64>,
}

impl Part {
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn len(&self) -> u32 {
        self.slots.len() as u32
    }
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
        let is = |place: &u32| self.core(*place).hash == hash && self.read(*place).id == id;
        self.ids[part_of(hash)].find(hash, is).copied()
    }

    /// Finds the visit whose id has this hash.
    pub(crate) fn of_hash(&self, hash: u64) -> Option<u32> {
        let is = |place: &u32| self.core(*place).hash == hash;
        self.ids[part_of(hash)].find(hash, is).copied()
    }

    pub(crate) fn core(&self, place: u32) -> &Core {
        core(&self.parts, place)
    }

    fn slot_mut(&mut self, place: u32) -> &mut Slot {
        let (part, index) = split(place);
        &mut self.parts[part].slots[index]
    }

    /// Gives the whole of a visit. If that cannot be read nothing is to be relied on any more ([`Visits::torn`]).
    pub(crate) fn read(&self, place: u32) -> Cow<'_, Visit> {
        let (part, index) = split(place);
        match &self.parts[part].slots[index].body {
            Body::Held(visit) => Cow::Borrowed(visit),
            Body::Cold(at) => Cow::Owned(self.fetch(*at)),
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
        self.core(place).changed.max(self.floor)
    }

    /// Raises the version of a visit's row, if there is such a visit.
    pub(crate) fn change(&mut self, place: u32, version: u64) {
        let (part, index) = split(place);
        if let Some(slot) = self.parts[part].slots.get_mut(index) {
            slot.core.changed = slot.core.changed.max(version);
        }
    }

    /// Adds what is not there yet; gives its place.
    pub(crate) fn insert(&mut self, visit: Visit) -> u32 {
        let hash = self.hash(&visit.id);
        let visitor = Visitor::of(&visit.head.visitor, self.seed);
        let part = part_of(hash);
        let slots = &mut self.parts[part].slots;
        let place = slots.len() as u32 * u32::from(PARTS) + part as u32;
        if slots.len() == slots.capacity() {
            // Cold ones are never moved out: twice as much would be needed at most for days.
            slots.reserve_exact(slots.len() / 16 + 4);
        }
        slots.push(Slot {
            core: Core::of(&visit, hash, visitor, (0, false)),
            next: NONE,
            body: Body::Held(Box::new(visit)),
        });
        self.held.push_back(place);
        self.number(place);
        self.link(place);
        place
    }

    /// Finds a visit by its id from here on.
    fn number(&mut self, place: u32) {
        let parts = &self.parts;
        let hash = core(parts, place).hash;
        self.ids[part_of(hash)].insert_unique(hash, place, |place| core(parts, *place).hash);
    }

    /// Tells a visit of a record; says what that changed.
    pub(crate) fn hear(&mut self, place: u32, said: Said, received_at: i64) -> Change {
        let (part, index) = split(place);
        let Slot { core, body, .. } = &mut self.parts[part].slots[index];
        let before = *core;
        let (change, visitor) = match body {
            Body::Held(visit) => {
                let change = visit.hear(said);
                visit.received_at = visit.received_at.max(received_at);
                (change, Visitor::of(&visit.head.visitor, self.seed))
            }
            Body::Cold(_) => {
                let mut visit = self.read(place).into_owned();
                let change = visit.hear(said);
                if !change.any() && received_at <= visit.received_at {
                    return change;
                }
                visit.received_at = visit.received_at.max(received_at);
                let visitor = Visitor::of(&visit.head.visitor, self.seed);
                self.thaw(place, visit);
                (change, visitor)
            }
        };
        if before.visitor != visitor {
            self.unlink(place);
        }
        let Part { slots, pages } = &mut self.parts[part];
        let Slot { core, body, .. } = &mut slots[index];
        if let Body::Held(visit) = body {
            *core = Core::of(visit, before.hash, visitor, (before.changed, before.gone));
            if change.head || change.pages {
                match visit.keys_of_pages() {
                    Some(keys) => drop(pages.insert(index as u32, keys)),
                    None => drop(pages.remove(&(index as u32))),
                }
            }
        }
        if before.visitor != visitor {
            self.link(place);
        }
        change
    }

    /// Notes whether a visit is gone.
    pub(crate) fn set_gone(&mut self, place: u32, gone: bool) {
        if self.core(place).gone == gone {
            return;
        }
        let visit = self.read(place).into_owned();
        let core = &mut self.slot_mut(place).core;
        *core = Core::of(&visit, core.hash, core.visitor, (core.changed, gone));
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
        self.parts.iter().map(|part| part.slots.len()).sum()
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
            if matches!(self.slot_mut(place).body, Body::Held(_)) {
                self.held.push_back(place);
            }
        }
    }

    /// Gives the visit of a visitor that began last.
    pub(crate) fn last(&self, visitor: Visitor) -> Option<u32> {
        let is = |place: &u32| self.core(*place).visitor == visitor;
        let table = &self.visitors[part_of(visitor.hash())];
        table.find(visitor.hash(), is).copied()
    }

    /// Lists the visits of a visitor, that which began last first.
    pub(crate) fn of_visitor(&self, visitor: Visitor) -> impl Iterator<Item = u32> {
        let next = |place: &u32| {
            let (part, index) = split(*place);
            Some(self.parts[part].slots[index].next).filter(|next| *next != NONE)
        };
        std::iter::successors(self.last(visitor), next)
    }

    /// Adds a visit to those of its visitor.
    fn link(&mut self, place: u32) {
        let parts = &self.parts;
        let own = *core(parts, place);
        let hash = own.visitor.hash();
        let table = &mut self.visitors[part_of(hash)];
        let is = |place: &u32| core(parts, *place).visitor == own.visitor;
        let next = match table.find_mut(hash, is) {
            None => {
                table.insert_unique(hash, place, |place| core(parts, *place).visitor.hash());
                NONE
            }
            Some(last) if core(parts, *last).first <= own.first => std::mem::replace(last, place),
            Some(last) => {
                let last = *last;
                std::mem::replace(&mut self.slot_mut(last).next, place)
            }
        };
        self.slot_mut(place).next = next;
    }

    /// Takes a visit from those of its visitor.
    fn unlink(&mut self, place: u32) {
        let visitor = self.core(place).visitor;
        let rest: Vec<u32> = self
            .of_visitor(visitor)
            .filter(|known| *known != place)
            .collect();
        let parts = &self.parts;
        let is = |place: &u32| core(parts, *place).visitor == visitor;
        let table = &mut self.visitors[part_of(visitor.hash())];
        if let Ok(known) = table.find_entry(visitor.hash(), is) {
            known.remove();
        }
        rest.into_iter().rev().for_each(|known| self.link(known));
    }
}

fn core(parts: &[Part], place: u32) -> &Core {
    let (part, index) = split(place);
    &parts[part].slots[index].core
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
