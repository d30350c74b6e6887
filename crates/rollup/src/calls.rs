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
//! Phases are packed (`log`): a call of five takes some 0.5 KB. Nothing of old calls is let go of.

use std::collections::VecDeque;

use compact_str::{CompactString, format_compact};
use hashbrown::HashTable;
use trunkline_model::event::{Call, Event};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::account::{Outcome, Position};
use crate::names::Name;

mod answer;
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
mod transfers;
mod waits;

pub(crate) use gather::Context;
use log::{Known, Log, New, PHASES, id_hash};
pub(crate) use retract::TakenBack;
pub use snapshot::{KeptCalls, PartOfCalls};

/// Parts that a checkpoint takes one by one.
const PARTS: usize = 256;

/// Where a call is kept.
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
    /// Calls to be shown live, each once.
    touched: Vec<Place>,
    /// Calls to be told of, each once.
    news: Vec<Place>,
}

/// Some of the calls.
#[derive(Debug, Default)]
struct Part {
    calls: Vec<Packed>,
    /// Hash and place.
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
    log: Box<[u8]>,
    /// The offset of the last record that changed its row.
    changed: u64,
    dirty: bool,
    touched: bool,
    /// It is among the news.
    news: bool,
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
            news: Vec::new(),
        }
    }

    /// Counts the calls.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.calls.len()).sum()
    }

    /// Measures what they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let calls = self.parts.iter().flat_map(|part| &part.calls);
        let place = size_of::<(u64, u32)>() + 1;
        calls
            .map(|call| call.log.len() + size_of::<Packed>() + place)
            .sum()
    }

    /// Counts those with a row to gather.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len()
    }

    /// Gives the offset below which all changes have been gathered, if any is left.
    pub(crate) fn oldest_dirty(&self) -> Option<u64> {
        self.dirty.front().map(|(since, _)| *since)
    }

    /// Says whether the part of a call came out of a checkpoint that has the record already.
    pub(crate) fn has(&self, call: &str, at: Position) -> bool {
        at.offset < self.parts[usize::from(part(self.hash(call)))].taken
    }

    /// Keeps a phase, or finds it known; there may be no more than [`PHASES`] of a call.
    pub(crate) fn insert(&mut self, told: &Told<'_>) -> Outcome {
        let hash = self.hash(&told.call.call);
        let own = &mut self.parts[usize::from(part(hash))];
        let index = own.entry(hash, &told.call.call);
        let packed = &mut own.calls[index as usize];
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
        let mut log = Log::unpack(&packed.log);
        match log.find(&new) {
            Some(Known::Same) => return Outcome::Duplicate,
            Some(Known::Other) => return Outcome::Conflict,
            None if log.phases.len() >= PHASES => return Outcome::Quarantined,
            None => {}
        }
        log.push(&new);
        let log = log.pack();
        packed.log = log;
        let part = part(hash);
        self.note(Place { part, index }, told.at.offset);
        Outcome::Observed
    }

    /// Notes that the record at `offset` changed a call.
    fn note(&mut self, place: Place, offset: u64) {
        let call = &mut self.parts[usize::from(place.part)].calls[place.index as usize];
        call.changed = call.changed.max(offset);
        call.over = false;
        if !call.dirty {
            call.dirty = true;
            self.dirty.push_back((offset, place));
        }
        if !call.touched {
            call.touched = true;
            self.touched.push(place);
        }
        if !call.news {
            call.news = true;
            self.news.push(place);
        }
    }

    /// Has all calls derived anew: other settings hold since the record at `offset`. Which of them go
    /// on depends on none.
    pub(crate) fn settings(&mut self, offset: u64) {
        for part in 0..=u8::MAX {
            let own = &mut self.parts[usize::from(part)];
            if offset < own.taken {
                continue;
            }
            for (index, call) in (0..).zip(&mut own.calls) {
                call.changed = call.changed.max(offset);
                if call.shown && !call.touched {
                    call.touched = true;
                    self.touched.push(Place { part, index });
                }
                if !call.dirty {
                    call.dirty = true;
                    self.dirty.push_back((offset, Place { part, index }));
                }
            }
        }
    }

    /// Makes the rows changed by records from `offset` on be gathered again.
    pub(crate) fn rewind(&mut self, offset: u64) {
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            for (index, call) in (0..).zip(&mut own.calls) {
                if call.changed >= offset && !call.dirty {
                    call.dirty = true;
                    self.dirty.push_back((offset, Place { part, index }));
                }
            }
        }
        for (since, _) in &mut self.dirty {
            *since = (*since).min(offset);
        }
    }

    fn hash(&self, call: &str) -> u64 {
        xxh3_64_with_seed(call.as_bytes(), self.seed)
    }
}

fn part(hash: u64) -> u8 {
    (hash >> 56) as u8
}

impl Part {
    /// Finds a call, or makes it.
    fn entry(&mut self, hash: u64, call: &str) -> u32 {
        let calls = &self.calls;
        let is = |place: &(u64, u32)| place.0 == hash && calls[place.1 as usize].is(call);
        if let Some((_, index)) = self.places.find(hash, is) {
            return *index;
        }
        let index = self.calls.len() as u32;
        self.calls.push(Packed::new(call));
        self.places
            .insert_unique(hash, (hash, index), |place| place.0);
        index
    }
}

impl Packed {
    fn new(call: &str) -> Self {
        let log = Log {
            call,
            ..Log::default()
        };
        Self::of(log.pack(), 0)
    }

    fn of(log: Box<[u8]>, changed: u64) -> Self {
        Self {
            log,
            changed,
            dirty: false,
            touched: false,
            news: false,
            shown: false,
            over: false,
        }
    }

    fn is(&self, call: &str) -> bool {
        // The id stands first.
        postcard::take_from_bytes::<&str>(&self.log).is_ok_and(|(own, _)| own == call)
    }
}

#[cfg(test)]
mod tests;
