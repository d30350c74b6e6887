//! What was taken back: an event by its id, or all of an import's run (`contract.md` §2, `retract`).
//!
//! What is taken back stays known, so that it is a duplicate when it comes again, and no figure
//! counts it. A retraction may come before what it takes back.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::event::Retract;

use super::{Account, Outcome, Position};
use crate::cells::Tally;
use crate::names::Name;
use crate::submap;
use crate::timeline::Entry;

/// The retractions of an account, each with the offset of its first record.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Retractions {
    events: BTreeMap<CompactString, u64>,
    runs: BTreeMap<Name, u64>,
}

impl Retractions {
    /// Says whether an event was taken back before it came.
    pub(super) fn take_back(&self, id: &str, run: Option<Name>, offset: u64) -> bool {
        let before = |retracted: Option<&u64>| retracted.is_some_and(|at| *at < offset);
        before(self.events.get(id)) || run.is_some_and(|run| before(self.runs.get(&run)))
    }
}

impl Account {
    pub(super) fn retract(&mut self, retract: &Retract<'_>, at: Position) -> Outcome {
        if let Some(id) = &retract.target {
            let events = &mut self.retractions.events;
            events
                .entry(CompactString::from(&**id))
                .or_insert(at.offset);
            let id = &**id;
            self.take_back(|entry| entry.id == *id, at.offset);
        }
        if let Some(run) = &retract.batch {
            let run = self.names.number(run);
            self.retractions.runs.entry(run).or_insert(at.offset);
            self.take_back(|entry| entry.run == Some(run), at.offset);
        }
        Outcome::Observed
    }

    /// Looks through all conversations: retractions are rare.
    fn take_back(&mut self, is: impl Fn(&Entry) -> bool, offset: u64) {
        let (rules, names, cells) = (&self.rules, &self.names, &mut self.cells);
        let counted = offset < self.taken;
        submap::each(
            &mut self.submaps,
            &mut self.changed,
            offset,
            |taken, known| {
                let rules = rules.of(known.channel, names);
                let cells = (!counted).then_some(&mut *cells);
                let mut tally = Tally::new(cells, known.channel, rules);
                offset >= taken && known.retract(&is, rules, offset, &mut tally)
            },
        );
    }
}
