//! Rows on their way to ClickHouse, written down already and cut into INSERTs.

use std::collections::BTreeMap;

use bytes::Bytes;
use trunkline_rollup::facts::{ChangeFact, ConversationFact, MessageFact, Rows};

use super::months::Months;
use super::rows::{self, CHANGES, CONVERSATIONS, MESSAGES, Table};

/// The most rows that one INSERT takes.
pub const MAX_ROWS: usize = 100_000;

/// Rows as they were gathered. They may be written as often as it takes.
#[derive(Debug, Default)]
pub struct Batch {
    /// Messages by the month that their partition is named after.
    messages: BTreeMap<i32, Blocks>,
    changes: Blocks,
    conversations: Blocks,
    months: Months,
}

/// The rows of one table and partition.
#[derive(Debug, Default)]
struct Blocks {
    full: Vec<Block>,
    rows: usize,
    bytes: Vec<u8>,
}

/// The rows of one INSERT.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) rows: usize,
    pub(super) bytes: Bytes,
}

impl Batch {
    /// Says whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.changes.rows() == 0 && self.conversations.rows() == 0
    }

    /// Counts the rows of messages.
    pub fn messages(&self) -> usize {
        self.messages.values().map(Blocks::rows).sum()
    }

    /// Counts the rows of conversations.
    pub fn conversations(&self) -> usize {
        self.conversations.rows()
    }

    /// Takes over the rows of another batch; nothing is copied.
    pub fn append(&mut self, other: Self) {
        for (month, blocks) in other.messages {
            self.messages.entry(month).or_default().append(blocks);
        }
        self.changes.append(other.changes);
        self.conversations.append(other.conversations);
    }

    /// Ends the batch: no rows are added any more.
    pub(super) fn inserts(&mut self) -> impl Iterator<Item = (Table, Block)> {
        let messages = self.messages.values_mut().flat_map(Blocks::blocks);
        let messages = messages.map(|block| (MESSAGES, block));
        let changes = self.changes.blocks().map(|block| (CHANGES, block));
        let conversations = self.conversations.blocks();
        let conversations = conversations.map(|block| (CONVERSATIONS, block));
        messages.chain(changes).chain(conversations)
    }
}

impl Rows for Batch {
    fn message(&mut self, fact: &MessageFact<'_>) {
        let month = self.months.of(fact.at);
        let blocks = self.messages.entry(month).or_default();
        rows::message(&mut blocks.bytes, fact);
        blocks.count();
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        rows::change(&mut self.changes.bytes, fact);
        self.changes.count();
    }

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        rows::conversation(&mut self.conversations.bytes, fact);
        self.conversations.count();
    }
}

impl Blocks {
    fn rows(&self) -> usize {
        self.full.iter().map(|block| block.rows).sum::<usize>() + self.rows
    }

    fn count(&mut self) {
        self.rows += 1;
        if self.rows == MAX_ROWS {
            self.seal();
        }
    }

    fn seal(&mut self) {
        if self.rows > 0 {
            self.full.push(Block {
                rows: std::mem::take(&mut self.rows),
                bytes: std::mem::take(&mut self.bytes).into(),
            });
        }
    }

    fn append(&mut self, mut other: Self) {
        other.seal();
        self.full.append(&mut other.full);
    }

    fn blocks(&mut self) -> impl Iterator<Item = Block> {
        self.seal();
        self.full.iter().cloned()
    }
}
