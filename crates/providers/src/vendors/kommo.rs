//! Kommo and amoCRM, channels of one's own: the webhooks of the Chats API (amojo).
//!
//! Source: providers.md M-KO, and the field names and the check of the signature in the PHP library
//! fcritic/amojo-api-client. The API tells a channel only what managers write; what contacts write
//! goes from the channel to Kommo, and a copy of that request may be sent here.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Kommo;

static GUIDE: Guide = Guide {
    name: "kommo",
    title: "Kommo (amoCRM) chats",
    talk: Talk::Conversations,
    secret: "the secret key of the channel, which Kommo gave when the channel was registered",
    steps: &[
        "have the channel registered with the webhook address {url} (Kommo's support does it)",
        "put the channel's secret key into account.hook.secrets",
        "let the channel send a copy of each request to `/v2/origin/custom/…` to {url} too, with \
         `X-Signature`: HMAC-SHA1 of the body under the channel's secret key, in hexadecimal digits",
    ],
    integrity: "the whole body is signed, without a time: verified; a repetition changes nothing",
    retries: "not documented: answer within seconds",
    replies: Replies::Echoes,
    notes: &[
        "replies come from Kommo: its webhook tells what managers write; `sender.id` is the manager",
        "what contacts write Kommo does not tell a channel: without the channel's copies no clock starts",
        "a copy whose sender has a `ref_id` is a manager's message written outside of Kommo",
        "a Salesbot's message looks like a manager's: Kommo sends nothing that tells them apart",
    ],
    cycle_gap: None,
};

impl Provider for Kommo {
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
