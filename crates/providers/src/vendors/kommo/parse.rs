//! What managers write (`message`), and copies of what the channel tells Kommo (`event_type`).
//!
//! A conversation and a contact are known by the channel's own ids, where Kommo has been told them.

use serde_json::Value;
use trunkline_model::event::Author;

use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of no message.
const QUIET: [&str; 2] = ["reaction", "typing"];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    if let Some(kind) = body::text(&body, "/event_type") {
        return Ok(match &*kind {
            "new_message" => body::told(copied(hook, request, &body), "new_message"),
            "edit_message" => Parsed::nothing(),
            other => Parsed::unknown(other),
        });
    }
    if body.get("message").is_some() {
        return Ok(body::told(written(hook, request, &body), "message"));
    }
    let action = body.get("action").and_then(Value::as_object);
    match action.and_then(|action| action.keys().next()) {
        Some(action) if QUIET.contains(&action.as_str()) => Ok(Parsed::nothing()),
        Some(action) => Ok(Parsed::unknown(action)),
        None => Ok(Parsed::unknown("neither message nor action")),
    }
}

/// A message that a manager wrote in Kommo.
fn written(hook: &Hook, request: &Request<'_>, body: &Value) -> Option<Draft> {
    let message = body.get("message")?;
    let at = ["/msec_timestamp", "/timestamp"]
        .iter()
        .find_map(|path| body::time(message, path))
        .or_else(|| body::time(body, "/time"));
    let conversation = body::first(message, &["/conversation/client_id", "/conversation/id"])?;
    let contact = body::first(message, &["/receiver/client_id", "/receiver/id"])?;
    let id = body::text(message, "/message/id").unwrap_or_default();
    let at = at.unwrap_or(request.received_at);
    let draft =
        Draft::message(hook, &conversation, &id, Author::Manager, at).with("contact", &*contact);
    let draft = body::by(draft, hook, body::text(message, "/sender/id").as_deref());
    Some(content(message.get("message")?).onto(draft))
}

/// A message that the channel told Kommo: a contact's, or a manager's who wrote elsewhere.
fn copied(hook: &Hook, request: &Request<'_>, body: &Value) -> Option<Draft> {
    let payload = body.get("payload")?;
    let at = ["/msec_timestamp", "/timestamp"]
        .iter()
        .find_map(|path| body::time(payload, path));
    let conversation = body::first(payload, &["/conversation_id", "/conversation_ref_id"])?;
    let manager = body::text(payload, "/sender/ref_id");
    let (author, contact) = match manager {
        Some(_) => (
            Author::Manager,
            body::first(payload, &["/receiver/id", "/receiver/ref_id"]),
        ),
        None => (Author::Contact, body::text(payload, "/sender/id")),
    };
    let id = body::text(payload, "/msgid").unwrap_or_default();
    let at = at.unwrap_or(request.received_at);
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &*contact?);
    let draft = body::by(draft, hook, manager.as_deref());
    Some(content(payload.get("message")?).onto(draft))
}

fn content(message: &Value) -> Content {
    let kind = body::text(message, "/type").unwrap_or_default();
    let content = Content::of(body::kind_of(&kind)).said(message, "/text");
    let media = body::text(message, "/media");
    let name = body::text(message, "/file_name");
    let name = name
        .as_deref()
        .or_else(|| media.as_deref().and_then(body::name_of));
    if media.is_none() && name.is_none() {
        return content;
    }
    content.file(name, body::number(message, "/file_size"), None)
}
