//! The state of one account: everything that its figures are made of, in memory.
//!
//! [`Account::observe`] is a deterministic function of the records in the order of their offsets:
//! no clock, no randomness, no dependence on map order (invariant
//! `figures_are_a_function_of_the_journal`). Rows are made from the state when they are gathered,
//! so nothing queues up while ClickHouse is away.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use compact_str::{CompactString, format_compact};
use trunkline_model::event::{ConversationChange, Event, Message};
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use crate::chunks::Chunks;
use crate::conversation::{Context, Conversation, Inserted};
use crate::facts::{ConversationFact, MessageFact};
use crate::names::Names;
use crate::rules::History;
use crate::seen::{Mark, Seen, Sight};
use crate::submap::{self, Place, Submap};
use crate::timeline::{Body, Entry, Message as TimelineMessage};

mod ahead;
mod counts;
mod snapshot;

use ahead::Prepared;
pub use ahead::Told;
pub use counts::Counts;
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
}

/// A mark with the place it was first seen at; what the dedup files hold.
#[derive(Clone, Copy, Debug)]
pub struct Seeing {
    /// The event.
    pub mark: Mark,
    /// The record that brought it.
    pub at: Position,
}

/// Rows to be written.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Message rows.
    pub messages: Vec<MessageFact>,
    /// Conversation rows.
    pub conversations: Vec<ConversationFact>,
}

impl Gathered {
    /// Takes over rows; as a rule there are none yet, and nothing is copied.
    pub fn append(&mut self, mut rows: Self) {
        if self.messages.is_empty() && self.conversations.is_empty() {
            *self = rows;
        } else {
            self.messages.append(&mut rows.messages);
            self.conversations.append(&mut rows.conversations);
        }
    }

    /// Makes room for changed conversations, and for a message of each.
    fn reserve(&mut self, conversations: usize) {
        self.messages.reserve(conversations);
        self.conversations.reserve(conversations);
    }
}

/// The state of one account.
#[derive(Debug)]
pub struct Account {
    id: Arc<str>,
    config: Config,
    names: Names,
    rules: History,
    counts: Counts,
    waiting: BTreeSet<u64>,
    submaps: Vec<Submap>,
    seen: Seen,
    fresh: Chunks<Seeing, 8192>,
    dirty: VecDeque<(u64, Place)>,
    prepared: Vec<Prepared>,
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
            counts: Counts::default(),
            waiting: BTreeSet::new(),
            submaps: (0..submap::COUNT).map(|_| Submap::default()).collect(),
            seen: Seen::new(config.window),
            fresh: Chunks::default(),
            prepared: Vec::new(),
            dirty: VecDeque::new(),
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

    /// Counts the conversations held.
    pub fn conversations(&self) -> usize {
        self.submaps
            .iter()
            .map(|submap| submap.conversations.len())
            .sum()
    }

    /// Counts the identities remembered.
    pub fn remembered(&self) -> usize {
        self.seen.len()
    }

