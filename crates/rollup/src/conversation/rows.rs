//! The rows made of a conversation: absolute, as it stands when they are gathered.

use trunkline_model::event::Change;
use trunkline_model::time::Time;

use super::Conversation;
use super::head::Contacts;
use crate::account::Waiting;
use crate::cells::Cells;
use crate::clock;
use crate::facts::{ChangeFact, ConversationFact, Cycle, MessageFact, Rows, Samples};
use crate::names::{Name, Names};
use crate::rules::ChannelRules;
use crate::timeline::{Body, Entry, Message};

/// What all rows of an account share.
pub(crate) struct Context<'a> {
    pub(crate) account: &'a str,
    pub(crate) names: &'a Names,
    pub(crate) rules: ChannelRules<'a>,
    /// `generation << 48`, to be joined with an offset.
    pub(crate) generation: u64,
}

impl Conversation {
    /// Shows the rows of messages and changes that changed since the last gathering, and the
    /// conversation's own; gives how many there were besides that.
    /// `cells` is told of each message.
    pub(crate) fn gather(
        &mut self,
        context: &Context<'_>,
        cells: &mut Cells,
        rows: &mut impl Rows,
    ) -> usize {
        let from = self.untouched as usize;
        let mut run = self.run_from(from);
        let mut written = 0;
        for number in from..=self.last_block() {
            for entry in self.block(number).iter() {
                let samples = run.step(&entry, context.rules);
                if entry.changed < self.gathered {
                    continue;
                }
                match &entry.body {
                    Body::Message(message) => {
                        cells.note(self.channel, message.manager, entry.at);
                        rows.message(&self.message_fact(context, &entry, message, samples));
                    }
                    Body::Change { change, manager } => {
                        rows.change(&self.change_fact(context, &entry, *change, *manager));
                    }
                }
                written += 1;
            }
        }
        rows.conversation(&self.conversation_fact(context));
        self.gathered = self.changed + 1;
        self.untouched = self.last_block() as u32;
        written
    }

    fn message_fact<'a>(
        &'a self,
        context: &Context<'a>,
        entry: &'a Entry,
        message: &Message,
        samples: Samples,
    ) -> MessageFact<'a> {
        let measured = context.rules.measure(samples, message.manager, entry.at);
        MessageFact {
            account: context.account,
            channel: context.names.text(self.channel),
            conversation: self.id(),
            contact: self.contact_at(message.contact),
            at: entry.at,
            message: &entry.id,
            author: message.author,
            manager: message.manager.map(|name| context.names.text(name)),
            kind: message.kind,
            chars: message.chars,
            assignee: message.assignee.map(|name| context.names.text(name)),
            expects_reply: message.expects_reply,
            integrity: message.integrity,
            run: entry.run.map(|name| context.names.text(name)),
            samples,
            business: measured.business,
            within: measured.within,
            received_at: entry.received_at,
            version: context.generation | entry.changed,
            deleted: entry.retracted,
        }
    }

    fn change_fact<'a>(
        &'a self,
        context: &Context<'a>,
        entry: &'a Entry,
        change: Change,
        manager: Option<Name>,
    ) -> ChangeFact<'a> {
        ChangeFact {
            account: context.account,
            channel: context.names.text(self.channel),
            conversation: self.id(),
            at: entry.at,
            id: &entry.id,
            change,
            manager: manager.map(|name| context.names.text(name)),
            run: entry.run.map(|name| context.names.text(name)),
            received_at: entry.received_at,
            version: context.generation | entry.changed,
            deleted: entry.retracted,
        }
    }

    fn conversation_fact<'a>(&'a self, context: &Context<'a>) -> ConversationFact<'a> {
        let text = |name: Name| context.names.text(name);
        let cycles = self.past().iter().chain(&self.clock.cycle);
        let first = self.first_at();
        ConversationFact {
            account: context.account,
            channel: text(self.channel),
            conversation: self.id(),
            contact: self.contact(),
            first_at: first.unwrap_or_default(),
            last_at: self.last_at(),
            assignee: self.clock.assignee.map(text),
            last_manager: self.clock.last_manager.map(text),
            pending_at: self.clock.pending.get(),
            unserved_at: self.clock.unserved(),
            cycles: cycles.map(|cycle| self.cycle(context, cycle)).collect(),
            received_at: self.last_arrival,
            version: context.generation | self.changed,
            deleted: first.is_none(),
        }
    }

    fn cycle<'a>(&'a self, context: &Context<'a>, cycle: &clock::Cycle) -> Cycle<'a> {
        Cycle {
            started_at: cycle.started_at,
            contact: self.contact_at(cycle.contact),
            answered: cycle.answered,
            closed_at: cycle.closed_at.get(),
            closed_by: cycle.closed_by.map(|name| context.names.text(name)),
            pending_at_close: cycle.pending_at_close,
            reopened_at: cycle.reopened_at.get(),
            owed_by: cycle.owed_by.map(|name| context.names.text(name)),
            handed_off_at: cycle.handed_off_at.get(),
        }
    }

    /// Says whether a reply is owed in it.
    pub(crate) fn is_waiting(&self) -> bool {
        self.clock.pending.get().is_some()
    }

    /// Gives what is shown of it while a reply is owed.
    pub(crate) fn waiting<'a>(&'a self, names: &'a Names) -> Option<Waiting<'a>> {
        Some(Waiting {
            since: self.clock.pending.get()?,
            channel: names.text(self.channel),
            conversation: self.id(),
            contact: self.contact_at(self.clock.cycle.as_ref().map_or(0, |cycle| cycle.contact)),
            assignee: self.clock.assignee.map(|name| names.text(name)),
            last_manager: self.clock.last_manager.map(|name| names.text(name)),
        })
    }

    /// Walks over the entries after the head that were not taken back.
    fn standing(&self) -> impl Iterator<Item = Entry> {
        self.entries().filter(|entry| !entry.retracted)
    }

    /// Gives the time of the first entry that stands.
    fn first_at(&self) -> Option<Time> {
        let known = self.head().and_then(|head| head.first_at.get());
        known.or_else(|| self.standing().next().map(|entry| entry.at))
    }

    /// Gives the time of the last entry that stands.
    fn last_at(&self) -> Time {
        if !self.retracted {
            return self.last_at;
        }
        let last = self.standing().map(|entry| entry.at).max();
        let known = || self.head().and_then(|head| head.standing_at.get());
        last.or_else(known).unwrap_or_default()
    }

    /// Gives the author of the first contact message, else the contact of the first message.
    fn contact(&self) -> &str {
        let known = self.head().map(|head| head.contacts).unwrap_or_default();
        let contacts = match known {
            Contacts { author: None, .. } => known.or(self.standing()),
            known => known,
        };
        let number = contacts.author.or(contacts.any);
        number.map_or("", |number| self.contact_at(number))
    }
}
