//! What is known of one entity, packed: what it is known by, and its words in the order of arrival.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use trunkline_model::amount::Decimal;
use trunkline_model::event::LeadChange;
use trunkline_model::order::compare_ids;

use super::source::Sources;
use crate::names::{Name, Names};

/// What an entity is, and what it is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Key<'a> {
    /// A lead.
    Lead(&'a str),
    /// A form and when it was sent, in milliseconds.
    Form(&'a str, i64),
    /// A statement of spend: its day since 1970; source, medium, campaign, content and term.
    Spend(u16, #[serde(borrow)] [&'a str; 5]),
    /// A message that tells a source: its channel, its conversation and its id.
    Touch(Name, &'a str, &'a str),
    /// A contact and a tag.
    Tag(&'a str, &'a str),
}

/// An entity, unpacked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Log<'a> {
    #[serde(borrow)]
    pub(super) key: Key<'a>,
    #[serde(borrow)]
    pub(super) words: Vec<Word<'a>>,
}

/// What one event says of an entity.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Word<'a> {
    /// When it was said, in milliseconds (the sender's clock).
    pub(crate) at: i64,
    /// The event's id, or what stands for it.
    pub(crate) id: &'a str,
    /// What it came through; none of messages, which are the same through any.
    pub(crate) hook: Option<Name>,
    /// Part of a hash of what the event says, without a seed.
    pub(crate) content: u32,
    /// The run of the import that brought it.
    pub(crate) run: Option<Name>,
    pub(crate) retracted: bool,
    pub(crate) received_at: i64,
    pub(crate) offset: u64,
    #[serde(borrow)]
    pub(crate) said: Said<'a>,
}

/// What is said.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said<'a> {
    /// Of a lead.
    Lead(#[serde(borrow)] Box<Lead<'a>>),
    /// Of a form.
    Form(#[serde(borrow)] Form<'a>),
    /// Of what a day cost.
    Spend(#[serde(borrow)] Spend<'a>),
    /// Of a message.
    Touch(#[serde(borrow)] Touch<'a>),
    /// That the contact got the tag, or lost it.
    Tag(bool),
}

/// A change of a lead.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Lead<'a> {
    pub(crate) change: LeadChange,
    pub(crate) pipeline: Option<&'a str>,
    pub(crate) stage: Option<&'a str>,
    pub(crate) amount: Option<Amount>,
    pub(crate) currency: Option<&'a str>,
    pub(crate) manager: Option<Name>,
    #[serde(borrow)]
    pub(crate) contacts: Vec<&'a str>,
    pub(crate) company: Option<&'a str>,
    pub(crate) visit: Option<&'a str>,
    pub(crate) visitor: Option<&'a str>,
    pub(crate) channel: Option<&'a str>,
    pub(crate) into: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) source: Sources<'a>,
}

/// What a form tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Form<'a> {
    pub(crate) visit: Option<&'a str>,
    pub(crate) visitor: Option<&'a str>,
    pub(crate) contact: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) source: Sources<'a>,
}

/// What a day cost.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spend<'a> {
    pub(crate) amount: Amount,
    pub(crate) currency: &'a str,
}

/// What a message tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Touch<'a> {
    pub(crate) contact: &'a str,
    pub(crate) visit: Option<&'a str>,
    pub(crate) visitor: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) source: Sources<'a>,
}

/// An amount: its digits as a whole number, and how many of them stand after the point.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Amount(i64, u8);

impl Amount {
    pub(crate) fn of(amount: Decimal) -> Self {
        Self(amount.units(), amount.scale())
    }

    pub(super) fn decimal(self) -> Decimal {
        // It was one.
        Decimal::of(self.0, self.1).unwrap_or_default()
    }
}

impl<'a> Log<'a> {
    pub(super) fn unpack(bytes: &'a [u8]) -> Self {
        // They were packed here, or come from a checkpoint whose checksum was right.
        postcard::from_bytes(bytes).unwrap_or(Self {
            key: Key::Lead(""),
            words: Vec::new(),
        })
    }
}

impl Word<'_> {
    /// Compares when words were said: by time, at one time the making of a lead first, then by id and
    /// hook.
    pub(super) fn order(&self, other: &Self, names: &Names) -> Ordering {
        let hook = |word: &Self| word.hook.map(|hook| names.text(hook));
        let times = self.at.cmp(&other.at);
        let making = || other.makes().cmp(&self.makes());
        let ids = || compare_ids(self.id, other.id);
        let hooks = || hook(self).cmp(&hook(other));
        times.then_with(making).then_with(ids).then_with(hooks)
    }

    fn makes(&self) -> bool {
        matches!(&self.said, Said::Lead(lead) if lead.change == LeadChange::Created)
    }
}

pub(super) fn pack<T: Serialize>(of: &T) -> Box<[u8]> {
    // Plain data in memory: encoding it cannot fail.
    let bytes = postcard::to_allocvec(of).unwrap_or_default();
    bytes.into_boxed_slice()
}
