//! What was taken back: an event by its id, or all of an import's run (`contract.md` §2, `retract`).
//!
//! What is taken back stays known, so that it is a duplicate when it comes again, and no figure
//! counts it. A retraction may come before what it takes back. An id alone means every event of that
//! id; with a channel and a conversation only theirs, for ids are unique there and no wider.

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use trunkline_model::event::Retract;

use super::parked::Item;
use super::{Account, Outcome, Position};
use crate::calls::TakenBack;
use crate::cells::{Cells, Tally};
use crate::conversation::Conversation;
use crate::entities::{Key, Word};
use crate::names::{Name, Names};
use crate::rules::History;
use crate::submap::{self, Place};
use crate::timeline::Entry;

/// The retractions of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Retractions {
    events: BTreeMap<CompactString, Vec<Where>>,
    /// Runs, each with the offset of its first retraction.
    runs: BTreeMap<Name, u64>,
}

/// Where an id is taken back, as told by the record at `offset`; none: everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Where {
    offset: u64,
    channel: Option<Name>,
    conversation: Option<CompactString>,
}

/// The place of an event: its channel and conversation.
#[derive(Clone, Copy)]
pub(super) struct Within<'a> {
    pub(super) channel: Name,
    pub(super) conversation: &'a str,
}

/// Retractions that came one after the other, to be carried out in one pass.
#[derive(Debug, Default)]
pub(super) struct Due {
    events: HashMap<CompactString, Vec<Where>>,
    runs: HashMap<Name, u64>,
    /// How many sets of cells they are new to.
    open: usize,
    last: u64,
}

impl Where {
    fn is_anywhere(&self) -> bool {
        self.channel.is_none() && self.conversation.is_none()
    }

    fn holds(&self, within: Within<'_>) -> bool {
        let other = |own: &Option<CompactString>| {
            own.as_ref().is_some_and(|own| own != within.conversation)
        };
        self.channel.is_none_or(|own| own == within.channel) && !other(&self.conversation)
    }
}

impl Retractions {
    /// Says whether an event of a conversation was taken back before it came.
    pub(super) fn take_back(
        &self,
        id: &str,
        within: Within<'_>,
        run: Option<Name>,
        offset: u64,
    ) -> bool {
        let events = self.events.get(id).into_iter().flatten();
        let mut before = events.filter(|of| of.offset < offset);
        let of_run = run.and_then(|run| self.runs.get(&run));
        before.any(|of| of.holds(within)) || of_run.is_some_and(|at| *at < offset)
    }
}

impl Retractions {
    /// Says whether an event of a call or an entity was taken back before it came.
    pub(super) fn take_back_call(&self, id: &str, run: Option<Name>, offset: u64) -> bool {
        let mut events = self.events.get(id).into_iter().flatten();
        let of_run = run.and_then(|run| self.runs.get(&run));
        events.any(|of| of.is_anywhere() && of.offset < offset)
            || of_run.is_some_and(|at| *at < offset)
    }

    /// Says whether an event of no conversation was taken back before it came.
    pub(super) fn take_back_anywhere(&self, id: &str, offset: u64) -> bool {
        let mut events = self.events.get(id).into_iter().flatten();
        events.any(|of| of.offset < offset && of.is_anywhere())
    }
}

impl Due {
    /// Gives what is taken back of calls.
    fn of_calls(&self) -> TakenBack {
        let mut all = TakenBack::new(self.last);
        for (id, of) in &self.events {
            let of_calls = of.iter().filter(|of| of.is_anywhere());
            of_calls.for_each(|of| all.event(id, of.offset));
        }
        self.runs
            .iter()
            .for_each(|(run, offset)| all.run(*run, *offset));
        all
    }

    /// Gives the offset of the retraction of an event of no conversation, of those in records from
    /// `taken` on.
    fn anywhere(&self, id: &str, taken: u64) -> Option<u64> {
        let events = self.events.get(id).into_iter().flatten();
        let offsets = events.filter(|of| of.is_anywhere()).map(|of| of.offset);
        offsets.filter(|offset| *offset >= taken).min()
    }

    /// Says whether a word of an entity is taken back by one of the records from `taken` on.
    fn of_entity(&self, key: &Key<'_>, word: &Word<'_>, taken: u64) -> bool {
        let within = match key {
            Key::Touch(channel, conversation, _) => Some(Within {
                channel: *channel,
                conversation,
            }),
            _ => None,
        };
        let holds = |of: &&Where| within.map_or(of.is_anywhere(), |within| of.holds(within));
        let events = self.events.get(word.id).into_iter().flatten();
        let events = events.filter(holds).map(|of| of.offset);
        let run = word.run.and_then(|run| self.runs.get(&run)).copied();
        events.chain(run).any(|offset| offset >= taken)
    }

