//! Rows on their way to ClickHouse, of which call tracking hears who is who.

use compact_str::CompactString;
use trunkline_calltracking::{Caller, Position as Place, Tracking};
use trunkline_rollup::facts::{
    CallFact, CellFact, ChangeFact, ConversationFact, FormFact, IdentityFact, LeadFact,
    MessageFact, OFFSET, Rows, SpendFact, TagFact, TouchFact,
};

/// What a contact is known by, the contact it belongs to, and the record that told it.
pub(super) struct Known {
    sort: Sort,
    channel: CompactString,
    identity: CompactString,
    contact: Option<CompactString>,
    at: Place,
}

enum Sort {
    Phone,
    Channel,
    Contact,
}

impl Known {
    fn of(fact: &IdentityFact<'_>) -> Option<Self> {
        let sort = match fact.kind {
            "phone" => Sort::Phone,
            "channel" => Sort::Channel,
            "contact" => Sort::Contact,
            _ => return None,
        };
        Some(Self {
            sort,
            channel: fact.channel.into(),
            identity: fact.identity.into(),
            contact: fact.contact.map(Into::into),
            at: Place {
                offset: fact.version & OFFSET,
                received_at: fact.received_at,
            },
        })
    }

    /// Tells call tracking.
    pub(super) fn tell(&self, tracking: &mut Tracking) {
        let contact = self.contact.as_deref();
        match self.sort {
            Sort::Phone => tracking.known_as(&self.identity, contact, self.at),
            Sort::Channel => {
                let caller = Caller::OnChannel(&self.channel, &self.identity);
                tracking.same_as(caller, contact, self.at);
            }
            Sort::Contact => tracking.same_as(Caller::Contact(&self.identity), contact, self.at),
        }
    }
}

/// Gives all rows on.
pub(super) struct Tapped<'r, R> {
    rows: &'r mut R,
    known: Vec<Known>,
}

impl<'r, R> Tapped<'r, R> {
    pub(super) const fn new(rows: &'r mut R) -> Self {
        Self {
            rows,
            known: Vec::new(),
        }
    }

    /// Gives who is who, as the rows said.
    pub(super) fn known(self) -> Vec<Known> {
        self.known
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
        self.known.extend(Known::of(fact));
        self.rows.identity(fact);
    }

    fn recut(&mut self, account: &str, minutes: u8, version: u64) {
        self.rows.recut(account, minutes, version);
    }
}
