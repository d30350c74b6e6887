//! Statements: what advertising cost, and what is taken back.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use super::Kind;
use super::hash::{Fields, Hashed};
use crate::amount::{self, Currency, Decimal};
use crate::text::{Id, LongText, Text};
use crate::time::{Day, Time};

/// What a day of advertising cost (`type`: `spend`). The greatest `as_of` replaces the others of
/// the same source, medium, campaign, content, term and date.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Spend<'a> {
    /// The source, like `google`.
    #[serde(borrow)]
    pub source: Text<'a>,
    /// The day, in the account's zone.
    pub date: Day,
    /// What it cost.
    #[serde(deserialize_with = "amount::exact_required")]
    pub amount: Decimal,
    /// The amount's currency.
    pub currency: Currency,
    /// When this was stated.
    pub as_of: Time,
    /// The medium, like `cpc`.
    #[serde(borrow)]
    pub medium: Option<Text<'a>>,
    /// The campaign.
    #[serde(borrow)]
    pub campaign: Option<Text<'a>>,
    /// The variant of the advertisement.
    #[serde(borrow)]
    pub content: Option<Text<'a>>,
    /// The search term.
    #[serde(borrow)]
    pub term: Option<Text<'a>>,
    /// The run of the import that brought it, so that it can be taken back with the others.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Spend<'_> {
    const KIND: Kind = Kind::Spend;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.source);
        to.day(2, self.date);
        to.amount(3, Some(self.amount));
        to.currency(4, Some(self.currency));
        to.time(5, self.as_of);
        to.option(6, self.medium.as_ref());
        to.option(7, self.campaign.as_ref());
        to.option(8, self.content.as_ref());
        to.option(9, self.term.as_ref());
    }
}

/// Takes an event or an import back (`type`: `retract`): the figures become what they would be
/// without it. It has a `target` or a `batch`, not both.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Retract<'a> {
    /// The id of the event.
    #[serde(borrow)]
    pub target: Option<Id<'a>>,
    /// The channel of a `target` that is of a conversation: ids are unique there and no wider.
    #[serde(borrow)]
    pub channel: Option<Id<'a>>,
    /// The conversation of such a `target`.
    #[serde(borrow)]
    pub conversation: Option<Id<'a>>,
    /// The run of the import.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// When it was taken back.
    pub at: Time,
    /// Why.
    #[serde(borrow)]
    pub reason: Option<LongText<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Retract<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The derived function, which does not know that one of two is needed.
        let retract = Self::deserialize(from)?;
        match (&retract.target, &retract.batch) {
            (None, None) => Err(D::Error::missing_field("target` or `batch")),
            (Some(_), Some(_)) => Err(D::Error::custom("either `target` or `batch`, not both")),
            _ => Ok(retract),
        }
    }
}

impl Hashed for Retract<'_> {
    const KIND: Kind = Kind::Retract;

    fn fields(&self, to: &mut Fields<'_>) {
        to.option(1, self.target.as_ref());
        to.option(2, self.batch.as_ref());
        to.time(3, self.at);
        to.option(4, self.reason.as_ref());
        to.option(5, self.channel.as_ref());
        to.option(6, self.conversation.as_ref());
    }
}
