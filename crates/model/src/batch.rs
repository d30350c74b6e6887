//! The items of one body: one object, an array of objects, or one object a line (NDJSON).
//!
//! The events borrow from the body, which they keep alive. One bad item never harms its
//! neighbours; a body that is broken as a whole is refused as a whole, so that never a part of a
//! broken array is taken.

use std::fmt;

use yoke::{Yoke, Yokeable};

use crate::event::{Code, Event, Refusal};
use crate::time::{Day, Time};

mod depth;
mod split;

/// One accepted item.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    /// The validated event.
    pub event: Event<'a>,
    /// The event as it was received, for the journal.
    pub raw: &'a str,
}

#[derive(Yokeable)]
struct Items<'a>(Vec<Item<'a>>);

/// The accepted events of a body, together with the body they borrow from.
pub struct Parsed(Yoke<Items<'static>, Vec<u8>>);

impl Parsed {
    /// Gives no events.
    pub fn empty() -> Self {
        Self(Yoke::attach_to_cart(Vec::new(), |_| Items(Vec::new())))
    }

    /// Parses one event, without limits.
    pub fn one(raw: impl Into<String>) -> Result<Self, Refusal> {
        let body = raw.into().into_bytes();
        Yoke::try_attach_to_cart(body, |body| {
            let raw = split::text(body)?;
            Ok(Items(vec![Item {
                event: Event::parse(raw)?,
                raw,
            }]))
        })
        .map(Self)
    }

    /// Gives the events in the order of the body.
    pub fn items(&self) -> &[Item<'_>] {
        &self.0.get().0
    }

    /// Gives the body that the events borrow from, refused items included.
    pub fn body(&self) -> &[u8] {
        self.0.backing_cart()
    }

    /// Gives when the newest of them happened.
    pub fn newest(&self) -> Option<Time> {
        self.items().iter().map(|item| item.event.at()).max()
    }

    /// Counts the events.
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Says whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.items().is_empty()
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

/// How the items of a body are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One object, or an array of objects.
    Json,
    /// One object a line; blank lines are skipped.
    Ndjson,
}

/// What a body may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items in a body: 10,000.
    pub items: usize,
    /// Bytes of an item: 1,000,000.
    pub item_bytes: usize,
    /// Levels of nesting of an item: 64.
    pub depth: usize,
    /// How far ahead of now an event may happen, in milliseconds: 1 day.
    pub ahead_ms: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            items: 10_000,
            item_bytes: 1_000_000,
            depth: 64,
            ahead_ms: 86_400_000,
        }
    }
}

/// One refused item.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rejected {
    /// The item's place in the body, from 0; blank lines have no place.
    pub index: u32,
    /// The stable code.
    pub code: Code,
    /// Says how to mend it.
    pub detail: String,
}

/// A body's accepted events and refused items.
#[derive(Debug)]
pub struct Batch {
    /// The accepted events.
    pub events: Parsed,
    /// The refused items, by their place.
    pub rejected: Vec<Rejected>,
    /// How many items the body has: accepted and refused.
    pub items: u32,
}

impl Batch {
    /// Parses a body received at `now`.
    ///
    /// Errors when nothing parses: the body is not UTF-8 (of NDJSON: no line is), it is not an
    /// object or a whole array, it has more than `limits.items` items, or not one item is a JSON
    /// object. A body without items is a batch without events, as is one whose objects are all
    /// refused.
    pub fn parse(body: Vec<u8>, shape: Shape, now: Time, limits: &Limits) -> Result<Self, Refusal> {
        let mut rejected = Vec::new();
        let mut items = 0;
        let events = Yoke::try_attach_to_cart(body, |body| {
            let mut sorter = Sorter::new(now, limits);
            match shape {
                Shape::Json => split::json(body, limits.items, &mut sorter)?,
                Shape::Ndjson => split::lines(body, limits.items, &mut sorter)?,
            }
            sorter.any_object()?;
            (rejected, items) = (sorter.rejected, sorter.items);
            Ok::<_, Refusal>(Items(sorter.accepted))
        })?;
        Ok(Self {
            events: Parsed(events),
            rejected,
            items,
        })
    }
}

/// A refused item of a frame, or a frame refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRefusal {
    /// The frame's place among those parsed together, from 0.
    pub frame: usize,
    /// The item's place in the frame; none when nothing of the frame could be told apart.
    pub index: Option<u32>,
    /// The stable code.
    pub code: Code,
    /// Says how to mend it.
    pub detail: String,
}

