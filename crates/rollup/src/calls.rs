//! The calls of an account (`metrics.md` §2): their phases, and the rows that are derived of them.
//!
//! A call is the set of its phases. When it is gathered, and only then, its row is derived anew from
//! all of them by a pure function, so it does not matter in which order they came, how often, and
//! which settings came in between:
//!
//! 1. phases are put in order (`step`) and sorted into legs (`legs`);
//! 2. parties (`parties`), the beginning and the end (`derive`) are found: a call ends with the first
//!    `ended` of its own (one without `leg`) after which nothing went on, else with the last of its
//!    legs once none goes on;
//! 3. who answered when (`answer`); times in menu and queue and of ringing (`waits`), on hold
//!    (`holds`), transfers (`transfers`), and the figures (`figures`);
//! 4. what the sender says goes before what is computed: `disposition`, `talk_s`, `wait_s`. His word
//!    that nobody answered makes all answers void. Then, of inbound calls, talk below `min_answer_s`
//!    does the same, whatever he says: `missed`, `ghost`.
//!
//! The last word counts of value, recording and spam: that of the highest rank, and of it the last.
//! Tags are those of all phases; the tag `spam` makes spam of a call of which nobody says otherwise.
//!
//! Phases are packed (`log`): a call of five takes some 0.5 KB. Those of which nothing comes any more
//! leave the memory (`cold`), and nobody can tell; what concerns them all is done bit by bit (`sweep`).

use std::collections::VecDeque;

use compact_str::{CompactString, format_compact};
use hashbrown::HashTable;
use trunkline_model::event::{Call, Event};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::account::{Outcome, Position};
use crate::names::Name;
use trunkline_model::shelf::{Shelf, Torn};

mod answer;
mod cold;
mod derive;
mod figures;
mod gather;
mod holds;
mod legs;
mod log;
mod parties;
mod retract;
mod snapshot;
mod step;
mod sweep;
mod transfers;
mod waits;

pub use cold::CallHorizon;
pub(crate) use cold::second;
use cold::{Cold, Colds};
pub(crate) use gather::Context;
use log::{Known, Log, New, PHASES, id_hash};
pub(crate) use retract::TakenBack;
pub use snapshot::{KeptCalls, PartOfCalls};
use sweep::Sweeps;

/// Parts that a checkpoint takes one by one.
const PARTS: usize = 256;

/// Where a call that is in memory is kept; a place is another's once it has gone cold.
#[derive(Clone, Copy, Debug)]
struct Place {
    part: u8,
    index: u32,
}

/// All calls of an account.
#[derive(Debug)]
pub(crate) struct Calls {
    parts: Vec<Part>,
    seed: u64,
    /// Calls with a row to gather, and an offset not above that of the record that changed each
    /// first; the first is the least. Each is there once.
    dirty: VecDeque<(u64, Place)>,
    /// Calls to be shown live; what has become another's place is not marked.
    touched: Vec<Place>,
    /// Calls that changed since they were told, each once.
    untold: Vec<Place>,
    /// Where calls go cold; without it none does.
    shelf: Option<Box<dyn Shelf>>,
    sweeps: Sweeps,
    /// The part in which calls beyond the horizon are looked for next.
    cools_next: u8,
    /// The first failure to read the shelf.
    torn: Option<Torn>,
}

/// Some of the calls.
#[derive(Debug, Default)]
struct Part {
    calls: Vec<Packed>,
    /// Places that nobody has any more, the first of them last.
    free: Vec<u32>,
    cold: Colds,
    /// Hash and place of those in memory.
    places: HashTable<(u64, u32)>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    taken: u64,
}

/// A call as it is held.
#[expect(
    clippy::struct_excessive_bools,
    reason = "marks that have nothing to do with each other"
)]
#[derive(Debug)]
struct Packed {
    /// Empty: a free place.
    log: Box<[u8]>,
    /// The offset of the last record that changed its row.
    changed: u64,
    /// The second after its last phase arrived.
    arrived: u32,
    dirty: bool,
    touched: bool,
    untold: bool,
    /// It was shown as going on.
    shown: bool,
    /// It was over when its row was made last, and nothing came since.
    over: bool,
}

/// What an event of a call needs of its account.
pub(crate) struct Told<'e> {
    pub(crate) call: &'e Call<'e>,
    pub(crate) hook: Name,
    pub(crate) manager: Option<Name>,
    pub(crate) run: Option<Name>,
    /// Its id, or what stands for it.
    pub(crate) id: &'e str,
    /// A hash of what it says, without a seed.
    pub(crate) content: u64,
    pub(crate) retracted: bool,
    pub(crate) at: Position,
}

/// Gives the id of a call's event, or, without one, `h:` and a hash of what it says.
pub(crate) fn effective_id(event: &Event<'_>, content: u64) -> CompactString {
    match event.id() {
        Some(id) => CompactString::from(id),
        None => format_compact!("h:{content:016x}"),
    }
}

