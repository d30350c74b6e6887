//! Viber.
//!
//! Source: providers.md M-VI; names of fields recalled.

mod parse;
mod verify;

use serde_json::Value;
use trunkline_model::event::Integrity;
use trunkline_model::settings::Span;

use crate::{Answer, Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Viber;

static GUIDE: Guide = Guide {
    name: "viber",
    title: "Viber",
    talk: Talk::Conversations,
    secret: "the bot's authentication token: Viber Admin Panel > Edit bot",
    steps: &[
        "put the bot's token into account.hook.secrets",
        "call set_webhook of the Viber API with url = {url}",
    ],
    integrity: "the whole body is signed, without a time: verified; a repetition changes nothing",
    retries: "repeats what was not answered with 200 for some hours",
    replies: Replies::Posted,
    notes: &[
        "Viber never tells what was sent to a contact, only that something was delivered or seen, which \
         is not when it was written: the tool in which managers write posts those `message` events, with \
         the contact's id as conversation and contact",
        "an id of a contact is of this bot only, and no phone number is given",
    ],
    cycle_gap: Some(Span::hours(24)),
};

/// What Viber takes for success.
const TAKEN: &str = r#"{"status":0}"#;

impl Provider for Viber {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    /// The address is tried with an event that tells nothing, and must be answered at once.
    fn greeting(&self, _: &Hook, request: &Request<'_>) -> Result<Option<Answer>, Refused> {
        let body = serde_json::from_slice::<Value>(request.body).unwrap_or_default();
        Ok((body["event"] == "webhook").then(|| self.answer()))
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn answer(&self) -> Answer {
        Answer::json(TAKEN)
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