/// The accepted events of several frames, in their order, and what was refused of them.
#[derive(Debug)]
pub struct Frames {
    /// The accepted events.
    pub events: Parsed,
    /// What was refused, by frame and place.
    pub refused: Vec<FrameRefusal>,
}

impl Frames {
    /// Parses frames that lie one behind the other in `body`, each up to its place in `ends`, which
    /// ascend. A frame is one object or an array of objects and has the limits of a body; none
    /// harms another.
    pub fn parse(body: Vec<u8>, ends: &[usize], now: Time, limits: &Limits) -> Self {
        let mut refused = Vec::new();
        let events = Yoke::attach_to_cart(body, |body| {
            let mut sorter = Sorter::new(now, limits);
            sorter.expect(ends.len());
            let mut start = 0;
            for (frame, &end) in ends.iter().enumerate() {
                sorter.items = 0;
                let split = split::json(&body[start..end], limits.items, &mut sorter);
                let items = sorter.rejected.drain(..).map(|item| FrameRefusal {
                    frame,
                    index: Some(item.index),
                    code: item.code,
                    detail: item.detail,
                });
                refused.extend(items);
                refused.extend(split.err().map(|Refusal { code, detail }| FrameRefusal {
                    frame,
                    index: None,
                    code,
                    detail,
                }));
                start = end;
            }
            Items(sorter.accepted)
        });
        Self {
            events: Parsed(events),
            refused,
        }
    }
}

/// Takes the items of a body one by one and sorts them into accepted and refused.
struct Sorter<'a, 'l> {
    now: Time,
    limits: &'l Limits,
    accepted: Vec<Item<'a>>,
    rejected: Vec<Rejected>,
    items: u32,
    /// Items that are not even JSON objects.
    strangers: u32,
}

impl<'a, 'l> Sorter<'a, 'l> {
    const fn new(now: Time, limits: &'l Limits) -> Self {
        Self {
            now,
            limits,
            accepted: Vec::new(),
            rejected: Vec::new(),
            items: 0,
            strangers: 0,
        }
    }

    /// Makes room for `items` at once.
    fn expect(&mut self, items: usize) {
        if self.accepted.is_empty() {
            self.accepted.reserve_exact(items);
        } else {
            self.accepted.reserve(items);
        }
    }

    fn take(&mut self, raw: &'a str) {
        match self.check(raw) {
            Ok(event) => {
                self.accepted.push(Item { event, raw });
                self.items += 1;
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn check(&self, raw: &'a str) -> Result<Event<'a>, Refusal> {
        let Limits {
            item_bytes,
            depth,
            ahead_ms,
            ..
        } = *self.limits;
        if raw.len() > item_bytes {
            let detail = format!(
                "the event has {} bytes, at most {item_bytes} fit",
                raw.len()
            );
            return Err(Refusal::new(Code::TooLarge, detail));
        }
        if depth::exceeds(raw.as_bytes(), depth) {
            let detail = format!("the event is nested deeper than {depth} levels");
            return Err(Refusal::new(Code::TooDeep, detail));
        }
        let event = Event::parse(raw)?;
        if event.at() > self.now.plus(ahead_ms) {
            let detail = format!(
                "`at` is {}, more than a day after now, {}: check the sender's clock and unit",
                event.at(),
                self.now
            );
            return Err(Refusal::new(Code::Future, detail));
        }
        if let Event::Spend(spend) = &event {
            self.has_come(spend.date)?;
        }
        Ok(event)
    }

    /// Refuses a day that begins more than a day from now everywhere: the account's zone is not known here.
    fn has_come(&self, date: Day) -> Result<(), Refusal> {
        const EASTERNMOST: i64 = 14 * 3_600_000;
        let begins = date.number() * 86_400_000 - EASTERNMOST;
        if begins <= self.now.plus(self.limits.ahead_ms).0 {
            return Ok(());
        }
        let detail = format!(
            "`date` is {date}, more than a day after now, {}: money is told of once it is spent",
            self.now
        );
        Err(Refusal::new(Code::Future, detail))
    }

    fn refuse(&mut self, Refusal { code, detail }: Refusal) {
        self.strangers += u32::from(matches!(code, Code::Malformed | Code::InvalidUtf8));
        self.rejected.push(Rejected {
            index: self.items,
            code,
            detail,
        });
        self.items += 1;
    }

    /// Errs, with the first item's refusal, if there are items but none is a JSON object.
    fn any_object(&self) -> Result<(), Refusal> {
        match self.rejected.first() {
            Some(first) if self.strangers == self.items => {
                let detail = format!("nothing parses; the first item: {}", first.detail);
                Err(Refusal::new(first.code, detail))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
