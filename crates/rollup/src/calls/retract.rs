//! Phases that are taken back: by their event's id, or with an import's run.

use hashbrown::{HashMap, HashSet};

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

    fn holds(&self, id: &IdHash, run: Option<Name>, taken: u64) -> bool {
        let events = self.events.get(id).into_iter().flatten();
        let run = run.and_then(|run| self.runs.get(&run));
        events.chain(run).any(|offset| *offset >= taken)
    }
}

impl Calls {
    /// Takes phases back, looking through all calls: retractions are rare.
    pub(crate) fn take_back(&mut self, what: &TakenBack) {
        let mut changed = HashSet::new();
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            let taken = own.taken;
            for (index, call) in (0..).zip(&mut own.calls) {
                let mut log = Log::unpack(&call.log);
                let mut found = false;
                for kept in log.phases.iter_mut().filter(|kept| !kept.retracted) {
                    kept.retracted = what.holds(&kept.id, kept.run, taken);
                    found |= kept.retracted;
                }
                if found {
                    let log = log.pack();
                    call.log = log;
                    changed.insert((part, index));
                }
            }
        }
        let mut changed: Vec<_> = changed.into_iter().collect();
        changed.sort_unstable();
        for (part, index) in changed {
            self.note(Place { part, index }, what.last);
        }
    }
}