    /// Gives the offset of the retraction of an entry, of those in records from `taken` on.
    fn of(&self, entry: &Entry, within: Within<'_>, taken: u64) -> Option<u64> {
        let events = self.events.get(&entry.id).into_iter().flatten();
        let event = events.filter(|of| of.holds(within)).map(|of| of.offset);
        let run = entry.run.and_then(|run| self.runs.get(&run)).copied();
        event.chain(run).find(|offset| *offset >= taken)
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.runs.is_empty()
    }

    /// Takes back what it names in a conversation; says whether there was any.
    fn carry_out(
        &self,
        known: &mut Conversation,
        taken: u64,
        rules: &History,
        names: &Names,
        cells: &mut Cells,
    ) -> bool {
        let rules = rules.of(known.channel, names, self.last);
        let mut tally = Tally::new(cells, self.last, known.channel, rules);
        let (channel, id) = (known.channel, CompactString::from(known.id()));
        let within = Within {
            channel,
            conversation: &id,
        };
        known.retract(|entry| self.of(entry, within, taken), rules, &mut tally)
    }

    /// Gives the offset of the first.
    pub(super) fn first(&self) -> u64 {
        let events = self.events.values().flatten().map(|of| of.offset);
        let first = events.chain(self.runs.values().copied()).min();
        first.unwrap_or(self.last)
    }

    /// Walks over the ids of events.
    pub(super) fn events(&self) -> impl Iterator<Item = &str> {
        self.events.keys().map(CompactString::as_str)
    }

    /// Walks over the runs.
    pub(super) fn runs(&self) -> impl Iterator<Item = Name> {
        self.runs.keys().copied()
    }
}

impl Account {
    /// Notes a retraction; it is carried out with those that follow it.
    pub(super) fn retract(&mut self, retract: &Retract<'_>, at: Position) -> Outcome {
        let open = self.cells.open(at.offset);
        if self.due.open != open {
            self.take_back();
            self.due.open = open;
        }
        self.due.last = at.offset;
        if let Some(id) = &retract.target {
            let of = Where {
                offset: at.offset,
                channel: retract.channel.as_ref().map(|name| self.names.number(name)),
                conversation: retract.conversation.as_deref().map(CompactString::from),
            };
            let known = self.retractions.events.entry(CompactString::from(&**id));
            known.or_default().push(of.clone());
            let due = self.due.events.entry(CompactString::from(&**id));
            due.or_default().push(of);
        }
        if let Some(run) = &retract.batch {
            let run = self.names.number(run);
            self.retractions.runs.entry(run).or_insert(at.offset);
            self.due.runs.insert(run, at.offset);
        }
        Outcome::Observed
    }

    /// Carries out the retractions noted, looking through all conversations once: they are rare.
    /// What has shrunk is sought in ClickHouse.
    pub(super) fn take_back(&mut self) {
        if self.due.is_empty() {
            return;
        }
        let due = Arc::new(std::mem::take(&mut self.due));
        self.calls.take_back(&due.of_calls());
        let of_entity = |key: &Key<'_>, word: &Word<'_>, taken| due.of_entity(key, word, taken);
        self.entities.take_back(due.last, of_entity);
        if !due.events.is_empty() {
            self.contacts.take_back(|id, taken| due.anywhere(id, taken));
        }
        let (rules, names, cells) = (&self.rules, &self.names, &mut self.cells);
        let parked = &mut self.parked;
        let mut shrunk = self.submaps.iter().any(|submap| submap.counts().1 > 0);
        submap::each(
            &mut self.submaps,
            &mut self.changed,
            due.last,
            |taken, place, known| {
                if parked.holds_up(known) {
                    parked.push(place, known, Item::Retract(Arc::clone(&due)));
                    return false;
                }
                shrunk |= known.is_shrunk();
                due.carry_out(known, taken, rules, names, cells)
            },
        );
        if shrunk {
            self.parked.seek(due);
        }
    }

    /// Carries out retractions in one conversation.
    pub(super) fn take_back_one(&mut self, place: Place, due: &Due) {
        let submap = &mut self.submaps[usize::from(place.submap)];
        let known = &mut submap.conversations[place.index];
        let (rules, names, cells) = (&self.rules, &self.names, &mut self.cells);
        if due.carry_out(known, submap.taken, rules, names, cells) {
            self.changed.note(known, place, due.last);
        }
    }
}
