//! From samples, cycles and messages to the figures that reports show.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Cycle, Reference, Sample, Span};
use crate::clock::DAY;
use crate::events::{Author, Message};

/// The figures of a set of response times, in milliseconds and exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseFigures {
    sorted: Vec<i64>,
}

impl ResponseFigures {
    pub(super) fn of<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Self {
        let mut sorted: Vec<i64> = samples.into_iter().map(|sample| sample.millis).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// Returns how many.
    pub fn count(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// Returns their sum.
    pub fn sum(&self) -> i64 {
        self.sorted.iter().sum()
    }

    /// Returns their mean, or nothing of nothing.
    pub fn mean(&self) -> Option<f64> {
        (!self.sorted.is_empty()).then(|| self.sum() as f64 / self.sorted.len() as f64)
    }

    /// Returns the shortest.
    pub fn min(&self) -> Option<i64> {
        self.sorted.first().copied()
    }

    /// Returns the longest.
    pub fn max(&self) -> Option<i64> {
        self.sorted.last().copied()
    }

    /// Returns the quantile in per cent, by nearest rank.
    pub fn quantile(&self, percent: usize) -> Option<i64> {
        nearest_rank(&self.sorted, percent)
    }

    /// Returns how many are at most `target` milliseconds.
    pub fn within(&self, target: i64) -> u64 {
        self.sorted
            .iter()
            .filter(|&&millis| millis <= target)
            .count() as u64
    }
}

/// Returns the value at rank ceil(percent / 100 x n) of a sorted list.
pub fn nearest_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The figures of conversations, all managers together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationFigures {
    /// Sum over managers of their distinct conversations.
    pub participations: u64,
    /// Distinct conversations with a manager's message.
    pub conversations: u64,
    /// Cycles begun.
    pub received: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, the first of their contact.
    pub new_contacts: u64,
    /// Of these, not the first of their conversation.
    pub reopened: u64,
    /// Closings that stood for 24 hours.
    pub closed: u64,
    /// The same, by who closed.
    pub closed_by: BTreeMap<Option<String>, u64>,
    /// Their times from the cycle's first message, in milliseconds, sorted.
    pub resolutions: Vec<i64>,
    /// Closings that found a message pending.
    pub closed_unanswered: u64,
    /// Messages that still wait.
    pub awaiting: u64,
}

pub(super) fn conversations(reference: &Reference, span: Span) -> ConversationFigures {
    let replies = reference.replies().filter(|message| span.has(message.at));
    let distinct: HashSet<_> = replies.map(|m| (&m.channel, &m.conversation)).collect();
    let mut figures = ConversationFigures {
        participations: reference.participations(span).values().sum(),
        conversations: distinct.len() as u64,
        ..ConversationFigures::default()
    };
    let first_of_contact = first_cycles(reference);
    for (key, walked) in &reference.conversations {
        for (index, cycle) in walked.cycles.iter().enumerate() {
            if span.has(cycle.started_at) {
                figures.received += 1;
                figures.answered += u64::from(cycle.answered);
                figures.reopened += u64::from(index > 0);
                let first = first_of_contact.get(cycle.contact.as_str());
                figures.new_contacts += u64::from(first == Some(&(cycle.started_at, key)));
            }
            let next = walked.cycles.get(index + 1);
            figures.closing(cycle, next, span);
        }
        figures.awaiting += u64::from(walked.pending_at.is_some_and(|at| span.has(at)));
    }
    figures.resolutions.sort_unstable();
    figures
}

impl ConversationFigures {
    fn closing(&mut self, cycle: &Cycle, next: Option<&Cycle>, span: Span) {
        let Some(closed_at) = cycle.closed_at.filter(|&at| span.has(at)) else {
            return;
        };
        self.closed_unanswered += u64::from(cycle.pending_at_close);
        let taken_back = |at: i64| at - closed_at <= DAY;
        if cycle.reopened_at.is_some_and(taken_back)
            || next.is_some_and(|next| taken_back(next.started_at))
        {
            return;
        }
        self.closed += 1;
        *self.closed_by.entry(cycle.closed_by.clone()).or_default() += 1;
        self.resolutions.push(closed_at - cycle.started_at);
    }
}

type Key = (String, String);

fn first_cycles(reference: &Reference) -> HashMap<&str, (i64, &Key)> {
    let mut first: HashMap<&str, (i64, &Key)> = HashMap::new();
    for (key, walked) in &reference.conversations {
        for cycle in &walked.cycles {
            let candidate = (cycle.started_at, key);
            let known = first.entry(&cycle.contact).or_insert(candidate);
            *known = candidate.min(*known);
        }
    }
    first
}

/// The public messages, counted by everything they may be counted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFigures {
    /// All.
    pub all: u64,
    /// By author.
    pub author: BTreeMap<&'static str, u64>,
    /// By direction.
    pub direction: BTreeMap<&'static str, u64>,
    /// By kind.
    pub kind: BTreeMap<String, u64>,
    /// By channel.
    pub channel: BTreeMap<String, u64>,
    /// By manager; everything not written by a manager is under none.
    pub manager: BTreeMap<Option<String>, u64>,
}

impl MessageFigures {
    pub(super) fn of<'a>(messages: impl Iterator<Item = &'a Message>) -> Self {
        let mut figures = Self::default();
        for message in messages {
            let inbound = message.author == Author::Contact;
            let kind = message.kind.clone().unwrap_or_else(|| "text".into());
            figures.all += 1;
            *figures.author.entry(message.author.word()).or_default() += 1;
            let direction = if inbound { "inbound" } else { "outbound" };
            *figures.direction.entry(direction).or_default() += 1;
            *figures.kind.entry(kind).or_default() += 1;
            *figures.channel.entry(message.channel.clone()).or_default() += 1;
            *figures.manager.entry(message.manager.clone()).or_default() += 1;
        }
        figures
    }
}
