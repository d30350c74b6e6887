//! Each request tells of one or several kinds of things, and what became of them:
//! `message[add]`, `talk[update]`, `leads[status]`, `contacts[responsible]`.

use serde_json::{Value, json};
use trunkline_model::event::{Author, Change, Kind};
use trunkline_model::time::Time;

use super::form::{items, tree};
use super::{crm, links};
use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let root = match request.body.trim_ascii_start().first() {
        Some(b'{') => body::json(request.body)?,
        _ => tree(request.form()),
    };
    let mut parsed = Parsed::nothing();
    for (thing, changes) in root.as_object().into_iter().flatten() {
        match thing.as_str() {
            "account" => {}
            // Messages come without the name of the thing from some accounts.
            "add" => {
                let changes = json!({ "add": changes });
                read(hook, request, "message", &changes, &mut parsed);
            }
            thing => read(hook, request, thing, changes, &mut parsed),
        }
    }
    Ok(parsed)
}

fn read(hook: &Hook, request: &Request<'_>, thing: &str, changes: &Value, parsed: &mut Parsed) {
    for (change, list) in changes.as_object().into_iter().flatten() {
        if change == "account" {
            continue;
        }
        for item in items(list) {
            let at = when(item).unwrap_or(request.received_at);
            let told = match (thing, change.as_str()) {
                ("message" | "outgoing_message", "add") => {
                    let outgoing = thing == "outgoing_message";
                    message(hook, item, at, outgoing).map(|message| vec![message])
                }
                ("talk", "add" | "update") => Some(talk(hook, item, at)),
                ("message", "update" | "delete") => continue,
                ("leads", change) => crm::lead(hook, item, at, change).map(|lead| vec![lead]),
                ("contacts", change) => crm::contact(hook, item, at, change),
                ("unsorted", "add" | "update") => {
                    Some(links::of_incoming(item, at)).filter(|links| !links.is_empty())
                }
                _ => None,
            };
            match told {
                Some(events) => parsed.events.extend(events),
                None => parsed.unknown.push(format!("{thing} {change}")),
            }
        }
    }
}

/// When it last changed, else when it was made.
pub(super) fn when(item: &Value) -> Option<Time> {
    let paths = [
        "/last_modified",
        "/updated_at",
        "/created_at",
        "/date_create",
    ];
    paths.iter().find_map(|path| body::time(item, path))
}

fn message(hook: &Hook, item: &Value, at: Time, outgoing: bool) -> Option<Draft> {
    let at = body::time(item, "/created_at").unwrap_or(at);
    let author = author(item, outgoing);
    let conversation = body::first(item, &["/chat_id", "/talk_id"])?;
    let contact = match author {
        Author::Contact => body::first(item, &["/contact_id", "/author/id"]),
        _ => body::text(item, "/contact_id"),
    };
    let id = body::text(item, "/id").unwrap_or_default();
    let draft = Draft::message(hook, &conversation, &id, author, at).with("contact", &*contact?);
    let draft = match author {
        Author::Manager => body::by(draft, hook, body::text(item, "/author/id").as_deref()),
        _ => draft,
    };
    Some(content(item).onto(draft))
}

/// Who wrote it: the direction says contact or not, the author's type tells people from bots.
fn author(item: &Value, outgoing: bool) -> Author {
    let direction = body::text(item, "/type").unwrap_or_default();
    let kind = body::text(item, "/author/type").unwrap_or_default();
    match (&*direction, &*kind) {
        (_, "bot" | "salesbot" | "robot") => Author::Bot,
        ("outgoing", _) => Author::Manager,
        ("incoming", _) | (_, "external" | "contact") => Author::Contact,
        (_, "user" | "internal") => Author::Manager,
        _ if outgoing => Author::Manager,
        _ => Author::Contact,
    }
}

fn content(item: &Value) -> Content {
    let kind = body::first(item, &["/attachment/type", "/message_type"]);
    let kind = body::kind_of(kind.as_deref().unwrap_or("text"));
    let content = Content::of(kind).said(item, "/text");
    let link = body::text(item, "/attachment/link");
    let name = body::text(item, "/attachment/file_name");
    let name = name
        .as_deref()
        .or_else(|| link.as_deref().and_then(body::name_of));
    match item.get("attachment") {
        Some(attachment) => content.file(name, body::number(attachment, "/file_size"), None),
        None => content,
    }
}

/// What a talk tells: whose the lead is that it belongs to, and that it was closed.
fn talk(hook: &Hook, item: &Value, at: Time) -> Vec<Draft> {
    let told = [links::of_talk(item, at), closed(hook, item, at)];
    told.into_iter().flatten().collect()
}

/// A talk that is no longer in work is closed. It does not come back: the contact's next message
/// begins a new talk of the same conversation.
fn closed(hook: &Hook, item: &Value, at: Time) -> Option<Draft> {
    let work = body::text(item, "/is_in_work")?;
    if !matches!(&*work, "0" | "false") {
        return None;
    }
    let talk = body::first(item, &["/talk_id", "/id"])?;
    let conversation = body::first(item, &["/chat_id", "/talk_id"])?;
    let draft = Draft::new(Kind::Conversation, at)
        .with("id", format!("talk:{talk}:closed"))
        .with("channel", hook.channel.as_str())
        .with("conversation", &*conversation)
        .with("change", Change::Closed.as_str());
    Some(draft.maybe("contact", body::text(item, "/contact_id").as_deref()))
}
