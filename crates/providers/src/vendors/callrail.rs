//! CallRail: the whole call, each time something changed, signed with HMAC-SHA1.
//!
//! Source: apidocs.callrail.com, webhooks; the published vector of its signature.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct CallRail;

static GUIDE: Guide = Guide {
    name: "callrail",
    title: "CallRail",
    talk: Talk::Calls,
    secret: "the signing key of your company (Settings, Integrations, Webhooks); one for each company",
    steps: &[
        "open Settings, Integrations, Webhooks of the company",
        "paste {url} for Pre-Call, Post-Call, Call Modified, Outbound Post Call and Outbound Call Modified",
        "copy the signing key from the same page into the hook's secrets; several companies: several keys",
    ],
    integrity: "all of the body is signed: verified. The time is not checked, so that a copy of a request is taken again, and changes nothing",
    retries: "none: what was not answered with 2xx is lost, and after many failures CallRail switches the webhook off",
    replies: Replies::None,
    notes: &[
        "Post-Call comes up to 20 minutes after the end, with the recording; Pre-Call when it begins",
        "duration is the length of the call: who talked how long within it is not told, only the name of the person",
        "give the hook role = \"tracker\" where an exchange tells of the same calls",
        "managers are named by CallRail's e-mail or name of the person: make these aliases",
    ],
    cycle_gap: None,
};

impl Provider for CallRail {
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
