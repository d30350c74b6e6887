//! What is the set of what was said of it: leads, forms, statements of spend, messages that tell a
//! source, and tags of contacts.
//!
//! What is kept of an entity is its words, one an event, packed in the order of arrival (`log`). Its
//! row is derived anew from all of them by a pure function when it is gathered (`lead`, `rows`), so
//! order, repetition, corrections and what is taken back make no difference. What is taken back stays
//! known and is passed over. The words of an entity that is quiet are on a shelf (`cold`).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::ops::Range;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use trunkline_model::shelf::{Shelf, Torn};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::account::Outcome;
use crate::calls::{Context, second};
use crate::facts::Rows;

mod cold;
mod lead;
mod log;
mod rows;
mod snapshot;
mod source;
#[cfg(test)]
mod tests;

pub use lead::LeadPeople;
use log::Log;
pub(crate) use log::{Amount, Form, Key, Lead, Said, Spend, Touch, Word};
pub use snapshot::{KeptEntities, PartOfEntities};
pub(crate) use source::Sources;

/// Parts that a checkpoint takes one by one.
pub const PARTS: u8 = 64;

/// Words of one entity that are kept; what comes beyond them is not observed.
const WORDS: usize = if cfg!(test) { 100 } else { 4_096 };

/// Where an entity is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    part: u8,
    index: u32,
}

/// All entities of an account.
#[derive(Debug)]
pub(crate) struct Entities {
    parts: Vec<Part>,
    seed: u64,
    /// Entities with rows to gather, and an offset not above that of the record that changed each
    /// first; the first is the least. Each is there once.
    dirty: VecDeque<(u64, Place)>,
    /// Those whose words are in memory, those that are to be looked at next first.
    held: VecDeque<Place>,
    shelf: Option<Box<dyn Shelf>>,
    torn: OnceCell<Torn>,
    moving: Option<Range<u64>>,
}

/// Some of the entities.
#[derive(Debug, Default)]
struct Part {
    list: Vec<Packed>,
    places: HashTable<u32>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    taken: u64,
}

/// An entity.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    /// Of its key.
    hash: u64,
    log: Body,
    /// The offset of the last record that changed its row.
    changed: u64,
    /// The second in which its last word arrived, rounded up.
    arrived: u32,
    is_form: bool,
    #[serde(skip)]
    dirty: bool,
}

/// Where the words of an entity are.
#[derive(Debug, Serialize, Deserialize)]
enum Body {
    Held(Box<[u8]>),
    /// Their place on the shelf.
    Cold(u64),
}

