//! What waits until a conversation that has shrunk is whole again (`architecture.md` §6, late
//! correction): its timeline is asked for, and once it is there everything that waited is done in
//! the order in which it came. Meanwhile later events of that conversation wait too, so that all
//! comes out as if it had never shrunk.
//!
//! What is parked is in the journal alone: as long as anything is, no checkpoint is taken, and the
//! flush does not pass it.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use trunkline_model::time::Time;

use super::retract::Due;
use super::settings::refold_one;
use super::{Account, Outcome, Position};
use crate::conversation::Conversation;
use crate::submap::{self, Place};
use crate::timeline::Entry;

mod timelines;

pub use timelines::{Timeline, Timelines};

/// Something to be done with a conversation that is not whole.
#[derive(Debug)]
pub(super) enum Item {
    /// An entry to be put in its place.
    Entry(Entry),
    /// The settings told by this record hold.
    Settings(u64),
    /// Some of its entries may be taken back.
    Retract(Arc<Due>),
}

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Parked {
    queues: HashMap<Place, Vec<Item>>,
    /// Those whose timeline was not asked for yet.
    wanted: Vec<Place>,
    /// Retractions for which it is not known yet which shrunk conversations they concern.
    seeking: BTreeMap<u64, Arc<Due>>,
    /// Of them, those that were not asked for yet.
    sought: Vec<u64>,
}

/// A conversation whose timeline is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    place: Place,
    /// The channel's id.
    pub channel: String,
    /// The conversation's id.
    pub conversation: String,
    /// The time of the first entry that is in ClickHouse alone.
    pub from: Time,
    /// The time of the last one.
    pub until: Time,
}

/// A retraction for which it is wanted which conversations it concerns.
#[derive(Clone, Debug)]
pub struct Sought {
    number: u64,
    /// Ids of events.
    pub events: Vec<String>,
    /// Runs of an import.
    pub runs: Vec<String>,
}

/// An event that cannot be observed any more: what it needs is gone.
#[derive(Clone, Copy, Debug)]
pub struct Refused(pub Position);

impl Item {
    fn offset(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.changed,
            Self::Settings(offset) => *offset,
            Self::Retract(due) => due.first(),
        }
    }
}

impl Parked {
    /// Says whether nothing can be done with a conversation now: something waits for it already, or
    /// an older retraction may concern what it has let go of. In all other cases order is kept.
    pub(super) fn holds_up(&self, known: &Conversation) -> bool {
        known.parked || (!self.seeking.is_empty() && known.is_shrunk())
    }

    /// Appends to what waits for a conversation.
    pub(super) fn push(&mut self, place: Place, known: &mut Conversation, item: Item) {
        let queue = self.queues.entry(place).or_default();
        queue.push(item);
        if !known.parked {
            known.parked = true;
            self.wanted.push(place);
            let sought = self.seeking.values().map(Arc::clone);
            queue.extend(sought.map(Item::Retract));
            queue.sort_by_key(Item::offset);
        }
    }

    /// Notes a retraction that may concern shrunk conversations.
    pub(super) fn seek(&mut self, due: Arc<Due>) {
        let number = due.first();
        self.seeking.insert(number, due);
        self.sought.push(number);
    }

    /// Gives the offset of the first record that waits for a conversation.
    pub(super) fn first(&self, place: Place) -> Option<u64> {
        self.queues.get(&place)?.first().map(Item::offset)
    }

    /// Gives the offset of the oldest record that waits.
    pub(super) fn oldest(&self) -> Option<u64> {
        let queued = self.queues.values().flatten().map(Item::offset).min();
        let sought = self.seeking.keys().next().copied();
        queued.into_iter().chain(sought).min()
    }
}

impl Account {
    /// Counts the conversations and retractions for which something waits.
    pub fn parked(&self) -> usize {
        self.parked.queues.len() + self.parked.seeking.len()
    }

    /// Counts the events that wait and are in no count yet.
    pub fn parked_events(&self) -> u64 {
        let items = self.parked.queues.values().flatten();
        let events = items.filter(|item| match item {
            Item::Entry(entry) => entry.changed >= self.taken,
            Item::Settings(_) | Item::Retract(_) => false,
        });
        events.count() as u64
    }

    /// Says whether there is something to be asked for.
    pub fn asks(&self) -> bool {
        !(self.parked.wanted.is_empty() && self.parked.sought.is_empty())
    }

