//! WhatsApp Cloud API.
//!
//! Source: providers.md M-WA; the reference of `smb_message_echoes` on developers.facebook.com; the
//! fields of statuses (`pricing`, `biz_opaque_callback_data`) as public code reads them; the rest of a
//! status is recalled.

mod content;
mod parse;
mod verify;

use trunkline_model::event::Integrity;
use trunkline_model::settings::Span;

use crate::{Answer, Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct WhatsApp;

static GUIDE: Guide = Guide {
    name: "whatsapp",
    title: "WhatsApp (Cloud API)",
    talk: Talk::Conversations,
    secret: "the app secret: App settings > Basic. Beside it, as a second secret, `verify:` and the \
             verify token that you make up",
    steps: &[
        "put the app secret, and `verify:WORD` with a word of your own, into account.hook.secrets",
        "in the app's WhatsApp > Configuration set the callback address {url} and the verify token WORD",
        "subscribe to `messages`; with a number that is also used in the WhatsApp Business app, to \
         `smb_message_echoes` too",
        "set account.hook.default_manager to whoever answers there, if it is one person",
    ],
    integrity: "the whole body is signed, without a time: verified; a repetition changes nothing",
    retries: "repeats for up to 7 days, less and less often",
    replies: Replies::Statuses,
    notes: &[
        "what is sent through the API is never echoed: the status `sent` of a message reveals it; of a \
         marketing template it is a campaign, else a message of default_manager",
        "a tool that sends may say who wrote: `biz_opaque_callback_data` = `bot`, `system`, `campaign`, \
         `manager` or `manager:ID`; without it a bot's message counts as a manager's",
        "what is written in the WhatsApp Business app comes as an echo (`smb_message_echoes`), by \
         default_manager; an echo and a status of one id are one message",
        "a conversation is the number's id and the contact's: `PHONE_NUMBER_ID:WA_ID`",
    ],
    cycle_gap: Some(Span::hours(24)),
};

impl Provider for WhatsApp {
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