impl Calls {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            seed,
            dirty: VecDeque::new(),
            touched: Vec::new(),
            untold: Vec::new(),
            shelf: None,
            sweeps: Sweeps::default(),
            cools_next: 0,
            torn: None,
        }
    }

    /// Gives the shelf.
    pub(crate) fn shelf(&self) -> Option<&dyn Shelf> {
        self.shelf.as_deref()
    }

    /// Gives the shelf, to be changed.
    pub(crate) fn shelf_mut(&mut self) -> Option<&mut dyn Shelf> {
        self.shelf.as_deref_mut()
    }

    /// Counts the calls whose phases are in memory.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// Measures what they and the cold ones take in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let calls = self.parts.iter().flat_map(|part| &part.calls);
        let held = calls.filter(|call| !call.is_nobody());
        let place = size_of::<(u64, u32)>() + 1;
        let held = held.map(|call| call.log.len() + size_of::<Packed>() + place);
        held.chain(self.parts.iter().map(|part| part.cold.bytes()))
            .sum()
    }

    /// Counts those with a row to gather.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len() + self.sweeps.rows()
    }

    /// Gives the offset below which all changes have been gathered, if any is left.
    pub(crate) fn oldest_dirty(&self) -> Option<u64> {
        let dirty = self.dirty.front().map(|(since, _)| *since);
        dirty.into_iter().chain(self.sweeps.oldest()).min()
    }

    /// Says whether the part of a call came out of a checkpoint that has the record already.
    pub(crate) fn has(&self, call: &str, at: Position) -> bool {
        at.offset < self.parts[usize::from(part(self.hash(call)))].taken
    }

    /// Keeps a phase, or finds it known; there may be no more than [`PHASES`] of a call. It is parked, and
    /// not kept, if its call is cold and cannot be read.
    pub(crate) fn insert(&mut self, told: &Told<'_>) -> Outcome {
        let (call, offset) = (&*told.call.call, told.at.offset);
        let hash = self.hash(call);
        let part = part(hash);
        let value = told.call.value.map(|value| value.to_string());
        let new = New {
            call: told.call,
            hook: told.hook,
            manager: told.manager,
            run: told.run,
            retracted: told.retracted,
            id: id_hash(told.id),
            value: value.as_deref(),
            content: told.content,
            at: told.at,
        };
        let Some(found) = self.find(hash, call) else {
            return Outcome::Parked;
        };
        let own = &mut self.parts[usize::from(part)];
        let grown = match &found {
            Found::Held(index) => grown(&own.calls[*index as usize].log, &new),
            Found::Cold(_, log) => grown(log, &new),
            Found::Nowhere => grown(&Log::of(call).pack(), &new),
        };
        let log = match grown {
            Ok(log) => log,
            Err(known) => return known,
        };
        let mut since = offset;
        let index = match found {
            Found::Held(index) => {
                own.calls[index as usize].log = log;
                index
            }
            Found::Cold(cold, _) => {
                since = self.sweeps.back_first().map_or(since, |of| of.min(since));
                self.thaw(&cold, log)
            }
            Found::Nowhere => own.add(hash, Packed::of(log, 0)),
        };
        let call = &mut self.parts[usize::from(part)].calls[index as usize];
        call.arrived = call.arrived.max(second(told.at.received_at.0));
        self.note(Place { part, index }, since, offset);
        Outcome::Observed
    }

    /// Finds a call; none if that cannot be known.
    fn find(&mut self, hash: u64, call: &str) -> Option<Found> {
        let own = &self.parts[usize::from(part(hash))];
        if let Some(index) = own.find(hash, call) {
            return Some(Found::Held(index));
        }
        let cold = self.find_cold(hash, call);
        let cold = self.known(cold)?;
        Some(cold.map_or(Found::Nowhere, |(cold, log)| Found::Cold(cold, log)))
    }

    /// Notes that the record at `offset` changed a call, and maybe others from `since` on.
    fn note(&mut self, place: Place, since: u64, offset: u64) {
        let call = &mut self.parts[usize::from(place.part)].calls[place.index as usize];
        call.changed = call.changed.max(offset);
        call.over = false;
        if !call.dirty {
            call.dirty = true;
            let first = self.dirty.front().map_or(since, |(first, _)| *first);
            if self.dirty.back().is_some_and(|(last, _)| since < *last) {
                self.dirty.push_front((since.min(first), place));
            } else {
                self.dirty.push_back((since, place));
            }
        }
        enlist(&mut call.touched, &mut self.touched, place);
        enlist(&mut call.untold, &mut self.untold, place);
    }

    /// Has all calls derived anew: other settings hold since the record at `offset`. Which of them go
    /// on depends on none.
    pub(crate) fn settings(&mut self, offset: u64) {
        for part in 0..=u8::MAX {
            let own = &mut self.parts[usize::from(part)];
            if offset < own.taken {
                continue;
            }
            for cold in own.cold.iter_mut() {
                cold.changed = cold.changed.max(offset);
            }
            for (index, call) in (0..).zip(&mut own.calls) {
                if call.is_nobody() {
                    continue;
                }
                call.changed = call.changed.max(offset);
                let place = Place { part, index };
                if call.shown {
                    enlist(&mut call.touched, &mut self.touched, place);
                }
                enlist(&mut call.untold, &mut self.untold, place);
                if !call.dirty {
                    call.dirty = true;
                    self.dirty.push_back((offset, Place { part, index }));
                }
            }
        }
        self.sweep_rows(offset);
        self.sweep_told(offset);
    }

    /// Has all calls told again, because of the record at `offset`.
    pub(crate) fn tell_all(&mut self, offset: u64) {
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            for (index, call) in (0..).zip(&mut own.calls) {
                if !call.is_nobody() {
                    enlist(&mut call.untold, &mut self.untold, Place { part, index });
                }
            }
        }
        self.sweep_told(offset);
    }

    /// Makes the rows changed by records from `offset` on be gathered again.
    pub(crate) fn rewind(&mut self, offset: u64) {
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            for (index, call) in (0..).zip(&mut own.calls) {
                if call.changed >= offset && !call.dirty && !call.is_nobody() {
                    call.dirty = true;
                    self.dirty.push_back((offset, Place { part, index }));
                }
            }
        }
        for (since, _) in &mut self.dirty {
            *since = (*since).min(offset);
        }
        self.sweep_rows(offset);
    }

    fn hash(&self, call: &str) -> u64 {
        hash_of(call, self.seed)
    }
}

