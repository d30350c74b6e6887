//! Telnyx TeXML: status callbacks in the language of Twilio, signed as Telnyx signs.
//!
//! Source: the vendor's pages on the callbacks of TeXML, for the fields and the signature.

use trunkline_model::event::Integrity;

use super::telnyx::verify;
use super::twilio;
use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct TelnyxTexml;

static GUIDE: Guide = Guide {
    name: "telnyx-texml",
    title: "Telnyx TeXML",
    talk: Talk::Calls,
    secret: verify::SECRET,
    steps: &[
        "in portal.telnyx.com open Voice, Programmable Voice, TeXML Applications, and your application",
        "paste {url}?direction=inbound as the address of call progress events (status callback), POST",
        "in your TeXML let each <Number> or <Sip> inside <Dial> report: statusCallback=\"{url}\" \
         statusCallbackEvent=\"initiated ringing answered completed\"",
        "for calls that your program makes give StatusCallback={url}?direction=outbound: the callbacks do \
         not say which way a call goes",
        "where your program calls one of you first and then <Dial> someone outside, let the first report \
         to {url}?leg=manager and the second to {url}?leg=contact",
        "for recordings give recordingStatusCallback=\"{url}\"",
    ],
    integrity: verify::INTEGRITY,
    retries: "until it is answered with 200, then to the failover address",
    replies: Replies::None,
    notes: &[
        "all that is said of Twilio's calls holds: what answers a call that comes in is the program, a \
         person answers on a leg that it dials",
        "where menus stand in the portal is recalled, not checked",
    ],
    cycle_gap: None,
};

impl Provider for TelnyxTexml {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        Ok(twilio::parse::parse(hook, request))
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
