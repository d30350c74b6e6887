//! The state of one account: everything that its figures are made of, in memory.
//!
//! [`Account::observe`] is a deterministic function of the records in the order of their offsets:
//! no clock, no randomness, no dependence on map order (invariant
//! `figures_are_a_function_of_the_journal`). Rows are made from the state when they are gathered,
//! so nothing queues up while ClickHouse is away.

use std::collections::BTreeSet;
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use trunkline_model::event::{ConversationChange, Event, Message};
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use crate::calls::Calls;
use crate::cells::{Cells, Tally};
use crate::chunks::Chunks;
use crate::contacts::Contacts;
use crate::conversation::{Conversation, Inserted};
use crate::entities::Entities;
use crate::facts::Rows;
use crate::names::Name;
use crate::names::Names;
use crate::rules::History;
use crate::seen::{Mark, Seen, Sight};
use crate::submap::{self, Changed, Place, Submap};
use crate::timeline::{Body, Entry, Message as TimelineMessage};

mod ahead;
mod call;
mod contact;
mod counts;
mod entity;
mod gather;
mod live;
mod parked;
mod retract;
mod settings;
mod shrink;
mod snapshot;

pub use crate::calls::{CallHorizon, KeptCalls, PartOfCalls};
use ahead::Prepared;
pub use ahead::Told;
pub use counts::Counts;
pub use live::{CallNow, View, Waiting};
use parked::{Item, Parked};
pub use parked::{Refused, Sought, Timeline, Timelines, Wanted};
use retract::{Due, Retractions, Within};
pub use shrink::Horizon;
use shrink::LetGo;
pub use snapshot::{Conversations, Ledger, Part};

/// Records of one block of this many offsets share a note that one of them is waiting.
pub const WAITING_BLOCK: u64 = 4096;

/// What the fold needs to know that is the same for all accounts.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How long identities are remembered, in milliseconds of arrival (7 days).
    pub window: i64,
    /// The key of the hashes: the journal's id.
    pub seed: u64,
}

/// Where a record stands in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Its offset.
    pub offset: u64,
    /// Its batch's `received_at`.
    pub received_at: Time,
}

/// What became of a journalled event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the figures.
    Observed,
    /// It was seen before with the same content.
    Duplicate,
    /// It was seen before with other content: the first stays.
    Conflict,
    /// Its room does not exist yet: it will be observed by replay.
    Waiting,
    /// Its call has too many phases already, or its lead too many changes: it stays in the journal alone.
    Quarantined,
    /// It waits until its conversation is whole again: what becomes of it is counted then.
    Parked,
}

/// A mark with the place it was first seen at; what the dedup files hold.
#[derive(Clone, Copy, Debug)]
pub struct Seeing {
    /// The event.
    pub mark: Mark,
    /// The record that brought it.
    pub at: Position,
}

/// The state of one account.
#[derive(Debug)]
pub struct Account {
    id: Arc<str>,
    config: Config,
    names: Names,
    rules: History,
    retractions: Retractions,
    due: Due,
    counts: Counts,
    waiting: BTreeSet<u64>,
    submaps: Vec<Submap>,
    seen: Seen,
    fresh: Chunks<Seeing, 8192>,
    changed: Changed,
    calls: Calls,
    entities: Entities,
    cells: Cells,
    prepared: Vec<Prepared>,
    parked: Parked,
    let_go: LetGo,
    contacts: Contacts,
    /// The part in which conversations beyond the horizon are looked for next.
    shrinks_next: u8,
    /// Records below this offset are in `counts`, `rules` and `waiting` already.
    taken: u64,
    scratch: Vec<u8>,
}

impl Account {
    /// Makes the state of an account of which nothing is known.
    pub fn new(id: Arc<str>, config: Config) -> Self {
        Self {
            id,
            config,
            names: Names::default(),
            rules: History::default(),
            retractions: Retractions::default(),
            due: Due::default(),
            counts: Counts::default(),
            waiting: BTreeSet::new(),
            submaps: (0..submap::COUNT).map(|_| Submap::default()).collect(),
            seen: Seen::new(config.window),
            fresh: Chunks::default(),
            prepared: Vec::new(),
            parked: Parked::default(),
            let_go: LetGo::default(),
            contacts: Contacts::default(),
            shrinks_next: 0,
            changed: Changed::default(),
            calls: Calls::new(config.seed),
            entities: Entities::new(config.seed),
            cells: Cells::new(FoldRules::default().cell_minutes),
            taken: 0,
            scratch: Vec::new(),
        }
    }

    /// Gives the account's id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Gives the outcomes since the journal began.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Gives the settings last told.
    pub fn rules(&self) -> Option<&FoldRules> {
        self.rules.latest()
    }

    /// Gives the blocks of [`WAITING_BLOCK`] offsets that hold a waiting event.
    pub fn waiting_blocks(&self) -> impl Iterator<Item = u64> {
        self.waiting.iter().copied()
    }

