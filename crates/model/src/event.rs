//! The events of the contract (section 2): one flat JSON object each, its `type` names it.
//!
//! An event borrows from the bytes it was parsed from. What is known is validated and typed; what
//! is not known is skipped here and stays in the raw bytes that the journal keeps. `type` may stand
//! anywhere in the object, but an event whose first key it is parses in one pass.

use std::borrow::Cow;

use crate::text::Id;
use crate::time::Time;
use crate::word::words;

mod calls;
mod conversations;
mod crm;
mod examples;
mod explain;
mod hash;
mod integrity;
mod lists;
mod null;
mod parse;
mod people;
mod refusal;
mod schema;
mod source;
mod spend;
mod web;
mod whole;

pub use calls::{Call, Direction, Phase};
pub use conversations::{Author, Change, ConversationChange, File, Message, MessageKind};
pub use crm::{
    ContactChange, ContactChangeKind, ContactState, Lead, LeadChange, Purchase, PurchaseStatus,
    Task, TaskChange,
};
pub use examples::examples;
pub use integrity::Integrity;
pub use people::{Presence, PresenceState, Rating, RatingKind, Upload, UploadOrigin};
pub use refusal::{Code, Refusal};
pub use schema::schema;
pub use source::{CLICKS, Origin, Source};
pub use spend::{Retract, Spend};
pub use web::{Form, Visit};

words! {
    /// The types of event.
    Kind {
        /// A public message or a note of a conversation.
        Message = "message",
        /// A change of a conversation.
        Conversation = "conversation",
        /// A phase of a call.
        Call = "call",
        /// A visit of the site.
        Visit = "visit",
        /// A form that was sent.
        Form = "form",
        /// A change of a lead.
        Lead = "lead",
        /// A repeat purchase.
        Purchase = "purchase",
        /// A change of a contact.
        Contact = "contact",
        /// A change of a task.
        Task = "task",
        /// A rating by a contact.
        Rating = "rating",
        /// A file that a manager put in.
        Upload = "upload",
        /// A sign of life of a manager.
        Presence = "presence",
        /// What a day of advertising cost.
        Spend = "spend",
        /// Takes an event or an import back.
        Retract = "retract",
    }
}

/// One validated event. The types with the most fields are boxed, so that a message, the most
/// frequent one, is not moved about in their size.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A public message or a note of a conversation.
    Message(Message<'a>),
    /// A change of a conversation.
    Conversation(ConversationChange<'a>),
    /// A phase of a call.
    Call(Box<Call<'a>>),
    /// A visit of the site.
    Visit(Visit<'a>),
    /// A form that was sent.
    Form(Form<'a>),
    /// A change of a lead.
    Lead(Box<Lead<'a>>),
    /// A repeat purchase.
    Purchase(Purchase<'a>),
    /// A change of a contact.
    Contact(Box<ContactChange<'a>>),
    /// A change of a task.
    Task(Task<'a>),
    /// A rating by a contact.
    Rating(Rating<'a>),
    /// A file that a manager put in.
    Upload(Upload<'a>),
    /// A sign of life of a manager.
    Presence(Presence<'a>),
    /// What a day of advertising cost.
    Spend(Spend<'a>),
    /// Takes an event or an import back.
    Retract(Retract<'a>),
}

/// Evaluates `$body` with `$inner` bound to the event's own struct.
macro_rules! each {
    ($event:expr, $inner:ident => $body:expr) => {
        match $event {
            Event::Message($inner) => $body,
            Event::Conversation($inner) => $body,
            Event::Call($inner) => $body,
            Event::Visit($inner) => $body,
            Event::Form($inner) => $body,
            Event::Lead($inner) => $body,
            Event::Purchase($inner) => $body,
            Event::Contact($inner) => $body,
            Event::Task($inner) => $body,
            Event::Rating($inner) => $body,
            Event::Upload($inner) => $body,
            Event::Presence($inner) => $body,
            Event::Spend($inner) => $body,
            Event::Retract($inner) => $body,
        }
    };
}

impl<'a> Event<'a> {
    /// Parses and validates one JSON object.
    ///
    /// Whether `at` lies in the future is not looked at here: see [`crate::batch::Batch::parse`].
    pub fn parse(raw: &'a str) -> Result<Self, Refusal> {
        parse::event(raw).map_err(|error| explain::refusal(raw, &error))
    }

    /// Gives the event's type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Message(_) => Kind::Message,
            Self::Conversation(_) => Kind::Conversation,
            Self::Call(_) => Kind::Call,
            Self::Visit(_) => Kind::Visit,
            Self::Form(_) => Kind::Form,
            Self::Lead(_) => Kind::Lead,
            Self::Purchase(_) => Kind::Purchase,
            Self::Contact(_) => Kind::Contact,
            Self::Task(_) => Kind::Task,
            Self::Rating(_) => Kind::Rating,
            Self::Upload(_) => Kind::Upload,
            Self::Presence(_) => Kind::Presence,
            Self::Spend(_) => Kind::Spend,
            Self::Retract(_) => Kind::Retract,
        }
    }

    /// Gives when it happened; of `spend`, when it was stated (`as_of`).
    pub const fn at(&self) -> Time {
        match self {
            Self::Spend(spend) => spend.as_of,
            Self::Message(event) => event.at,
            Self::Conversation(event) => event.at,
            Self::Call(event) => event.at,
            Self::Visit(event) => event.at,
            Self::Form(event) => event.at,
            Self::Lead(event) => event.at,
            Self::Purchase(event) => event.at,
            Self::Contact(event) => event.at,
            Self::Task(event) => event.at,
            Self::Rating(event) => event.at,
            Self::Upload(event) => event.at,
            Self::Presence(event) => event.at,
            Self::Retract(event) => event.at,
        }
    }

    /// Gives the sender's id of the event.
    pub fn id(&self) -> Option<&str> {
        each!(self, event => event.id.as_ref().map(Id::as_str))
    }

    /// Hashes who the event is: equal for every delivery of the same event (invariant
    /// `once_in_effect`).
    ///
    /// The hash covers (account, origin, type, id); of a message (account, channel, conversation,
    /// id), whatever its origin; without an id, these and the content in place of the id. `scratch`
    /// is overwritten; keeping it between calls saves the allocation.
    pub fn identity(&self, scratch: &mut Vec<u8>, account: &str, origin: &str, seed: u64) -> u128 {
        hash::identity(self, scratch, account, origin, seed)
    }

    /// Hashes what the event says: its known fields, typed and with their defaults, so that the
    /// order of fields and the spelling of times and numbers make no difference. The id is not part
    /// of it.
    pub fn content(&self, scratch: &mut Vec<u8>, seed: u64) -> u64 {
        hash::content(self, scratch, seed)
    }
}

impl Message<'_> {
    /// Gives the message's id, or, without one, `h:` and 32 hexadecimal digits of a hash of its
    /// channel, conversation and content. The hash has no seed: it is the same everywhere.
    pub fn effective_id(&self) -> Cow<'_, str> {
        match &self.id {
            Some(id) => Cow::Borrowed(id.as_str()),
            None => Cow::Owned(hash::id_of_content(self)),
        }
    }
}

#[cfg(test)]
mod tests;
