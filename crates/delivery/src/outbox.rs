//! What waits to be told, what was given up, and what was told: a state machine over `now`, with
//! chance as an argument.
//!
//! - Each webhook has its own queue; nothing of one waits for another: one of each may always be on its way,
//!   more while there is room for all and its last try was answered. Who was served last is served last again.
//! - Notices of one webhook and contact go one by one, in the order they came: the next when the one
//!   before is delivered or given up.
//! - A try that fails is made again after 1 s, 2 s, 4 s … at most an hour, each pause shortened by up
//!   to a half by chance. After [`TRIES`] tries or [`TRIED_FOR`], or when the receiver answers 410, the
//!   notice is a dead letter.
//! - At most [`WAITING`] wait for a webhook: beyond them the oldest is a dead letter. Of dead letters
//!   the last [`DEAD`] are kept, for [`DEAD_FOR`]; what goes is counted as lost.
//! - Ids of what was told are kept for [`KNOWN_FOR`]: each is taken once. What was told of the source of a call is kept
//!   beside them.
//! - A webhook that is in the configuration no more is not sent to; what waits for it stays for
//!   [`DEAD_FOR`], so that a slip of the pen loses nothing.

mod queue;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound::{self, Excluded, Unbounded};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use crate::source::{Said, Sources};
use crate::twins::Sides;
use crate::webhook::taken_back::Standing;
pub(crate) use queue::{Dead, Entry, Last, Queue};

/// Tries of one notice.
pub(crate) const TRIES: u32 = 30;
/// How long one is tried, in milliseconds.
pub(crate) const TRIED_FOR: i64 = 24 * HOUR;
/// How many may wait for a webhook.
pub(crate) const WAITING: usize = 10_000;
/// How many dead letters of a webhook are kept, and how long, in milliseconds.
pub(crate) const DEAD: usize = 1_000;
pub(crate) const DEAD_FOR: i64 = 30 * 24 * HOUR;
/// How long is known what was told, in milliseconds.
pub(crate) const KNOWN_FOR: i64 = 7 * 24 * HOUR;
/// How many are on their way to one webhook at once, as long as it answers.
const AT_ONCE: usize = 8;

const HOUR: i64 = 3_600_000;
const SECOND: i64 = 1_000;

/// A webhook of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) account: Arc<str>,
    pub(crate) webhook: Arc<str>,
}

impl Address {
    pub(crate) fn new(account: &str, webhook: &str) -> Self {
        Self {
            account: Arc::from(account),
            webhook: Arc::from(webhook),
        }
    }
}

/// What a notice is known by.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for Id {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

/// Something to be told to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) address: Address,
    pub(crate) id: Id,
    /// The word of its event, like `missed_call`.
    pub(crate) kind: String,
    /// What it is about: the call's id.
    pub(crate) subject: String,
    /// Whose order it keeps.
    pub(crate) contact: Arc<str>,
    pub(crate) body: String,
    /// When the record that made it arrived.
    #[serde(with = "plain")]
    pub(crate) made_at: Time,
    /// That record's offset.
    pub(crate) offset: u64,
}

/// A time in the file, whose format does not describe itself: its milliseconds.
pub(crate) mod plain {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use trunkline_model::time::Time;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(crate) fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        time.0.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        i64::deserialize(from).map(Time)
    }
}

/// A try that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) notice: Arc<Notice>,
    /// Its place among all that came.
    pub(crate) number: u64,
    /// Which try it is, from 1.
    pub(crate) attempt: u32,
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Delivered,
    /// It may be tried again.
    Failed(String),
    /// No answer came in time; it may be tried again.
    Silent(String),
    /// The receiver wants it no more.
    Gone(String),
}

/// The outbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) queues: BTreeMap<Address, Queue>,
    /// Ids of what was told, and when.
    pub(crate) told: HashMap<Id, i64>,
    pub(crate) sources: Sources,
    pub(crate) sides: Sides,
    /// The place of the next that comes.
    pub(crate) next: u64,
    /// Whose a try was last.
    pub(crate) served: Option<Address>,
}

impl Outbox {
    /// Says what a receiver knows, `of` being receiver, kind and call.
    pub(crate) fn standing(&self, of: Id) -> Standing {
        match self.sources.said(of) {
            Some(said) if said.is_taken_back() => Standing::TakenBack(said),
            Some(said) => Standing::Told(Some(said)),
            None if self.told.contains_key(&of) => Standing::Told(None),
            None => Standing::Untold,
        }
    }

