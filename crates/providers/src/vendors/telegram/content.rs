//! What a message of Telegram consists of.

use serde_json::Value;
use trunkline_model::event::MessageKind;

use crate::body::{self, Content};

/// What may stand in a message, the more particular first: an animation is also sent as a document, a
/// venue also as a location.
const PARTS: [(&str, MessageKind); 19] = [
    ("text", MessageKind::Text),
    ("animation", MessageKind::Video),
    ("audio", MessageKind::Audio),
    ("voice", MessageKind::Audio),
    ("video", MessageKind::Video),
    ("video_note", MessageKind::Video),
    ("photo", MessageKind::Image),
    ("sticker", MessageKind::Sticker),
    ("document", MessageKind::File),
    ("venue", MessageKind::Location),
    ("location", MessageKind::Location),
    ("contact", MessageKind::Other),
    ("story", MessageKind::Other),
    ("dice", MessageKind::Other),
    ("poll", MessageKind::Other),
    ("game", MessageKind::Other),
    ("invoice", MessageKind::Other),
    ("paid_media", MessageKind::Other),
    ("checklist", MessageKind::Other),
];

/// Gives the content; none of what is no message: who came, what was pinned, how a group is called.
pub(super) fn content(message: &Value) -> Option<Content> {
    let (name, kind) = PARTS.iter().find(|(name, _)| message.get(name).is_some())?;
    let content = Content::of(*kind)
        .said(message, "/caption")
        .said(message, "/text");
    // Of the sizes of a picture the last is the whole.
    let part = message.get(name)?;
    let file = part
        .as_array()
        .and_then(|sizes| sizes.last())
        .unwrap_or(part);
    Some(match file.get("file_id") {
        Some(_) => content.file(
            body::text(file, "/file_name").as_deref(),
            body::number(file, "/file_size"),
            body::text(file, "/mime_type").as_deref(),
        ),
        None => content,
    })
}
