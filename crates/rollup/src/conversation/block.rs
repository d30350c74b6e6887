//! The parts of a timeline, and a clock on its way through them.

use serde::{Deserialize, Serialize};

use super::Conversation;
use super::head::Head;
use crate::clock::{Clock, Cycle};
use crate::facts::Samples;
use crate::packed::Packed;
use crate::rules::ChannelRules;
use crate::timeline::Entry;

/// Entries of a full block; few in tests, so that short logs have some.
pub(super) const BLOCK: usize = if cfg!(test) { 4 } else { 64 };

/// What most conversations have not: the past of those that are long, were closed, or have several
/// contacts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Long {
    /// The full parts of the timeline, before the last one.
    pub(super) blocks: Vec<Block>,
    /// Where the clock stood before the last part.
    pub(super) before: Mark,
    /// The cycles before the clock's.
    pub(super) past: Vec<Cycle>,
    /// The contacts after the first.
    pub(super) contacts: Vec<compact_str::CompactString>,
    /// What is known of the entries before the first block.
    pub(super) head: Option<Head>,
}

/// A part of the timeline.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) before: Mark,
    pub(super) entries: Packed,
}

/// Where the clock stood before a block.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// How many cycles were past.
    pub(super) past: u32,
    pub(super) clock: Clock,
}

/// A clock on its way through the timeline, with the cycles it finished on the way.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) clock: Clock,
    /// How many cycles were past when it set out.
    pub(super) before: u32,
    pub(super) finished: Vec<Cycle>,
}

impl Long {
    /// Forgets the timeline and its cycles from a mark on, and keeps the contacts.
    pub(super) fn forget_from(&mut self, first: Mark) {
        self.blocks.clear();
        self.past.truncate(first.past as usize);
        self.before = first;
    }
}

impl Run {
    pub(super) fn step(&mut self, entry: &Entry, rules: ChannelRules<'_>) -> Samples {
        let step = self.clock.step(entry, rules.at(entry.at));
        self.finished.extend(step.finished);
        step.samples
    }

    /// Takes the cycles finished so far for past.
    pub(super) fn set_out(&mut self) {
        self.before = self.past();
        self.finished.clear();
    }

    pub(super) fn past(&self) -> u32 {
        self.before + self.finished.len() as u32
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            past: self.past(),
            clock: self.clock.clone(),
        }
    }
}

/// Blocks are counted from 0; the last one is the tail.
impl Conversation {
    /// Gives the number of the last block.
    pub(super) fn last_block(&self) -> usize {
        self.long.as_ref().map_or(0, |long| long.blocks.len())
    }

    pub(super) fn block(&self, number: usize) -> &Packed {
        let full = self.long.as_ref().and_then(|long| long.blocks.get(number));
        full.map_or(&self.tail, |block| &block.entries)
    }

    pub(super) fn set_block(&mut self, number: usize, entries: &[Entry]) {
        let packed = entries.iter().collect();
        match self
            .long
            .as_mut()
            .and_then(|long| long.blocks.get_mut(number))
        {
            Some(block) => block.entries = packed,
            None => self.tail = packed,
        }
    }

    /// Gives the mark before a block; none before the only one.
    pub(super) fn mark(&mut self, number: usize) -> Option<&mut Mark> {
        let long = self.long.as_mut()?;
        Some(match long.blocks.get_mut(number) {
            Some(block) => &mut block.before,
            None => &mut long.before,
        })
    }

    /// Copies the mark before a block.
    pub(super) fn mark_before(&self, number: usize) -> Mark {
        let mark = self.long.as_ref().map(|long| {
            let full = long.blocks.get(number).map(|block| &block.before);
            full.unwrap_or(&long.before).clone()
        });
        mark.unwrap_or_default()
    }

    /// Sets out at the beginning of a block.
    pub(super) fn run_from(&self, number: usize) -> Run {
        let Mark { past, clock } = self.mark_before(number);
        Run {
            clock,
            before: past,
            finished: Vec::new(),
        }
    }

    /// Walks over the entries after the head.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        let full = self.long.iter().flat_map(|long| &long.blocks);
        full.flat_map(|block| block.entries.iter())
            .chain(self.tail.iter())
    }

    /// Ends the tail, which is full; the next entry begins a new one.
    pub(super) fn seal(&mut self) {
        let past = self.past().len() as u32;
        let long = self.long.get_or_insert_default();
        let before = Mark {
            past,
            clock: self.clock.clone(),
        };
        long.blocks.push(Block {
            before: std::mem::replace(&mut long.before, before),
            entries: std::mem::take(&mut self.tail),
        });
    }

    /// Makes two blocks of one that has become too large.
    pub(super) fn split(&mut self, number: usize, rules: ChannelRules<'_>) {
        let entries: Vec<Entry> = self.block(number).iter().collect();
        let (first, second) = entries.split_at(entries.len() / 2);
        let mut run = self.run_from(number);
        for entry in first {
            run.step(entry, rules);
        }
        self.set_block(number, second);
        let long = self.long.get_or_insert_default();
        let before = match long.blocks.get_mut(number) {
            Some(block) => &mut block.before,
            None => &mut long.before,
        };
        let before = std::mem::replace(before, run.mark());
        let entries = first.iter().collect();
        long.blocks.insert(number, Block { before, entries });
    }

    /// Gives the cycles before the clock's.
    pub(super) fn past(&self) -> &[Cycle] {
        self.long.as_ref().map_or(&[], |long| &long.past)
    }
}
