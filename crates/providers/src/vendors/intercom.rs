//! Intercom.
//!
//! Source: providers.md M-IC; the names of fields in a conversation are the API's, recalled.

mod change;
mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Intercom;

static GUIDE: Guide = Guide {
    name: "intercom",
    title: "Intercom",
    talk: Talk::Conversations,
    secret: "the client secret of the app: Developer Hub > your app > Basic information",
    steps: &[
        "put the app's client secret into account.hook.secrets",
        "in Developer Hub > your app > Webhooks set the address {url}",
        "subscribe to the topics conversation.user.created, conversation.user.replied, all of \
         conversation.admin and those of the bot's replies",
    ],
    integrity: "the whole body is signed, without a time: verified; a repetition changes nothing",
    retries: "repeats once after a minute what was not answered within 5 seconds",
    replies: Replies::Echoes,
    notes: &[
        "replies come from Intercom: each part of a conversation says whether a person or a bot wrote it, \
         and that is what counts, not the topic",
        "a bot's part comes under two topics and is one message: it has one id",
        "a note is kept as a note; a reply that closes or assigns is both",
        "what an outbound series sends is a campaign's",
        "a bot that assigns a conversation hands it over",
    ],
    cycle_gap: None,
};

impl Provider for Intercom {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
