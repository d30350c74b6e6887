//! What has been seen: identities of events with the hash of their content, for as long as the
//! window (`architecture.md` §6, dedup).
//!
//! Two generations: an identity is looked up in the current and in the previous one, so it is
//! known for at least one window of arrival and at most two. The generation is a function of
//! `received_at`, hence of the journal, never of a timer (invariant
//! `figures_are_a_function_of_the_journal`).

use std::mem;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
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

/// Parts of a generation: one at a time grows, so that no growth is a long pause.
const PARTS: usize = 256;

/// Marks by identity.
#[derive(Debug)]
struct Generation(Vec<HashTable<Kept>>);

/// A mark in 24 bytes.
#[derive(Clone, Copy, Debug)]
struct Kept {
    identity: [u64; 2],
    content: u64,
}

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
        let new = Kept::of(mark);
        if let Some(known) = self.previous.find(new.identity) {
            return known.sight(new);
        }
        match self.current.entry(new.identity) {
            Entry::Occupied(known) => known.get().sight(new),
            Entry::Vacant(free) => {
                free.insert(new);
                Sight::New
            }
        }
    }

    /// Reads what [`Seen::see`] will need of this identity, and nothing else.
    pub(crate) fn touch(&self, identity: u128) -> u64 {
        let known = self.current.find(halves(identity));
        known.map_or(0, |known| known.content)
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
}

impl Default for Generation {
    fn default() -> Self {
        Self((0..PARTS).map(|_| HashTable::new()).collect())
    }
}

impl Generation {
    fn len(&self) -> usize {
        self.0.iter().map(HashTable::len).sum()
    }

    fn find(&self, identity: [u64; 2]) -> Option<&Kept> {
        let [hash, rest] = identity;
        self.0[part(rest)].find(hash, |kept| kept.identity == identity)
    }

    fn entry(&mut self, identity: [u64; 2]) -> Entry<'_, Kept> {
        let [hash, rest] = identity;
        let is = |kept: &Kept| kept.identity == identity;
        self.0[part(rest)].entry(hash, is, |kept| kept.identity[0])
    }
}

impl Kept {
    fn of(mark: Mark) -> Self {
        Self {
            identity: halves(mark.identity),
            content: mark.content,
        }
    }

    fn sight(&self, new: Self) -> Sight {
        if self.content == new.content {
            Sight::Same
        } else {
            Sight::Other
        }
    }
}

/// Splits an identity, which is uniformly distributed and keyed already: one half is its hash in
/// its part, the other one says which part.
fn halves(identity: u128) -> [u64; 2] {
    [identity as u64, (identity >> 64) as u64]
}

fn part(half: u64) -> usize {
    half as usize % PARTS
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