    /// Counts the conversations with rows to gather.
    pub fn dirty(&self) -> usize {
        self.dirty.len()
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
        let mark = prepared.mark;
        let outcome = match self.seen.see(mark, at.received_at) {
            Sight::Same => Outcome::Duplicate,
            Sight::Other => Outcome::Conflict,
            Sight::New => {
                self.fresh.push(Seeing { mark, at });
                self.apply(event, prepared.key, at)
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
        }
    }

    fn apply(&mut self, event: &Event<'_>, key: Option<u128>, at: Position) -> Outcome {
        match (event, key) {
            // A note is no message: it moves no clock and gives no row (`metrics.md` §1).
            (Event::Message(message), _) if message.private => Outcome::Observed,
            (Event::Message(message), Some(key)) => self.message(message, key, at),
            (Event::Conversation(change), Some(key)) => self.change(event, change, key, at),
            _ => Outcome::Waiting,
        }
    }

    fn message(&mut self, message: &Message<'_>, key: u128, at: Position) -> Outcome {
        let Some(place) = self.place(key, &message.channel, &message.conversation, at) else {
            return Outcome::Observed;
        };
        let contact = self.conversation(place).contact_number(&message.contact);
        let names = &mut self.names;
        let body = Body::Message(TimelineMessage {
            author: message.author,
            contact,
            manager: message.manager.as_ref().map(|name| names.number(name)),
            assignee: message.assignee.as_ref().map(|name| names.number(name)),
            kind: message.kind,
            chars: message.chars,
            expects_reply: message.expects_reply,
        });
        let id = CompactString::from(message.effective_id());
        self.insert(place, message.at, id, body, at)
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
        let manager = change.manager.as_ref().map(|name| self.names.number(name));
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
        self.insert(place, change.at, id, body, at)
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
        Some(Place {
            submap: part,
            index,
        })
    }

    fn conversation(&mut self, place: Place) -> &mut Conversation {
        &mut self.submaps[usize::from(place.submap)].conversations[place.index]
    }

    fn insert(
        &mut self,
        place: Place,
        occurred_at: Time,
        id: CompactString,
        body: Body,
        at: Position,
    ) -> Outcome {
        let Position {
            offset,
            received_at,
        } = at;
        let entry = Entry {
            at: occurred_at,
            id,
            body,
            received_at,
            changed: offset,
        };
        let submap = &mut self.submaps[usize::from(place.submap)];
        let conversation = &mut submap.conversations[place.index];
        let rules = self.rules.of(self.names.text(conversation.channel));
        match conversation.insert(entry, rules, self.config.window) {
            Inserted::Same => return Outcome::Duplicate,
            Inserted::Other => return Outcome::Conflict,
            Inserted::New => {}
        }
        if !conversation.dirty {
            conversation.dirty = true;
            self.dirty.push_back((offset, place));
        }
        Outcome::Observed
    }

    /// Applies a change of settings, told by a record.
    pub fn settings(&mut self, rules: FoldRules, at: Position) {
        if at.offset >= self.taken {
            self.rules.append(at.received_at, at.offset, rules);
        }
        let before = self.rules.before(at.offset);
        let after = self.rules.before(at.offset + 1);
        for (part, submap) in self.submaps.iter_mut().enumerate() {
            if at.offset < submap.taken {
                continue;
            }
            for (index, conversation) in submap.conversations.iter_mut().enumerate() {
                let channel = self.names.text(conversation.channel);
                let (before, after) = (before.of(channel), after.of(channel));
                if conversation.refold(before, after, at.offset) && !conversation.dirty {
                    conversation.dirty = true;
                    let place = Place {
                        submap: part as u8,
                        index: index as u32,
                    };
                    self.dirty.push_back((at.offset, place));
                }
            }
        }
    }

    /// Gives the offset below which all changes have been gathered, if rows are left to gather.
    pub fn oldest_dirty(&self) -> Option<u64> {
        self.dirty.front().map(|(since, _)| *since)
    }

    /// Appends changed rows to `rows`, the longest waiting first, until there are `limit` message
    /// rows or no more. `generation` goes into the rows' versions.
    pub fn gather(&mut self, generation: u64, limit: usize, rows: &mut Gathered) {
        rows.reserve(self.dirty.len().min(limit));
        while rows.messages.len() < limit {
            let Some((_, place)) = self.dirty.pop_front() else {
                return;
            };
            let submap = &mut self.submaps[usize::from(place.submap)];
            let conversation = &mut submap.conversations[place.index];
            conversation.dirty = false;
            let context = Context {
                account: &self.id,
                names: &self.names,
                rules: self.rules.of(self.names.text(conversation.channel)),
                generation: generation << 48,
            };
            rows.conversations
                .push(conversation.gather(&context, &mut rows.messages));
        }
    }

    /// Makes all rows changed by records from `offset` on be gathered again: ClickHouse holds only
    /// what was changed below it.
    pub fn rewind(&mut self, offset: u64) {
        for (part, submap) in self.submaps.iter_mut().enumerate() {
            for (index, conversation) in submap.conversations.iter_mut().enumerate() {
                if conversation.rewind(offset) && !conversation.dirty {
                    conversation.dirty = true;
                    let place = Place {
                        submap: part as u8,
                        index: index as u32,
                    };
                    self.dirty.push_back((offset, place));
                }
            }
        }
        for (since, _) in &mut self.dirty {
            *since = (*since).min(offset);
        }
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
