//! The rows that ClickHouse holds, as the fold knows them: absolute, versioned, harmless to write
//! again (invariant `rows_are_absolute`). `warehouse` turns them into its tables' rows.
//!
//! Times are milliseconds, samples are milliseconds, `None` means "no sample" or "nobody".

use std::sync::Arc;

use compact_str::CompactString;
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::time::Time;

/// Response times that one public message gives, in milliseconds (`metrics.md` 1.1).
///
/// On a manager's message all five may be set; a bot's reply that cleared a pending message has
/// `wait` alone (`responder=bot`); every other message has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Since the last contact message before it (S34, S35): the literal Kommo rule.
    pub kommo: Option<i64>,
    /// Since the last contact message, for the reply that cleared the clock.
    pub turn: Option<i64>,
    /// Since the first pending contact message, for the reply that cleared the clock.
    pub wait: Option<i64>,
    /// As `wait`, but not before the conversation was assigned to this manager.
    pub assigned: Option<i64>,
    /// Since the start of the cycle (or its hand-off), for the cycle's first manager message.
    pub first: Option<i64>,
}

/// One public message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFact {
    /// The account's id.
    pub account: Arc<str>,
    /// The channel's id.
    pub channel: Arc<str>,
    /// The conversation's id, unique within its channel.
    pub conversation: Arc<str>,
    /// The contact the message is from or to.
    pub contact: Arc<str>,
    /// When it was sent (the vendor's clock).
    pub at: Time,
    /// The message's id, unique within its conversation.
    pub message: CompactString,
    /// Who wrote it.
    pub author: Author,
    /// The manager who wrote it, if one did and is known.
    pub manager: Option<Arc<str>>,
    /// What it is.
    pub kind: MessageKind,
    /// Its length in characters, if told.
    pub chars: Option<u32>,
    /// The response times it gives.
    pub samples: Samples,
    /// When it arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
}

/// One conversation as it stands after its last known event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationFact {
    /// The account's id.
    pub account: Arc<str>,
    /// The channel's id.
    pub channel: Arc<str>,
    /// The conversation's id, unique within its channel.
    pub conversation: Arc<str>,
    /// The author of the first contact message, else the contact of the first message.
    pub contact: Arc<str>,
    /// Time of its first event.
    pub first_at: Time,
    /// Time of its last event.
    pub last_at: Time,
    /// The manager it is assigned to now.
    pub assignee: Option<Arc<str>>,
    /// The manager who wrote last.
    pub last_manager: Option<Arc<str>>,
    /// Start of the people's clock if a reply is owed.
    pub pending_at: Option<Time>,
    /// Its cycles in order of time.
    pub cycles: Vec<Cycle>,
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
}

/// One cycle of a conversation (`metrics.md` §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Time of its first contact message.
    pub started_at: Time,
    /// Author of its first contact message.
    pub contact: Arc<str>,
    /// Whether a manager's message cleared a pending one within it.
    pub answered: bool,
    /// When it was closed; a cycle may also end where the next begins.
    pub closed_at: Option<Time>,
    /// The manager who closed it, if told.
    pub closed_by: Option<Arc<str>>,
    /// Whether a reply was still owed when it was closed (`closed_unanswered`).
    pub pending_at_close: bool,
    /// The first `reopened` after its closing, before the next cycle.
    pub reopened_at: Option<Time>,
}
