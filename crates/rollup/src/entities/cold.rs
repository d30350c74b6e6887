//! Entities of which nothing came for long: their words are on a shelf, and the memory has some fifty bytes of each.
//!
//! One goes cold when its row is in ClickHouse and nothing of it arrived since the horizon. Whatever comes for it finds it by
//! the hash of its key, and reads its words: what is known already leaves it where it is, anything new brings it back.

use std::borrow::Cow;

use trunkline_model::shelf::{Shelf, Torn};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Body, Entities, Key, Packed, Place, part};
use crate::calls::CallHorizon;

/// Entities that go cold in one step: each is a write of some hundred bytes.
const MOST: usize = 4_096;

impl Entities {
    /// Takes the shelf, and tells it which of its entries are needed.
    pub(crate) fn shelve(&mut self, mut shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        for entity in self.parts.iter().flat_map(|part| &part.list) {
            if let Body::Cold(at) = entity.log {
                shelf.hold(at)?;
            }
        }
        self.shelf = Some(shelf);
        Ok(())
    }

    pub(crate) fn shelf(&self) -> Option<&dyn Shelf> {
        self.shelf.as_deref()
    }

    pub(crate) fn shelf_mut(&mut self) -> Option<&mut (dyn Shelf + 'static)> {
        self.shelf.as_deref_mut()
    }

    /// Gives the first failure to read the shelf.
    pub(crate) fn torn(&self) -> Option<&Torn> {
        self.torn.get()
    }

    /// Counts the cold ones.
    pub(crate) fn cold(&self) -> usize {
        self.len() - self.held.len()
    }

    /// Measures what they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let parts = self.parts.iter().map(|part| {
            let held = part.list.iter().map(|entity| match &entity.log {
                Body::Held(log) => log.len(),
                Body::Cold(_) => 0,
            });
            let table = part.places.capacity() * (size_of::<u32>() + 1) * 8 / 7;
            held.sum::<usize>() + part.list.len() * size_of::<Packed>() + table
        });
        parts.sum::<usize>() + self.held.len() * size_of::<Place>()
    }

    /// Gives the words of an entity, packed. If they cannot be read nothing is to be relied on any more.
    pub(super) fn read(&self, place: Place) -> Cow<'_, [u8]> {
        match &self.parts[usize::from(place.part)].list[place.index as usize].log {
            Body::Held(log) => Cow::Borrowed(log),
            Body::Cold(at) => {
                let torn = || Torn("there is no shelf".to_owned());
                let entry = self.shelf.as_ref().ok_or_else(torn);
                let entry = entry.and_then(|shelf| shelf.get(*at));
                Cow::Owned(entry.unwrap_or_else(|torn| {
                    self.torn.get_or_init(|| torn);
                    Vec::new()
                }))
            }
        }
    }

    /// Holds an entity as it stands now, whether or not it was cold.
    pub(super) fn hold(&mut self, place: Place, log: Box<[u8]>) {
        let body = std::mem::replace(&mut self.entity_mut(place).log, Body::Held(log));
        if let (Body::Cold(at), Some(shelf)) = (body, &mut self.shelf) {
            shelf.let_go(at);
            self.held.push_back(place);
        }
    }

    /// Puts entities beyond the horizon on the shelf, looking at `most` at most, and going on where it stopped the last time;
    /// and makes the shelf shorter. Gives how many went.
    pub(crate) fn cool(&mut self, horizon: &CallHorizon, most: usize) -> usize {
        if self.shelf.is_none() {
            return 0;
        }
        let mut cooled = 0;
        for _ in 0..most.min(self.held.len()) {
            if cooled == MOST {
                break;
            }
            let Some(place) = self.held.pop_front() else {
                break;
            };
            let entity = &mut self.parts[usize::from(place.part)].list[place.index as usize];
            let Some((shelf, log)) = self.shelf.as_mut().zip(entity.may_cool(horizon)) else {
                self.held.push_back(place);
                continue;
            };
            // It stays in memory as long as it cannot be written.
            let Ok(at) = shelf.put(log) else {
                self.held.push_back(place);
                break;
            };
            entity.log = Body::Cold(at);
            cooled += 1;
        }
        if self.held.capacity() > 4 * self.held.len() + MOST {
            self.held.shrink_to(2 * self.held.len());
        }
        self.tidy();
        cooled
    }

    /// Finds the cold entity whose words are at a place of the shelf, and the offset below which its part has all records.
    fn at(&self, at: u64, entry: &[u8]) -> Option<(Place, u64)> {
        let (_, rest) = postcard::take_from_bytes::<Key<'_>>(entry).ok()?;
        let hash = xxh3_64_with_seed(&entry[..entry.len() - rest.len()], self.seed);
        let part = part(hash);
        let own = &self.parts[usize::from(part)];
        let is =
            |index: &u32| matches!(own.list[*index as usize].log, Body::Cold(known) if known == at);
        let index = own.places.find(hash, is).copied()?;
        Some((Place { part, index }, own.taken))
    }

    /// Shows all cold entities.
    pub(super) fn each_cold(&self, mut show: impl FnMut(Place, u64, &[u8])) {
        let Some(shelf) = self.shelf.as_ref().filter(|_| self.cold() > 0) else {
            return;
        };
        let mut next = Some(0);
        while let Some(from) = next {
            let read = shelf.some(from, &mut |at, entry| {
                if let Some((place, taken)) = self.at(at, entry) {
                    show(place, taken, entry);
                }
            });
            next = read.unwrap_or_else(|torn| {
                self.torn.get_or_init(|| torn);
                None
            });
        }
    }

    /// Puts some entries anew where most are needed no longer, so that the shelf can be rid of them.
    fn tidy(&mut self) {
        let known = self.moving.take();
        let waste = || self.shelf.as_ref().and_then(|shelf| shelf.waste());
        let Some(range) = known.or_else(waste) else {
            return;
        };
        let Some(shelf) = &self.shelf else { return };
        let mut found = Vec::new();
        let next = shelf.some(range.start, &mut |at, entry| {
            if let Some((place, _)) = self.at(at, entry).filter(|_| at < range.end) {
                found.push((place, at, entry.to_vec()));
            }
        });
        for (place, at, entry) in found {
            let Some(shelf) = &mut self.shelf else { return };
            // What cannot be put stays where it is.
            let Ok(to) = shelf.put(&entry) else { return };
            shelf.let_go(at);
            self.entity_mut(place).log = Body::Cold(to);
        }
        match next {
            Ok(next) => self.moving = next.filter(|at| *at < range.end).map(|at| at..range.end),
            Err(torn) => drop(self.torn.set(torn)),
        }
    }
}

impl Packed {
    /// Gives its words if they may leave the memory.
    fn may_cool(&self, horizon: &CallHorizon) -> Option<&[u8]> {
        let is_written = !self.dirty && self.changed < horizon.flushed;
        let is_quiet = i64::from(self.arrived) * 1_000 < horizon.quiet.0;
        match &self.log {
            Body::Held(log) if is_written && is_quiet => Some(log),
            _ => None,
        }
    }
}
