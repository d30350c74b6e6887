//! Rows on their way to ClickHouse, written down already and cut into INSERTs.

use std::collections::BTreeMap;

use bytes::Bytes;
use trunkline_calltracking::{AttributionFact, TrackingRows, VisitFact};
use trunkline_rollup::facts::{
    CallFact, CellFact, ChangeFact, ConversationFact, FormFact, IdentityFact, LeadFact,
    MessageFact, Rows, SpendFact, TagFact, TouchFact,
};

use super::months::Months;
use super::rows::{self, ANSWERS, CALLS, CHANGES, CONVERSATIONS, IDENTITIES, MESSAGES, Table};
use super::rows::{ATTRIBUTIONS, FORMS, LEADS, SPEND, TAGS, TOUCHES, VISITS};
use super::stale::Stale;

/// The most rows that one INSERT takes.
pub const MAX_ROWS: usize = 100_000;

/// Rows as they were gathered. They may be written as often as it takes.
#[derive(Debug, Default)]
pub struct Batch {
    /// Messages by the month that their partition is named after.
    messages: BTreeMap<i32, Blocks>,
    changes: Blocks,
    conversations: Blocks,
    calls: Blocks,
    identities: Blocks,
    leads: Blocks,
    forms: Blocks,
    spend: Blocks,
    touches: Blocks,
    tags: Blocks,
    visits: Blocks,
    attributions: Blocks,
    /// Cells likewise by month, those that are held in memory.
    cells: BTreeMap<i32, Blocks>,
    /// The others: to be computed once the messages are written.
    stale: Stale,
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
        self.messages.is_empty()
            && self.changes.rows() == 0
            && self.conversations.rows() == 0
            && self.calls.rows() == 0
            && self.identities.rows() == 0
            && self.entities() == 0
            && self.tracking() == 0
            && self.cells.is_empty()
            && self.stale.is_empty()
    }

    /// Counts the rows of messages.
    pub fn messages(&self) -> usize {
        self.messages.values().map(Blocks::rows).sum()
    }

    /// Counts the rows of conversations.
    pub fn conversations(&self) -> usize {
        self.conversations.rows()
    }

    /// Counts the rows of calls.
    pub fn calls(&self) -> usize {
        self.calls.rows()
    }

    /// Counts the rows of leads, forms, spend, touches and tags.
    pub fn entities(&self) -> usize {
        let all = [
            &self.leads,
            &self.forms,
            &self.spend,
            &self.touches,
            &self.tags,
        ];
        all.map(Blocks::rows).iter().sum()
    }

    /// Counts the rows of visits and of what brought calls.
    pub fn tracking(&self) -> usize {
        self.visits.rows() + self.attributions.rows()
    }

    /// Counts the rows of cells.
    pub fn cells(&self) -> usize {
        self.cells.values().map(Blocks::rows).sum()
    }

    /// Counts the rows of each table, by its name.
    pub fn tables(&self) -> [(&'static str, usize); 13] {
        let one = |table: Table, blocks: &Blocks| (table.name, blocks.rows());
        [
            (MESSAGES.name, self.messages()),
            one(CHANGES, &self.changes),
            one(CONVERSATIONS, &self.conversations),
            one(CALLS, &self.calls),
            one(IDENTITIES, &self.identities),
            one(LEADS, &self.leads),
            one(FORMS, &self.forms),
            one(SPEND, &self.spend),
            one(TOUCHES, &self.touches),
            one(TAGS, &self.tags),
            one(VISITS, &self.visits),
            one(ATTRIBUTIONS, &self.attributions),
            (ANSWERS.name, self.cells()),
        ]
    }

    /// Takes the cells that are to be computed once the rows are written.
    pub fn take_stale(&mut self) -> Stale {
        std::mem::take(&mut self.stale)
    }

    /// Takes over the rows of another batch; nothing is copied.
    pub fn append(&mut self, other: Self) {
        for (month, blocks) in other.messages {
            self.messages.entry(month).or_default().append(blocks);
        }
        self.changes.append(other.changes);
        self.conversations.append(other.conversations);
        self.calls.append(other.calls);
        self.identities.append(other.identities);
        self.leads.append(other.leads);
        self.forms.append(other.forms);
        self.spend.append(other.spend);
        self.touches.append(other.touches);
        self.tags.append(other.tags);
        self.visits.append(other.visits);
        self.attributions.append(other.attributions);
        for (month, blocks) in other.cells {
            self.cells.entry(month).or_default().append(blocks);
        }
        self.stale.append(other.stale);
    }

    /// Ends the batch: no rows are added any more.
    pub(super) fn inserts(&mut self) -> impl Iterator<Item = (Table, Block)> {
        let messages = self.messages.values_mut().flat_map(Blocks::blocks);
        let messages = messages.map(|block| (MESSAGES, block));
        let changes = self.changes.blocks().map(|block| (CHANGES, block));
        let conversations = self.conversations.blocks();
        let conversations = conversations.map(|block| (CONVERSATIONS, block));
        let calls = self.calls.blocks().map(|block| (CALLS, block));
        let identities = self.identities.blocks().map(|block| (IDENTITIES, block));
        let entities = [
            (LEADS, &mut self.leads),
            (FORMS, &mut self.forms),
            (SPEND, &mut self.spend),
            (TOUCHES, &mut self.touches),
            (TAGS, &mut self.tags),
            (VISITS, &mut self.visits),
            (ATTRIBUTIONS, &mut self.attributions),
        ];
        let entities = entities.into_iter().flat_map(|(table, blocks)| {
            let blocks: Vec<_> = blocks.blocks().collect();
            blocks.into_iter().map(move |block| (table, block))
        });
        let cells = self.cells.values_mut().flat_map(Blocks::blocks);
        let cells = cells.map(|block| (ANSWERS, block));
        let facts = messages.chain(changes).chain(conversations);
        facts
            .chain(calls)
            .chain(identities)
            .chain(entities)
            .chain(cells)
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

    fn call(&mut self, fact: &CallFact<'_>) {
        rows::call(&mut self.calls.bytes, fact);
        self.calls.count();
    }

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        rows::identity(&mut self.identities.bytes, fact);
        self.identities.count();
    }

    fn lead(&mut self, fact: &LeadFact<'_>) {
        rows::lead(&mut self.leads.bytes, fact);
        self.leads.count();
    }

    fn form(&mut self, fact: &FormFact<'_>) {
        rows::form(&mut self.forms.bytes, fact);
        self.forms.count();
    }

    fn spend(&mut self, fact: &SpendFact<'_>) {
        rows::spend(&mut self.spend.bytes, fact);
        self.spend.count();
    }

    fn touch(&mut self, fact: &TouchFact<'_>) {
        rows::touch(&mut self.touches.bytes, fact);
        self.touches.count();
    }

    fn tag(&mut self, fact: &TagFact<'_>) {
        rows::tag(&mut self.tags.bytes, fact);
        self.tags.count();
    }

    fn cell(&mut self, fact: &CellFact<'_>) {
        let Some(cell) = fact.cell else {
            return self.stale.note(fact);
        };
        let month = self.months.of(fact.start);
        let blocks = self.cells.entry(month).or_default();
        for part in cell.parts() {
            rows::cell(&mut blocks.bytes, fact, &part);
            blocks.count();
        }
    }

    fn recut(&mut self, account: &str, minutes: u8, version: u64) {
        self.stale.note_all(account, minutes, version);
    }
}

impl TrackingRows for Batch {
    fn visit(&mut self, fact: &VisitFact<'_>) {
        rows::visit(&mut self.visits.bytes, fact);
        self.visits.count();
    }

    fn attribution(&mut self, fact: &AttributionFact<'_>) {
        rows::attribution(&mut self.attributions.bytes, fact);
        self.attributions.count();
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
