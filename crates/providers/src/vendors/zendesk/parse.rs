//! A request tells of several events, each with an id, a type and a payload of its own.

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::time::Time;

use super::control;
use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of no message and of no change: all of these kinds.
const QUIET: [&str; 8] = [
    "conversation:create",
    "conversation:join",
    "conversation:leave",
    "conversation:read",
    "conversation:typing",
    "conversation:postback",
    "conversation:referral",
    "conversation:remove",
];
/// Of the switchboard only who has control tells something.
const CONTROL: [&str; 2] = ["switchboard:passControl", "switchboard:releaseControl"];
/// Who wrote, in the workspace: an id, or the word for a rule that sends by itself.
const WRITER: &str = "/message/metadata/__zendesk_msg.agent.id";

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let mut parsed = Parsed::nothing();
    for event in body::items(&body, "/events") {
        let kind = body::text(event, "/type").unwrap_or_default();
        let at = body::time(event, "/createdAt").unwrap_or(request.received_at);
        let payload = event.get("payload").unwrap_or(&Value::Null);
        match &*kind {
            "conversation:message" => match message(hook, payload, at) {
                Some(event) => parsed.events.push(event),
                None => parsed
                    .unknown
                    .push(format!("{kind} without a conversation")),
            },
            kind if CONTROL.contains(&kind) => {
                let id = body::text(event, "/id");
                parsed
                    .events
                    .extend(control::change(hook, payload, id.as_deref(), at));
            }
            kind if is_quiet(kind) => {}
            other => parsed.unknown.push(other.to_owned()),
        }
    }
    Ok(parsed)
}

fn is_quiet(kind: &str) -> bool {
    let prefixes = ["conversation:message:", "switchboard:", "user:", "client:"];
    QUIET.contains(&kind) || prefixes.iter().any(|prefix| kind.starts_with(prefix))
}

fn message(hook: &Hook, payload: &Value, at: Time) -> Option<Draft> {
    let message = payload.get("message")?;
    let conversation = body::text(payload, "/conversation/id")?;
    let author = author(payload);
    let contact = match author {
        Author::Contact => body::first(message, &["/author/userId", "/author/user/id"]),
        _ => body::first(payload, &["/user/id", "/message/recipient/userId"]),
    };
    // Of what is sent to a contact it is not always said who that is.
    let contact = contact.unwrap_or_else(|| format!("conversation:{conversation}").into());
    let id = body::text(message, "/id").unwrap_or_default();
    let at = body::time(message, "/received").unwrap_or(at);
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &*contact);
    let draft = match author {
        Author::Manager => body::by(draft, hook, body::text(payload, WRITER).as_deref()),
        _ => draft,
    };
    Some(content(message).onto(draft))
}

/// Who wrote: `business` is a person only in the workspace.
fn author(payload: &Value) -> Author {
    if body::text(payload, "/message/author/type").as_deref() == Some("user") {
        return Author::Contact;
    }
    let subtypes = body::items(payload, "/message/author/subtypes");
    if subtypes.iter().any(|subtype| subtype == "AI") {
        return Author::Bot;
    }
    let source = body::text(payload, "/message/source/type").unwrap_or_default();
    let writer = body::text(payload, WRITER);
    match (&*source, writer.as_deref()) {
        // A trigger of the workspace answers by itself.
        (_, Some("__trigger")) => Author::System,
        ("zd:answerBot", _) => Author::Bot,
        (_, Some(_)) | ("zd:agentWorkspace", _) => Author::Manager,
        (source, _) if source.starts_with("api:notification") => Author::Campaign,
        _ if control::is_with_people(payload) => Author::Manager,
        _ => Author::Bot,
    }
}

fn content(message: &Value) -> Content {
    let kind = body::text(message, "/content/type").unwrap_or_default();
    let mime = body::text(message, "/content/mediaType");
    let kind = match &*kind {
        "file" => body::kind_of(mime.as_deref().unwrap_or("file")),
        "carousel" | "list" | "form" | "formResponse" | "template" => MessageKind::Other,
        other => body::kind_of(other),
    };
    let content = Content::of(kind).said(message, "/content/text");
    let address = body::text(message, "/content/mediaUrl");
    match address.as_deref() {
        Some(address) => content.file(
            body::name_of(address),
            body::number(message, "/content/mediaSize"),
            mime.as_deref(),
        ),
        None => content,
    }
}
