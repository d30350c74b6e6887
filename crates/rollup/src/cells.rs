//! `answers`: figures of one manager on one channel in one cell of time, kept up with every change of a
//! timeline (`architecture.md` §6). What a late message changes is taken out and put in anew, so a
//! cell always holds what its messages would give had they come in order.
//!
//! Only *hot* cells are held: those of the last 48 hours before the newest arrival. Which cells are to
//! be written is told by the rows that are gathered: a cell changes when a row in it does, so whatever
//! makes rows be gathered again (a restart, rows lost, a retraction, other settings) brings their
//! cells along. A cell that is not hot, or of which not all is known any more, is computed from the
//! rows in ClickHouse.
//!
//! They lie in [`SETS`] sets, so that a checkpoint never pauses for the whole; each set knows below
//! which offset it has all records, and passes over those when they are observed again.

use std::hash::BuildHasher;

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use crate::facts::{CellFact, Measured, Rows, Samples};
use crate::names::{Name, Names};
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::{Entry, Message};

mod cell;
mod distribution;

pub use cell::{Answers, Cell, Definition, Figures, MESSAGES, Part, Sum};
pub use distribution::Distribution;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// How long before the newest arrival a cell is hot, in milliseconds.
const HOT: i64 = 48 * HOUR;
/// The number of sets.
pub const SETS: u8 = 32;

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
    sets: Vec<Set>,
    hasher: Hashed,
    /// Those of rows gathered since cells were last gathered, and the last of them.
    noted: HashSet<Key, Hashed>,
    last: Option<Key>,
    /// Whether none was shown yet.
    unshown: bool,
    /// Cells before this time are cold.
    cold: Time,
    /// Whether all are to be written anew, for they have another length.
    recut: bool,
    /// The length of a cell in milliseconds, in the sets that have not all records yet.
    length: i64,
    /// The first record that is new to any set.
    oldest: u64,
}

fn length(minutes: u8) -> i64 {
    i64::from(minutes.max(1)) * MINUTE
}

/// One of the sets of an account's hot cells.
#[derive(Clone, Debug, Default)]
struct Set {
    hot: HashMap<Key, Cell, Hashed>,
    /// Those changed since they were last shown.
    changed: HashSet<Key, Hashed>,
    /// All records below this offset are in it already.
    taken: u64,
}

/// One of the sets, to be written to a checkpoint or read from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellSet {
    minutes: u8,
    /// Cells before this time are cold.
    #[serde(with = "plain")]
    cold: Time,
    cells: Vec<(Key, Cell)>,
}

impl Cells {
    /// Makes an empty set of cells of so many minutes.
    pub(crate) fn new(minutes: u8) -> Self {
        Self {
            sets: (0..SETS).map(|_| Set::default()).collect(),
            hasher: Hashed::default(),
            noted: HashSet::default(),
            last: None,
            unshown: true,
            cold: Time(i64::MIN),
            recut: false,
            length: length(minutes),
            oldest: 0,
        }
    }

    /// Gives the length of a cell in minutes.
    pub(crate) fn minutes(&self) -> u8 {
        (self.length / MINUTE) as u8
    }

    /// Copies a set, in order, for a checkpoint.
    pub(crate) fn set(&self, number: u8) -> CellSet {
        let set = &self.sets[usize::from(number)];
        let cells = set.hot.iter().map(|(key, cell)| (*key, cell.clone()));
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        CellSet {
            minutes: self.minutes(),
            cold: self.cold,
            cells,
        }
    }

    /// Restores a set, taken when all records below `taken` were in it; all of it is shown again.
    pub(crate) fn restore(&mut self, number: u8, from: CellSet, taken: u64) {
        self.cool_before(from.cold);
        let set = &mut self.sets[usize::from(number)];
        let hot: HashMap<Key, Cell, Hashed> = from.cells.into_iter().collect();
        *set = Set {
            changed: hot.keys().copied().collect(),
            hot,
            taken,
        };
        // Where cells got another length meanwhile, that record is observed again.
        if self
            .sets
            .iter()
            .all(|set| set.taken == 0 || taken <= set.taken)
        {
            self.length = length(from.minutes);
        }
        self.oldest = self.sets.iter().map(|set| set.taken).min().unwrap_or(0);
    }

    /// Counts the sets to which the record at `offset` is new.
    pub(crate) fn open(&self, offset: u64) -> usize {
        let open = self.sets.iter().filter(|set| set.taken <= offset);
        open.count()
    }

