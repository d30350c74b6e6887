//! Calls of which nothing came for long: their logs are on a shelf, and the memory has 24 bytes of each.
//!
//! A call goes cold when its row is in ClickHouse and nothing of it arrived since the horizon. Whatever
//! comes for it finds it by its hash and reads its log, whose id says whether it is the one: what is
//! known already leaves it where it is, anything new brings it back. So nobody can tell when a call went
//! cold, but by the shelf and the memory.

use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use super::log::Log;
use super::{Calls, Packed, Part, Place, hash_of, part};
use trunkline_model::shelf::{Shelf, Torn};

/// Calls that go cold in one step: each is a write of some hundred bytes.
const MOST: usize = 4_096;
/// Places beyond two a call from which on the list of those to be shown is made anew.
const TOUCHED: usize = if cfg!(test) { 8 } else { 4_096 };

/// Which calls may go cold, and which leads, forms and their like.
#[derive(Clone, Copy, Debug)]
pub struct CallHorizon {
    /// All rows changed by records below this offset are in ClickHouse for certain.
    pub flushed: u64,
    /// Calls of which something arrived from here on stay.
    pub quiet: Time,
    /// And those that have not ended, or are shown live as such, of which something arrived from here
    /// on.
    pub unended: Time,
}

/// A call that is on the shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cold {
    pub(super) hash: u64,
    pub(super) place: u64,
    /// The offset of the last record that changed its row.
    pub(super) changed: u64,
}

/// The cold calls of a part, in the order of their hashes.
#[derive(Debug, Default)]
pub(super) struct Colds(Vec<Cold>);

impl Colds {
    pub(super) fn of(mut all: Vec<Cold>) -> Self {
        all.sort_by_key(|cold| cold.hash);
        Self(all)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Cold>()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cold> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cold> {
        self.0.iter_mut()
    }

    /// Gives those with this hash: the one, as a rule.
    fn of_hash(&self, hash: u64) -> &[Cold] {
        let from = self.0.partition_point(|cold| cold.hash < hash);
        let same = self.0[from..].iter().take_while(|cold| cold.hash == hash);
        &self.0[from..from + same.count()]
    }

    /// Gives the one whose entry is at `place`.
    pub(super) fn at(&self, hash: u64, place: u64) -> Option<&Cold> {
        self.of_hash(hash).iter().find(|cold| cold.place == place)
    }

    /// Notes that the entry of one was put anew.
    pub(super) fn moved(&mut self, hash: u64, from: u64, to: u64) {
        let first = self.0.partition_point(|cold| cold.hash < hash);
        let same = self.0[first..].iter_mut();
        let mut same = same.take_while(|cold| cold.hash == hash);
        if let Some(cold) = same.find(|cold| cold.place == from) {
            cold.place = to;
        }
    }

    fn remove(&mut self, cold: &Cold) {
        let from = self.0.partition_point(|known| known.hash < cold.hash);
        let mut same = self.0[from..].iter();
        if let Some(index) = same.position(|known| known == cold) {
            self.0.remove(from + index);
        }
    }

    /// Adds some; a stable sort finds what is in order already.
    fn add(&mut self, mut some: Vec<Cold>) {
        if self.0.capacity() < self.0.len() + some.len() {
            self.0.reserve_exact(some.len() + self.0.len() / 16);
        }
        self.0.append(&mut some);
        self.0.sort_by_key(|cold| cold.hash);
    }
}

impl Packed {
    /// Says whether it may leave the memory. The seconds of its arrival are rounded up.
    fn may_cool(&self, horizon: &CallHorizon) -> bool {
        let arrived = Time(i64::from(self.arrived) * 1_000);
        let is_written = !self.dirty && self.changed < horizon.flushed;
        let is_over = self.over && !self.shown;
        let is_at_rest = arrived < horizon.quiet && (is_over || arrived < horizon.unended);
        !self.is_nobody() && !self.untold && is_written && is_at_rest
    }
}

/// Gives the second of an arrival, rounded up.
pub(crate) fn second(arrival: i64) -> u32 {
    let second = arrival.div_euclid(1_000).saturating_add(1);
    u32::try_from(second.max(0)).unwrap_or(u32::MAX)
}

impl Calls {
    /// Takes the shelf that calls are to go cold on, and tells it which of its entries are needed.
    pub(crate) fn shelve(&mut self, mut shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        let mut all = self.parts.iter().flat_map(|part| part.cold.iter());
        all.try_for_each(|cold| shelf.hold(cold.place))?;
        self.shelf = Some(shelf);
        Ok(())
    }

