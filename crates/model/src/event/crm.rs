//! Events of a CRM: leads, repeat purchases, contacts and tasks.

use schemars::JsonSchema;
use serde::Deserialize;

use super::hash::{Fields, Hashed};
use super::source::{self, Source, Sourced};
use super::{Kind, lists};
use crate::amount::{self, Currency, Decimal};
use crate::text::{Id, LongText, Party, Text};
use crate::time::Time;
use crate::word::words;

words! {
    /// What changed of a lead.
    LeadChange {
        /// It was made.
        Created = "created",
        /// It reached a stage.
        Moved = "moved",
        /// Its amount changed.
        Valued = "valued",
        /// Its owner changed.
        Assigned = "assigned",
        /// It was deleted.
        Deleted = "deleted",
        /// It was taken back from the deleted.
        Restored = "restored",
        /// It became part of another.
        Merged = "merged",
        /// It has contacts beside those that it had. A lead of which nothing else is told is none yet.
        Linked = "linked",
    }
}

/// A change of a lead (`type`: `lead`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Lead<'a> {
    /// The lead.
    #[serde(borrow)]
    pub lead: Id<'a>,
    /// What changed.
    pub change: LeadChange,
    /// When it changed.
    pub at: Time,
    /// The pipeline it is in.
    #[serde(borrow)]
    pub pipeline: Option<Id<'a>>,
    /// The stage it is in.
    #[serde(borrow)]
    pub stage: Option<Id<'a>>,
    /// What it is worth; may be negative.
    #[serde(default, deserialize_with = "amount::exact")]
    pub amount: Option<Decimal>,
    /// The amount's currency; the account's by default.
    pub currency: Option<Currency>,
    /// Its owner.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// Its contacts, the main one first; a single one may be written as `contact`.
    #[serde(
        borrow,
        default,
        alias = "contact",
        deserialize_with = "lists::one_or_many"
    )]
    #[schemars(schema_with = "lists::schema::<crate::text::IdRule>")]
    pub contacts: Vec<Id<'a>>,
    /// Its company.
    #[serde(borrow)]
    pub company: Option<Id<'a>>,
    /// The lead that it became part of.
    #[serde(borrow)]
    pub into: Option<Id<'a>>,
    /// Why, for example why it was lost.
    #[serde(borrow)]
    pub reason: Option<LongText<'a>>,
    /// The visit it came from.
    #[serde(borrow)]
    pub visit: Option<Id<'a>>,
    /// The visitor it came from.
    #[serde(borrow)]
    pub visitor: Option<Id<'a>>,
    /// The channel it came from.
    #[serde(borrow)]
    pub channel: Option<Id<'a>>,
    /// The run of the import that brought it, so that it can be taken back with the others.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
    /// Where the contact came from.
    #[serde(skip)]
    pub source: Option<Box<Source<'a>>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Lead<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        source::deserialize(from)
    }
}

impl<'de: 'a, 'a> Sourced<'de> for Lead<'a> {
    fn fields<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The derived function, which knows all fields but those of the source.
        Self::deserialize(from)
    }

    fn set_source(&mut self, source: Box<Source<'de>>) {
        self.source = Some(source);
    }
}

impl Hashed for Lead<'_> {
    const KIND: Kind = Kind::Lead;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.lead);
        to.word(2, self.change);
        to.time(3, self.at);
        to.option(4, self.pipeline.as_ref());
        to.option(5, self.stage.as_ref());
        to.amount(6, self.amount);
        to.currency(7, self.currency);
        to.option(8, self.manager.as_ref());
        to.list(9, &self.contacts);
        to.option(10, self.company.as_ref());
        to.option(11, self.into.as_ref());
        to.option(12, self.reason.as_ref());
        to.option(13, self.visit.as_ref());
        to.option(14, self.visitor.as_ref());
        to.option(15, self.channel.as_ref());
        if let Some(source) = &self.source {
            source.fields(to);
        }
    }
}

words! {
    /// What became of a repeat purchase.
    PurchaseStatus {
        /// It is expected.
        Upcoming = "upcoming",
        /// It was bought.
        Bought = "bought",
        /// It was not bought.
        NotBought = "not_bought",
        /// It is over.
        Closed = "closed",
        /// The money was given back.
        Refunded = "refunded",
    }
}

/// A repeat purchase (`type`: `purchase`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Purchase<'a> {
    /// The purchase.
    #[serde(borrow)]
    pub purchase: Id<'a>,
    /// Who buys, the main contact first; a single one may be written as `contact`.
    #[serde(borrow, alias = "contact", deserialize_with = "lists::at_least_one")]
    #[schemars(schema_with = "lists::schema_of_some::<crate::text::IdRule>")]
    pub contacts: Vec<Id<'a>>,
    /// When it reached the status.
    pub at: Time,
    /// What became of it.
    pub status: PurchaseStatus,
    /// What it costs.
    #[serde(default, deserialize_with = "amount::exact")]
    pub amount: Option<Decimal>,
    /// The amount's currency; the account's by default.
    pub currency: Option<Currency>,
    /// The company that buys.
    #[serde(borrow)]
    pub company: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Purchase<'_> {
    const KIND: Kind = Kind::Purchase;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.purchase);
        to.list(2, &self.contacts);
        to.time(3, self.at);
        to.word(4, self.status);
        to.amount(5, self.amount);
        to.currency(6, self.currency);
        to.option(7, self.company.as_ref());
    }
}

