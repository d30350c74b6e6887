//! The settings that the fold of conversations depends on. They are recorded in the journal, so
//! that the figures stay a function of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BotReplies;

/// The rules by which an account's conversations are folded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FoldRules {
    /// What a bot's reply does to the clock.
    pub bot_replies: BotReplies,
    /// The silence after which a contact's message begins a new cycle, in milliseconds by channel;
    /// a channel without one has no such gap.
    pub cycle_gaps: BTreeMap<String, i64>,
}

impl Default for FoldRules {
    fn default() -> Self {
        Self {
            bot_replies: BotReplies::Clear,
            cycle_gaps: BTreeMap::new(),
        }
    }
}
