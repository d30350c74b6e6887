//! An event of a channel. Who is a contact Slack does not say: see [`author`].

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};

use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// Kinds of messages that somebody wrote.
const SAID: [&str; 5] = [
    "",
    "file_share",
    "thread_broadcast",
    "me_message",
    "bot_message",
];
/// What tells of no message. Whoever is mentioned is told of it once more.
const QUIET: [&str; 9] = [
    "app_mention",
    "reaction_added",
    "reaction_removed",
    "member_joined_channel",
    "member_left_channel",
    "channel_rename",
    "pin_added",
    "file_shared",
    "app_home_opened",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let Some(event) = body.get("event") else {
        let kind = body::text(&body, "/type").unwrap_or_default();
        return Ok(Parsed::unknown(kind));
    };
    let kind = body::text(event, "/type").unwrap_or_default();
    let part = body::text(event, "/subtype").unwrap_or_default();
    Ok(match &*kind {
        "message" if SAID.contains(&&*part) => {
            body::told(message(hook, request, &body, event), "message")
        }
        // Changed, deleted, joined, renamed: all else that comes as a message is none.
        "message" => Parsed::nothing(),
        quiet if QUIET.contains(&quiet) => Parsed::nothing(),
        other => Parsed::unknown(other),
    })
}

fn message(hook: &Hook, request: &Request<'_>, body: &Value, event: &Value) -> Option<Draft> {
    let channel = body::text(event, "/channel")?;
    let id = body::text(event, "/ts")?;
    let direct = body::text(event, "/channel_type").as_deref() == Some("im");
    let thread = body::first(event, &["/thread_ts", "/ts"])?;
    let conversation = if direct {
        channel.to_string()
    } else {
        format!("{channel}:{thread}")
    };
    let from = body::first(event, &["/user", "/bot_id"]).unwrap_or_default();
    let author = author(body, event);
    let contact = match author {
        Author::Contact => &from,
        // Who asked, else the channel, which stands for those in it.
        _ => &body::text(event, "/parent_user_id")
            .filter(|asked| *asked != from)
            .unwrap_or_else(|| channel.clone()),
    };
    let at = body::time(event, "/ts").or_else(|| body::time(body, "/event_time"));
    let at = at.unwrap_or(request.received_at);
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &**contact);
    let draft = match author {
        Author::Manager => body::by(
            draft,
            hook,
            Some(&from)
                .filter(|from| !from.is_empty())
                .map(|from| &**from),
        ),
        _ => draft,
    };
    Some(content(event).onto(draft))
}

/// Who wrote. In a channel shared with others the team tells; in one of our own who begins a thread
/// asks, and the others answer him.
fn author(body: &Value, event: &Value) -> Author {
    let text = |path| body::text(event, path);
    if text("/user").as_deref() == Some("USLACKBOT") {
        return Author::System;
    }
    if text("/bot_id").is_some() || text("/subtype").as_deref() == Some("bot_message") {
        return Author::Bot;
    }
    let team = body::first(event, &["/user_team", "/team", "/source_team"]);
    let ours = body::text(body, "/team_id");
    let outside = team.is_some() && ours.is_some() && team != ours;
    let asks = match text("/thread_ts") {
        Some(thread) if Some(&thread) != text("/ts").as_ref() => {
            text("/parent_user_id") == text("/user")
        }
        _ => true,
    };
    let shared = body::flag(body, "/is_ext_shared_channel");
    if outside || (asks && !shared) {
        Author::Contact
    } else {
        Author::Manager
    }
}

fn content(event: &Value) -> Content {
    let Some(file) = body::items(event, "/files").first() else {
        return Content::of(MessageKind::Text).said(event, "/text");
    };
    let mime = body::text(file, "/mimetype");
    let kind = body::kind_of(mime.as_deref().unwrap_or("file"));
    Content::of(kind).said(event, "/text").file(
        body::text(file, "/name").as_deref(),
        body::number(file, "/size"),
        mime.as_deref(),
    )
}