words! {
    /// What changed of a contact.
    ContactChangeKind {
        /// It was made.
        Created = "created",
        /// Its particulars changed.
        Updated = "updated",
        /// It got a tag.
        Tagged = "tagged",
        /// It lost a tag.
        Untagged = "untagged",
        /// Its owner changed.
        Assigned = "assigned",
        /// Its state changed.
        State = "state",
        /// A channel's contact is this one.
        Linked = "linked",
        /// A channel's contact is no longer this one.
        Unlinked = "unlinked",
        /// It became part of another.
        Merged = "merged",
        /// It was deleted.
        Deleted = "deleted",
    }
}

words! {
    /// The state of a contact (S125-S135).
    ContactState {
        /// It buys.
        Won = "won",
        /// It does not.
        NotWon = "not_won",
        /// It may yet.
        InProgress = "in_progress",
    }
}

/// A change of a contact (`type`: `contact`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ContactChange<'a> {
    /// The contact.
    #[serde(borrow)]
    pub contact: Id<'a>,
    /// What changed.
    pub change: ContactChangeKind,
    /// When it changed.
    pub at: Time,
    /// The tag.
    #[serde(borrow)]
    pub tag: Option<Text<'a>>,
    /// The state.
    pub state: Option<ContactState>,
    /// The state's part, named by the account.
    #[serde(borrow)]
    pub sub_state: Option<Text<'a>>,
    /// The owner before.
    #[serde(borrow)]
    pub from_manager: Option<Id<'a>>,
    /// The owner after.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// Who changed it.
    #[serde(borrow)]
    pub by: Option<Id<'a>>,
    /// The phone as it was given.
    #[serde(borrow)]
    pub phone: Option<Party<'a>>,
    /// The e-mail address.
    #[serde(borrow)]
    pub email: Option<Text<'a>>,
    /// The channel of the linked contact.
    #[serde(borrow)]
    pub channel: Option<Id<'a>>,
    /// The linked contact on its channel.
    #[serde(borrow)]
    pub channel_contact: Option<Id<'a>>,
    /// The contact that it became part of.
    #[serde(borrow)]
    pub into: Option<Id<'a>>,
    /// The contact's company.
    #[serde(borrow)]
    pub company: Option<Id<'a>>,
    /// The run of the import that brought it, so that it can be taken back with the others.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for ContactChange<'_> {
    const KIND: Kind = Kind::Contact;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.contact);
        to.word(2, self.change);
        to.time(3, self.at);
        to.option(4, self.tag.as_ref());
        to.maybe_word(5, self.state);
        to.option(6, self.sub_state.as_ref());
        to.option(7, self.from_manager.as_ref());
        to.option(8, self.manager.as_ref());
        to.option(9, self.by.as_ref());
        to.option(10, self.phone.as_ref());
        to.option(11, self.email.as_ref());
        to.option(12, self.channel.as_ref());
        to.option(13, self.channel_contact.as_ref());
        to.option(14, self.into.as_ref());
        to.option(15, self.company.as_ref());
    }
}

words! {
    /// What changed of a task.
    TaskChange {
        /// It was made.
        Created = "created",
        /// It was given to a manager.
        Assigned = "assigned",
        /// Its time changed.
        Rescheduled = "rescheduled",
        /// It was done.
        Done = "done",
        /// It is to be done again.
        Reopened = "reopened",
        /// It was deleted.
        Deleted = "deleted",
    }
}

/// A change of a task (`type`: `task`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Task<'a> {
    /// The task.
    #[serde(borrow)]
    pub task: Id<'a>,
    /// What changed.
    pub change: TaskChange,
    /// When it changed.
    pub at: Time,
    /// Who is to do it.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// Until when.
    pub due_at: Option<Time>,
    /// What sort of task it is.
    #[serde(borrow)]
    pub kind: Option<Text<'a>>,
    /// The lead it belongs to.
    #[serde(borrow)]
    pub lead: Option<Id<'a>>,
    /// The contact it belongs to.
    #[serde(borrow)]
    pub contact: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Task<'_> {
    const KIND: Kind = Kind::Task;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.task);
        to.word(2, self.change);
        to.time(3, self.at);
        to.option(4, self.manager.as_ref());
        to.maybe_time(5, self.due_at);
        to.option(6, self.kind.as_ref());
        to.option(7, self.lead.as_ref());
        to.option(8, self.contact.as_ref());
    }
}