    fn observe_prepared(&mut self, event: &Event<'_>, prepared: Prepared, at: Position) -> Outcome {
        if !matches!(event, Event::Retract(_)) {
            self.take_back();
        }
        let mark = prepared.mark;
        let outcome = match self.seen.see(mark, at.received_at) {
            Sight::Same => Outcome::Duplicate,
            Sight::Other => Outcome::Conflict,
            Sight::New => {
                self.fresh.push(Seeing { mark, at });
                self.apply(event, prepared, at)
            }
        };
        if at.offset >= self.taken {
            self.count(outcome, at.offset);
        }
        outcome
    }

    /// Counts a record that could not be understood.
    pub fn quarantine(&mut self, at: Position) {
        if at.offset >= self.taken {
            self.counts.quarantined += 1;
        }
    }

    fn mark(&mut self, event: &Event<'_>, origin: &str) -> Mark {
        let seed = self.config.seed;
        Mark {
            identity: event.identity(&mut self.scratch, &self.id, origin, seed),
            content: event.content(&mut self.scratch, seed),
        }
    }

    fn count(&mut self, outcome: Outcome, offset: u64) {
        match outcome {
            Outcome::Observed => self.counts.observed += 1,
            Outcome::Duplicate => self.counts.duplicate += 1,
            Outcome::Conflict => self.counts.conflict += 1,
            Outcome::Waiting => {
                self.counts.waiting += 1;
                self.waiting.insert(offset / WAITING_BLOCK);
            }
            Outcome::Quarantined => self.counts.quarantined += 1,
            Outcome::Parked => {}
        }
    }

    fn apply(&mut self, event: &Event<'_>, prepared: Prepared, at: Position) -> Outcome {
        match (event, prepared.key) {
            // A note is no message: it moves no clock and gives no row (`metrics.md` §1).
            (Event::Message(message), _) if message.private => Outcome::Observed,
            (Event::Message(message), Some(key)) => {
                self.touch(message, at);
                self.message(message, key, at)
            }
            (Event::Conversation(change), Some(key)) => self.change(event, change, key, at),
            (Event::Retract(retract), _) => self.retract(retract, at),
            (Event::Call(call), _) => self.call(event, call, prepared.hook, at),
            (Event::Contact(change), _) => self.contact(event, change, prepared.hook, at),
            (Event::Lead(lead), _) => self.lead(event, lead, prepared.hook, at),
            (Event::Form(form), _) => self.form(event, form, prepared.hook, at),
            (Event::Spend(spend), _) => self.spend(event, spend, prepared.hook, at),
            // Kept by call tracking, which is told of what is observed.
            (Event::Visit(_), _) => Outcome::Observed,
            _ => Outcome::Waiting,
        }
    }

    fn message(&mut self, message: &Message<'_>, key: u128, at: Position) -> Outcome {
        let Some(place) = self.place(key, &message.channel, &message.conversation, at) else {
            return Outcome::Observed;
        };
        let contact = self.conversation(place).contact_number(&message.contact);
        let cap = self.rules.managers_cap(at.offset);
        let (names, counted) = (&mut self.names, at.offset >= self.taken);
        let mut manager = |name: &str| names.manager(name, cap, counted);
        let body = Body::Message(TimelineMessage {
            author: message.author,
            contact,
            manager: message.manager.as_deref().map(&mut manager),
            assignee: message.assignee.as_deref().map(&mut manager),
            kind: message.kind,
            chars: message.chars,
            expects_reply: message.expects_reply,
            integrity: message.integrity,
        });
        let run = message.batch.as_ref().map(|run| names.number(run));
        let id = CompactString::from(message.effective_id());
        self.insert(place, (message.at, id, body), run, at)
    }

    fn change(
        &mut self,
        event: &Event<'_>,
        change: &ConversationChange<'_>,
        key: u128,
        at: Position,
    ) -> Outcome {
        let Some(place) = self.place(key, &change.channel, &change.conversation, at) else {
            return Outcome::Observed;
        };
        let cap = self.rules.managers_cap(at.offset);
        let counted = at.offset >= self.taken;
        let manager = change.manager.as_ref();
        let manager = manager.map(|name| self.names.manager(name, cap, counted));
        let id = match &change.id {
            Some(id) => CompactString::from(&**id),
            // Unseeded, so that the order of changes of the same time is a function of what they
            // say.
            None => format_compact!("h:{:016x}", event.content(&mut self.scratch, 0)),
        };
        let body = Body::Change {
            change: change.change,
            manager,
        };
        let run = change.batch.as_ref().map(|run| self.names.number(run));
        self.insert(place, (change.at, id, body), run, at)
    }

