//! One conversation: its timeline, its clock, and the rows made of them.
//!
//! An entry newer than all others moves the clock one step. A late one is put in its place and the
//! clock is run again from the beginning of its block, beside the clock of before, until both
//! agree: exactly the rows whose samples changed are written anew, and a long conversation costs
//! no more than a short one.
//!
//! Beyond the horizon a conversation *shrinks*: its entries are in ClickHouse alone, and what is
//! kept of them is a `Head`. It goes on from there; an entry that belongs before the end of the
//! head needs the conversation whole again.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use crate::cells::Tally;
use crate::clock::Clock;
use crate::facts::Samples;
use crate::names::Name;
use crate::packed::Packed;
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::{Body, Entry, Message};

mod block;
mod head;
mod late;
mod refold;
mod rows;

use block::{BLOCK, Long};
pub(crate) use rows::Context;

/// How many contacts of a conversation are compared before a new place is given.
const CONTACTS_LOOKED_AT: usize = 32;
/// Stands between two ids; no id has it.
const BETWEEN: char = '\0';

/// One conversation of an account. There are millions: what few have is in `long`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says where it is waited for"
)]
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    /// The upper half of the key it is found by; its part knows the lower.
    #[serde(skip)]
    pub(crate) check: u64,
    /// Time of the last entry.
    #[serde(with = "plain")]
    last_at: Time,
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
    /// No entry before this block was changed since.
    #[serde(skip)]
    untouched: u32,
    /// Whether it waits in the account's dirty list.
    #[serde(skip)]
    pub(crate) dirty: bool,
    /// Whether it waits to be shown live.
    #[serde(skip)]
    pub(crate) touched: bool,
    /// Whether it was last shown as one that waits.
    #[serde(skip)]
    pub(crate) shown: bool,
    /// Whether events of it wait until it is whole again.
    #[serde(skip)]
    pub(crate) parked: bool,
    /// Whether some of its entries were taken back.
    retracted: bool,
    pub(crate) channel: Name,
    /// Its id and, once there is one, its first contact.
    ids: CompactString,
    /// The last entries of its timeline.
    tail: Packed,
    long: Option<Box<Long>>,
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

impl Conversation {
    /// Makes an empty conversation that has nothing to gather yet.
    pub(crate) fn new(check: u64, channel: Name, id: &str, received_at: Time) -> Self {
        Self {
            check,
            last_at: Time(0),
            clock: Clock::default(),
            first_arrival: received_at,
            last_arrival: received_at,
            changed: 0,
            gathered: 0,
            untouched: 0,
            dirty: false,
            touched: false,
            shown: false,
            parked: false,
            retracted: false,
            channel,
            ids: CompactString::from(id),
            tail: Packed::default(),
            long: None,
        }
    }

    /// Says whether its place in a list is free: no conversation has an empty id.
    pub(crate) fn is_nobody(&self) -> bool {
        self.ids.is_empty()
    }

    /// Frees its place.
    pub(crate) fn become_nobody(&mut self) {
        *self = Self::new(0, self.channel, "", Time(0));
    }

    /// Reads what the next message will need: all of it, and the end of its timeline.
    pub(crate) fn touch(&self) -> u64 {
        let id = self.ids.as_bytes().first().copied();
        self.tail.touch()
            ^ self.changed
            ^ self.last_at.0.cast_unsigned()
            ^ self.clock.touch()
            ^ u64::from(self.untouched)
            ^ id.map_or(0, u64::from)
    }

    /// Puts an entry in its place. `window` is how long (in ms of arrival) ids are remembered
    /// elsewhere; older ones are looked up in the timeline itself.
    pub(crate) fn insert(
        &mut self,
        entry: Entry,
        rules: ChannelRules<'_>,
        window: i64,
        tally: &mut Tally<'_>,
    ) -> Inserted {
        if !self.is_newest(&entry) {
            return self.insert_late(entry, rules, window, tally);
        }
        self.arrived(&entry);
        tally.add(&entry, self.append(&entry, rules));
        Inserted::New
    }

