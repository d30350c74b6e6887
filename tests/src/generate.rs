//! Logs from a seed: many conversations of several channels, managers and contacts, with bots,
//! hand-offs, assignments, closings, notes, ties in time and events without ids.
//!
//! [`conversation`] stays within what the dictionary defines to the last millisecond, so that the
//! reference has one answer. [`wild`] knows no such bounds: only that one log has one answer, in
//! whatever order and however often it arrives.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};

use crate::clock::{DAY, HOUR, MINUTE, SECOND, at};
use crate::events::{Author, Change, Event, Message};

const CHANNELS: [&str; 3] = ["web", "whatsapp", "telegram"];
const KINDS: [&str; 4] = ["text", "image", "audio", "file"];
const MANAGERS: u32 = 8;
const CONTACTS: u64 = 60;

/// Returns the seed of this run: `TRUNKLINE_SEED`, else one from the wall clock; the caller prints
/// it.
pub fn seed() -> u64 {
    let given = std::env::var("TRUNKLINE_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| crate::clock::wall().unsigned_abs())
}

/// Makes the log of `count` conversations.
pub fn log(seed: u64, count: u64) -> Vec<Event> {
    (0..count)
        .flat_map(|index| conversation(seed, index))
        .collect()
}

/// Makes one conversation, the same for the same seed and index.
pub fn conversation(seed: u64, index: u64) -> Vec<Event> {
    let mut script = Script::new(seed, index);
    let steps = script.random.random_range(2..28);
    for _ in 0..steps {
        script.step();
    }
    script.events
}

/// Makes a log in which anything may happen at any time.
pub fn wild(seed: u64, count: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for index in 0..count {
        let mut script = Script::new(seed, index);
        let steps = script.random.random_range(2..40);
        for _ in 0..steps {
            script.anything();
        }
        events.append(&mut script.events);
    }
    events
}

/// Shuffles events and sends about `again` per cent of them twice.
pub fn disorder(events: &[Event], seed: u64, again: u32) -> Vec<Event> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut sent = events.to_vec();
    for event in events {
        if random.random_range(0..100) < again {
            sent.push(event.clone());
        }
    }
    sent.shuffle(&mut random);
    sent
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each remembers one rule of what may follow"
)]
struct Script {
    random: StdRng,
    channel: String,
    conversation: String,
    contact: String,
    index: u64,
    at: i64,
    events: Vec<Event>,
    in_cycle: bool,
    cycles: u32,
    manager_spoke: bool,
    with_bot: bool,
    bots_allowed: bool,
    last_was_change: bool,
}

