//! What a part changes: who has the conversation, and whether it is open.

use serde_json::Value;
use trunkline_model::event::{Author, Change, Kind};
use trunkline_model::time::Time;

use super::parse::{Seen, author};
use crate::Draft;
use crate::body;

/// Reads the change that a part of this type is.
pub(super) fn change(seen: &Seen<'_>, part: &Value, kind: &str, at: Time) -> Option<Draft> {
    let who = author(part);
    let to = body::text(part, "/assigned_to/id")
        .filter(|_| body::text(part, "/assigned_to/type").as_deref() == Some("admin"));
    let (change, manager) = match kind {
        "assignment" | "assign_and_reopen" | "default_assignment" | "away_mode_assignment" => {
            match who {
                Author::Bot => (Change::HandedOff, to),
                // A team is no person: who has it is not known before somebody takes it.
                _ => (Change::Assigned, Some(to?)),
            }
        }
        "close" => (Change::Closed, by(part, who)),
        "open" | "note_and_reopen" => (Change::Reopened, by(part, who)),
        _ => return None,
    };
    let id = body::text(part, "/id").map(|id| format!("{id}:{}", change.as_str()));
    let draft = Draft::new(Kind::Conversation, at)
        .maybe("id", id)
        .with("channel", seen.hook.channel.as_str())
        .with("conversation", seen.conversation)
        .with("change", change.as_str())
        .maybe("contact", seen.contact.as_deref());
    Some(body::by(draft, seen.hook, manager.as_deref()))
}

fn by(part: &Value, who: Author) -> Option<std::borrow::Cow<'_, str>> {
    body::text(part, "/author/id").filter(|_| who == Author::Manager)
}
