//! The expected figures, straight from the definitions of the metrics' dictionary (section 1,
//! chat): every conversation is sorted once and walked once, in the order in which it happened.
//! Slow, simple, and independent of the product.
//!
//! Where the dictionary leaves an order open (two changes in one millisecond, two messages in one
//! millisecond without ids) this module does not guess: what is compared with it must not contain
//! that.

mod figures;
mod timeline;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};

pub use figures::{ConversationFigures, MessageFigures, ResponseFigures, nearest_rank};
pub use walk::{Cycle, Rules, Walked};

use crate::events::{Author, Event, Message};

/// The five definitions of a response time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Definition {
    /// Every manager message, from the last contact message before it.
    Kommo,
    /// The first after a pending message, from the last contact message before it.
    Turn,
    /// The same, from the first pending message.
    Wait,
    /// The same, from the later of that and the latest assignment to this manager.
    Assigned,
    /// The first of a cycle, from the cycle's first contact message or hand-off.
    First,
}

/// All five, in the dictionary's order.
pub const DEFINITIONS: [Definition; 5] = [
    Definition::Kommo,
    Definition::Turn,
    Definition::Wait,
    Definition::Assigned,
    Definition::First,
];

impl Definition {
    /// Returns the word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kommo => "kommo",
            Self::Turn => "turn",
            Self::Wait => "wait",
            Self::Assigned => "assigned",
            Self::First => "first",
        }
    }
}

/// One response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// By which definition.
    pub definition: Definition,
    /// How long, in milliseconds.
    pub millis: i64,
    /// The reply's author: a manager or a bot.
    pub author: Author,
    /// Who replied.
    pub manager: Option<String>,
    /// The conversation's channel.
    pub channel: String,
    /// The conversation.
    pub conversation: String,
    /// The reply's id.
    pub message: Option<String>,
    /// When the reply was sent, in milliseconds since 1970.
    pub at: i64,
}

/// A half-open span of time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Inclusive.
    pub from: i64,
    /// Exclusive.
    pub to: i64,
}

impl Span {
    /// Returns whether `at` lies within.
    pub fn has(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }
}

/// Everything the dictionary says about a log.
pub struct Reference {
    messages: Vec<Message>,
    samples: Vec<Sample>,
    conversations: BTreeMap<(String, String), Walked>,
}

impl Reference {
    /// Computes the figures of `events`; of two events of one identity the first given counts.
    pub fn of(events: &[Event]) -> Self {
        Self::with(events, &Rules::default())
    }

    /// Computes the figures of `events` under the account's `rules`.
    pub fn with(events: &[Event], rules: &Rules) -> Self {
        let mut threads: BTreeMap<(String, String), Vec<&Event>> = BTreeMap::new();
        for event in once_each(events) {
            let (channel, conversation) = event.thread();
            threads
                .entry((channel.into(), conversation.into()))
                .or_default()
                .push(event);
        }
        let mut this = Self {
            messages: Vec::new(),
            samples: Vec::new(),
            conversations: BTreeMap::new(),
        };
        for (key, events) in threads {
            let timeline = timeline::sorted(events);
            if timeline.is_empty() {
                continue;
            }
            this.messages
                .extend(timeline.iter().filter_map(|event| match event {
                    Event::Message(message) => Some(message.clone()),
                    Event::Change(_) => None,
                }));
            let (walked, samples) = walk::walk(&timeline, rules);
            this.samples.extend(samples);
            this.conversations.insert(key, walked);
        }
        this
    }

    /// Returns all public messages.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns all samples of all definitions, of people and of bots.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Returns what became of each conversation.
    pub fn conversations(&self) -> &BTreeMap<(String, String), Walked> {
        &self.conversations
    }

    /// Returns a span that holds every event.
    pub fn span(&self) -> Span {
        let times = || self.messages.iter().map(|message| message.at);
        Span {
            from: times().min().unwrap_or(0),
            to: times().max().unwrap_or(0) + 1,
        }
    }

    /// Returns the managers who wrote a public message.
    pub fn managers(&self) -> BTreeSet<Option<String>> {
        self.replies()
            .map(|message| message.manager.clone())
            .collect()
    }

    /// Returns the figures of response time of the samples that `keep` keeps.
    pub fn responses(&self, keep: impl Fn(&Sample) -> bool) -> ResponseFigures {
        ResponseFigures::of(self.samples.iter().filter(|sample| keep(sample)))
    }

    /// Returns people's figures by manager, for one definition over a span.
    pub fn by_manager(
        &self,
        definition: Definition,
        span: Span,
    ) -> BTreeMap<Option<String>, ResponseFigures> {
        let people = self.samples.iter().filter(|sample| {
            sample.author == Author::Manager
                && sample.definition == definition
                && span.has(sample.at)
        });
        let mut managers: BTreeMap<Option<String>, Vec<&Sample>> = BTreeMap::new();
        for sample in people {
            managers
                .entry(sample.manager.clone())
                .or_default()
                .push(sample);
        }
        managers
            .into_iter()
            .map(|(name, list)| (name, ResponseFigures::of(list)))
            .collect()
    }

    /// Returns the figures of conversations over a span, all managers together.
    pub fn conversation_figures(&self, span: Span) -> ConversationFigures {
        figures::conversations(self, span)
    }

    /// Returns the messages of a span, counted.
    pub fn message_figures(&self, span: Span) -> MessageFigures {
        MessageFigures::of(self.messages.iter().filter(|message| span.has(message.at)))
    }

    /// Returns in how many conversations each manager wrote a public message.
    pub fn participations(&self, span: Span) -> BTreeMap<Option<String>, u64> {
        let distinct: HashSet<_> = self
            .replies()
            .filter(|message| span.has(message.at))
            .map(|m| {
                (
                    m.manager.clone(),
                    m.channel.as_str(),
                    m.conversation.as_str(),
                )
            })
            .collect();
        let mut counts = BTreeMap::new();
        for (manager, ..) in distinct {
            *counts.entry(manager).or_default() += 1;
        }
        counts
    }

    fn replies(&self) -> impl Iterator<Item = &Message> {
        self.messages
            .iter()
            .filter(|message| message.author == Author::Manager)
    }
}

/// Drops what was seen before: same identity, or without an id the same content.
fn once_each(events: &[Event]) -> Vec<&Event> {
    let mut ids: HashSet<String> = HashSet::new();
    let mut bare: HashSet<&Event> = HashSet::new();
    events
        .iter()
        .filter(|event| match event {
            Event::Message(Message {
                id: Some(id),
                channel,
                conversation,
                ..
            }) => ids.insert(format!("m\u{1f}{channel}\u{1f}{conversation}\u{1f}{id}")),
            Event::Change(change) if change.id.is_some() => ids.insert(format!(
                "c\u{1f}{}",
                change.id.as_deref().unwrap_or_default()
            )),
            other => bare.insert(other),
        })
        .collect()
}
