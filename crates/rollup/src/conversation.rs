//! One conversation: its timeline, its clock, and the rows made of them.
//!
//! An entry newer than all others moves the clock one step. A late one is put in its place and the
//! clock is run again from there, beside the clock of before, until both agree: exactly the rows
//! whose samples changed are written anew.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_model::event::Author;
use trunkline_model::time::Time;

use crate::clock::{Clock, CycleStep, Step};
use crate::facts::{ConversationFact, Cycle, MessageFact, Samples};
use crate::names::{Name, Names};
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::{Body, Entry, Message};

/// Milliseconds within which a reopening takes a closing out of the figures (`metrics.md` 1.2).
const REOPENED_WITHIN: i64 = 24 * 3_600_000;

/// How many contacts of a conversation are compared before a new place is given.
const CONTACTS_LOOKED_AT: usize = 32;

/// One conversation of an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) channel: Name,
    pub(crate) id: Arc<str>,
    /// Those its messages are from or to; as a rule one.
    contacts: Vec<Arc<str>>,
    entries: Vec<Entry>,
    clock: Clock,
    #[serde(with = "plain")]
    first_arrival: Time,
    #[serde(with = "plain")]
    last_arrival: Time,
    /// Offset of the last record that changed any row of it.
    changed: u64,
    /// All rows changed by records below this offset were gathered.
    #[serde(skip)]
    gathered: u64,
    /// Whether it waits in the account's dirty list.
    #[serde(skip)]
    pub(crate) dirty: bool,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is in the timeline now.
    New,
    /// It was there already.
    Same,
    /// Its id was there with other content.
    Other,
}

/// What all rows of an account share.
pub(crate) struct Context<'a> {
    pub(crate) account: &'a Arc<str>,
    pub(crate) names: &'a Names,
    pub(crate) rules: ChannelRules<'a>,
    /// `generation << 48`, to be joined with an offset.
    pub(crate) generation: u64,
}

impl Conversation {
    /// Makes an empty conversation that has nothing to gather yet.
    pub(crate) fn new(channel: Name, id: &str, received_at: Time) -> Self {
        Self {
            channel,
            id: Arc::from(id),
            contacts: Vec::new(),
            entries: Vec::new(),
            clock: Clock::default(),
            first_arrival: received_at,
            last_arrival: received_at,
            changed: 0,
            gathered: 0,
            dirty: false,
        }
    }

    /// Puts an entry in its place. `window` is how long (in ms of arrival) ids are remembered
    /// elsewhere; older ones are looked up in the timeline itself.
    pub(crate) fn insert(
        &mut self,
        entry: Entry,
        rules: ChannelRules<'_>,
        window: i64,
    ) -> Inserted {
        if entry.received_at.since(self.first_arrival) >= window
            && let Some(known) = self.find(&entry)
        {
            let same = known.at == entry.at && self.says_the_same(&known.body, &entry.body);
            return if same {
                Inserted::Same
            } else {
                Inserted::Other
            };
        }
        let newest = self
            .entries
            .last()
            .is_none_or(|last| last.order(&entry).is_lt());
        let (offset, received_at) = (entry.changed, entry.received_at);
        if newest {
            self.clock.step(&entry, rules.at(entry.at));
            self.entries.push(entry);
        } else if let Err(done) = self.insert_late(entry, rules) {
            return done;
        }
        self.changed = self.changed.max(offset);
        self.last_arrival = received_at;
        Inserted::New
    }

    fn find(&self, entry: &Entry) -> Option<&Entry> {
        let message = entry.body.message().is_some();
        self.entries
            .iter()
            .find(|known| known.id == entry.id && known.body.message().is_some() == message)
    }

    /// Compares what two entries say; a contact may stand in the list more than once.
    fn says_the_same(&self, known: &Body, new: &Body) -> bool {
        let (Body::Message(left), Body::Message(right)) = (known, new) else {
            return known == new;
        };
        let alike = Message {
            contact: left.contact,
            ..right.clone()
        };
        *left == alike && self.contact_at(left.contact) == self.contact_at(right.contact)
    }

    fn insert_late(&mut self, entry: Entry, rules: ChannelRules<'_>) -> Result<(), Inserted> {
        let place = match self.entries.binary_search_by(|known| known.order(&entry)) {
            Ok(found) if self.says_the_same(&self.entries[found].body, &entry.body) => {
                return Err(Inserted::Same);
            }
            Ok(_) => return Err(Inserted::Other),
            Err(place) => place,
        };
        let offset = entry.changed;
        let mut old = Clock::default();
        for earlier in &self.entries[..place] {
            old.step(earlier, rules.at(earlier.at));
        }
        let mut new = old.clone();
        new.step(&entry, rules.at(entry.at));
        let mut agree = false;
        for later in &mut self.entries[place..] {
            if new == old {
                agree = true;
                break;
            }
            let was = old.step(later, rules.at(later.at));
            let is = new.step(later, rules.at(later.at));
            if was.samples != is.samples {
                later.changed = offset;
            }
        }
        if !agree {
            self.clock = new;
        }
        self.entries.insert(place, entry);
        Ok(())
    }

    /// Runs the clock anew because settings changed; says whether any figure did.
    pub(crate) fn refold(
        &mut self,
        before: ChannelRules<'_>,
        after: ChannelRules<'_>,
        offset: u64,
    ) -> bool {
        let (mut old, mut new) = (Clock::default(), Clock::default());
        let mut differs = false;
        for entry in &mut self.entries {
            let was = old.step(entry, before.at(entry.at));
            let is = new.step(entry, after.at(entry.at));
            differs |= was != is;
            if was.samples != is.samples {
                entry.changed = offset;
            }
        }
        differs |= self.clock != new;
        self.clock = new;
        if differs {
            self.changed = self.changed.max(offset);
        }
        differs
    }

