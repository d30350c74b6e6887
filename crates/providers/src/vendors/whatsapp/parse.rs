//! `messages` are the contact's, `message_echoes` what was written in the Business app, and the status
//! `sent` reveals what went through the API.

use serde_json::Value;
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::phone::e164;
use trunkline_model::time::Time;

use super::content::{Sort, sort};
use crate::body;
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body::json(request.body)?;
    let mut parsed = Parsed::nothing();
    for entry in body::items(&body, "/entry") {
        for change in body::items(entry, "/changes") {
            let field = body::text(change, "/field").unwrap_or_default();
            let value = change.get("value").unwrap_or(&Value::Null);
            let seen = Seen {
                hook,
                value,
                now: request.received_at,
            };
            match &*field {
                "messages" | "smb_message_echoes" => seen.read(&mut parsed),
                other => parsed.unknown.push(other.to_owned()),
            }
        }
    }
    Ok(parsed)
}

/// One change as it is read.
struct Seen<'a> {
    hook: &'a Hook,
    value: &'a Value,
    now: Time,
}

impl Seen<'_> {
    fn read(&self, parsed: &mut Parsed) {
        for message in body::items(self.value, "/messages") {
            sorted(message, parsed, |content| {
                Some(referred(content.onto(self.incoming(message)?), message))
            });
        }
        for message in body::items(self.value, "/message_echoes") {
            sorted(message, parsed, |content| {
                Some(content.onto(self.outgoing(message, Author::Manager, "/to")?))
            });
        }
        let statuses = body::items(self.value, "/statuses").iter();
        parsed
            .events
            .extend(statuses.filter_map(|status| self.status(status)));
    }

    fn incoming(&self, message: &Value) -> Option<Draft> {
        let contact = body::first(message, &["/from", "/from_user_id"])?;
        let group = body::text(message, "/group_id");
        let with = group.as_deref().unwrap_or(&contact);
        Some(
            self.message(message, with, Author::Contact)?
                .with("contact", person(&contact)),
        )
    }

    /// What was written to a contact.
    fn outgoing(&self, message: &Value, author: Author, to: &str) -> Option<Draft> {
        let to = body::text(message, to)?;
        let to = to.trim_start_matches('+');
        Some(
            self.message(message, to, author)?
                .with("contact", person(to)),
        )
    }

    fn message(&self, message: &Value, with: &str, author: Author) -> Option<Draft> {
        let number = body::text(self.value, "/metadata/phone_number_id")?;
        let id = body::text(message, "/id").unwrap_or_default();
        let at = body::time(message, "/timestamp").unwrap_or(self.now);
        let conversation = format!("{number}:{with}");
        Some(Draft::message(self.hook, &conversation, &id, author, at))
    }

    /// Of the statuses of a message only `sent` tells when it was written; the others would say the
    /// same with a later time.
    fn status(&self, status: &Value) -> Option<Draft> {
        if body::text(status, "/status")? != "sent" {
            return None;
        }
        let word = body::text(status, "/biz_opaque_callback_data");
        let (author, manager) = match word.as_deref().and_then(body::said_by) {
            Some(said) => said,
            None if is_marketing(status) => (Author::Campaign, None),
            None => (Author::Manager, None),
        };
        let paths = ["/recipient_id", "/recipient_user_id"];
        let to = paths
            .iter()
            .find(|path| body::text(status, path).is_some())?;
        // What was written it does not tell.
        let draft = body::Content::of(MessageKind::Other).onto(self.outgoing(status, author, to)?);
        Some(draft.maybe("manager", manager))
    }
}

/// Adds what a message of this type is made into.
fn sorted(
    message: &Value,
    parsed: &mut Parsed,
    draft: impl FnOnce(body::Content) -> Option<Draft>,
) {
    match sort(message) {
        Sort::Quiet => {}
        Sort::Unknown(kind) => parsed.unknown.push(kind),
        Sort::Message(content) => match draft(content) {
            Some(draft) => parsed.events.push(draft),
            None => parsed.unknown.push("message of nobody".into()),
        },
    }
}

/// Says whether a marketing template was sent. Who pays how is said by `pricing`; older statuses say
/// what kind of conversation was opened.
fn is_marketing(status: &Value) -> bool {
    let paths = ["/pricing/category", "/conversation/origin/type"];
    body::first(status, &paths).is_some_and(|category| category.starts_with("marketing"))
}

/// An advertisement or a post that led to the conversation.
fn referred(draft: Draft, message: &Value) -> Draft {
    let Some(referral) = message.get("referral") else {
        return draft;
    };
    let field = |path| body::text(referral, path).map(|text| body::short(&text));
    let draft = draft
        .with("origin", "channel")
        .maybe("ctwa_clid", field("/ctwa_clid"))
        .maybe("content", field("/source_id"));
    body::tagged(draft, body::text(referral, "/source_url").as_deref())
}

/// Gives a contact's id: the phone number that a `wa_id` is, so that one who calls is the same contact; an
/// id that is no number stays.
fn person(id: &str) -> String {
    e164(&format!("+{id}"), None).unwrap_or_else(|| id.to_owned())
}