impl Script {
    fn new(seed: u64, index: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9).wrapping_add(index));
        let base = at("2026-02-27T00:00:00Z");
        Self {
            channel: (*CHANNELS.choose(&mut random).unwrap_or(&CHANNELS[0])).to_owned(),
            conversation: format!("k{index}"),
            contact: format!("p{}", random.random_range(0..CONTACTS)),
            index,
            at: base + random.random_range(0..4 * DAY),
            events: Vec::new(),
            in_cycle: false,
            cycles: 0,
            manager_spoke: false,
            with_bot: false,
            bots_allowed: true,
            last_was_change: false,
            random,
        }
    }

    fn step(&mut self) {
        match self.random.random_range(0..100) {
            38..66 => self.manager(),
            66..71 => self.say_later(Author::System),
            71..73 => self.say_later(Author::Campaign),
            73..77 => self.note(),
            77..80 => self.thanks(),
            80..87 if self.in_cycle && !self.manager_spoke && self.bots_allowed => {
                self.say_later(Author::Bot);
                self.with_bot = true;
            }
            87..91 if self.in_cycle => self.hand_off(),
            91..95 => self.change("assigned", true),
            95..98 if self.in_cycle => self.close(),
            98..100 if !self.in_cycle && self.cycles > 0 => self.change("reopened", false),
            _ => self.contact(),
        }
    }

    fn contact(&mut self) {
        let tie = self.advance_or_tie();
        self.say(Author::Contact, tie);
        if !self.in_cycle {
            self.in_cycle = true;
            self.cycles += 1;
            self.manager_spoke = false;
            self.with_bot = false;
            self.bots_allowed = true;
        }
    }

    fn manager(&mut self) {
        let tie = self.advance_or_tie();
        self.say(Author::Manager, tie);
        self.manager_spoke = true;
        self.with_bot = false;
    }

    fn note(&mut self) {
        self.say_later(Author::Manager);
        if let Some(Event::Message(message)) = self.events.last_mut() {
            message.private = true;
        }
    }

    fn thanks(&mut self) {
        self.say_later(Author::Contact);
        if let Some(Event::Message(message)) = self.events.last_mut() {
            message.expects_reply = false;
        }
    }

    fn hand_off(&mut self) {
        let to_somebody = self.random.random_bool(0.7);
        self.change("handed_off", to_somebody);
        self.bots_allowed = self.with_bot;
        self.with_bot = false;
    }

    fn close(&mut self) {
        let by_somebody = self.random.random_bool(0.7);
        self.change("closed", by_somebody);
        self.in_cycle = false;
        self.with_bot = false;
    }

    /// Anything at all, at a time that is often the same as before.
    fn anything(&mut self) {
        if self.random.random_bool(0.6) {
            self.advance();
        }
        let tie = true;
        match self.random.random_range(0..20) {
            0..6 => self.say(Author::Contact, tie),
            6..11 => self.say(Author::Manager, tie),
            11..14 => self.say(Author::Bot, tie),
            14 => self.say(Author::System, tie),
            15 => self.note(),
            16 => self.thanks(),
            kind => {
                let change = ["assigned", "handed_off", "closed", "reopened"];
                let change = change[usize::from(kind as u8 - 17 + self.random.random_range(0..2))];
                let somebody = self.random.random_bool(0.7);
                self.push_change(change, somebody);
            }
        }
    }

    fn advance_or_tie(&mut self) -> bool {
        let tie = !self.last_was_change && !self.events.is_empty() && self.random.random_bool(0.12);
        if !tie {
            self.advance();
        }
        tie
    }

    fn advance(&mut self) {
        self.at += match self.random.random_range(0..20) {
            0..8 => self.random.random_range(1..5 * MINUTE),
            8..12 => self.random.random_range(1..60) * SECOND,
            12..18 => self.random.random_range(1..3 * HOUR),
            18 => self.random.random_range(HOUR..30 * HOUR),
            _ => self.random.random_range(DAY..6 * DAY),
        };
    }

    fn say_later(&mut self, author: Author) {
        self.advance();
        self.say(author, false);
    }

    /// Adds a message now; one that shares its millisecond always has an id, and so has the one
    /// before it.
    fn say(&mut self, author: Author, tie: bool) {
        let n = self.events.len();
        if tie && let Some(Event::Message(before)) = self.events.last_mut() {
            before.id.get_or_insert_with(|| format!("t-{n}"));
        }
        let id = match self.random.random_range(0..10) {
            0 if !tie => None,
            0..5 => Some(format!("{}", (n as u64 + 1) * 7 + self.index)),
            5..8 => Some(format!("m{}-{n}", self.random.random_range(0..1_000))),
            _ => Some(format!("{}{n:03}", self.random.random_range(1..1_000))),
        };
        let manager = (author == Author::Manager && self.random.random_bool(0.97))
            .then(|| self.some_manager());
        let stranger = author == Author::Contact && self.random.random_bool(0.05);
        let contact = if stranger {
            format!("{}-friend", self.contact)
        } else {
            self.contact.clone()
        };
        let kind = KINDS
            .choose(&mut self.random)
            .filter(|_| self.index.is_multiple_of(3));
        self.events.push(Event::Message(Message {
            channel: self.channel.clone(),
            conversation: self.conversation.clone(),
            contact,
            author,
            at: self.at,
            manager,
            id: id.map(|id| self.unused(id)),
            kind: kind.map(|kind| (*kind).to_owned()),
            private: false,
            expects_reply: true,
            chars: Some(self.random.random_range(0..400)),
        }));
        self.last_was_change = false;
    }

    fn unused(&self, id: String) -> String {
        let used = |event: &Event| matches!(event, Event::Message(m) if m.id.as_ref() == Some(&id));
        if self.events.iter().any(used) {
            format!("{id}{:04}", self.events.len())
        } else {
            id
        }
    }

    fn change(&mut self, change: &'static str, somebody: bool) {
        self.advance();
        self.push_change(change, somebody);
    }

    fn push_change(&mut self, change: &'static str, somebody: bool) {
        let manager = somebody.then(|| self.some_manager());
        let id = self.random.random_bool(0.8);
        self.events.push(Event::Change(Change {
            channel: self.channel.clone(),
            conversation: self.conversation.clone(),
            change,
            at: self.at,
            manager,
            id: id.then(|| format!("ev-{}-{}", self.index, self.events.len())),
        }));
        self.last_was_change = true;
    }

    fn some_manager(&mut self) -> String {
        format!("manager-{}", self.random.random_range(0..MANAGERS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn a_seed_gives_one_log_whatever_its_order() {
        let events = log(7, 200);
        let again = disorder(&events, 8, 30);
        assert!(again.len() > events.len());
        let (one, other) = (Reference::of(&events), Reference::of(&again));
        assert!(one.messages() == other.messages());
        assert!(one.samples() == other.samples());
        assert!(one.conversations() == other.conversations());
    }

    #[test]
    fn a_log_has_a_bit_of_everything() {
        let reference = Reference::of(&log(7, 200));
        for definition in crate::reference::DEFINITIONS {
            let of = reference.responses(|sample| sample.definition == definition);
            assert!(of.count() > 100, "{definition:?}");
        }
        let bots = reference.responses(|sample| sample.author == Author::Bot);
        assert!(bots.count() > 10);
        let figures = reference.conversation_figures(reference.span());
        assert!(figures.reopened > 10 && figures.closed > 10 && figures.closed_unanswered > 5);
        assert!(reference.samples().iter().all(|sample| sample.millis >= 0));
    }
}
