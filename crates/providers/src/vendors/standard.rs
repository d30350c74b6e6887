//! Standard Webhooks: for anyone's own system, which sends events of the contract, signed.
//!
//! Source of the scheme: the specification of standardwebhooks.com. The body is an event, an array of
//! events or NDJSON, as at `POST /v1/events`.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::secrets::base64;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Standard;

static GUIDE: Guide = Guide {
    name: "standard",
    title: "Standard Webhooks",
    talk: Talk::Anything,
    secret: "a secret that both sides know: `whsec_` and base64 of 24 to 64 random bytes",
    steps: &[
        "give your system the address {url} and the secret",
        "sign each request as standardwebhooks.com says: webhook-id, webhook-timestamp and webhook-signature",
        "send an event of the contract, an array of them, or one a line",
    ],
    integrity: "all of the body is signed, with the time: verified; older than 5 minutes is refused",
    retries: "yours: send again what was not answered with 200",
    replies: Replies::Echoes,
    notes: &[],
    cycle_gap: None,
};

impl Provider for Standard {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, _: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(request.body)
    }

    fn new_secret(&self, random: &[u8; 32]) -> Option<String> {
        Some(format!("whsec_{}", base64(random)))
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
