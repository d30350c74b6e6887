//! What becomes of a conversation: its status, and who has it.
//!
//! `changed_attributes` is a list of objects with one name each, whose value is what was and what is;
//! older versions send null, and then only the status that is speaks.

use serde_json::Value;
use trunkline_model::event::{Change, Kind};
use trunkline_model::time::Time;

use crate::body;
use crate::{Draft, Hook, Request};

/// The header that names a delivery.
const DELIVERY: &str = "x-chatwoot-delivery";

/// Reads a change of status: resolved is closed, pending is with the bot, snoozed changes nothing.
pub(super) fn status(hook: &Hook, request: &Request<'_>, body: &Value) -> Option<Draft> {
    let changed = changed(body, "status");
    let before = changed.and_then(|changed| body::text(changed, "/previous_value"));
    let now = changed.and_then(|changed| body::text(changed, "/current_value"));
    let now = now.or_else(|| body::text(body, "/status"))?;
    let change = match (before.as_deref(), &*now) {
        (_, "resolved") => Change::Closed,
        (Some("pending"), "open") => Change::HandedOff,
        (Some("resolved") | None, "open") | (Some("resolved"), "pending") => Change::Reopened,
        _ => return None,
    };
    let manager = match change {
        Change::HandedOff => body::text(body, "/meta/assignee/id"),
        // Chatwoot is asked to say who changed it; where it does, a person is a `user`.
        _ => body::text(body, "/performed_by/id")
            .filter(|_| body::text(body, "/performed_by/type").as_deref() == Some("user")),
    };
    draft(hook, request, body, change, manager.as_deref())
}

/// Reads to whom a conversation was given; to nobody, too.
pub(super) fn assigned(hook: &Hook, request: &Request<'_>, body: &Value) -> Option<Draft> {
    let changed = changed(body, "assignee_id")?;
    let manager = body::text(changed, "/current_value");
    draft(hook, request, body, Change::Assigned, manager.as_deref())
}

fn changed<'a>(body: &'a Value, name: &str) -> Option<&'a Value> {
    let changed = body::items(body, "/changed_attributes");
    changed.iter().find_map(|change| change.get(name))
}

fn draft(
    hook: &Hook,
    request: &Request<'_>,
    body: &Value,
    change: Change,
    manager: Option<&str>,
) -> Option<Draft> {
    let conversation = body::text(body, "/id")?;
    let told = at(body);
    let at = told.unwrap_or(request.received_at);
    // What says no time is told apart by its delivery: never by when it came.
    let when = told.map_or_else(
        || request.header(DELIVERY).unwrap_or_default().to_owned(),
        |at| at.millis().to_string(),
    );
    let id = format!(
        "{conversation}:{}:{when}:{}",
        change.as_str(),
        manager.unwrap_or_default()
    );
    let contact = body::first(body, &["/meta/sender/id", "/contact_inbox/contact_id"]);
    let draft = Draft::new(Kind::Conversation, at)
        .with("id", id)
        .with("channel", hook.channel.as_str())
        .with("conversation", &*conversation)
        .with("change", change.as_str())
        .maybe("contact", contact.as_deref());
    Some(body::by(draft, hook, manager))
}

fn at(body: &Value) -> Option<Time> {
    changed(body, "updated_at")
        .and_then(|changed| body::time(changed, "/current_value"))
        .or_else(|| body::time(body, "/updated_at"))
        .or_else(|| body::time(body, "/timestamp"))
}
