//! DIDWW phone.systems: signed webhooks, each with an id that stays the same over its repetitions.
//!
//! Source: doc.didww.com, phone.systems, Call Webhooks (signature, headers, envelope, kinds of events).
//! What stands in `data` was not to be verified: several names of each field are understood.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Didww;

static GUIDE: Guide = Guide {
    name: "didww",
    title: "DIDWW phone.systems",
    talk: Talk::Calls,
    secret: "the secret of the webhook, shown in Settings, Webhooks",
    steps: &[
        "open phone.systems from the DIDWW user panel as the owner of the account",
        "open Settings, Webhooks, and add {url}, which must be https",
        "copy the secret that is shown into the hook's secrets",
        "choose call.started, call.connected, call.ended, call.cdr.created and call.cdr.attachment_created",
    ],
    integrity: "all of the body is signed, with the time: verified; older than 5 minutes is refused",
    retries: "up to 10 times, each signed anew, with the same event id",
    replies: Replies::None,
    notes: &[
        "events come from several systems: their order by time is not the order of the call, phases are ranked",
        "a call is named by global_tag",
    ],
    cycle_gap: None,
};

impl Provider for Didww {
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
