//! Rows of leads, forms, spend, and what touches a contact: what the sources of inquiries are found
//! from.

use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;

/// The columns of a source, in their order; they have these names in every table.
pub const SOURCE: [&str; 13] = [
    "source",
    "medium",
    "campaign",
    "content",
    "term",
    "gclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "yclid",
    "msclkid",
    "ctwa_clid",
    "origin",
];

/// Where something came from: the values of [`SOURCE`], empty where not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceFact<'a>(pub [&'a str; SOURCE.len()]);

/// One lead as it stands after its last known change (`metrics.md` §4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The lead's id.
    pub lead: &'a str,
    /// When it was made; if nobody told, the time of its first known change.
    pub created_at: Time,
    /// Whether its making was told.
    pub created: bool,
    /// The pipeline it is in; empty if not told, like all texts that follow.
    pub pipeline: &'a str,
    /// The stage it is in.
    pub stage: &'a str,
    /// What it is worth; may be negative.
    pub amount: Option<Decimal>,
    /// The amount's currency; empty for the account's.
    pub currency: &'a str,
    /// Its owner.
    pub manager: &'a str,
    /// Its contacts, the main one first.
    pub contacts: &'a [&'a str],
    /// Its company.
    pub company: &'a str,
    /// The visit it came from.
    pub visit: &'a str,
    /// The visitor it came from.
    pub visitor: &'a str,
    /// The channel it came from.
    pub channel: &'a str,
    /// Where it came from.
    pub source: SourceFact<'a>,
    /// Whether it was deleted and not restored.
    pub removed: bool,
    /// The lead it became part of.
    pub merged_into: &'a str,
    /// Its places in order of time, the present one last.
    pub moves: &'a [LeadMove<'a>],
    /// Its amounts in order of time, the present one last.
    pub amounts: &'a [LeadAmount<'a>],
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether all its events were taken back.
    pub deleted: bool,
}

/// A lead's coming to a stage that it was not in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadMove<'a> {
    /// When.
    pub at: Time,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The stage; empty if only the pipeline was told.
    pub stage: &'a str,
    /// The lead's owner then.
    pub manager: &'a str,
}

/// An amount that a lead had not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeadAmount<'a> {
    /// Since when.
    pub at: Time,
    /// The amount.
    pub amount: Decimal,
    /// Its currency; empty for the account's.
    pub currency: &'a str,
}

/// One form that was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The form's id.
    pub form: &'a str,
    /// When it was sent.
    pub at: Time,
    /// The visit in which it was sent; empty if not told, like all texts that follow.
    pub visit: &'a str,
    /// The visitor who sent it.
    pub visitor: &'a str,
    /// The contact who sent it.
    pub contact: &'a str,
    /// The phone number: E.164 where it is one, else as it was typed.
    pub phone: &'a str,
    /// Whether it is a phone number.
    pub known: bool,
    /// The e-mail address in lower case.
    pub email: &'a str,
    /// Where the contact came from.
    pub source: SourceFact<'a>,
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether all its events were taken back.
    pub deleted: bool,
}

/// What a day of advertising cost, as stated last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpendFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// Days from 1970-01-01 to the day, in the account's zone.
    pub day: u16,
    /// Source, medium, campaign, content and term; empty where not told.
    pub tags: [&'a str; 5],
    /// What it cost.
    pub amount: Decimal,
    /// The amount's currency.
    pub currency: &'a str,
    /// When that was stated.
    pub as_of: Time,
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether all statements were taken back.
    pub deleted: bool,
}

/// A contact's message that tells where the contact came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TouchFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The channel's id.
    pub channel: &'a str,
    /// The conversation's id, unique within its channel.
    pub conversation: &'a str,
    /// The message's id, unique within its conversation.
    pub message: &'a str,
    /// When it was written.
    pub at: Time,
    /// The contact.
    pub contact: &'a str,
    /// The visit from which it was written; empty if not told.
    pub visit: &'a str,
    /// The visitor who wrote it; empty if not told.
    pub visitor: &'a str,
    /// Where the contact came from.
    pub source: SourceFact<'a>,
    /// When it arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether it was taken back.
    pub deleted: bool,
}

/// A tag that a contact got or lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The contact.
    pub contact: &'a str,
    /// The tag.
    pub tag: &'a str,
    /// When.
    pub at: Time,
    /// The event's id, or the hash that stands for it.
    pub id: &'a str,
    /// Whether it got it.
    pub tagged: bool,
    /// When that arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether it was taken back.
    pub deleted: bool,
}
