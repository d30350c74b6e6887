//! Vonage Voice API (once Nexmo): the event webhooks of calls.
//!
//! Sources: the vendor's reference of webhooks for statuses and fields, its tutorials for their order;
//! its page on signed webhooks for the token.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Vonage;

static GUIDE: Guide = Guide {
    name: "vonage",
    title: "Vonage Voice API",
    talk: Talk::Calls,
    secret: "the signature secret of the account: dashboard.vonage.com, API Settings (not the API secret)",
    steps: &[
        "in dashboard.vonage.com open Applications, your application, Edit, Capabilities, Voice",
        "switch Use signed webhooks on",
        "paste {url} as the Event URL, HTTP POST; leave the Answer URL to your program",
        "where your NCCO connects to the telephone of one of you in a call that your program made, give the \
         connect action \"eventUrl\": [\"{url}?leg=manager\"]; else a SIP address or an app user is one of \
         you, and a phone number what a call from outside was forwarded to",
        "for recordings give the record action \"eventUrl\": [\"{url}\"]",
    ],
    integrity: "a token signs the hash of the body, with the time: verified; older than 5 minutes is \
        refused. The vendor says that a webhook may rarely come unsigned after a fault of its own; it is \
        refused",
    retries: "an answer other than 200 or none in time is repeated for a while, and goes to the fallback \
        address if there is one; how often is recalled, not checked",
    replies: Replies::None,
    notes: &[
        "what answers a call that comes in is your NCCO: it is shown as the menu. A call is answered when \
         a leg that is connected to it is",
        "the legs of a call share conversation_uuid. Legs that an NCCO moves into a named conversation get \
         another one, so they stay calls of their own",
        "ringing may come before started, with the same time",
        "legs to a WebSocket are programs, and are left out",
        "where menus stand in the dashboard is recalled, not checked",
    ],
    cycle_gap: None,
};

impl Provider for Vonage {
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
