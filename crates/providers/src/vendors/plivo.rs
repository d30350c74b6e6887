//! Plivo Voice: callbacks of calls, of the legs that they dial and of recordings.
//!
//! Sources: the vendor's Python client for the signature, version 3; its pages and a published body of a
//! real callback for the fields. That body also shows that times are those of the account's zone.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Plivo;

static GUIDE: Guide = Guide {
    name: "plivo",
    title: "Plivo",
    talk: Talk::Calls,
    secret: "the auth token: console.plivo.com, Overview. Requests of a subaccount are signed with its own \
        token and, in a second header, with that of the main account: either will do",
    steps: &[
        "in console.plivo.com open Voice, Applications, XML, and your application",
        "paste {url} as the Hangup URL, POST; leave the Primary Answer URL to your program: this hook \
         answers no call",
        "in your XML give each <Dial> callbackUrl=\"{url}\" callbackMethod=\"POST\"; without it nobody knows \
         who answered",
        "for calls that your program makes (Call API) give hangup_url and ring_url {url}",
        "where the Call API calls one of you first and then <Dial> someone outside, use {url}?leg=manager \
         for the first and {url}?leg=contact for the second",
        "for recordings give the <Record> element callbackUrl=\"{url}\"",
        "set `timezone` of the hook to the time zone of the Plivo account (console, Account): its times \
         say none",
        "set public_url of the service to the address that Plivo calls: it is part of the signature",
    ],
    integrity: "the address and all fields are signed, with a number used once but no time: verified. A \
        repetition is known by its ids",
    retries: "an address that does not answer is tried 3 times; how far apart is recalled, not checked",
    replies: Replies::None,
    notes: &[
        "a call that comes in is answered when a leg that it dials is; what your program says before is \
         not told, so there is no menu",
        "<Dial> tells the answer and the end of the leg that took the call, not of all that rang: who was \
         rung in vain is not known",
        "where menus stand in the console is recalled, not checked",
        "the older signatures (V1, V2) do not cover the fields and are not taken",
    ],
    cycle_gap: None,
};

impl Provider for Plivo {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        Ok(parse::parse(hook, request))
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
