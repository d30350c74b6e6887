//! Rows as text, to be compared and shown.

use std::fmt::Write;

use trunkline_rollup::facts::{CallFact, ConversationFact, IdentityFact, MessageFact, OFFSET};
use xxhash_rust::xxh3::xxh3_128;

/// A row as text: what it is of, and what it says.
pub(super) struct Line {
    pub(super) of: String,
    pub(super) says: String,
    pub(super) version: u64,
}

impl Line {
    pub(super) fn message(fact: &MessageFact<'_>) -> Self {
        let of = format!(
            "message {}/{}/{}/{}",
            fact.account, fact.channel, fact.conversation, fact.message
        );
        let mut says = format!(
            "at {} author {} manager {:?} contact {:?} kind {} chars {:?} assignee {:?} \
             expects_reply {} integrity {} run {:?} received_at {}",
            fact.at,
            fact.author,
            fact.manager,
            fact.contact,
            fact.kind,
            fact.chars,
            fact.assignee,
            fact.expects_reply,
            fact.integrity,
            fact.run,
            fact.received_at,
        );
        let _ = write!(says, " within {:b}", fact.within.0);
        for (name, samples) in [("samples", fact.samples), ("business", fact.business)] {
            // Writing to a string cannot fail.
            let _ = write!(says, " {name} {:?}", samples.all());
        }
        Self {
            of,
            says,
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn conversation(fact: &ConversationFact<'_>) -> Self {
        let of = format!(
            "conversation {}/{}/{}",
            fact.account, fact.channel, fact.conversation
        );
        let says = format!(
            "contact {:?} first_at {} last_at {} assignee {:?} last_manager {:?} pending_at {:?} \
             unserved_at {:?} cycles {:?}",
            fact.contact,
            fact.first_at,
            fact.last_at,
            fact.assignee,
            fact.last_manager,
            fact.pending_at,
            fact.unserved_at,
            fact.cycles,
        );
        Self {
            of,
            says,
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn call(fact: &CallFact<'_>) -> Self {
        // Versions are compared by themselves; what else a call has is in the row.
        let says = CallFact {
            version: 0,
            ..fact.clone()
        };
        Self {
            of: format!("call {}/{}", fact.account, fact.call),
            says: format!("{says:?}"),
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn identity(fact: &IdentityFact<'_>) -> Self {
        let of = format!(
            "identity {}/{}/{}/{}",
            fact.account, fact.kind, fact.channel, fact.identity
        );
        Self {
            of,
            says: format!("contact {:?}", fact.contact),
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn key(&self) -> u128 {
        xxh3_128(self.of.as_bytes())
    }
}
