//! What has been seen: identities of events with the hash of their content, for as long as the
//! window (`architecture.md` §6, dedup).
//!
//! Two generations: an identity is looked up in the current and in the previous one, so it is
//! known for at least one window of arrival and at most two. The generation is a function of
//! `received_at`, hence of the journal, never of a timer (invariant
//! `figures_are_a_function_of_the_journal`).

use std::hash::{BuildHasherDefault, Hasher};
use std::mem;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use trunkline_model::time::Time;

/// The identity of an event and the hash of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 16-byte hash of (account, origin, type, id); a message's of (account, channel,
    /// conversation, id).
    pub identity: u128,
    /// 8-byte hash of the typed, normalised known fields.
    pub content: u64,
}

/// Whether an event was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Never before (within the window).
    New,
    /// Before, with the same content.
    Same,
    /// Before, with other content: the first stays.
    Other,
}

/// The set of marks of one account.
#[derive(Debug)]
pub struct Seen {
    window: i64,
    generation: i64,
    current: Generation,
    previous: Generation,
}

type Generation = HashMap<u128, u64, BuildHasherDefault<Already>>;

impl Seen {
    /// Makes an empty set that remembers for `window` milliseconds of arrival.
    pub fn new(window: i64) -> Self {
        Self {
            window: window.max(1),
            generation: i64::MIN,
            current: Generation::default(),
            previous: Generation::default(),
        }
    }

    /// Looks a mark up, and remembers it if it is new.
    pub fn see(&mut self, mark: Mark, received_at: Time) -> Sight {
        self.turn(received_at);
        if let Some(content) = self.previous.get(&mark.identity) {
            return Self::compare(*content, mark);
        }
        match self.current.entry(mark.identity) {
            Entry::Occupied(known) => Self::compare(*known.get(), mark),
            Entry::Vacant(free) => {
                free.insert(mark.content);
                Sight::New
            }
        }
    }

    /// Reads what [`Seen::see`] will need of this identity, and nothing else.
    pub(crate) fn touch(&self, identity: u128) -> u64 {
        self.current.get(&identity).copied().unwrap_or_default()
    }

    /// Counts the marks held.
    pub fn len(&self) -> usize {
        self.current.len() + self.previous.len()
    }

    /// Says whether no mark is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn turn(&mut self, received_at: Time) {
        let now = received_at.0.div_euclid(self.window);
        if now == self.generation {
            return;
        }
        let last = mem::take(&mut self.current);
        self.previous = if now == self.generation.saturating_add(1) {
            last
        } else {
            Generation::default()
        };
        self.generation = now;
    }

    fn compare(content: u64, mark: Mark) -> Sight {
        if content == mark.content {
            Sight::Same
        } else {
            Sight::Other
        }
    }
}

/// Takes a hash for what it is: identities are uniformly distributed and keyed already.
#[derive(Default)]
struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: i64 = 1000;

    fn mark(identity: u128, content: u64) -> Mark {
        Mark { identity, content }
    }

    #[test]
    fn the_same_is_a_duplicate_and_other_content_a_conflict_that_does_not_replace_the_first() {
        let mut seen = Seen::new(WINDOW);
        assert_eq!(seen.see(mark(1, 7), Time(0)), Sight::New);
        assert_eq!(seen.see(mark(1, 7), Time(1)), Sight::Same);
        assert_eq!(seen.see(mark(1, 8), Time(2)), Sight::Other);
        assert_eq!(seen.see(mark(1, 7), Time(3)), Sight::Same);
        assert_eq!(seen.see(mark(2, 7), Time(3)), Sight::New);
    }

    #[test]
    fn an_identity_is_known_for_at_least_one_window_and_at_most_two() {
        let mut seen = Seen::new(WINDOW);
        assert_eq!(seen.see(mark(1, 7), Time(999)), Sight::New);
        assert_eq!(seen.see(mark(1, 7), Time(1999)), Sight::Same);
        assert_eq!(seen.see(mark(1, 7), Time(2000)), Sight::New);
        assert_eq!(seen.len(), 1);
        assert_eq!(seen.see(mark(1, 7), Time(9000)), Sight::New);
        assert_eq!(seen.len(), 1);
    }
}
