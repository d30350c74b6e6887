//! SignalWire: status callbacks of its compatibility API, which are Twilio's in all but the signature.
//!
//! Sources: the vendor's own clients for the two signatures and their header, with a vector of their
//! tests; its page on status callbacks for the fields.

mod verify;

use trunkline_model::event::Integrity;

use super::twilio;
use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct SignalWire;

static GUIDE: Guide = Guide {
    name: "signalwire",
    title: "SignalWire",
    talk: Talk::Calls,
    secret: "the signing key of the space: the dashboard, API, Signing Key (it begins with PSK_)",
    steps: &[
        "in the dashboard open Phone Numbers, the number, and under Voice the status callback: paste {url}, \
         POST",
        "in your cXML let each <Number> or <Sip> inside <Dial> report: statusCallback=\"{url}\" \
         statusCallbackEvent=\"initiated ringing answered completed\"",
        "for calls that your program makes give StatusCallback={url} and the same events",
        "where your program calls one of you first and then <Dial> someone outside, let the first report \
         to {url}?leg=manager and the second to {url}?leg=contact",
        "for recordings give recordingStatusCallback=\"{url}\"",
        "set public_url of the service to the address that SignalWire calls: it is part of the signature",
    ],
    integrity: "the address and all fields are signed, of JSON the whole body: verified. No time is signed; \
        a repetition is known by its ids",
    retries: "not documented",
    replies: Replies::None,
    notes: &[
        "all that is said of Twilio's calls holds: what answers a call that comes in is the program, a \
         person answers on a leg that it dials",
        "callbacks of Relay and SWML (JSON) are verified, kept and not read",
        "where the signing key stands in the dashboard is recalled, not checked",
    ],
    cycle_gap: None,
};

impl Provider for SignalWire {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        if verify::is_json(request) {
            return Ok(Parsed::unknown("JSON"));
        }
        Ok(twilio::parse::parse(hook, request))
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        vec![(verify::HEADER, verify::sign(secret, request))]
    }
}

#[cfg(test)]
mod tests;