/// Where a call is.
enum Found {
    /// At this index of its part.
    Held(u32),
    /// On the shelf, with this log.
    Cold(Cold, Vec<u8>),
    Nowhere,
}

fn hash_of(call: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(call.as_bytes(), seed)
}

/// Puts a call on a list unless its mark says that it is there.
fn enlist(is_there: &mut bool, list: &mut Vec<Place>, place: Place) {
    if !std::mem::replace(is_there, true) {
        list.push(place);
    }
}

fn part(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// Gives a log with one more phase, or what is to be said of the event if it is not kept.
fn grown(log: &[u8], new: &New<'_>) -> Result<Box<[u8]>, Outcome> {
    let mut log = Log::unpack(log);
    match log.find(new) {
        Some(Known::Same) => return Err(Outcome::Duplicate),
        Some(Known::Other) => return Err(Outcome::Conflict),
        None if log.phases.len() >= PHASES => return Err(Outcome::Quarantined),
        None => {}
    }
    log.push(new);
    Ok(log.pack())
}

impl Part {
    /// Counts those in memory.
    fn len(&self) -> usize {
        self.calls.len() - self.free.len()
    }

    /// Finds a call that is in memory.
    fn find(&self, hash: u64, call: &str) -> Option<u32> {
        let is = |place: &(u64, u32)| place.0 == hash && self.calls[place.1 as usize].is(call);
        self.places.find(hash, is).map(|place| place.1)
    }

    /// Adds a call that is not there; gives its index.
    fn add(&mut self, hash: u64, call: Packed) -> u32 {
        let index = if let Some(free) = self.free.pop() {
            self.calls[free as usize] = call;
            free
        } else {
            self.calls.push(call);
            self.calls.len() as u32 - 1
        };
        self.places
            .insert_unique(hash, (hash, index), |place| place.0);
        index
    }

    /// Makes the place of a call free.
    fn remove(&mut self, hash: u64, index: u32) {
        if let Ok(place) = self.places.find_entry(hash, |place| place.1 == index) {
            place.remove();
        }
        self.calls[index as usize] = Packed::of(Box::default(), 0);
        self.free.push(index);
    }

    /// Gives memory back that is not needed after some have gone.
    fn give_back(&mut self) {
        while self.calls.last().is_some_and(Packed::is_nobody) {
            self.calls.pop();
        }
        let held = self.calls.len() as u32;
        self.free.retain(|index| *index < held);
        self.free.sort_unstable_by(|one, other| other.cmp(one));
        if self.calls.capacity() > 4 * self.calls.len() {
            self.calls.shrink_to(2 * self.calls.len());
            self.free.shrink_to_fit();
        }
        if self.places.capacity() > 4 * self.places.len() {
            self.places
                .shrink_to(2 * self.places.len(), |place| place.0);
        }
    }
}

impl Packed {
    fn of(log: Box<[u8]>, changed: u64) -> Self {
        Self {
            log,
            changed,
            arrived: 0,
            dirty: false,
            touched: false,
            untold: false,
            shown: false,
            over: false,
        }
    }

    fn is_nobody(&self) -> bool {
        self.log.is_empty()
    }

    fn is(&self, call: &str) -> bool {
        Log::id_of(&self.log) == call
    }
}

#[cfg(test)]
pub(crate) mod tests;
