//! Phases that are taken back: by their event's id, or with an import's run.

use hashbrown::HashMap;

use super::log::{IdHash, Log, id_hash};
use super::{Calls, Place};
use crate::names::Name;

/// What is taken back of calls: ids of events and runs, each with the offsets that say so.
#[derive(Debug, Default)]
pub(crate) struct TakenBack {
    events: HashMap<IdHash, Vec<u64>>,
    runs: HashMap<Name, u64>,
    last: u64,
}

impl TakenBack {
    pub(crate) fn new(last: u64) -> Self {
        Self {
            last,
            ..Self::default()
        }
    }

    pub(crate) fn event(&mut self, id: &str, offset: u64) {
        self.events.entry(id_hash(id)).or_default().push(offset);
    }

    pub(crate) fn run(&mut self, run: Name, offset: u64) {
        self.runs.insert(run, offset);
    }

    /// Gives the offset of the first retraction.
    pub(super) fn first(&self) -> u64 {
        let events = self.events.values().flatten().chain(self.runs.values());
        events.copied().min().unwrap_or(self.last)
    }

    /// Gives the offset of the last one.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Adds what is to be taken back as well.
    pub(super) fn join(&mut self, other: &Self) {
        for (id, offsets) in &other.events {
            self.events.entry(*id).or_default().extend(offsets);
        }
        for (run, offset) in &other.runs {
            let known = self.runs.entry(*run).or_insert(*offset);
            *known = (*known).max(*offset);
        }
        self.last = self.last.max(other.last);
    }

    /// Takes phases of a call back; gives its log if there were any. `taken` is the offset below which
    /// all retractions are carried out in it already.
    pub(super) fn mended(&self, log: &[u8], taken: u64) -> Option<Box<[u8]>> {
        let mut log = Log::unpack(log);
        let mut found = false;
        for kept in log.phases.iter_mut().filter(|kept| !kept.retracted) {
            kept.retracted = self.holds(&kept.id, kept.run, taken);
            found |= kept.retracted;
        }
        found.then(|| log.pack())
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.runs.is_empty()
    }

    fn holds(&self, id: &IdHash, run: Option<Name>, taken: u64) -> bool {
        let events = self.events.get(id).into_iter().flatten();
        let run = run.and_then(|run| self.runs.get(&run));
        events.chain(run).any(|offset| *offset >= taken)
    }
}

impl Calls {
    /// Takes phases back, looking through all calls in memory, for retractions are rare, and having the
    /// cold ones looked through.
    pub(crate) fn take_back(&mut self, what: &TakenBack) {
        if what.is_empty() {
            return;
        }
        let mut changed = Vec::new();
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            let taken = own.taken;
            for (index, call) in (0..).zip(&mut own.calls) {
                if let Some(log) = what.mended(&call.log, taken) {
                    call.log = log;
                    changed.push(Place { part, index });
                }
            }
        }
        for place in changed {
            self.note(place, what.last, what.last);
        }
        self.sweep_back(what);
    }
}
