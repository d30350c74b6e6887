//! The way to the service: most events arrive at once, some late, some twice.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use trunkline_model::time::Time;

use crate::chance::Chance;
use crate::config::Config;
use crate::hours::{HOUR, MINUTE, SECOND};

/// One event on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sending {
    /// When it is sent.
    pub send_at: Time,
    /// Its place among those of one instant.
    place: u64,
    /// The event as JSON.
    pub event: String,
}

/// Puts events of two kinds that are sent in order into one order; of one instant, the first's go first.
pub fn merged(
    first: impl Iterator<Item = Sending>,
    other: impl Iterator<Item = Sending>,
) -> impl Iterator<Item = Sending> {
    let (mut first, mut other) = (first.peekable(), other.peekable());
    std::iter::from_fn(move || match (first.peek(), other.peek()) {
        (Some(one), Some(another)) if another.send_at < one.send_at => other.next(),
        (None, _) => other.next(),
        _ => first.next(),
    })
}

/// Events that wait until they are sent.
#[derive(Debug)]
pub(crate) struct Outbox {
    chance: Chance,
    late: u32,
    repeated: u32,
    waiting: BinaryHeap<Reverse<Sending>>,
    places: u64,
}

impl Outbox {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            // Its own chance: the centre is the same whatever its way to the service is like.
            chance: Chance::new(config.seed ^ 0x6f75_7462_6f78),
            late: config.late,
            repeated: config.repeated,
            waiting: BinaryHeap::new(),
            places: 0,
        }
    }

    /// Takes an event that happened at `at`.
    pub(crate) fn take(&mut self, at: Time, event: String) {
        let on_the_way = if self.chance.happens(self.late) {
            self.chance.between(MINUTE, 6 * HOUR)
        } else {
            self.chance.between(20, 900)
        };
        let send_at = at.plus(on_the_way);
        if self.chance.happens(self.repeated) {
            let again = send_at.plus(self.chance.between(SECOND, HOUR));
            self.put(again, event.clone());
        }
        self.put(send_at, event);
    }

    fn put(&mut self, send_at: Time, event: String) {
        self.places += 1;
        self.waiting.push(Reverse(Sending {
            send_at,
            place: self.places,
            event,
        }));
    }

    /// Gives the next that is sent before anything that happens from `from` on could be; any, if
    /// nothing happens any more.
    pub(crate) fn next(&mut self, from: Option<Time>) -> Option<Sending> {
        let first = &self.waiting.peek()?.0;
        let due = from.is_none_or(|from| first.send_at <= from);
        due.then(|| self.waiting.pop().map(|Reverse(sending)| sending))?
    }

    /// Gives the next of its own or of another's, whichever is sent first, as [`Outbox::next`] does.
    pub(crate) fn first(&mut self, other: &mut Self, from: Option<Time>) -> Option<Sending> {
        let first = |it: &Self| it.waiting.peek().map(|Reverse(first)| first.send_at);
        match (first(self), first(other)) {
            (Some(own), Some(others)) if own <= others => self.next(from),
            (_, Some(_)) => other.next(from),
            _ => self.next(from),
        }
    }
}