impl Entities {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            seed,
            dirty: VecDeque::new(),
            held: VecDeque::new(),
            shelf: None,
            torn: OnceCell::new(),
            moving: None,
        }
    }

    /// Counts the entities.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.list.len()).sum()
    }

    /// Counts those with rows to gather.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len()
    }

    /// Gives the offset below which all changes have been gathered, if any is left.
    pub(crate) fn oldest_dirty(&self) -> Option<u64> {
        self.dirty.front().map(|(since, _)| *since)
    }

    /// Keeps a word, or finds it known by its hook and id; there may be no more than [`WORDS`] of an
    /// entity.
    pub(crate) fn insert(&mut self, key: &Key<'_>, word: Word<'_>) -> Outcome {
        let is_form = matches!(key, Key::Form(..));
        let key = log::pack(key);
        let hash = xxh3_64_with_seed(&key, self.seed);
        let part = part(hash);
        let (offset, arrived) = (word.offset, second(word.received_at));
        if offset < self.parts[usize::from(part)].taken {
            return Outcome::Observed;
        }
        let place = self.find(part, hash, &key);
        // No words yet: a list's length stands first.
        let none = || Cow::Owned([&*key, &[0]].concat());
        let known = place.map_or_else(none, |place| self.read(place));
        let mut log = Log::unpack(&known);
        let is = |known: &&Word<'_>| (known.id, known.hook) == (word.id, word.hook);
        match log.words.iter().find(is) {
            Some(known) if known.content == word.content => return Outcome::Duplicate,
            Some(_) => return Outcome::Conflict,
            None if log.words.len() >= WORDS => return Outcome::Quarantined,
            None => {}
        }
        log.words.push(word);
        let log = log::pack(&log);
        let place = match place {
            Some(place) => {
                self.hold(place, log);
                place
            }
            None => self.add(part, Packed::of(hash, log, is_form)),
        };
        let entity = self.entity_mut(place);
        entity.arrived = entity.arrived.max(arrived);
        self.note(place, offset);
        Outcome::Observed
    }

    /// Finds an entity by its packed key.
    fn find(&self, part: u8, hash: u64, key: &[u8]) -> Option<Place> {
        let own = &self.parts[usize::from(part)];
        // A key says itself where it ends, so no key begins with another.
        let is = |index: &u32| {
            let place = Place {
                part,
                index: *index,
            };
            own.list[*index as usize].hash == hash && self.read(place).starts_with(key)
        };
        let index = own.places.find(hash, is).copied()?;
        Some(Place { part, index })
    }

    fn add(&mut self, part: u8, entity: Packed) -> Place {
        let own = &mut self.parts[usize::from(part)];
        if own.list.len() == own.list.capacity() {
            own.list.reserve_exact(own.list.len() / 16 + 4);
        }
        own.list.push(entity);
        let place = own.number(part);
        self.held.push_back(place);
        place
    }

    fn entity_mut(&mut self, place: Place) -> &mut Packed {
        &mut self.parts[usize::from(place.part)].list[place.index as usize]
    }

    /// Tells who a lead names as it stands; nobody, if it is not known.
    pub(crate) fn people_of_lead<T>(
        &self,
        lead: &str,
        context: &Context<'_>,
        hear: impl FnOnce(&LeadPeople<'_>) -> T,
    ) -> T {
        let key = log::pack(&Key::Lead(lead));
        let hash = xxh3_64_with_seed(&key, self.seed);
        let Some(place) = self.find(part(hash), hash, &key) else {
            return hear(&LeadPeople::default());
        };
        hear(&rows::people(&Log::unpack(&self.read(place)), context))
    }

    /// Takes words back, looking through all entities: retractions are rare. `is` says whether a word
    /// is, as told by records from an offset on; `last` is the offset of the last of them.
    pub(crate) fn take_back(&mut self, last: u64, is: impl Fn(&Key<'_>, &Word<'_>, u64) -> bool) {
        let mut changed = Vec::new();
        for place in &self.held {
            let own = &self.parts[usize::from(place.part)];
            if let Body::Held(log) = &own.list[place.index as usize].log {
                let mended = mended(log, own.taken, &is);
                changed.extend(mended.map(|log| (*place, log)));
            }
        }
        self.each_cold(|place, taken, log| {
            changed.extend(mended(log, taken, &is).map(|log| (place, log)));
        });
        for (place, log) in changed {
            self.hold(place, log);
            self.note(place, last);
        }
    }

    /// Has all forms derived anew: their phone numbers are read otherwise since the record at
    /// `offset`.
    pub(crate) fn settings(&mut self, offset: u64) {
        let mut forms = Vec::new();
        for (part, own) in (0..PARTS).zip(&self.parts) {
            let entities = (0..).zip(&own.list).filter(|_| offset >= own.taken);
            let own = entities.filter(|(_, entity)| entity.is_form);
            forms.extend(own.map(|(index, _)| Place { part, index }));
        }
        for place in forms {
            self.note(place, offset);
        }
    }

    /// Notes that the record at `offset` changed an entity.
    fn note(&mut self, place: Place, offset: u64) {
        let entity = &mut self.parts[usize::from(place.part)].list[place.index as usize];
        entity.changed = entity.changed.max(offset);
        if !entity.dirty {
            entity.dirty = true;
            self.dirty.push_back((offset, place));
        }
    }

    /// Shows the rows of changed entities, the longest waiting first, of at most `limit`; gives of how
    /// many.
    pub(crate) fn gather(
        &mut self,
        limit: usize,
        context: &Context<'_>,
        to: &mut impl Rows,
    ) -> usize {
        let count = limit.min(self.dirty.len());
        for _ in 0..count {
            let Some((_, place)) = self.dirty.pop_front() else {
                break;
            };
            let entity = self.entity_mut(place);
            entity.dirty = false;
            let changed = entity.changed;
            let log = self.read(place);
            if self.torn.get().is_none() {
                rows::show(&Log::unpack(&log), context, changed, to);
            }
        }
        count
    }

    /// Makes the rows changed by records from `offset` on be gathered again.
    pub(crate) fn rewind(&mut self, offset: u64) {
        for (part, own) in (0..PARTS).zip(&mut self.parts) {
            for (index, entity) in (0..).zip(&mut own.list) {
                if entity.changed >= offset && !entity.dirty {
                    entity.dirty = true;
                    self.dirty.push_back((offset, Place { part, index }));
                }
            }
        }
        for (since, _) in &mut self.dirty {
            *since = (*since).min(offset);
        }
    }
}

fn part(hash: u64) -> u8 {
    (hash >> 56) as u8 % PARTS
}

/// Takes words of a log back; gives it if there were any.
fn mended(
    log: &[u8],
    taken: u64,
    is: impl Fn(&Key<'_>, &Word<'_>, u64) -> bool,
) -> Option<Box<[u8]>> {
    let mut log = Log::unpack(log);
    let mut found = false;
    for word in log.words.iter_mut().filter(|word| !word.retracted) {
        word.retracted = is(&log.key, word, taken);
        found |= word.retracted;
    }
    found.then(|| log::pack(&log))
}

impl Part {
    /// Finds the last of the list by its key from here on; gives its place.
    fn number(&mut self, part: u8) -> Place {
        let index = self.list.len() as u32 - 1;
        let list = &self.list;
        let hash = |index: &u32| list[*index as usize].hash;
        self.places.insert_unique(hash(&index), index, hash);
        Place { part, index }
    }
}

impl Packed {
    fn of(hash: u64, log: Box<[u8]>, is_form: bool) -> Self {
        Self {
            hash,
            log: Body::Held(log),
            changed: 0,
            arrived: 0,
            is_form,
            dirty: false,
        }
    }
}