    /// Takes the conversations whose timeline is to be read back, each once; the answers go to
    /// [`Account::make_whole`].
    pub fn wanted(&mut self) -> Vec<Wanted> {
        let places = std::mem::take(&mut self.parked.wanted);
        let wanted = places.into_iter().map(|place| {
            let known = self.conversation(place);
            let (channel, conversation) = (known.channel, known.id().to_owned());
            // Without a head there is nothing to read, and no time is between these.
            let (from, until) = known.head_span().unwrap_or((Time::MAX, Time::MIN));
            Wanted {
                place,
                channel: self.names.text(channel).to_owned(),
                conversation,
                from,
                until,
            }
        });
        wanted.collect()
    }

    /// Takes the retractions for which conversations are to be found, each once; the answers go to
    /// [`Account::take_back_in`].
    pub fn sought(&mut self) -> Vec<Sought> {
        let numbers = std::mem::take(&mut self.parked.sought);
        let sought = numbers.into_iter().filter_map(|number| {
            let due = self.parked.seeking.get(&number)?;
            let runs = due.runs().map(|run| self.names.text(run).to_owned());
            Some(Sought {
                number,
                events: due.events().map(str::to_owned).collect(),
                runs: runs.collect(),
            })
        });
        sought.collect()
    }

    pub(super) fn park(&mut self, place: Place, item: Item) {
        let submap = &mut self.submaps[usize::from(place.submap)];
        let known = &mut submap.conversations[place.index];
        self.parked.push(place, known, item);
    }

    /// Makes a conversation whole with the rows read back of it, and does what waited for that;
    /// gives the events for which it is too late because rows are missing.
    pub fn make_whole(&mut self, wanted: &Wanted, timeline: Timeline) -> Vec<Refused> {
        let place = wanted.place;
        let items = self.parked.queues.remove(&place).unwrap_or_default();
        let Some(first) = items.first().map(Item::offset) else {
            return Vec::new();
        };
        let submap = &mut self.submaps[usize::from(place.submap)];
        let known = &mut submap.conversations[place.index];
        known.parked = false;
        if known.is_shrunk() {
            let head = timeline.entries(known, &mut self.names, &self.retractions);
            let rules = self.rules.of(known.channel, &self.names, first);
            if known.make_whole(&head, rules).is_err() {
                return self.go_on_torn(place, items);
            }
        }
        for item in items {
            self.go_on(place, item);
        }
        Vec::new()
    }

    /// Does what can be done without the head, of which rows are missing.
    fn go_on_torn(&mut self, place: Place, items: Vec<Item>) -> Vec<Refused> {
        let mut refused = Vec::new();
        for item in items {
            let window = self.config.window;
            match item {
                Item::Entry(entry) if self.conversation(place).needs_head(&entry, window) => {
                    let at = Position {
                        offset: entry.changed,
                        received_at: entry.received_at,
                    };
                    self.quarantine(at);
                    refused.push(Refused(at));
                }
                item => self.go_on(place, item),
            }
        }
        refused
    }

    fn go_on(&mut self, place: Place, item: Item) {
        match item {
            Item::Entry(entry) => {
                let offset = entry.changed;
                let outcome = self.put(place, entry);
                self.settle(outcome, offset);
            }
            Item::Settings(offset) => {
                let submap = &mut self.submaps[usize::from(place.submap)];
                let known = &mut submap.conversations[place.index];
                if refold_one(known, &self.rules, &self.names, offset, &mut self.cells) {
                    self.changed.note(known, place, offset);
                }
            }
            Item::Retract(due) => self.take_back_one(place, &due),
        }
    }

    /// Counts what became of the record at `offset`, unless it was counted before.
    pub(super) fn settle(&mut self, outcome: Outcome, offset: u64) {
        if offset >= self.taken {
            self.count(outcome, offset);
        }
    }

    /// Carries out a retraction in the conversations (channel, id) that it was found to concern.
    pub fn take_back_in(&mut self, sought: &Sought, found: &[(String, String)]) {
        let Some(due) = self.parked.seeking.get(&sought.number).map(Arc::clone) else {
            return;
        };
        for (channel, conversation) in found {
            let key = submap::key(self.config.seed, self.names.number(channel), conversation);
            let part = submap::part(key);
            let Some(index) = self.submaps[usize::from(part)].find(key) else {
                continue;
            };
            let place = self.awake(Place {
                submap: part,
                index,
            });
            let known = self.conversation(place);
            if known.parked || known.is_shrunk() {
                self.park(place, Item::Retract(Arc::clone(&due)));
            } else {
                self.take_back_one(place, &due);
            }
        }
        self.parked.seeking.remove(&sought.number);
    }
}
