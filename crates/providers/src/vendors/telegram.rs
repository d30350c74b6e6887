//! Telegram: bots, and business accounts connected to a bot.
//!
//! Source: providers.md M-TG; `is_from_offline` and `sender_business_bot` as
//! libraries of the Bot API describe them; the other names of fields are recalled.

mod content;
mod parse;
mod verify;

use trunkline_model::event::Integrity;
use trunkline_model::settings::Span;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Telegram;

static GUIDE: Guide = Guide {
    name: "telegram",
    title: "Telegram (Bot and Business)",
    talk: Talk::Conversations,
    secret: "a word of 1 to 256 letters, digits, `_` and `-` that you make up: `secret_token` of setWebhook",
    steps: &[
        "make up a long random word and put it into account.hook.secrets",
        "call setWebhook of the Bot API with url = {url} and secret_token = the word; leave \
         allowed_updates empty, or name message and business_message",
        "for a business account: Settings > Business > Chatbots, add the bot there",
    ],
    integrity: "nothing is signed: each request carries the word itself, so that its events are weak",
    retries: "repeats until it is answered with 200, for a day",
    replies: Replies::Echoes,
    notes: &[
        "business account: what its owner writes comes too, and is the reply of the manager \
         `telegram:ID`; what a connected bot writes in his name is a bot's, away and greeting messages \
         are the system's",
        "bot: Telegram does not tell a bot what the bot itself sends; the tool in which managers \
         write posts those `message` events",
        "in a group everyone who writes is a contact: Telegram does not say who works for you; only what \
         is written in the group's own name is a reply, of default_manager",
        "a business conversation is `CONNECTION:CHAT`, a bot's is the chat's id",
        "`/start WORD` of a link t.me/BOT?start=WORD makes WORD the campaign",
    ],
    cycle_gap: Some(Span::hours(24)),
};

impl Provider for Telegram {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn new_secret(&self, random: &[u8; 32]) -> Option<String> {
        Some(hex::encode(random))
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