    /// Cuts time into cells of another length, by the record at `offset`: sets to which it is new are
    /// emptied. Says whether there are any.
    pub(crate) fn cut(&mut self, minutes: u8, offset: u64) -> bool {
        if self.open(offset) == 0 || self.length == length(minutes) {
            return false;
        }
        self.length = length(minutes);
        for set in self.sets.iter_mut().filter(|set| set.taken <= offset) {
            set.hot.clear();
        }
        for set in &mut self.sets {
            set.changed = set.hot.keys().copied().collect();
        }
        (self.unshown, self.recut) = (true, true);
        self.noted.clear();
        true
    }

    /// Makes all cells be written anew.
    pub(crate) fn recut(&mut self) {
        self.recut = true;
    }

    /// Lets cells go that are no longer hot when something arrives at `received_at`.
    pub(crate) fn turn(&mut self, received_at: Time) {
        self.cool_before(Time((received_at.0 - HOT).div_euclid(HOUR) * HOUR));
    }

    /// Lets cells go that begin before a time or at it: not all of them is known.
    pub(crate) fn cool(&mut self, until: Time) {
        self.cool_before(Time((until.0.div_euclid(HOUR) + 1) * HOUR));
    }

    fn cool_before(&mut self, cold: Time) {
        if cold > self.cold {
            self.cold = cold;
            for set in &mut self.sets {
                set.hot.retain(|key, _| key.start >= cold);
                set.changed.retain(|key| key.start >= cold);
            }
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
        for set in &mut self.sets {
            for key in std::mem::take(&mut set.changed) {
                if let Some(cell) = set.hot.get(&key) {
                    show(key, cell);
                }
            }
        }
    }

    /// Notes that a row in a cell was gathered.
    pub(crate) fn note(&mut self, channel: Name, manager: Option<Name>, at: Time) {
        let key = Key {
            start: self.start(at),
            manager,
            channel,
        };
        // As a rule it is the cell of the row before.
        if self.last != Some(key) {
            self.last = Some(key);
            self.noted.insert(key);
        }
    }

    /// Says whether there are cells to be gathered.
    pub(crate) fn is_noted(&self) -> bool {
        self.recut || !self.noted.is_empty()
    }

    /// Shows the cells noted, as they stand.
    pub(crate) fn gather(&mut self, id: &str, names: &Names, version: u64, rows: &mut impl Rows) {
        self.last = None;
        let minutes = self.minutes();
        for key in std::mem::take(&mut self.noted) {
            rows.cell(&CellFact {
                account: id,
                start: key.start,
                minutes,
                manager: key.manager.map(|name| names.text(name)),
                channel: names.text(key.channel),
                cell: self.hot(&key).filter(|cell| cell.is_known()),
                version,
            });
        }
        if std::mem::take(&mut self.recut) {
            rows.recut(id, minutes, version);
        }
    }

    fn start(&self, at: Time) -> Time {
        Time(at.0.div_euclid(self.length) * self.length)
    }

    fn hot(&self, key: &Key) -> Option<&Cell> {
        let set = &self.sets[self.place(key)];
        set.hot.get(key).filter(|_| key.start >= self.cold)
    }

    fn place(&self, key: &Key) -> usize {
        (self.hasher.hash_one(key) >> 32) as usize % usize::from(SETS)
    }

    fn of(&mut self, channel: Name, message: &Message, at: Time, offset: u64) -> Option<&mut Cell> {
        let key = Key {
            start: self.start(at),
            manager: message.manager,
            channel,
        };
        let place = self.place(&key);
        if key.start < self.cold || offset < self.sets[place].taken {
            return None;
        }
        let set = &mut self.sets[place];
        set.changed.insert(key);
        Some(set.hot.entry(key).or_default())
    }
}

/// What counts the messages of one conversation into cells, and takes them out again.
pub(crate) struct Tally<'a> {
    cells: &'a mut Cells,
    /// The record that changes the conversation.
    offset: u64,
    /// Whether any set has it not yet.
    counts: bool,
    channel: Name,
    rules: ChannelRules<'a>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(
        cells: &'a mut Cells,
        offset: u64,
        channel: Name,
        rules: ChannelRules<'a>,
    ) -> Self {
        Self {
            counts: offset >= cells.oldest,
            cells,
            offset,
            channel,
            rules,
        }
    }

    /// Counts an entry that gave these samples.
    pub(crate) fn add(&mut self, entry: &Entry, samples: Samples) {
        self.count(entry, samples, self.rules, Cell::add);
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
        self.count(entry, samples, rules, Cell::remove);
    }

    fn count(
        &mut self,
        entry: &Entry,
        samples: Samples,
        rules: ChannelRules<'_>,
        count: fn(&mut Cell, &Message, &Measured),
    ) {
        let Some(message) = entry.body.message() else {
            return;
        };
        if entry.retracted || !self.counts {
            return;
        }
        if let Some(cell) = self.cells.of(self.channel, message, entry.at, self.offset) {
            let measured = rules.measure(samples, message.manager, entry.at);
            count(cell, message, &measured);
        }
    }
}
