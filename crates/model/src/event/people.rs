//! Events of people at work: ratings, uploads and presence.

use schemars::JsonSchema;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

use super::conversations::File;
use super::hash::{Fields, Hashed};
use super::{Kind, whole};
use crate::text::Id;
use crate::time::Time;
use crate::word::words;

words! {
    /// What a rating measures.
    RatingKind {
        /// Whether the contact would recommend: 0 to 10.
        Nps = "nps",
        /// How content the contact is: 1 to 5.
        Csat = "csat",
    }
}

/// A rating by a contact (`type`: `rating`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Rating<'a> {
    /// Who rates.
    #[serde(borrow)]
    pub contact: Id<'a>,
    /// What the rating measures.
    pub kind: RatingKind,
    /// The mark: 0 to 10 of `nps`, 1 to 5 of `csat`.
    #[serde(deserialize_with = "whole::number")]
    #[schemars(range(min = 0, max = 10))]
    pub value: u8,
    /// When it was given.
    pub at: Time,
    /// Who is rated.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// The conversation that is rated.
    #[serde(borrow)]
    pub conversation: Option<Id<'a>>,
    /// The channel that is rated.
    #[serde(borrow)]
    pub channel: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Rating<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The derived function, which does not know that the range depends on the kind.
        let rating = Self::deserialize(from)?;
        let expected = match rating.kind {
            RatingKind::Nps if rating.value > 10 => "`value` from 0 to 10 of a rating of kind nps",
            RatingKind::Csat if !(1..=5).contains(&rating.value) => {
                "`value` from 1 to 5 of a rating of kind csat"
            }
            _ => return Ok(rating),
        };
        Err(D::Error::invalid_value(
            Unexpected::Unsigned(rating.value.into()),
            &expected,
        ))
    }
}

impl Hashed for Rating<'_> {
    const KIND: Kind = Kind::Rating;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.contact);
        to.word(2, self.kind);
        to.number(3, Some(self.value.into()));
        to.time(4, self.at);
        to.option(5, self.manager.as_ref());
        to.option(6, self.conversation.as_ref());
        to.option(7, self.channel.as_ref());
    }
}

words! {
    /// With what a file was put in.
    UploadOrigin {
        /// A note.
        Note = "note",
        /// A task.
        Task = "task",
        /// A message.
        Chat = "chat",
    }
}

/// A file that a manager put in (`type`: `upload`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Upload<'a> {
    /// The file.
    #[serde(borrow)]
    pub file: Box<File<'a>>,
    /// With what it was put in.
    pub origin: UploadOrigin,
    /// Who put it in.
    #[serde(borrow)]
    pub manager: Id<'a>,
    /// When it was put in.
    pub at: Time,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Upload<'_> {
    const KIND: Kind = Kind::Upload;

    fn fields(&self, to: &mut Fields<'_>) {
        self.file.fields(1, to);
        to.word(2, self.origin);
        to.text(3, &self.manager);
        to.time(4, self.at);
    }
}

words! {
    /// Whether a manager has the product in front.
    PresenceState {
        /// It is in front.
        Active = "active",
        /// It is minimised or behind something.
        Hidden = "hidden",
        /// It was closed.
        Offline = "offline",
    }
}

/// A sign of life of a manager (`type`: `presence`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Presence<'a> {
    /// The manager.
    #[serde(borrow)]
    pub manager: Id<'a>,
    /// Whether the product is in front.
    pub state: PresenceState,
    /// When.
    pub at: Time,
    /// The browser's tab.
    #[serde(borrow)]
    pub tab: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Presence<'_> {
    const KIND: Kind = Kind::Presence;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.manager);
        to.word(2, self.state);
        to.time(3, self.at);
        to.option(4, self.tab.as_ref());
    }
}
