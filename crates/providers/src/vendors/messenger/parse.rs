//! An entry is of one page and tells of several things, each under a name of its own. What another app
//! holds comes as `standby`, and is the same message.

use serde_json::{Map, Value};
use trunkline_model::event::{Author, Change, Kind, MessageKind};
use trunkline_model::time::Time;

use crate::body::{self, Content};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What stands beside what is told.
const FRAME: [&str; 6] = [
    "sender",
    "recipient",
    "timestamp",
    "prior_message",
    "hop_context",
    "is_echo",
];
/// What tells of no message.
const QUIET: [&str; 13] = [
    "read",
    "delivery",
    "reaction",
    "message_edit",
    "message_edits",
    "optin",
    "referral",
    "account_linking",
    "app_roles",
    "policy_enforcement",
    "take_thread_control",
    "request_thread_control",
    "messaging_feedback",
];
/// Meta's own inboxes: of Pages, and of Instagram.
const INBOXES: [&str; 2] = ["263902037430900", "1217981644879628"];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let network = match body::text(&body, "/object").as_deref() {
        Some("instagram") => "instagram",
        _ => "facebook",
    };
    let mut parsed = Parsed::nothing();
    for entry in body::items(&body, "/entry") {
        let page = body::text(entry, "/id").unwrap_or_default();
        let seen = Seen {
            hook,
            page: &page,
            network,
            now: body::time(entry, "/time").unwrap_or(request.received_at),
        };
        let lists = ["/messaging", "/standby"];
        for item in lists.iter().flat_map(|path| body::items(entry, path)) {
            seen.read(item, &mut parsed);
        }
        for change in body::items(entry, "/changes") {
            let value = change.get("value").unwrap_or(&Value::Null);
            if value.get("sender").is_some() {
                seen.read(value, &mut parsed);
            } else {
                let field = body::text(change, "/field").unwrap_or_default();
                parsed.unknown.push(format!("change {field}"));
            }
        }
    }
    Ok(parsed)
}

/// One page's entry as it is read.
struct Seen<'a> {
    hook: &'a Hook,
    page: &'a str,
    network: &'static str,
    now: Time,
}

impl Seen<'_> {
    fn read(&self, item: &Value, parsed: &mut Parsed) {
        let none = Map::new();
        for (kind, value) in item.as_object().unwrap_or(&none) {
            let told = match kind.as_str() {
                "message" if body::flag(value, "/is_deleted") => continue,
                "message" => self.message(item, value),
                "postback" => self.postback(item, value),
                "pass_thread_control" => match self.passed(item, value) {
                    None => continue,
                    told => told,
                },
                quiet if QUIET.contains(&quiet) || FRAME.contains(&quiet) => continue,
                other => {
                    parsed.unknown.push(other.to_owned());
                    continue;
                }
            };
            match told {
                Some(event) => parsed.events.push(event),
                None => parsed.unknown.push(format!("{kind} of nobody")),
            }
        }
    }

    fn message(&self, item: &Value, message: &Value) -> Option<Draft> {
        let (author, manager) = author(message);
        let outside = match author {
            Author::Contact => "/sender/id",
            _ => "/recipient/id",
        };
        let contact = body::text(item, outside)?;
        let id = body::text(message, "/mid").unwrap_or_default();
        let draft = self
            .draft(item, &contact, &id, author)
            .maybe("manager", manager);
        let draft = match author {
            Author::Contact => self.referred(draft, message.get("referral")),
            _ => draft,
        };
        Some(content(message).onto(draft))
    }

    /// A button that was pressed says its title.
    fn postback(&self, item: &Value, postback: &Value) -> Option<Draft> {
        let contact = body::text(item, "/sender/id")?;
        let id = body::text(postback, "/mid").unwrap_or_default();
        let draft = self.draft(item, &contact, &id, Author::Contact);
        let draft = self.referred(draft, postback.get("referral"));
        let content = Content::of(MessageKind::Text).said(postback, "/title");
        Some(content.onto(draft))
    }

    /// A thread that goes to people was handed over.
    fn passed(&self, item: &Value, control: &Value) -> Option<Draft> {
        let owner = body::text(control, "/new_owner_app_id")?;
        if !INBOXES.contains(&&*owner) {
            return None;
        }
        let contact = body::text(item, "/sender/id")?;
        let at = body::time(item, "/timestamp").unwrap_or(self.now);
        let draft = Draft::new(Kind::Conversation, at)
            .with(
                "id",
                format!("{}:{contact}:handed_off:{}", self.page, at.millis()),
            )
            .with("channel", self.hook.channel.as_str())
            .with("conversation", format!("{}:{contact}", self.page))
            .with("change", Change::HandedOff.as_str())
            .with("contact", &*contact);
        Some(draft)
    }

    fn draft(&self, item: &Value, contact: &str, id: &str, author: Author) -> Draft {
        let at = body::time(item, "/timestamp").unwrap_or(self.now);
        let conversation = format!("{}:{contact}", self.page);
        Draft::message(self.hook, &conversation, id, author, at).with("contact", contact)
    }

    /// An advertisement or a link that led to the conversation.
    fn referred(&self, draft: Draft, referral: Option<&Value>) -> Draft {
        let Some(referral) = referral else {
            return draft;
        };
        let field = |path| body::text(referral, path).map(|text| body::short(&text));
        let draft = draft
            .with("origin", "channel")
            .with("source", self.network)
            .maybe("medium", field("/source").map(|text| text.to_lowercase()))
            .maybe("campaign", field("/ref"))
            .maybe("content", field("/ad_id"));
        body::tagged(draft, body::text(referral, "/referer_uri").as_deref())
    }
}

/// An echo is the page's: a manager's, unless the app that sent it says otherwise.
fn author(message: &Value) -> (Author, Option<String>) {
    if !body::flag(message, "/is_echo") {
        return (Author::Contact, None);
    }
    let word = body::text(message, "/metadata");
    let said = word.as_deref().and_then(body::said_by);
    let (author, manager) = said.unwrap_or((Author::Manager, None));
    (author, manager.map(str::to_owned))
}

fn content(message: &Value) -> Content {
    let Some(file) = body::items(message, "/attachments").first() else {
        return Content::of(MessageKind::Text).said(message, "/text");
    };
    let kind = body::text(file, "/type").unwrap_or_default();
    let kind = match &*kind {
        "reel" | "ig_reel" => MessageKind::Video,
        other => body::kind_of(other),
    };
    let content = Content::of(kind).said(message, "/text");
    let media = matches!(
        kind,
        MessageKind::Image | MessageKind::Audio | MessageKind::Video | MessageKind::File
    );
    let address = body::text(file, "/payload/url").filter(|_| media);
    match address.as_deref() {
        Some(address) => content.file(body::name_of(address), None, None),
        None => content,
    }
}
