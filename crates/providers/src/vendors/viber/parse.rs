//! Only `message` is a message, and it is the contact's.

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};

use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of no message.
const QUIET: [&str; 8] = [
    "delivered",
    "seen",
    "failed",
    "subscribed",
    "unsubscribed",
    "conversation_started",
    "webhook",
    "client_status",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let event = body::text(&body, "/event").unwrap_or_default();
    Ok(match &*event {
        "message" => body::told(message(hook, request, &body), "message"),
        quiet if QUIET.contains(&quiet) => Parsed::nothing(),
        other => Parsed::unknown(other),
    })
}

fn message(hook: &Hook, request: &Request<'_>, body: &Value) -> Option<Draft> {
    let contact = body::text(body, "/sender/id")?;
    // A group's conversation has an id of its own.
    let conversation = body::text(body, "/chat_id").unwrap_or_else(|| contact.clone());
    let id = body::text(body, "/message_token").unwrap_or_default();
    let at = body::time(body, "/timestamp").unwrap_or(request.received_at);
    let draft = Draft::message(hook, &conversation, &id, Author::Contact, at);
    Some(content(body.get("message")?).onto(draft.with("contact", &*contact)))
}

fn content(message: &Value) -> Content {
    let kind = body::text(message, "/type").unwrap_or_default();
    let kind = match &*kind {
        "url" => MessageKind::Text,
        other => body::kind_of(other),
    };
    let content = Content::of(kind).said(message, "/text");
    let address = body::text(message, "/media");
    let name = body::text(message, "/file_name");
    let name = name
        .as_deref()
        .or_else(|| address.as_deref().and_then(body::name_of));
    let media = matches!(
        kind,
        MessageKind::Image | MessageKind::Audio | MessageKind::Video | MessageKind::File
    );
    if !media {
        return content;
    }
    let size = ["/file_size", "/size"];
    let size = size.iter().find_map(|path| body::number(message, path));
    content.file(name, size, None)
}