    /// Counts the cold ones.
    pub(crate) fn cold(&self) -> usize {
        self.parts.iter().map(|part| part.cold.len()).sum()
    }

    /// Puts calls beyond the horizon on the shelf, going on where it stopped the last time: about `most`
    /// are looked at, so that nothing waits for all. Gives how many went.
    pub(crate) fn cool(&mut self, horizon: &CallHorizon, most: usize) -> usize {
        self.list_touched_anew();
        let (mut looked, mut cooled) = (0, 0);
        for _ in 0..self.parts.len() {
            if looked >= most || cooled >= MOST {
                break;
            }
            let part = self.cools_next;
            self.cools_next = part.wrapping_add(1);
            looked += self.parts[usize::from(part)].calls.len();
            match self.cool_part(part, horizon) {
                Some(some) => cooled += some,
                // It stays in memory as long as it cannot be written.
                None => break,
            }
        }
        cooled
    }

    fn cool_part(&mut self, part: u8, horizon: &CallHorizon) -> Option<usize> {
        let shelf = self.shelf.as_mut()?;
        let own = &mut self.parts[usize::from(part)];
        let mut some = Vec::new();
        let mut all = true;
        for index in 0..own.calls.len() {
            let call = &mut own.calls[index];
            if !call.may_cool(horizon) {
                continue;
            }
            let Ok(place) = shelf.put(&call.log) else {
                all = false;
                break;
            };
            let changed = call.changed;
            let hash = hash_of(Log::id_of(&call.log), self.seed);
            own.remove(hash, index as u32);
            some.push(Cold {
                hash,
                place,
                changed,
            });
        }
        let cooled = some.len();
        if cooled > 0 {
            own.cold.add(some);
            own.give_back();
        }
        all.then_some(cooled)
    }

    /// Lists each call that is to be shown once, when the list is full of those that are not any more.
    fn list_touched_anew(&mut self) {
        let held: usize = self.parts.iter().map(Part::len).sum();
        if self.touched.len() <= 2 * held + TOUCHED {
            return;
        }
        self.touched.clear();
        for (part, own) in (0..=u8::MAX).zip(&self.parts) {
            let touched = (0..).zip(&own.calls).filter(|(_, call)| call.touched);
            let places = touched.map(|(index, _)| Place { part, index });
            self.touched.extend(places);
        }
        self.touched.shrink_to_fit();
    }

    /// Finds a call that is cold, and reads its log; what is still to be taken back of it is.
    pub(super) fn find_cold(&self, hash: u64, call: &str) -> Result<Option<(Cold, Vec<u8>)>, Torn> {
        let own = &self.parts[usize::from(part(hash))];
        let Some(shelf) = &self.shelf else {
            return Ok(None);
        };
        for cold in own.cold.of_hash(hash) {
            let log = shelf.get(cold.place)?;
            if Log::id_of(&log) == call {
                let mended = self.sweeps.mended(&log, own.taken);
                return Ok(Some((*cold, mended.map_or(log, Vec::from))));
            }
        }
        Ok(None)
    }

    /// Brings a call back into memory, with this log; gives its index.
    pub(super) fn thaw(&mut self, cold: &Cold, log: Box<[u8]>) -> u32 {
        let own = &mut self.parts[usize::from(part(cold.hash))];
        own.cold.remove(cold);
        if let Some(shelf) = &mut self.shelf {
            shelf.let_go(cold.place);
        }
        own.add(cold.hash, Packed::of(log, cold.changed))
    }
}
