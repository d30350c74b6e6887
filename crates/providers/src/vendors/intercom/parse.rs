//! A notification carries a conversation with the part that it is about: the first message (`source`)
//! when it begins, later a part of some `part_type`. A part under several topics is told the same each
//! time.

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::time::Time;

use super::change;
use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// Parts that may hold a text for the contact, or, of a note, for colleagues.
const TALK: [&str; 8] = [
    "comment",
    "quick_reply",
    "note",
    "note_and_reopen",
    "assignment",
    "close",
    "open",
    "assign_and_reopen",
];
/// Topics that begin a conversation.
const BEGIN: [&str; 3] = [
    "conversation.user.created",
    "conversation.admin.single.created",
    "conversation.contact.created",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let topic = body::text(&body, "/topic").unwrap_or_default();
    if topic == "ping" {
        return Ok(Parsed::nothing());
    }
    let item = body.pointer("/data/item").filter(|_| is_ours(&topic));
    let Some(item) = item else {
        return Ok(Parsed::unknown(topic));
    };
    let Some(conversation) = body::text(item, "/id") else {
        return Ok(Parsed::unknown(format!("{topic} without a conversation")));
    };
    let seen = Seen {
        hook,
        conversation: &conversation,
        contact: contact(item),
        item,
        now: body::time(&body, "/created_at").unwrap_or(request.received_at),
    };
    let mut parsed = Parsed::nothing();
    if BEGIN.contains(&&*topic) {
        parsed.events.extend(seen.begun());
    }
    for part in body::items(item, "/conversation_parts/conversation_parts") {
        seen.part(part, &mut parsed);
    }
    Ok(parsed)
}

/// Only what is said and done in conversations; tags, ratings and the like are others.
fn is_ours(topic: &str) -> bool {
    let kinds = ["user.", "contact.", "admin.", "operator."];
    topic
        .strip_prefix("conversation.")
        .is_some_and(|rest| kinds.iter().any(|kind| rest.starts_with(kind)))
}

/// The person outside: the main contact, else who began.
fn contact(item: &Value) -> Option<String> {
    let paths = ["/contacts/contacts/0/id", "/user/id"];
    let contact = body::first(item, &paths).or_else(|| {
        let source = item.get("source")?;
        body::text(source, "/author/id").filter(|_| author(source) == Author::Contact)
    })?;
    Some(contact.into_owned())
}

/// A conversation as it is read.
pub(super) struct Seen<'a> {
    pub(super) hook: &'a Hook,
    pub(super) conversation: &'a str,
    pub(super) contact: Option<String>,
    item: &'a Value,
    now: Time,
}

impl Seen<'_> {
    /// The first message.
    fn begun(&self) -> Option<Draft> {
        let source = self.item.get("source")?;
        let at = body::time(source, "/created_at").or_else(|| body::time(self.item, "/created_at"));
        let by = body::text(source, "/delivered_as").unwrap_or_default();
        let author = match (author(source), &*by) {
            (Author::Manager, "campaigns_initiated" | "automated") => Author::Campaign,
            (author, _) => author,
        };
        let draft = self.message(source, author, at.unwrap_or(self.now))?;
        let address = body::text(source, "/url");
        Some(match author {
            Author::Contact => body::tagged(draft, address.as_deref()),
            _ => draft,
        })
    }

    fn part(&self, part: &Value, parsed: &mut Parsed) {
        let kind = body::text(part, "/part_type").unwrap_or_default();
        let at = body::time(part, "/created_at").unwrap_or(self.now);
        let says = body::some(part, "/body") || !body::items(part, "/attachments").is_empty();
        if says && TALK.contains(&&*kind) {
            match self.message(part, author(part), at) {
                Some(draft) => {
                    let note = kind.starts_with("note");
                    let draft = draft.maybe("private", note.then_some(true));
                    parsed.events.push(draft);
                }
                None => parsed.unknown.push(format!("{kind} of nobody")),
            }
        } else if says {
            parsed.unknown.push(format!("part {kind}"));
        }
        parsed.events.extend(change::change(self, part, &kind, at));
    }

    fn message(&self, part: &Value, author: Author, at: Time) -> Option<Draft> {
        let own = body::text(part, "/author/id");
        let contact = match author {
            Author::Contact => own.as_deref().or(self.contact.as_deref()),
            _ => self.contact.as_deref(),
        }?;
        let id = body::text(part, "/id").unwrap_or_default();
        let draft = Draft::message(self.hook, self.conversation, &id, author, at);
        let draft = match author {
            Author::Manager => body::by(draft, self.hook, own.as_deref()),
            _ => draft,
        };
        Some(content(part).onto(draft.with("contact", contact)))
    }
}

/// Who wrote a part: what its author is, not the topic it came under.
pub(super) fn author(part: &Value) -> Author {
    if body::flag(part, "/author/from_ai_agent") || body::flag(part, "/author/is_ai_answer") {
        return Author::Bot;
    }
    match body::text(part, "/author/type").as_deref() {
        Some("user" | "lead" | "contact" | "visitor") => Author::Contact,
        Some("admin") => Author::Manager,
        Some("bot" | "operator") => Author::Bot,
        _ => Author::System,
    }
}

fn content(part: &Value) -> Content {
    let Some(file) = body::items(part, "/attachments").first() else {
        return Content::of(MessageKind::Text).shown(part, "/body");
    };
    let mime = body::text(file, "/content_type");
    let kind = body::kind_of(mime.as_deref().unwrap_or("file"));
    Content::of(kind).shown(part, "/body").file(
        body::text(file, "/name").as_deref(),
        body::number(file, "/filesize"),
        mime.as_deref(),
    )
}
