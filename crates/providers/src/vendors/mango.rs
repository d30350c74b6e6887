//! Mango Office: notifications in a form whose signature covers the JSON as it was sent.
//!
//! Source: the guide of the VPBX API (1.9) by way of the client libraries maxodrom/yii2-mango-office-api
//! and others, which agree on signature and fields.

mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Mango;

static GUIDE: Guide = Guide {
    name: "mango",
    title: "Mango Office",
    talk: Talk::Calls,
    secret: "the unique code of your exchange and the key for the signature, with a colon between: `CODE:KEY` (personal account, Integrations, API connector)",
    steps: &[
        "open Integrations, API connector, and switch it on",
        "enter {url} as the address of the external system: Mango adds /events/call, /events/summary and the like to it by itself",
        "choose to receive notifications of calls, their results and recordings, of all events",
        "copy the unique code of the exchange and the key for creating the signature into the hook's secret",
    ],
    integrity: "all of the JSON is signed: verified. The time is not checked, so that a copy of a request is taken again, and changes nothing",
    retries: "not documented; ask for the statistics of calls to find what was missed",
    replies: Replies::None,
    notes: &[
        "events come out of order: each carries a running number within its leg",
        "a call is named by entry_id, a leg by call_id; the result of a call comes with /events/summary",
        "a person who takes a call off hold is told as connected again: we tell it as resumed",
        "why somebody outside did not answer is a number whose meaning is not published: busy is told as no answer",
        "dynamic numbers of call tracking (dct) are not read from here yet",
    ],
    cycle_gap: None,
};

impl Provider for Mango {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn sign(&self, _: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn signed_body(&self, secret: &str, request: &Request<'_>) -> Option<Vec<u8>> {
        Some(verify::signed(secret, request))
    }
}

#[cfg(test)]
mod tests;
