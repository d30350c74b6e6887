//! What a message of WhatsApp consists of.

use serde_json::Value;
use trunkline_model::event::MessageKind;

use crate::body::{self, Content};

/// What to make of the type of a message.
pub(super) enum Sort {
    /// It is a message.
    Message(Content),
    /// It is none: a reaction, a change of the number, a look into the conversation.
    Quiet,
    /// We do not know it.
    Unknown(String),
}

pub(super) fn sort(message: &Value) -> Sort {
    let kind = body::text(message, "/type").unwrap_or_default();
    let content = match &*kind {
        "text" => Content::of(MessageKind::Text).said(message, "/text/body"),
        "button" => Content::of(MessageKind::Text).said(message, "/button/text"),
        "interactive" => answer(message),
        "image" | "audio" | "video" | "document" | "sticker" => media(message, &kind),
        "location" => Content::of(MessageKind::Location),
        // What the API cannot show was written all the same, and the contact waits.
        "contacts" | "order" | "unsupported" | "unknown" | "template" => {
            Content::of(MessageKind::Other)
        }
        "reaction" | "system" | "request_welcome" | "edit" | "revoke" => return Sort::Quiet,
        other => return Sort::Unknown(format!("message {other}")),
    };
    Sort::Message(content)
}

/// What a contact chose of a list or of buttons; or, of ours, what was asked.
fn answer(message: &Value) -> Content {
    let content = Content::of(MessageKind::Text);
    let paths = [
        "/interactive/body/text",
        "/interactive/list_reply/title",
        "/interactive/button_reply/title",
        "/interactive/nfm_reply/body",
    ];
    paths
        .iter()
        .fold(content, |content, path| content.said(message, path))
}

fn media(message: &Value, kind: &str) -> Content {
    let at = |field: &str| body::text(message, &format!("/{kind}/{field}"));
    let content = Content::of(body::kind_of(kind)).said(message, &format!("/{kind}/caption"));
    let size = body::number(message, &format!("/{kind}/file_size"));
    content.file(at("filename").as_deref(), size, at("mime_type").as_deref())
}
