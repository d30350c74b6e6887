//! What is said in the centre, and what changes: the events of a conversation.

use trunkline_model::event::{Author, Change, Kind, MessageKind};
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use super::Simulation;
use crate::events::{self, Changed, Message};

const KINDS: [MessageKind; 3] = [MessageKind::Image, MessageKind::Audio, MessageKind::File];

impl Simulation {
    pub(super) fn thank(&mut self, at: Time, number: u64) {
        let waits = self.conversations.get(&number).is_none_or(|it| it.waits);
        if !waits {
            self.say(at, number, Author::Contact, None, |message| {
                message.expects_reply = Some(false);
                message.chars = 9;
            });
        }
    }

    pub(super) fn note(&mut self, at: Time, number: u64, manager: usize) {
        self.say(at, number, Author::Manager, Some(manager), |message| {
            message.private = true;
        });
    }

    pub(super) fn message(
        &mut self,
        at: Time,
        number: u64,
        author: Author,
        manager: Option<usize>,
    ) {
        self.say(at, number, author, manager, |_| {});
    }

    fn say(
        &mut self,
        at: Time,
        number: u64,
        author: Author,
        manager: Option<usize>,
        edit: impl FnOnce(&mut Message<'_>),
    ) {
        let is_text = author == Author::Bot || !self.chance.happens(80);
        let kind = KINDS[self.chance.below(KINDS.len() as u64) as usize];
        let chars = self.chance.around(70).unsigned_abs();
        let Some(conversation) = self.conversations.get_mut(&number) else {
            return;
        };
        conversation.events += 1;
        let mut message = Message {
            kind_of_event: Kind::Message.word(),
            id: format!("{}-{}", conversation.id, conversation.events),
            channel: conversation.channel,
            conversation: &conversation.id,
            contact: &conversation.contact,
            author: author.word(),
            manager: manager.map(|manager| self.managers[manager].name.as_str()),
            at,
            kind: if is_text { MessageKind::Text } else { kind }.word(),
            private: false,
            expects_reply: None,
            chars: if is_text { chars } else { 0 },
            came: conversation.came.take(),
        };
        edit(&mut message);
        let event = events::written(&message);
        self.outbox.take(at, event);
    }

    pub(super) fn change(&mut self, at: Time, number: u64, change: Change, manager: Option<usize>) {
        let Some(conversation) = self.conversations.get_mut(&number) else {
            return;
        };
        conversation.events += 1;
        let event = events::written(&Changed {
            kind_of_event: Kind::Conversation.word(),
            id: format!("{}-{}", conversation.id, conversation.events),
            channel: conversation.channel,
            conversation: &conversation.id,
            change: change.word(),
            manager: manager.map(|manager| self.managers[manager].name.as_str()),
            at,
        });
        self.outbox.take(at, event);
    }
}
