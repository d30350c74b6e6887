//! The switchboard: which program has the conversation. Passed to the workspace it is with people;
//! passed on or released because the ticket is closed, it is closed.

use serde_json::Value;
use trunkline_model::event::{Change, Kind};
use trunkline_model::time::Time;

use crate::body;
use crate::{Draft, Hook};

/// Reads what a change of control means.
pub(super) fn change(hook: &Hook, payload: &Value, id: Option<&str>, at: Time) -> Option<Draft> {
    let closed = body::text(payload, "/reason").as_deref() == Some("ticketClosed");
    let change = match closed {
        true => Change::Closed,
        false if is_with_people(payload) => Change::HandedOff,
        false => return None,
    };
    let conversation = body::text(payload, "/conversation/id")?;
    let draft = Draft::new(Kind::Conversation, at)
        .maybe("id", id)
        .with("channel", hook.channel.as_str())
        .with("conversation", &*conversation)
        .with("change", change.as_str())
        .maybe("contact", body::text(payload, "/user/id").as_deref());
    Some(draft)
}

/// Says whether the workspace has the conversation.
pub(super) fn is_with_people(payload: &Value) -> bool {
    let paths = ["/integrationType", "/name"];
    let active = payload.pointer("/conversation/activeSwitchboardIntegration");
    active.is_some_and(|active| {
        paths.iter().any(|path| {
            let name = body::text(active, path).unwrap_or_default();
            matches!(&*name, "zd:agentWorkspace" | "zd-agentWorkspace")
        })
    })
}
