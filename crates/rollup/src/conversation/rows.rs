//! The rows made of a conversation: absolute, as it stands when they are gathered.

use std::sync::Arc;

use trunkline_model::event::Author;
use trunkline_model::time::Time;

use super::Conversation;
use crate::clock;
use crate::facts::{ConversationFact, Cycle, MessageFact, Samples};
use crate::names::{Name, Names};
use crate::rules::ChannelRules;
use crate::timeline::{Entry, Message};

/// What all rows of an account share.
pub(crate) struct Context<'a> {
    pub(crate) account: &'a Arc<str>,
    pub(crate) names: &'a Names,
    pub(crate) rules: ChannelRules<'a>,
    /// `generation << 48`, to be joined with an offset.
    pub(crate) generation: u64,
}

/// What the rows of one conversation share.
struct Shared {
    channel: Arc<str>,
    conversation: Arc<str>,
    first_contact: Arc<str>,
}

impl Shared {
    fn contact(&self, of: &Conversation, number: u32) -> Arc<str> {
        if number == 0 {
            return Arc::clone(&self.first_contact);
        }
        Arc::from(of.contact_at(number))
    }
}

impl Conversation {
    /// Appends the message rows changed since the last gathering and gives the conversation's own.
    pub(crate) fn gather(
        &mut self,
        context: &Context<'_>,
        messages: &mut Vec<MessageFact>,
    ) -> ConversationFact {
        let from = self.untouched as usize;
        let mut run = self.run_from(from);
        let shared = self.shared(context);
        for number in from..=self.last_block() {
            for entry in self.block(number).iter() {
                let samples = run.step(&entry, context.rules);
                if entry.changed >= self.gathered
                    && let Some(message) = entry.body.message()
                {
                    messages.push(self.message_fact(context, &shared, &entry, message, samples));
                }
            }
        }
        self.gathered = self.changed + 1;
        self.untouched = self.last_block() as u32;
        self.conversation_fact(context, shared)
    }

    fn shared(&self, context: &Context<'_>) -> Shared {
        Shared {
            channel: Arc::clone(context.names.text(self.channel)),
            conversation: Arc::from(self.id()),
            first_contact: Arc::from(self.contact_at(0)),
        }
    }

    fn message_fact(
        &self,
        context: &Context<'_>,
        shared: &Shared,
        entry: &Entry,
        message: &Message,
        samples: Samples,
    ) -> MessageFact {
        MessageFact {
            account: Arc::clone(context.account),
            channel: Arc::clone(&shared.channel),
            conversation: Arc::clone(&shared.conversation),
            contact: shared.contact(self, message.contact),
            at: entry.at,
            message: entry.id.clone(),
            author: message.author,
            manager: message
                .manager
                .map(|name| Arc::clone(context.names.text(name))),
            kind: message.kind,
            chars: message.chars,
            samples,
            received_at: entry.received_at,
            version: context.generation | entry.changed,
        }
    }

    fn conversation_fact(&self, context: &Context<'_>, shared: Shared) -> ConversationFact {
        let text = |name: Name| Arc::clone(context.names.text(name));
        let cycles = self.past().iter().chain(&self.clock.cycle);
        let cycles = cycles.map(|cycle| self.cycle(context, &shared, cycle));
        ConversationFact {
            account: Arc::clone(context.account),
            cycles: cycles.collect(),
            contact: self.contact(&shared),
            channel: shared.channel,
            conversation: shared.conversation,
            first_at: self.entries().next().map_or(Time(0), |first| first.at),
            last_at: self.last_at,
            assignee: self.clock.assignee.map(text),
            last_manager: self.clock.last_manager.map(text),
            pending_at: self.clock.pending.get(),
            received_at: self.last_arrival,
            version: context.generation | self.changed,
        }
    }

    fn cycle(&self, context: &Context<'_>, shared: &Shared, cycle: &clock::Cycle) -> Cycle {
        Cycle {
            started_at: cycle.started_at,
            contact: shared.contact(self, cycle.contact),
            answered: cycle.answered,
            closed_at: cycle.closed_at.get(),
            closed_by: cycle
                .closed_by
                .map(|name| Arc::clone(context.names.text(name))),
            pending_at_close: cycle.pending_at_close,
            reopened_at: cycle.reopened_at.get(),
        }
    }

    /// Gives the author of the first contact message, else the contact of the first message.
    fn contact(&self, shared: &Shared) -> Arc<str> {
        let mut first = None;
        for entry in self.entries() {
            let Some(message) = entry.body.message() else {
                continue;
            };
            if message.author == Author::Contact {
                return shared.contact(self, message.contact);
            }
            first.get_or_insert(message.contact);
        }
        first.map_or_else(|| Arc::from(""), |number| shared.contact(self, number))
    }
}
