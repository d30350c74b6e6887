//! Rows read back, on their way to becoming entries again.

use compact_str::CompactString;
use hashbrown::HashMap;
use trunkline_model::event::{Author, Change, Integrity, MessageKind};
use trunkline_model::time::Time;

use crate::account::retract::{Retractions, Within};
use crate::conversation::Conversation;
use crate::facts::{ChangeFact, ConversationFact, MessageFact, OFFSET, Rows};
use crate::names::{Name, Names};
use crate::timeline::{Body, Entry, Message};

/// Rows of several conversations; of rows written more than once all may be given.
#[derive(Debug, Default)]
pub struct Timelines(HashMap<String, HashMap<String, Timeline>>);

/// The rows of one conversation.
#[derive(Debug, Default)]
pub struct Timeline(Vec<Kept>);

#[derive(Debug)]
struct Kept {
    at: Time,
    id: CompactString,
    received_at: Time,
    version: u64,
    run: Option<CompactString>,
    what: What,
}

#[derive(Debug)]
enum What {
    Message {
        author: Author,
        contact: CompactString,
        manager: Option<CompactString>,
        assignee: Option<CompactString>,
        kind: MessageKind,
        chars: Option<u32>,
        expects_reply: bool,
        integrity: Integrity,
    },
    Change(Change, Option<CompactString>),
}

impl Timelines {
    /// Takes the rows of one conversation out.
    pub fn take(&mut self, channel: &str, conversation: &str) -> Timeline {
        let channel = self.0.get_mut(channel);
        let timeline = channel.and_then(|channel| channel.remove(conversation));
        timeline.unwrap_or_default()
    }

    fn push(&mut self, channel: &str, conversation: &str, kept: Kept) {
        let channel = self.0.entry_ref(channel).or_default();
        channel.entry_ref(conversation).or_default().0.push(kept);
    }
}

impl Rows for Timelines {
    fn message(&mut self, fact: &MessageFact<'_>) {
        let what = What::Message {
            author: fact.author,
            contact: CompactString::from(fact.contact),
            manager: fact.manager.map(CompactString::from),
            assignee: fact.assignee.map(CompactString::from),
            kind: fact.kind,
            chars: fact.chars,
            expects_reply: fact.expects_reply,
            integrity: fact.integrity,
        };
        let kept = Kept {
            at: fact.at,
            id: CompactString::from(fact.message),
            received_at: fact.received_at,
            version: fact.version,
            run: fact.run.map(CompactString::from),
            what,
        };
        self.push(fact.channel, fact.conversation, kept);
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        let kept = Kept {
            at: fact.at,
            id: CompactString::from(fact.id),
            received_at: fact.received_at,
            version: fact.version,
            run: fact.run.map(CompactString::from),
            what: What::Change(fact.change, fact.manager.map(CompactString::from)),
        };
        self.push(fact.channel, fact.conversation, kept);
    }

    fn conversation(&mut self, _: &ConversationFact<'_>) {}
}

impl Timeline {
    /// Gives the entries of a conversation's head in their order, as they stood when it shrank: rows of
    /// them may have been written later, by records that are observed again after a restart.
    pub(super) fn entries(
        self,
        known: &mut Conversation,
        names: &mut Names,
        retractions: &Retractions,
    ) -> Vec<Entry> {
        let changed = known.head_changed().unwrap_or_default();
        let mut kept = self.0;
        kept.retain(|kept| known.head_has(kept.at, kept.received_at));
        kept.sort_by_key(|kept| std::cmp::Reverse(kept.version));
        let mut contacts = contact_numbers(known);
        let entries = kept
            .into_iter()
            .map(|kept| kept.entry(&mut contacts, known, names));
        let mut entries: Vec<Entry> = entries.collect();
        // Stable: of those in one place the one of the highest version stays.
        entries.sort_by(Entry::order);
        entries.dedup_by(|later, first| later.order(first).is_eq());
        let within = Within {
            channel: known.channel,
            conversation: known.id(),
        };
        for entry in &mut entries {
            entry.changed = entry.changed.min(changed);
            entry.retracted = retractions.take_back(&entry.id, within, entry.run, changed + 1);
        }
        entries
    }
}

/// The places of all contacts in a conversation's list.
fn contact_numbers(known: &Conversation) -> HashMap<CompactString, u32> {
    let mut places = HashMap::new();
    for (contact, number) in known.contacts().zip(0..) {
        places.entry(CompactString::from(contact)).or_insert(number);
    }
    places
}

impl Kept {
    fn entry(
        self,
        contacts: &mut HashMap<CompactString, u32>,
        known: &mut Conversation,
        names: &mut Names,
    ) -> Entry {
        // They have been through the cap of managers when they were written.
        let mut name =
            |id: Option<CompactString>| -> Option<Name> { id.map(|id| names.number(&id)) };
        let body = match self.what {
            What::Message {
                author,
                contact,
                manager,
                assignee,
                kind,
                chars,
                expects_reply,
                integrity,
            } => Body::Message(Message {
                author,
                contact: *contacts
                    .entry(contact)
                    .or_insert_with_key(|contact| known.contact_number(contact)),
                manager: name(manager),
                assignee: name(assignee),
                kind,
                chars,
                expects_reply,
                integrity,
            }),
            What::Change(change, manager) => Body::Change {
                change,
                manager: name(manager),
            },
        };
        Entry {
            at: self.at,
            run: name(self.run),
            id: self.id,
            body,
            received_at: self.received_at,
            changed: self.version & OFFSET,
            retracted: false,
        }
    }
}
