//! What is the set of what was said of it: leads, forms, statements of spend, messages that tell a
//! source, and tags of contacts.
//!
//! What is kept of an entity is its words, one an event, packed in the order of arrival (`log`). Its
//! row is derived anew from all of them by a pure function when it is gathered (`lead`, `rows`), so
//! order, repetition, corrections and what is taken back make no difference. What is taken back stays
//! known and is passed over. Nothing of old entities is let go of.

use std::collections::VecDeque;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::account::Outcome;
use crate::calls::Context;
use crate::facts::Rows;

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
#[derive(Clone, Copy, Debug)]
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
}

/// Some of the entities.
#[derive(Debug, Default)]
struct Part {
    list: Vec<Packed>,
    /// Hash and place.
    places: HashTable<(u64, u32)>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    taken: u64,
}

/// An entity as it is held.
#[derive(Debug)]
struct Packed {
    log: Box<[u8]>,
    /// The offset of the last record that changed its row.
    changed: u64,
    dirty: bool,
}

impl Entities {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            seed,
            dirty: VecDeque::new(),
        }
    }

    /// Counts the entities.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.list.len()).sum()
    }

    /// Measures what they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let place = size_of::<(u64, u32)>() + 1;
        let all = self.parts.iter().flat_map(|part| &part.list);
        all.map(|entity| entity.log.len() + size_of::<Packed>() + place)
            .sum()
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
        let key = log::pack(key);
        let hash = xxh3_64_with_seed(&key, self.seed);
        let part = part(hash);
        let own = &mut self.parts[usize::from(part)];
        let offset = word.offset;
        if offset < own.taken {
            return Outcome::Observed;
        }
        let index = own.entry(hash, &key);
        let packed = &mut own.list[index as usize];
        let mut log = Log::unpack(&packed.log);
        let is = |known: &&Word<'_>| (known.id, known.hook) == (word.id, word.hook);
        match log.words.iter().find(is) {
            Some(known) if known.content == word.content => return Outcome::Duplicate,
            Some(_) => return Outcome::Conflict,
            None if log.words.len() >= WORDS => return Outcome::Quarantined,
            None => {}
        }
        log.words.push(word);
        let log = log::pack(&log);
        packed.log = log;
        self.note(Place { part, index }, offset);
        Outcome::Observed
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
        let own = &self.parts[usize::from(part(hash))];
        let Some(index) = own.find(hash, &key) else {
            return hear(&LeadPeople::default());
        };
        hear(&rows::people(
            &Log::unpack(&own.list[index as usize].log),
            context,
        ))
    }

    /// Takes words back, looking through all entities: retractions are rare. `is` says whether a word
    /// is, as told by records from an offset on; `last` is the offset of the last of them.
    pub(crate) fn take_back(&mut self, last: u64, is: impl Fn(&Key<'_>, &Word<'_>, u64) -> bool) {
        let mut changed = Vec::new();
        for (part, own) in (0..PARTS).zip(&mut self.parts) {
            for (index, entity) in (0..).zip(&mut own.list) {
                let mut log = Log::unpack(&entity.log);
                let mut found = false;
                for word in log.words.iter_mut().filter(|word| !word.retracted) {
                    word.retracted = is(&log.key, word, own.taken);
                    found |= word.retracted;
                }
                if found {
                    let log = log::pack(&log);
                    entity.log = log;
                    changed.push(Place { part, index });
                }
            }
        }
        for place in changed {
            self.note(place, last);
        }
    }

    /// Has all forms derived anew: their phone numbers are read otherwise since the record at
    /// `offset`.
    pub(crate) fn settings(&mut self, offset: u64) {
        let mut forms = Vec::new();
        for (part, own) in (0..PARTS).zip(&self.parts) {
            let entities = (0..).zip(&own.list).filter(|_| offset >= own.taken);
            let own = entities.filter(|(_, entity)| matches!(entity.key(), Key::Form(..)));
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
        for (_, place) in self.dirty.drain(..count) {
            let entity = &mut self.parts[usize::from(place.part)].list[place.index as usize];
            entity.dirty = false;
            rows::show(&Log::unpack(&entity.log), context, entity.changed, to);
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

impl Part {
    /// Finds an entity by its packed key.
    fn find(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let list = &self.list;
        // A key says itself where it ends, so no key begins with another.
        let is =
            |place: &(u64, u32)| place.0 == hash && list[place.1 as usize].log.starts_with(key);
        self.places.find(hash, is).map(|place| place.1)
    }

    /// Finds an entity by its packed key, or makes it.
    fn entry(&mut self, hash: u64, key: &[u8]) -> u32 {
        if let Some(index) = self.find(hash, key) {
            return index;
        }
        let index = self.list.len() as u32;
        // No words yet: a list's length stands first.
        self.list.push(Packed::of([key, &[0]].concat().into(), 0));
        self.places
            .insert_unique(hash, (hash, index), |place| place.0);
        index
    }
}

impl Packed {
    fn of(log: Box<[u8]>, changed: u64) -> Self {
        Self {
            log,
            changed,
            dirty: false,
        }
    }

    fn key(&self) -> Key<'_> {
        // The key stands first.
        postcard::take_from_bytes(&self.log).map_or(Key::Lead(""), |(key, _)| key)
    }
}