    fn is_newest(&self, entry: &Entry) -> bool {
        if entry.at != self.last_at {
            return entry.at > self.last_at || self.is_empty();
        }
        let last = self.tail.iter().last();
        last.map_or(self.is_empty(), |last| last.order(entry).is_lt())
    }

    /// Within the window an id that was seen is known elsewhere; after it an older entry of the same
    /// id may stand here at another time. A newer one is not compared: it is another message.
    fn knows_id_elsewhere(&self, entry: &Entry, window: i64) -> bool {
        let message = entry.body.message().is_some();
        self.outlives(window, entry)
            && self
                .entries()
                .any(|known| known.id == entry.id && known.body.message().is_some() == message)
    }

    /// Says whether something of it may have been forgotten elsewhere when an entry arrives.
    fn outlives(&self, window: i64, entry: &Entry) -> bool {
        entry.received_at.since(self.first_arrival) >= window
    }

    /// Compares what two entries say; a contact may stand in the list more than once, and how far a
    /// message is vouched for is the door's word.
    fn says_the_same(&self, known: &Body, new: &Body) -> bool {
        let (Body::Message(left), Body::Message(right)) = (known, new) else {
            return known == new;
        };
        let alike = Message {
            contact: left.contact,
            integrity: left.integrity,
            ..right.clone()
        };
        *left == alike && self.contact_at(left.contact) == self.contact_at(right.contact)
    }

    fn arrived(&mut self, entry: &Entry) {
        self.retracted |= entry.retracted;
        self.changed = self.changed.max(entry.changed);
        self.last_arrival = entry.received_at;
    }

    fn append(&mut self, entry: &Entry, rules: ChannelRules<'_>) -> Samples {
        if self.tail.len() >= BLOCK {
            self.seal();
        }
        let step = self.clock.step(entry, rules.at(entry.at));
        if let Some(cycle) = step.finished {
            self.long.get_or_insert_default().past.push(cycle);
        }
        self.tail.push(entry);
        self.last_at = entry.at;
        step.samples
    }

    /// Says whether rows changed by records from `offset` on may not be in ClickHouse, and
    /// remembers to gather them.
    pub(crate) fn rewind(&mut self, offset: u64) -> bool {
        self.gathered = self.gathered.min(offset);
        self.untouched = 0;
        self.changed >= offset
    }

    /// Takes all rows for gathered, after loading.
    pub(crate) fn forget_gathering(&mut self) {
        self.gathered = self.changed + 1;
        self.untouched = self.last_block() as u32;
    }

    /// Gives the place of a contact in the list. Only the last few are looked through, so that a
    /// crowd in one conversation costs no more than its messages.
    pub(crate) fn contact_number(&mut self, id: &str) -> u32 {
        match self.ids.split_once(BETWEEN) {
            Some((_, first)) if first == id => return 0,
            Some(_) => {}
            None => {
                self.ids.push(BETWEEN);
                self.ids.push_str(id);
                return 0;
            }
        }
        let contacts = &mut self.long.get_or_insert_default().contacts;
        let mut known = contacts.iter().enumerate().rev().take(CONTACTS_LOOKED_AT);
        let known = known
            .find(|(_, known)| *known == id)
            .map(|(place, _)| place);
        let place = known.unwrap_or_else(|| {
            contacts.push(CompactString::from(id));
            contacts.len() - 1
        });
        place as u32 + 1
    }

    fn contact_at(&self, number: u32) -> &str {
        let first = || self.ids.split_once(BETWEEN).map(|(_, first)| first);
        match (number.checked_sub(1), &self.long) {
            (None, _) => first().unwrap_or_default(),
            (Some(place), Some(long)) => long.contacts.get(place as usize).map_or("", |id| id),
            (Some(_), None) => "",
        }
    }

    /// Walks over the contacts by their place in the list; one may stand there more than once.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &str> {
        let first = self.ids.split_once(BETWEEN).map(|(_, first)| first);
        let others = self.long.iter().flat_map(|long| &long.contacts);
        first.into_iter().chain(others.map(CompactString::as_str))
    }

    pub(crate) fn id(&self) -> &str {
        self.ids.split(BETWEEN).next().unwrap_or_default()
    }
}
