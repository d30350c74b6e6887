//! Who an event is and what it says, as hashes. Files on disk depend on them: a change of anything
//! here makes every stored event new, so golden values are pinned by a test.
//!
//! The hashed bytes are unambiguous: every field is a tag of one byte, then a text as its length in
//! four bytes (little endian) and its UTF-8, a number or a time in eight bytes, a flag in one byte,
//! a list as its count and texts. Absent fields leave nothing; a field that stands for a default
//! is written as if it had been sent. Tags are never used again for something else.

use std::fmt::Write;

use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128, xxh3_128_with_seed};

use super::{Event, Kind, Message};
use crate::amount::{Currency, Decimal};
use crate::text::{Bounded, Rule};
use crate::time::{Day, Elapsed, Time};
use crate::word::Word;

/// Tags that several events share; the events' own are below 100.
pub(super) const FILE_SIZE: u8 = 240;
pub(super) const FILE_MIME: u8 = 241;

const ACCOUNT: u8 = 1;
const ORIGIN: u8 = 2;
const CHANNEL: u8 = 3;
const CONVERSATION: u8 = 4;
const ID: u8 = 5;
const CONTENT: u8 = 6;

/// An event whose known fields can be written for hashing.
pub(super) trait Hashed {
    /// The event's type.
    const KIND: Kind;

    /// Writes all known fields but the id, each with its tag.
    fn fields(&self, to: &mut Fields<'_>);
}

pub(super) fn identity(
    event: &Event<'_>,
    scratch: &mut Vec<u8>,
    account: &str,
    origin: &str,
    seed: u64,
) -> u128 {
    scratch.clear();
    let mut to = Fields(scratch);
    to.word(0, event.kind());
    to.raw(ACCOUNT, account);
    if let Event::Message(message) = event {
        to.place(message);
    } else {
        to.raw(ORIGIN, origin);
    }
    match event.id() {
        Some(id) => to.raw(ID, id),
        None => to.content(event),
    }
    xxh3_128_with_seed(scratch, seed)
}

pub(super) fn content(event: &Event<'_>, scratch: &mut Vec<u8>, seed: u64) -> u64 {
    scratch.clear();
    Fields(scratch).content(event);
    xxh3_64_with_seed(scratch, seed)
}

pub(super) fn id_of_content(message: &Message<'_>) -> String {
    let mut bytes = Vec::with_capacity(256);
    let mut to = Fields(&mut bytes);
    to.place(message);
    to.event(message);
    let mut id = String::with_capacity(34);
    id.push_str("h:");
    // Writing to a string cannot fail.
    let _ = write!(id, "{:032x}", xxh3_128(&bytes));
    id
}

/// Writes fields in the unambiguous form of this module.
pub(super) struct Fields<'b>(&'b mut Vec<u8>);

impl Fields<'_> {
    pub(super) fn text<R: Rule>(&mut self, tag: u8, text: &Bounded<'_, R>) {
        self.raw(tag, text);
    }

    pub(super) fn option<R: Rule>(&mut self, tag: u8, text: Option<&Bounded<'_, R>>) {
        if let Some(text) = text {
            self.raw(tag, text);
        }
    }

    pub(super) fn list<R: Rule>(&mut self, tag: u8, texts: &[Bounded<'_, R>]) {
        if texts.is_empty() {
            return;
        }
        self.head(tag, texts.len());
        for text in texts {
            self.raw(tag, text);
        }
    }

    pub(super) fn word(&mut self, tag: u8, word: impl Word) {
        self.raw(tag, word.word());
    }

    pub(super) fn maybe_word(&mut self, tag: u8, word: Option<impl Word>) {
        if let Some(word) = word {
            self.word(tag, word);
        }
    }

    pub(super) fn time(&mut self, tag: u8, time: Time) {
        self.eight(tag, time.0.to_le_bytes());
    }

    pub(super) fn maybe_time(&mut self, tag: u8, time: Option<Time>) {
        if let Some(time) = time {
            self.time(tag, time);
        }
    }

    pub(super) fn number(&mut self, tag: u8, number: Option<u64>) {
        if let Some(number) = number {
            self.eight(tag, number.to_le_bytes());
        }
    }

    pub(super) fn elapsed(&mut self, tag: u8, elapsed: Option<Elapsed>) {
        self.number(tag, elapsed.map(Elapsed::millis));
    }

    pub(super) fn day(&mut self, tag: u8, day: Day) {
        self.eight(tag, day.number().to_le_bytes());
    }

    pub(super) fn flag(&mut self, tag: u8, flag: bool) {
        self.0.extend_from_slice(&[tag, u8::from(flag)]);
    }

    pub(super) fn amount(&mut self, tag: u8, amount: Option<Decimal>) {
        if let Some(amount) = amount {
            self.eight(tag, amount.units().to_le_bytes());
            self.0.push(amount.scale());
        }
    }

    pub(super) fn currency(&mut self, tag: u8, currency: Option<Currency>) {
        if let Some(currency) = currency {
            self.raw(tag, currency.as_str());
        }
    }

    fn content(&mut self, event: &Event<'_>) {
        match event {
            Event::Message(event) => self.event(event),
            Event::Conversation(event) => self.event(event),
            Event::Call(event) => self.event(&**event),
            Event::Visit(event) => self.event(event),
            Event::Form(event) => self.event(event),
            Event::Lead(event) => self.event(&**event),
            Event::Purchase(event) => self.event(event),
            Event::Contact(event) => self.event(&**event),
            Event::Task(event) => self.event(event),
            Event::Rating(event) => self.event(event),
            Event::Upload(event) => self.event(event),
            Event::Presence(event) => self.event(event),
            Event::Spend(event) => self.event(event),
            Event::Retract(event) => self.event(event),
        }
    }

    fn event<E: Hashed>(&mut self, event: &E) {
        self.word(CONTENT, E::KIND);
        event.fields(self);
    }

    fn place(&mut self, message: &Message<'_>) {
        self.text(CHANNEL, &message.channel);
        self.text(CONVERSATION, &message.conversation);
    }

    fn raw(&mut self, tag: u8, text: &str) {
        self.head(tag, text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn head(&mut self, tag: u8, count: usize) {
        let mut head = [tag; 5];
        head[1..].copy_from_slice(&(count as u32).to_le_bytes());
        self.0.extend_from_slice(&head);
    }

    fn eight(&mut self, tag: u8, value: [u8; 8]) {
        let mut field = [tag; 9];
        field[1..].copy_from_slice(&value);
        self.0.extend_from_slice(&field);
    }
}
