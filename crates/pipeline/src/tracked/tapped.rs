//! Rows on their way to ClickHouse, of which call tracking hears whose phone numbers are.

use compact_str::CompactString;
use trunkline_calltracking::Position as Place;
use trunkline_rollup::facts::{
    CallFact, CellFact, ChangeFact, ConversationFact, FormFact, IdentityFact, LeadFact,
    MessageFact, OFFSET, Rows, SpendFact, TagFact, TouchFact,
};

/// A phone number, the contact it belongs to, and the record that told it.
type Known = (CompactString, Option<CompactString>, Place);

/// Gives all rows on.
pub(super) struct Tapped<'r, R> {
    rows: &'r mut R,
    phones: Vec<Known>,
}

impl<'r, R> Tapped<'r, R> {
    pub(super) const fn new(rows: &'r mut R) -> Self {
        Self {
            rows,
            phones: Vec::new(),
        }
    }

    /// Gives whose phone numbers are, as the rows said.
    pub(super) fn phones(self) -> Vec<Known> {
        self.phones
    }
}

impl<R: Rows> Rows for Tapped<'_, R> {
    fn message(&mut self, fact: &MessageFact<'_>) {
        self.rows.message(fact);
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        self.rows.change(fact);
    }

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        self.rows.conversation(fact);
    }

    fn call(&mut self, fact: &CallFact<'_>) {
        self.rows.call(fact);
    }

    fn lead(&mut self, fact: &LeadFact<'_>) {
        self.rows.lead(fact);
    }

    fn form(&mut self, fact: &FormFact<'_>) {
        self.rows.form(fact);
    }

    fn spend(&mut self, fact: &SpendFact<'_>) {
        self.rows.spend(fact);
    }

    fn touch(&mut self, fact: &TouchFact<'_>) {
        self.rows.touch(fact);
    }

    fn tag(&mut self, fact: &TagFact<'_>) {
        self.rows.tag(fact);
    }

    fn cell(&mut self, fact: &CellFact<'_>) {
        self.rows.cell(fact);
    }

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        if fact.kind == "phone" {
            let at = Place {
                offset: fact.version & OFFSET,
                received_at: fact.received_at,
            };
            self.phones
                .push((fact.identity.into(), fact.contact.map(Into::into), at));
        }
        self.rows.identity(fact);
    }

    fn recut(&mut self, account: &str, minutes: u8, version: u64) {
        self.rows.recut(account, minutes, version);
    }
}
