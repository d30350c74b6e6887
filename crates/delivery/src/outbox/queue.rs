//! What waits for one webhook, and its dead letters.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use super::{
    AT_ONCE, DEAD, DEAD_FOR, Id, Notice, Outcome, TRIED_FOR, TRIES, Try, WAITING, pause, plain,
};

/// A notice that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) notice: Arc<Notice>,
    /// Since when it waits: it came then, or was replayed.
    #[serde(with = "plain")]
    pub(crate) since: Time,
    /// How often it was tried.
    pub(crate) tries: u32,
    /// When it may be tried next.
    #[serde(with = "plain")]
    pub(crate) next: Time,
    /// What came of the last try.
    pub(crate) error: String,
}

/// A notice that was given up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dead {
    pub(crate) notice: Arc<Notice>,
    /// When it was given up.
    #[serde(with = "plain")]
    pub(crate) at: Time,
    pub(crate) tries: u32,
    /// Why.
    pub(crate) reason: String,
}

/// How it went lately, and in all.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) delivered: u64,
    /// Milliseconds since 1970, as are those that follow.
    pub(crate) delivered_at: Option<i64>,
    pub(crate) failed_at: Option<i64>,
    pub(crate) error: String,
    /// Notices that were dropped because there was no room for them, or no time left.
    pub(crate) lost: u64,
}

/// A webhook's notices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    /// All that wait, also those on their way, in the order they came.
    pub(crate) waiting: BTreeMap<u64, Entry>,
    /// Of each contact.
    lanes: HashMap<Arc<str>, VecDeque<u64>>,
    /// The first of each contact that is not on its way.
    ready: BTreeSet<(Time, u64)>,
    under_way: BTreeSet<u64>,
    /// The last try was not answered: what is sent to it holds up its place for long.
    is_silent: bool,
    pub(crate) dead: VecDeque<Dead>,
    pub(crate) last: Last,
}

impl Entry {
    pub(super) fn new(notice: Arc<Notice>, now: Time) -> Self {
        Self {
            notice,
            since: now,
            tries: 0,
            next: now,
            error: String::new(),
        }
    }
}

impl Queue {
    /// Brings back what a file held.
    pub(crate) fn restore(&mut self, number: u64, entry: Entry) {
        self.insert(number, entry);
    }

    /// Says whether nothing is left of it.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dead.is_empty()
    }

    pub(super) fn push(&mut self, number: u64, entry: Entry, now: Time) {
        self.insert(number, entry);
        if self.waiting.len() > WAITING {
            let mut oldest = self.waiting.keys();
            if let Some(oldest) = oldest.find(|it| !self.under_way.contains(it)).copied() {
                let reason = format!("more than {WAITING} notices waited: it was the oldest");
                self.bury(oldest, reason, now);
            }
        }
    }

    fn insert(&mut self, number: u64, entry: Entry) {
        let lane = self
            .lanes
            .entry(Arc::clone(&entry.notice.contact))
            .or_default();
        if lane.is_empty() {
            self.ready.insert((entry.next, number));
        }
        lane.push_back(number);
        self.waiting.insert(number, entry);
    }

    /// Takes one that is due; without `room` only if nothing is on its way.
    pub(super) fn take(&mut self, now: Time, room: bool) -> Option<Try> {
        let number = self.first(room).filter(|(at, _)| *at <= now)?.1;
        self.ready.pop_first();
        self.under_way.insert(number);
        let entry = self.waiting.get(&number)?;
        Some(Try {
            notice: Arc::clone(&entry.notice),
            number,
            attempt: entry.tries + 1,
        })
    }

    pub(super) fn due(&self, room: bool) -> Option<Time> {
        self.first(room).map(|(at, _)| at)
    }

    fn first(&self, room: bool) -> Option<(Time, u64)> {
        let most = if room && !self.is_silent { AT_ONCE } else { 1 };
        let first = self.ready.first().copied();
        first.filter(|_| self.under_way.len() < most)
    }

    pub(super) fn settle(&mut self, number: u64, outcome: Outcome, now: Time, chance: f64) {
        self.under_way.remove(&number);
        let Some(entry) = self.waiting.get_mut(&number) else {
            return;
        };
        entry.tries += 1;
        self.is_silent = matches!(outcome, Outcome::Silent(_));
        let (error, is_over) = match outcome {
            Outcome::Delivered => {
                self.last.delivered += 1;
                self.last.delivered_at = Some(now.0);
                self.remove(number);
                return;
            }
            Outcome::Failed(error) | Outcome::Silent(error) => {
                let late = now.since(entry.since) >= TRIED_FOR;
                (error, late || entry.tries >= TRIES)
            }
            Outcome::Gone(error) => (error, true),
        };
        (self.last.failed_at, self.last.error) = (Some(now.0), error.clone());
        if is_over {
            return self.bury(number, error, now);
        }
        entry.next = now.plus(pause(entry.tries, chance));
        entry.error = error;
        self.ready.insert((entry.next, number));
    }

    /// Takes one out that waits; the next of its contact may go.
    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.waiting.remove(&number)?;
        self.ready.remove(&(entry.next, number));
        let contact = &entry.notice.contact;
        let lane = self.lanes.get_mut(contact)?;
        let was_first = lane.front() == Some(&number);
        lane.retain(|it| *it != number);
        match lane.front() {
            None => {
                self.lanes.remove(contact);
            }
            Some(first) if was_first => {
                if let Some(next) = self.waiting.get(first) {
                    self.ready.insert((next.next, *first));
                }
            }
            Some(_) => {}
        }
        Some(entry)
    }

    fn bury(&mut self, number: u64, reason: String, now: Time) {
        let Some(entry) = self.remove(number) else {
            return;
        };
        self.dead.push_back(Dead {
            notice: entry.notice,
            at: now,
            tries: entry.tries,
            reason,
        });
        if self.dead.len() > DEAD {
            self.dead.pop_front();
            self.last.lost += 1;
        }
    }

    /// Takes dead letters out: one, or all.
    pub(super) fn rise(&mut self, one: Option<Id>) -> Vec<Arc<Notice>> {
        let is_wanted = |dead: &Dead| one.is_none_or(|id| dead.notice.id == id);
        let (risen, dead) = self.dead.drain(..).partition::<Vec<_>, _>(is_wanted);
        self.dead = dead.into();
        risen.into_iter().map(|dead| dead.notice).collect()
    }

    /// Drops what is too old: dead letters, and, if it is not sent to any more, what waits.
    pub(super) fn forget(&mut self, now: Time, is_sent_to: bool) {
        let kept = self.dead.len() + self.waiting.len();
        self.dead.retain(|dead| now.since(dead.at) < DEAD_FOR);
        if !is_sent_to {
            let old = |(number, entry): (&u64, &Entry)| {
                let under_way = self.under_way.contains(number);
                (now.since(entry.since) >= DEAD_FOR && !under_way).then_some(*number)
            };
            let old: Vec<u64> = self.waiting.iter().filter_map(old).collect();
            for number in old {
                self.remove(number);
            }
        }
        self.last.lost += (kept - self.dead.len() - self.waiting.len()) as u64;
    }
}
