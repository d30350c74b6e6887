//! Twilio Voice: status callbacks of calls, of their legs and of recordings.
//!
//! Sources: the request validator of the vendor's Python client and its tests, for the signature; the
//! vendor's pages on status callbacks for the fields. SignalWire and Telnyx's TeXML speak the same
//! language and use the parser.

mod export;
pub(super) mod parse;
pub(super) mod verify;

use trunkline_model::event::Integrity;

use crate::{
    Draft, Guide, Hook, Parsed, Provider, Record, Refused, Replies, Request, Talk, Unreadable,
};

/// The adapter.
#[derive(Debug)]
pub struct Twilio;

static GUIDE: Guide = Guide {
    name: "twilio",
    title: "Twilio",
    talk: Talk::Calls,
    secret: "the auth token of the account: console.twilio.com, Account Info (the primary one; add the \
        secondary one while you rotate)",
    steps: &[
        "in console.twilio.com open Phone Numbers, Manage, Active numbers, and the number",
        "under Voice Configuration paste {url} into Call status changes, HTTP POST; leave the address \
         that answers calls (A call comes in) as it is: this hook answers nothing",
        "in your TwiML let each <Number>, <Sip> or <Client> inside <Dial> report: \
         statusCallback=\"{url}\" statusCallbackEvent=\"initiated ringing answered completed\"; without it \
         nobody knows who rang and who answered",
        "for calls that your program makes (REST API) give StatusCallback={url} and the same events",
        "where the REST API calls one of you first and then <Dial> someone outside, let the first report to \
         {url}?leg=manager and the second to {url}?leg=contact",
        "for recordings give recordingStatusCallback=\"{url}\"",
        "set public_url of the service to the address that Twilio calls: it is part of the signature",
    ],
    integrity: "the address and all fields are signed, a JSON body by its hash: verified. No time is \
        signed; a repetition is known by its ids",
    retries: "none after an answer; a connection that fails goes to the fallback address, and is repeated \
        if the address ends in #rc=4 or the like (up to 15 s in all)",
    replies: Replies::None,
    notes: &[
        "the answer of a call that comes in is that of your TwiML: it is shown as the menu; a call is \
         answered when a leg that it dials is",
        "legs are joined to their call by ParentCallSid. Calls that meet in a conference or a task router \
         have none in common and stay calls of their own; hold and resume of a conference are taken",
        "the extension of a leg is what was dialled: a SIP name, a client's name or, of a call that came \
         in, the number that it was forwarded to",
        "a leg that reports only its completion is taken to be answered CallDuration before it",
        "callbacks of calls tell nothing of a queue, of hold outside of conferences, nor that a call was \
         given on: that is one more leg",
        "events from Event Streams are kept and not read",
    ],
    cycle_gap: None,
};

impl Provider for Twilio {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        let given = request.header(verify::HEADER);
        verify::verify(
            hook,
            request,
            given.ok_or(Refused::Missing("X-Twilio-Signature"))?,
        )
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        Ok(parse::parse(hook, request))
    }

    fn exports(&self) -> &'static str {
        "the list of calls: the rows of Calls.json as NDJSON (`jq -c .calls[]`), or the call log of the console as CSV; of a leg that only it tells of there is no ringing"
    }

    fn export(&self, hook: &Hook, row: &Record) -> Result<Vec<Draft>, Unreadable> {
        export::read(hook, row)
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        vec![(verify::HEADER, verify::sign(secret, request))]
    }
}

#[cfg(test)]
mod tests;