    /// Says whether rows changed by records from `offset` on may not be in ClickHouse, and
    /// remembers to gather them.
    pub(crate) fn rewind(&mut self, offset: u64) -> bool {
        self.gathered = self.gathered.min(offset);
        self.changed >= offset
    }

    /// Takes all rows for gathered, after loading.
    pub(crate) fn forget_gathering(&mut self) {
        self.gathered = self.changed + 1;
    }

    /// Appends the message rows changed since the last gathering and gives the conversation's own.
    pub(crate) fn gather(
        &mut self,
        context: &Context<'_>,
        messages: &mut Vec<MessageFact>,
    ) -> ConversationFact {
        let mut clock = Clock::default();
        let mut cycles = Vec::new();
        for entry in &self.entries {
            let step = clock.step(entry, context.rules.at(entry.at));
            self.add_cycle(&mut cycles, entry, &step, context.names);
            if entry.changed >= self.gathered {
                messages.extend(self.message_fact(context, entry, step.samples));
            }
        }
        self.gathered = self.changed + 1;
        self.conversation_fact(context, cycles)
    }

    fn message_fact(
        &self,
        context: &Context<'_>,
        entry: &Entry,
        samples: Samples,
    ) -> Option<MessageFact> {
        let message = entry.body.message()?;
        let text = |name: Name| Arc::clone(context.names.text(name));
        Some(MessageFact {
            account: Arc::clone(context.account),
            channel: text(self.channel),
            conversation: Arc::clone(&self.id),
            contact: self.contact_at(message.contact),
            at: entry.at,
            message: entry.id.clone(),
            author: message.author,
            manager: message.manager.map(text),
            kind: message.kind,
            chars: message.chars,
            samples,
            received_at: entry.received_at,
            version: context.generation | entry.changed,
        })
    }

    fn conversation_fact(&self, context: &Context<'_>, cycles: Vec<Cycle>) -> ConversationFact {
        let text = |name: Name| Arc::clone(context.names.text(name));
        let at = |entry: Option<&Entry>| entry.map_or(Time(0), |entry| entry.at);
        ConversationFact {
            account: Arc::clone(context.account),
            channel: text(self.channel),
            conversation: Arc::clone(&self.id),
            contact: self.contact(),
            first_at: at(self.entries.first()),
            last_at: at(self.entries.last()),
            assignee: self.clock.assignee.map(text),
            last_manager: self.clock.last_manager.map(text),
            pending_at: self.clock.pending,
            cycles,
            received_at: self.last_arrival,
            version: context.generation | self.changed,
        }
    }

    /// Gives the place of a contact in the list. Only the last few are looked through, so that a
    /// crowd in one conversation costs no more than its messages.
    pub(crate) fn contact_number(&mut self, contact: &str) -> u32 {
        let mut known = self
            .contacts
            .iter()
            .enumerate()
            .rev()
            .take(CONTACTS_LOOKED_AT);
        let found = known
            .find(|(_, known)| &***known == contact)
            .map(|(number, _)| number);
        let number = found.unwrap_or_else(|| {
            self.contacts.push(Arc::from(contact));
            self.contacts.len() - 1
        });
        number as u32
    }

    fn contact_at(&self, number: u32) -> Arc<str> {
        self.contacts
            .get(number as usize)
            .map_or_else(|| Arc::from(""), Arc::clone)
    }

    /// Gives the author of the first contact message, else the contact of the first message.
    fn contact(&self) -> Arc<str> {
        let messages = || self.entries.iter().filter_map(|entry| entry.body.message());
        let author = messages().find(|message| message.author == Author::Contact);
        let first = author.or_else(|| messages().next());
        first.map_or_else(|| Arc::from(""), |message| self.contact_at(message.contact))
    }

    fn add_cycle(&self, cycles: &mut Vec<Cycle>, entry: &Entry, step: &Step, names: &Names) {
        match (step.cycle, &entry.body) {
            (Some(CycleStep::Began), Body::Message(message)) => cycles.push(Cycle {
                started_at: entry.at,
                contact: self.contact_at(message.contact),
                answered: false,
                closed_at: None,
                closed_by: None,
                pending_at_close: false,
                reopened_at: None,
            }),
            (Some(change), _) => {
                if let Some(cycle) = cycles.last_mut() {
                    change_cycle(cycle, change, entry.at, names);
                }
            }
            (None, _) => {}
        }
    }
}

fn change_cycle(cycle: &mut Cycle, change: CycleStep, at: Time, names: &Names) {
    match change {
        CycleStep::Began => {}
        CycleStep::Answered => cycle.answered = true,
        CycleStep::Reopened => cycle.reopened_at = Some(at),
        CycleStep::Closed { pending, by } => {
            let stands = match (cycle.closed_at, cycle.reopened_at) {
                (Some(closed), Some(reopened)) => reopened.since(closed) > REOPENED_WITHIN,
                _ => false,
            };
            if !stands {
                cycle.closed_at = Some(at);
                cycle.closed_by = by.map(|by| Arc::clone(names.text(by)));
                cycle.reopened_at = None;
            }
            cycle.pending_at_close |= pending;
        }
    }
}