    /// Says whether a receiver was told of a call's source that which this digest is of. Where a version before told it,
    /// nobody knows what: it is taken for the same.
    pub(crate) fn has_source(&mut self, of: Id, digest: u64) -> bool {
        if let Some(said) = self.sources.said(of) {
            return said.digest == digest;
        }
        let Some(&at) = self.told.get(&of) else {
            return false;
        };
        let revision = 0;
        self.sources.note(
            of,
            Said {
                digest,
                revision,
                at,
            },
        );
        true
    }

    /// Takes a notice; says whether it is new.
    pub(crate) fn put(&mut self, notice: Notice, now: Time) -> bool {
        if self.told.insert(notice.id, notice.made_at.0).is_some() {
            return false;
        }
        self.add(Arc::new(notice), now);
        true
    }

    fn add(&mut self, notice: Arc<Notice>, now: Time) {
        let queue = self.queues.entry(notice.address.clone()).or_default();
        queue.push(self.next, Entry::new(notice, now), now);
        self.next += 1;
    }

    /// Gives a try that is due, of the webhooks that `sends` admits; it is on its way from now on. Without `room`
    /// only of those to which nothing is on its way. Webhooks take turns.
    pub(crate) fn take(
        &mut self,
        now: Time,
        room: bool,
        sends: impl Fn(&Address) -> bool,
    ) -> Option<Try> {
        let behind = self.served.clone().map_or(Unbounded, Excluded);
        let made = self.take_within((behind, Unbounded), now, room, &sends);
        let made = made.or_else(|| self.take_within((Unbounded, Unbounded), now, room, &sends))?;
        self.served = Some(made.notice.address.clone());
        Some(made)
    }

    fn take_within(
        &mut self,
        turn: (Bound<Address>, Bound<Address>),
        now: Time,
        room: bool,
        sends: &impl Fn(&Address) -> bool,
    ) -> Option<Try> {
        let mut queues = self.queues.range_mut(turn).filter(|(of, _)| sends(of));
        queues.find_map(|(_, queue)| queue.take(now, room))
    }

    /// Gives when the next try is due, of the webhooks that `sends` admits; none while nothing waits
    /// or enough is on its way, with `room` or without.
    pub(crate) fn due(&self, room: bool, sends: impl Fn(&Address) -> bool) -> Option<Time> {
        let queues = self.queues.iter().filter(|(of, _)| sends(of));
        queues.filter_map(|(_, queue)| queue.due(room)).min()
    }

    /// Notes what came of a try. `chance` is from 0 to 1.
    pub(crate) fn settle(&mut self, made: &Try, outcome: Outcome, now: Time, chance: f64) {
        if let Some(queue) = self.queues.get_mut(&made.notice.address) {
            queue.settle(made.number, outcome, now, chance);
        }
    }

    /// Has dead letters of a webhook wait again, behind what waits: one, or all; gives how many.
    pub(crate) fn replay(&mut self, address: &Address, one: Option<Id>, now: Time) -> usize {
        let Some(queue) = self.queues.get_mut(address) else {
            return 0;
        };
        let risen = queue.rise(one);
        let count = risen.len();
        for notice in risen {
            self.add(notice, now);
        }
        count
    }

    /// Forgets what is too old to be kept; `sends` names the webhooks there are.
    pub(crate) fn forget(&mut self, now: Time, sends: impl Fn(&Address) -> bool) {
        self.told.retain(|_, at| now.0 - *at < KNOWN_FOR);
        self.sources.forget(now);
        self.sides.forget(now);
        for (address, queue) in &mut self.queues {
            queue.forget(now, sends(address));
        }
        self.queues
            .retain(|address, queue| sends(address) || !queue.is_empty());
    }
}

/// Gives how long is waited before the next try, after `tries` of them failed.
fn pause(tries: u32, chance: f64) -> i64 {
    let longest = SECOND << tries.saturating_sub(1).min(12);
    let shorter = 1.0 - chance.clamp(0.0, 1.0) / 2.0;
    (longest.min(HOUR) as f64 * shorter) as i64
}

#[cfg(test)]
mod tests;
