//! Events of conversations.

use schemars::JsonSchema;
use serde::Deserialize;

use super::hash::{Fields, Hashed};
use super::source::{self, Source, Sourced};
use super::{Integrity, Kind, hash, null, whole};
use crate::text::{Id, Text};
use crate::time::Time;
use crate::word::words;

words! {
    /// Who wrote a message.
    Author {
        /// The person outside.
        Contact = "contact",
        /// An employee.
        Manager = "manager",
        /// A program that talks.
        Bot = "bot",
        /// An automatic reply or a notice.
        System = "system",
        /// A mass mailing.
        Campaign = "campaign",
    }
}

words! {
    /// What a message consists of.
    #[derive(Default)]
    MessageKind {
        /// Text.
        #[default]
        Text = "text",
        /// A picture.
        Image = "image",
        /// A voice message or other sound.
        Audio = "audio",
        /// A film.
        Video = "video",
        /// A file of another kind.
        File = "file",
        /// A place.
        Location = "location",
        /// A sticker.
        Sticker = "sticker",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What changed in a conversation.
    Change {
        /// It was given to a manager.
        Assigned = "assigned",
        /// A bot gave it to people.
        HandedOff = "handed_off",
        /// It was closed.
        Closed = "closed",
        /// It was opened again.
        Reopened = "reopened",
        /// It reached a stage of a funnel.
        Stage = "stage",
        /// It goes on in another conversation.
        Moved = "moved",
    }
}

/// A file: its name, size and kind, never its content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct File<'a> {
    /// The file's name.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// The size in bytes.
    #[serde(default, deserialize_with = "whole::maybe")]
    #[schemars(range(min = 0, max = u64::MAX))]
    pub size: Option<u64>,
    /// The media type, like `image/png`.
    #[serde(borrow)]
    pub mime: Option<Text<'a>>,
}

/// A message of a conversation (`type`: `message`).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(remote = "Self")]
pub struct Message<'a> {
    /// The conversation on its channel.
    #[serde(borrow)]
    pub conversation: Id<'a>,
    /// The person outside, also of a manager's message.
    #[serde(borrow)]
    pub contact: Id<'a>,
    /// The channel, like `whatsapp`.
    #[serde(borrow)]
    pub channel: Id<'a>,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub at: Time,
    /// The manager who wrote it; absent for a manager's message: an unknown manager.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// The message's id on its channel.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
    /// What it consists of; `text` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<MessageKind>")]
    pub kind: MessageKind,
    /// Whether it is a note that the contact does not see; `false` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<bool>")]
    pub private: bool,
    /// Whether a contact's message wants an answer; `true` by default.
    #[serde(default = "null::yes", deserialize_with = "null::is_yes")]
    #[schemars(with = "Option<bool>")]
    pub expects_reply: bool,
    /// The file that came with it.
    #[serde(borrow)]
    pub file: Option<Box<File<'a>>>,
    /// The length of its text in characters.
    #[serde(default, deserialize_with = "whole::maybe")]
    #[schemars(range(min = 0, max = u32::MAX))]
    pub chars: Option<u32>,
    /// The manager to whom the conversation is given.
    #[serde(borrow)]
    pub assignee: Option<Id<'a>>,
    /// The contact's company.
    #[serde(borrow)]
    pub company: Option<Id<'a>>,
    /// The visit of the site from which it was written.
    #[serde(borrow)]
    pub visit: Option<Id<'a>>,
    /// The visitor of the site who wrote it.
    #[serde(borrow)]
    pub visitor: Option<Id<'a>>,
    /// The run of the import that brought it, so that it can be taken back with the others.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// How far it is vouched for; `verified` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<Integrity>")]
    pub integrity: Integrity,
    /// Where the contact came from.
    #[serde(skip)]
    pub source: Option<Box<Source<'a>>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Message<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        source::deserialize(from)
    }
}

impl<'de: 'a, 'a> Sourced<'de> for Message<'a> {
    fn fields<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The derived function, which knows all fields but those of the source.
        Self::deserialize(from)
    }

    fn set_source(&mut self, source: Box<Source<'de>>) {
        self.source = Some(source);
    }
}

/// The run of an import and the verdict of a door are not part of what a message says: the same file
/// again is a duplicate.
impl Hashed for Message<'_> {
    const KIND: Kind = Kind::Message;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.conversation);
        to.text(2, &self.contact);
        to.text(3, &self.channel);
        to.word(4, self.author);
        to.time(5, self.at);
        to.option(6, self.manager.as_ref());
        to.word(7, self.kind);
        to.flag(8, self.private);
        to.flag(9, self.expects_reply);
        if let Some(file) = &self.file {
            file.fields(10, to);
        }
        to.number(11, self.chars.map(u64::from));
        to.option(12, self.assignee.as_ref());
        to.option(13, self.company.as_ref());
        to.option(14, self.visit.as_ref());
        to.option(15, self.visitor.as_ref());
        if let Some(source) = &self.source {
            source.fields(to);
        }
    }
}

impl File<'_> {
    /// Writes the file's fields, the name under `tag`.
    pub(super) fn fields(&self, tag: u8, to: &mut Fields<'_>) {
        to.text(tag, &self.name);
        to.number(hash::FILE_SIZE, self.size);
        to.option(hash::FILE_MIME, self.mime.as_ref());
    }
}

/// A change of a conversation (`type`: `conversation`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ConversationChange<'a> {
    /// The conversation on its channel.
    #[serde(borrow)]
    pub conversation: Id<'a>,
    /// The channel.
    #[serde(borrow)]
    pub channel: Id<'a>,
    /// What changed.
    pub change: Change,
    /// When it changed.
    pub at: Time,
    /// The manager to whom it was given, or who changed it.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// The funnel of the stage.
    #[serde(borrow)]
    pub funnel: Option<Id<'a>>,
    /// The stage it reached.
    #[serde(borrow)]
    pub stage: Option<Id<'a>>,
    /// The person outside.
    #[serde(borrow)]
    pub contact: Option<Id<'a>>,
    /// The conversation in which it goes on.
    #[serde(borrow)]
    pub to: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
    /// The run of the import that brought it.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// How far it is vouched for; `verified` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<Integrity>")]
    pub integrity: Integrity,
}

impl Hashed for ConversationChange<'_> {
    const KIND: Kind = Kind::Conversation;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.conversation);
        to.text(2, &self.channel);
        to.word(3, self.change);
        to.time(4, self.at);
        to.option(5, self.manager.as_ref());
        to.option(6, self.funnel.as_ref());
        to.option(7, self.stage.as_ref());
        to.option(8, self.contact.as_ref());
        to.option(9, self.to.as_ref());
    }
}