    /// Finds or makes a conversation; none if its part came out of a checkpoint that has the
    /// record already.
    fn place(
        &mut self,
        key: u128,
        channel: &str,
        conversation: &str,
        at: Position,
    ) -> Option<Place> {
        let part = submap::part(key);
        let submap = &mut self.submaps[usize::from(part)];
        if at.offset < submap.taken {
            return None;
        }
        let names = &mut self.names;
        let make = || {
            Conversation::new(
                submap::check(key),
                names.number(channel),
                conversation,
                at.received_at,
            )
        };
        let index = submap.entry(key, make);
        let submap = part;
        Some(self.awake(Place { submap, index }))
    }

    fn conversation(&mut self, place: Place) -> &mut Conversation {
        &mut self.submaps[usize::from(place.submap)].conversations[place.index]
    }

    fn insert(
        &mut self,
        place: Place,
        (occurred_at, id, body): (Time, CompactString, Body),
        run: Option<Name>,
        at: Position,
    ) -> Outcome {
        let Position {
            offset,
            received_at,
        } = at;
        let conversation = &self.submaps[usize::from(place.submap)].conversations[place.index];
        let within = Within {
            channel: conversation.channel,
            conversation: conversation.id(),
        };
        let entry = Entry {
            at: occurred_at,
            retracted: self.retractions.take_back(&id, within, run, offset),
            run,
            id,
            body,
            received_at,
            changed: offset,
        };
        let waits = self.parked.holds_up(conversation);
        if waits || conversation.needs_head(&entry, self.config.window) {
            self.park(place, Item::Entry(entry));
            return Outcome::Parked;
        }
        self.put(place, entry)
    }

    /// Puts an entry into its conversation, which has all that is needed for it.
    fn put(&mut self, place: Place, entry: Entry) -> Outcome {
        let offset = entry.changed;
        let submap = &mut self.submaps[usize::from(place.submap)];
        let conversation = &mut submap.conversations[place.index];
        let rules = self.rules.of(conversation.channel, &self.names, offset);
        let mut tally = Tally::new(&mut self.cells, offset, conversation.channel, rules);
        match conversation.insert(entry, rules, self.config.window, &mut tally) {
            Inserted::Same => return Outcome::Duplicate,
            Inserted::Other => return Outcome::Conflict,
            Inserted::New => {}
        }
        self.changed.note(conversation, place, offset);
        Outcome::Observed
    }

    /// Gives the offset below which all changes have been gathered, if rows are left to gather or
    /// events wait for a conversation to be whole.
    pub fn oldest_dirty(&self) -> Option<u64> {
        let dirty = self.changed.dirty.front().map(|(since, _)| *since);
        let others = [
            self.calls.oldest_dirty(),
            self.contacts.oldest_dirty(),
            self.entities.oldest_dirty(),
        ];
        dirty
            .into_iter()
            .chain(self.parked.oldest())
            .chain(others.into_iter().flatten())
            .min()
    }

    /// Shows the cells of the rows gathered since the last time, as of `version`: it must not be less
    /// than before, and not less than that of any record that was gathered.
    pub fn gather_cells(&mut self, version: u64, rows: &mut impl Rows) {
        if self.cells.is_noted() {
            self.cells.gather(&self.id, &self.names, version, rows);
        }
    }

    /// Gives the length of a cell of figures in minutes.
    pub fn cell_minutes(&self) -> u8 {
        self.cells.minutes()
    }

    /// Makes all rows changed by records from `offset` on be gathered again: ClickHouse holds only
    /// what was changed below it.
    pub fn rewind(&mut self, offset: u64) {
        if self.rules.recuts_from(offset) {
            self.cells.recut();
        }
        self.calls.rewind(offset);
        self.entities.rewind(offset);
        submap::each(
            &mut self.submaps,
            &mut self.changed,
            offset,
            |_, _, known| known.rewind(offset),
        );
        for (since, _) in &mut self.changed.dirty {
            *since = (*since).min(offset);
        }
        self.contacts.rewind(offset);
    }

    /// Gives the offset below which all records lie that changed what has been let go of: of them
    /// rows cannot be gathered again from memory.
    pub fn lets_go_below(&self) -> u64 {
        self.let_go.below
    }

    /// Takes the marks first seen since the last call.
    pub fn take_fresh(&mut self) -> Vec<Seeing> {
        std::mem::take(&mut self.fresh).into_iter().collect()
    }

    /// Remembers a mark again, after a restart. Marks must come in the order of their offsets.
    pub fn remember(&mut self, seeing: Seeing) {
        self.seen.see(seeing.mark, seeing.at.received_at);
    }

    /// Remembers an event again, after a restart, without observing it; gives its mark if it was
    /// new.
    pub fn recall(&mut self, event: &Event<'_>, origin: &str, at: Position) -> Option<Seeing> {
        let mark = self.mark(event, origin);
        let new = self.seen.see(mark, at.received_at) == Sight::New;
        new.then_some(Seeing { mark, at })
    }
}

#[cfg(test)]
mod tests;
