//! `answers`: figures of one manager on one channel in one cell of time, kept up with every change of a
//! timeline (`architecture.md` §6). What a late message changes is taken out and put in anew, so a
//! cell always holds what its messages would give had they come in order.
//!
//! Only *hot* cells are held: those of the last 48 hours before the newest arrival.

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use trunkline_model::event::Author;
use trunkline_model::time::Time;

use crate::facts::Samples;
use crate::names::Name;
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::{Entry, Message};

mod cell;
mod distribution;

pub use cell::{Answers, Cell, Definition};
pub use distribution::Distribution;

const MINUTE: i64 = 60_000;
/// How long before the newest arrival a cell is hot, in milliseconds.
const HOT: i64 = 48 * 3_600_000;

type Hashed = foldhash::fast::FixedState;

/// Whose cell, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The start of the cell.
    #[serde(with = "plain")]
    pub start: Time,
    /// The manager who wrote; none for messages of others.
    pub manager: Option<Name>,
    /// The channel.
    pub channel: Name,
}

/// The hot cells of an account.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    hot: HashMap<Key, Cell, Hashed>,
    /// Those changed since they were last shown.
    changed: HashSet<Key, Hashed>,
    /// Whether none was shown yet.
    unshown: bool,
    /// Cells before this time are cold.
    cold: Time,
    /// The length of a cell in milliseconds.
    length: i64,
}

impl Cells {
    /// Makes an empty set of cells of so many minutes.
    pub(crate) fn new(minutes: u8) -> Self {
        Self::restore(Vec::new(), minutes)
    }

    /// Gives the length of a cell in minutes.
    pub(crate) fn minutes(&self) -> u8 {
        (self.length / MINUTE) as u8
    }

    /// Restores cells of so many minutes from a checkpoint; all of them are shown again.
    pub(crate) fn restore(cells: Vec<(Key, Cell)>, minutes: u8) -> Self {
        let hot: HashMap<Key, Cell, Hashed> = cells.into_iter().collect();
        Self {
            changed: hot.keys().copied().collect(),
            hot,
            unshown: true,
            cold: Time(i64::MIN),
            length: i64::from(minutes.max(1)) * MINUTE,
        }
    }

    /// Copies all cells, in order, for a checkpoint.
    pub(crate) fn all(&self) -> Vec<(Key, Cell)> {
        let cells = self.hot.iter().map(|(key, cell)| (*key, cell.clone()));
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        cells
    }

    /// Lets cells go that are no longer hot when something arrives at `received_at`.
    pub(crate) fn turn(&mut self, received_at: Time) {
        let cold = Time((received_at.0 - HOT).div_euclid(self.length) * self.length);
        if cold > self.cold {
            self.cold = cold;
            self.hot.retain(|key, _| key.start >= cold);
            self.changed.retain(|key| key.start >= cold);
        }
    }

    /// Gives the time before which cells are cold.
    pub(crate) fn cold(&self) -> Time {
        self.cold
    }

    /// Says whether these cells are shown for the first time.
    pub(crate) fn begin_to_show(&mut self) -> bool {
        std::mem::take(&mut self.unshown)
    }

    /// Shows the cells changed since the last time.
    pub(crate) fn show(&mut self, mut show: impl FnMut(Key, &Cell)) {
        for key in self.changed.drain() {
            if let Some(cell) = self.hot.get(&key) {
                show(key, cell);
            }
        }
    }

    fn of(&mut self, channel: Name, message: &Message, at: Time) -> Option<&mut Cell> {
        let key = Key {
            start: Time(at.0.div_euclid(self.length) * self.length),
            manager: message.manager,
            channel,
        };
        if key.start < self.cold {
            return None;
        }
        self.changed.insert(key);
        Some(self.hot.entry(key).or_default())
    }
}

/// What counts the messages of one conversation into cells, and takes them out again.
pub(crate) struct Tally<'a> {
    /// None while records are replayed that the cells have already.
    cells: Option<&'a mut Cells>,
    channel: Name,
    rules: ChannelRules<'a>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(
        cells: Option<&'a mut Cells>,
        channel: Name,
        rules: ChannelRules<'a>,
    ) -> Self {
        Self {
            cells,
            channel,
            rules,
        }
    }

    /// Counts an entry that gave these samples.
    pub(crate) fn add(&mut self, entry: &Entry, samples: Samples) {
        let business = self.business(entry, samples, self.rules);
        self.count(entry, [samples, business], Cell::add);
    }

    /// Takes an entry out that gave these samples.
    pub(crate) fn remove(&mut self, entry: &Entry, samples: Samples) {
        self.remove_under(entry, samples, self.rules);
    }

    /// Takes an entry out that gave these samples under other rules.
    pub(crate) fn remove_under(
        &mut self,
        entry: &Entry,
        samples: Samples,
        rules: ChannelRules<'_>,
    ) {
        let business = self.business(entry, samples, rules);
        self.count(entry, [samples, business], Cell::remove);
    }

    fn business(&self, entry: &Entry, samples: Samples, rules: ChannelRules<'_>) -> Samples {
        match entry.body.message() {
            Some(message) if self.cells.is_some() => {
                rules.business(samples, message.manager, entry.at)
            }
            _ => Samples::default(),
        }
    }

    fn count(
        &mut self,
        entry: &Entry,
        samples: [Samples; 2],
        count: fn(&mut Cell, &Message, [Samples; 2]),
    ) {
        let (Some(cells), Some(message)) = (self.cells.as_deref_mut(), entry.body.message()) else {
            return;
        };
        if entry.retracted {
            return;
        }
        if let Some(cell) = cells.of(self.channel, message, entry.at) {
            // A bot's reply is nobody's answer (`responder=bot` is a figure of its own).
            let of_people = message.author == Author::Manager;
            count(
                cell,
                message,
                if of_people {
                    samples
                } else {
                    Default::default()
                },
            );
        }
    }
}
