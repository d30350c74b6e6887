//! Messenger and Instagram.
//!
//! Source: providers.md M-FB; the ids of Meta's own inboxes as public code has them; the fields of
//! `pass_thread_control` are recalled.

mod parse;
mod verify;

use trunkline_model::event::Integrity;
use trunkline_model::settings::Span;

use crate::{Answer, Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Messenger;

static GUIDE: Guide = Guide {
    name: "messenger",
    title: "Messenger and Instagram",
    talk: Talk::Conversations,
    secret: "the app secret: App settings > Basic. Beside it, as a second secret, `verify:` and the \
             verify token that you make up",
    steps: &[
        "put the app secret, and `verify:WORD` with a word of your own, into account.hook.secrets",
        "in the app's Webhooks set the callback address {url} and the verify token WORD, for Page or \
         Instagram",
        "subscribe to `messages`, `message_echoes`, `messaging_postbacks` and `messaging_handovers`; \
         Instagram sends echoes with `messages`",
        "set account.hook.default_manager to whoever answers there, if it is one person",
    ],
    integrity: "the whole body is signed, without a time: verified; a repetition changes nothing",
    retries: "repeats at once and then less and less often for 36 hours; then the subscription may end",
    replies: Replies::Echoes,
    notes: &[
        "what the page sends comes as an echo (`is_echo`) and is a manager's reply, of default_manager: \
         Meta does not say which person wrote",
        "an app that sends may say who wrote: `metadata` = `bot`, `system`, `campaign`, `manager` or \
         `manager:ID`; without it a bot's echo counts as a manager's",
        "a thread that is passed to Meta's own inbox is handed over by the bot",
        "a conversation is the page's id and the contact's: `PAGE:CONTACT`; the contact is another on \
         every page",
    ],
    cycle_gap: Some(Span::hours(24)),
};

impl Provider for Messenger {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn greeting(&self, hook: &Hook, request: &Request<'_>) -> Result<Option<Answer>, Refused> {
        verify::greeting(hook, request)
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
