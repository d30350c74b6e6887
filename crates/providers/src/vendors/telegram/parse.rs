//! An update tells of one thing. In a business account the conversation is private: what is not from
//! the chat's own id is from its owner, or from a bot in his name.

use serde_json::Value;
use trunkline_model::event::Author;
use trunkline_model::time::Time;

use super::content::content;
use crate::body;
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of no message.
const QUIET: [&str; 22] = [
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let update = body::json(request.body)?;
    let fields = update.as_object().into_iter().flatten();
    let mut parsed = Parsed::nothing();
    for (kind, value) in fields {
        match kind.as_str() {
            "update_id" => {}
            "message" | "business_message" => {
                let Some(content) = content(value) else {
                    continue;
                };
                match message(hook, value, request.received_at) {
                    Some(draft) => parsed.events.push(content.onto(draft)),
                    None => parsed.unknown.push(format!("{kind} of nobody")),
                }
            }
            quiet if QUIET.contains(&quiet) => {}
            other => parsed.unknown.push(other.to_owned()),
        }
    }
    Ok(parsed)
}

fn message(hook: &Hook, message: &Value, now: Time) -> Option<Draft> {
    let chat = body::text(message, "/chat/id")?;
    let from = body::first(message, &["/from/id", "/sender_chat/id"])?;
    let business = body::text(message, "/business_connection_id");
    let author = author(message, business.is_some(), chat == from);
    let conversation = match &business {
        Some(connection) => format!("{connection}:{chat}"),
        None => chat.to_string(),
    };
    let contact = match author {
        Author::Contact => &from,
        _ => &chat,
    };
    let id = body::text(message, "/message_id").unwrap_or_default();
    let at = body::time(message, "/date").unwrap_or(now);
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &**contact);
    Some(match author {
        Author::Manager => body::by(draft, hook, business.as_ref().map(|_| &*from)),
        Author::Contact => started(draft, message),
        _ => draft,
    })
}

fn author(message: &Value, business: bool, own: bool) -> Author {
    let group = body::text(message, "/sender_chat/id");
    if group.is_some() && group == body::text(message, "/chat/id") {
        // Who leads a group may write in its name.
        return Author::Manager;
    }
    let bot = body::flag(message, "/from/is_bot") || body::some(message, "/sender_business_bot");
    match business {
        // Away and greeting messages of a business account are sent without anyone.
        true if !own && body::flag(message, "/is_from_offline") => Author::System,
        _ if bot => Author::Bot,
        true if !own => Author::Manager,
        // What is posted in a channel comes to its group by itself.
        false if body::flag(message, "/is_automatic_forward") => Author::Campaign,
        _ => Author::Contact,
    }
}

/// The word of a link that opened the conversation with a bot.
fn started(draft: Draft, message: &Value) -> Draft {
    let text = body::text(message, "/text").unwrap_or_default();
    let word = text.strip_prefix("/start ").map(str::trim);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match word {
        Some(word) if word.len() <= 64 && word.chars().all(plain) => draft
            .with("origin", "channel")
            .with("source", "telegram")
            .with("campaign", word),
        _ => draft,
    }
}
