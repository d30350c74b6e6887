//! Telnyx Voice API: webhooks of Call Control, of version 2 and the flat ones of version 1.
//!
//! Sources: the vendor's pages on webhooks and their schemas for the fields and the signature; logs of
//! calls that others published for what is really sent.

mod parse;
pub(super) mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Telnyx;

static GUIDE: Guide = Guide {
    name: "telnyx",
    title: "Telnyx Voice API",
    talk: Talk::Calls,
    secret: verify::SECRET,
    steps: &[
        "in portal.telnyx.com open Voice, Programmable Voice, and your Voice API application",
        "Telnyx tells one address only, and that is your program's: let the program pass each request on \
         to {url} as it came, with its body and its two telnyx- headers, within 5 minutes; or, if another \
         program commands the calls, paste {url} as the webhook address, API v2",
        "where your program dials someone outside for one of you, give webhook_url {url}?leg=contact, and \
         where it dials the telephone of one of you {url}?leg=manager; without it a SIP address is one of \
         you, and a phone number what a call from outside was forwarded to",
        "leave the method at POST: what comes by GET is not signed",
    ],
    integrity: verify::INTEGRITY,
    retries: "until it is answered with 200, then to the failover address; the vendor says not to rely on \
        single delivery or order",
    replies: Replies::None,
    notes: &[
        "a call is answered when the leg of one of you is, or the number that it was forwarded to; that your \
         program picks up is no answer. It is shown as the menu once it asked for digits (gather)",
        "the legs of a call share call_session_id",
        "the address of a recording expires within minutes unless your account stores recordings \
         publicly; it is kept without its expiring signature",
        "where menus stand in the portal is recalled, not checked",
    ],
    cycle_gap: None,
};

impl Provider for Telnyx {
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
