//! A request tells of one event; its fields are those of a message or of a conversation.

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};

use super::change;
use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of nothing that concerns us.
const QUIET: [&str; 12] = [
    "message_updated",
    "message_incoming",
    "message_outgoing",
    "conversation_created",
    "conversation_opened",
    "conversation_typing_on",
    "conversation_typing_off",
    "contact_created",
    "contact_updated",
    "inbox_created",
    "inbox_updated",
    "webwidget_triggered",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let event = body::text(&body, "/event").unwrap_or_default();
    Ok(match &*event {
        "message_created" => message(hook, request, &body),
        "conversation_status_changed" | "conversation_resolved" => {
            Parsed::events(change::status(hook, request, &body))
        }
        "conversation_updated" => Parsed::events(change::assigned(hook, request, &body)),
        quiet if QUIET.contains(&quiet) => Parsed::nothing(),
        other => Parsed::unknown(other),
    })
}

fn message(hook: &Hook, request: &Request<'_>, body: &Value) -> Parsed {
    // Reactions are sent as messages about others.
    if body::flag(body, "/content_attributes/is_reaction") {
        return Parsed::nothing();
    }
    match author(body) {
        Some(author) => body::told(draft(hook, request, body, author), "message_created"),
        None => Parsed::nothing(),
    }
}

/// Who wrote it; nobody wrote an `activity`.
fn author(body: &Value) -> Option<Author> {
    let kind = body::text(body, "/message_type").unwrap_or_default();
    let sender = body::first(body, &["/sender/type", "/sender_type"]).unwrap_or_default();
    let set = |path| body::some(body, path);
    Some(match &*kind {
        "incoming" | "0" => Author::Contact,
        "activity" | "2" => return None,
        "template" | "3" => Author::System,
        _ if set("/additional_attributes/campaign_id") => Author::Campaign,
        _ if set("/content_attributes/automation_rule_id") => Author::System,
        _ if body::flag(body, "/content_attributes/external_echo") => Author::Manager,
        _ => match &*sender.to_ascii_lowercase() {
            "user" => Author::Manager,
            "agent_bot" | "agentbot" | "captain_assistant" | "captain::assistant" => Author::Bot,
            "contact" => Author::Contact,
            _ => Author::System,
        },
    })
}

fn draft(hook: &Hook, request: &Request<'_>, body: &Value, author: Author) -> Option<Draft> {
    let conversation = body::first(body, &["/conversation/id", "/conversation/display_id"])?;
    let own = body::text(body, "/sender/id");
    let with = [
        "/conversation/meta/sender/id",
        "/conversation/contact_inbox/contact_id",
        "/contact/id",
    ];
    let contact = body::first(body, &with).or(match author {
        Author::Contact => own.clone(),
        _ => None,
    })?;
    let id = body::text(body, "/id").unwrap_or_default();
    let at = body::time(body, "/created_at").unwrap_or(request.received_at);
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &*contact);
    let draft = match author {
        Author::Manager => {
            let user = body::text(body, "/sender/type").as_deref() == Some("user");
            body::by(draft, hook, own.as_deref().filter(|_| user))
        }
        _ => draft,
    };
    let private = body::flag(body, "/private").then_some(true);
    let draft = draft.maybe("private", private);
    let referer = body::text(body, "/conversation/additional_attributes/referer");
    let draft = match author {
        Author::Contact => body::tagged(draft, referer.as_deref()),
        _ => draft,
    };
    let assignee = body::text(body, "/conversation/meta/assignee/id");
    let draft = draft.maybe("assignee", assignee.map(|id| hook.manager(&id)));
    Some(content(body).onto(draft))
}

fn content(body: &Value) -> Content {
    let Some(file) = body::items(body, "/attachments").first() else {
        return Content::of(MessageKind::Text).said(body, "/content");
    };
    let kind = body::text(file, "/file_type").unwrap_or_default();
    let content = Content::of(body::kind_of(&kind)).said(body, "/content");
    let address = body::text(file, "/data_url");
    match address.as_deref() {
        Some(address) => content.file(
            body::name_of(address),
            body::number(file, "/file_size"),
            None,
        ),
        None => content,
    }
}
