//! What should be there, counted from the events as they are sent. Of each message only two hashes
//! are kept, so that hours of events find room.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, Result};
use serde::Deserialize;
use trunkline_model::time::Time;

/// What a set of events should give.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Events, each once.
    pub(super) events: u64,
    /// Public messages: key to content.
    pub(super) messages: HashMap<u64, u64>,
    /// Messages that each manager sent, also all that others sent, under "".
    pub(super) by_manager: BTreeMap<String, u64>,
    /// Conversations with a public message or a change.
    pub(super) conversations: HashSet<u64>,
    /// Conversations in which a manager wrote, with who it was.
    participations: HashSet<(u64, String)>,
}

/// The fields of an event that count here.
#[derive(Deserialize)]
struct Event {
    channel: String,
    conversation: String,
    id: String,
    at: String,
    author: Option<String>,
    manager: Option<String>,
    #[serde(default)]
    private: bool,
}

/// Hashes parts.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Expected {
    /// Counts an event that was not counted before.
    pub(super) fn count(&mut self, event: &str) -> Result<()> {
        let event: Event = serde_json::from_str(event).context("an event of the simulation")?;
        let thread = hash(&[&event.channel, &event.conversation]);
        self.events += 1;
        let Some(author) = event.author.filter(|_| !event.private) else {
            if !event.private {
                self.conversations.insert(thread);
            }
            return Ok(());
        };
        self.conversations.insert(thread);
        let manager = event.manager.unwrap_or_default();
        let at: Time = event.at.parse().context("a time of the simulation")?;
        let key = hash(&[&event.channel, &event.conversation, &event.id]);
        let content = hash(&[&author, &manager, &at.millis().to_string()]);
        self.messages.insert(key, content);
        if !manager.is_empty() {
            self.participations.insert((thread, manager.clone()));
        }
        *self.by_manager.entry(manager).or_default() += 1;
        Ok(())
    }

    /// Adds what others expect, of other conversations.
    pub(super) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.messages.extend(other.messages);
        self.conversations.extend(other.conversations);
        self.participations.extend(other.participations);
        for (manager, count) in other.by_manager {
            *self.by_manager.entry(manager).or_default() += count;
        }
    }

    /// Counts the conversations that each manager wrote in.
    pub(super) fn participations(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (_, manager) in &self.participations {
            *counts.entry(manager.clone()).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_what_they_are() {
        let mut expected = Expected::default();
        let message = |id: &str, rest: &str| {
            format!(
                r#"{{"type":"message","channel":"web","conversation":"1","contact":"c","id":"{id}",
                "at":"2026-03-02T10:00:00Z",{rest}}}"#
            )
        };
        for event in [
            message("1", r#""author":"contact""#),
            message("2", r#""author":"manager","manager":"ana""#),
            message("3", r#""author":"manager","manager":"ana","private":true"#),
            message("4", r#""author":"manager","manager":"ana""#),
        ] {
            expected.count(&event).unwrap();
        }
        assert_eq!((expected.events, expected.messages.len()), (4, 3));
        assert_eq!(expected.by_manager["ana"], 2);
        assert_eq!(expected.participations()["ana"], 1);
        assert_eq!(expected.conversations.len(), 1);
    }
}
