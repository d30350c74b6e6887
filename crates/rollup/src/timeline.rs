//! The timeline of a conversation: its public messages and changes in the order that every figure
//! is computed in (`metrics.md` §1), whatever the order of arrival.

use std::cmp::Ordering;

use compact_str::CompactString;
use trunkline_model::event::{Author, Change, Integrity, MessageKind};
use trunkline_model::order::compare_ids;
use trunkline_model::time::Time;

use crate::names::Name;

/// One public message or one change of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened (the vendor's clock).
    pub at: Time,
    /// The event's id, or the hash that stands for it.
    pub id: CompactString,
    /// What happened.
    pub body: Body,
    /// When it arrived (our clock).
    pub received_at: Time,
    /// Offset of the last record that changed this entry or the samples it gives.
    pub changed: u64,
    /// The run of the import that brought it.
    pub run: Option<Name>,
    /// Whether it was taken back: it stays known, and no figure counts it.
    pub retracted: bool,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A public message.
    Message(Message),
    /// A change of the conversation itself.
    Change {
        /// Which change.
        change: Change,
        /// Whom it concerns: the new assignee, or who closed it.
        manager: Option<Name>,
    },
}

/// A public message, without its text (which is never kept).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who wrote it.
    pub author: Author,
    /// The contact it is from or to: its place in the conversation's list of contacts.
    pub contact: u32,
    /// The manager who wrote it, if one did and is known.
    pub manager: Option<Name>,
    /// The assignee it tells of.
    pub assignee: Option<Name>,
    /// What it is.
    pub kind: MessageKind,
    /// Its length in characters, if told.
    pub chars: Option<u32>,
    /// Whether a contact's message waits for a reply.
    pub expects_reply: bool,
    /// How far it is vouched for.
    pub integrity: Integrity,
}

impl Entry {
    /// Compares places in the timeline: time, then messages before changes, then ids.
    pub fn order(&self, other: &Self) -> Ordering {
        self.at
            .cmp(&other.at)
            .then_with(|| self.body.rank().cmp(&other.body.rank()))
            .then_with(|| compare_ids(&self.id, &other.id))
    }
}

impl Body {
    fn rank(&self) -> u8 {
        match self {
            Self::Message(_) => 0,
            Self::Change { .. } => 1,
        }
    }

    /// Gives the message, if it is one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Change { .. } => None,
        }
    }
}
