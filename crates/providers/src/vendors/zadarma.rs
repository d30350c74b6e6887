//! Zadarma: the telephone exchange's notices of calls, also under the name Teamsale.
//!
//! Sources: the vendor's client (`zadarma/user-api-v1`, its `lib/Api.php` and `lib/Webhook`) for the
//! fields and the signature; two independent integrations for the handshake and the times.

mod export;
mod parse;
mod verify;

use http::Method;
use trunkline_model::event::Integrity;

use crate::{
    Answer, Draft, Guide, Hook, Parsed, Provider, Record, Refused, Replies, Request, Talk,
    Unreadable,
};

/// The adapter.
#[derive(Debug)]
pub struct Zadarma;

/// The most characters of a handshake that are given back.
const ECHO: usize = 64;

static GUIDE: Guide = Guide {
    name: "zadarma",
    title: "Zadarma",
    talk: Talk::Calls,
    secret: "the API secret: my.zadarma.com, Settings, Integrations and API, Keys and API; it is shown \
        once, together with the key",
    steps: &[
        "in my.zadarma.com open Settings, Integrations and API, and there the notices of calls of the \
         exchange (PBX)",
        "paste {url} as the address for notices; Zadarma asks it once with zd_echo and saves it only if it \
         is answered",
        "switch on all notices: NOTIFY_START, NOTIFY_INTERNAL, NOTIFY_ANSWER, NOTIFY_END, \
         NOTIFY_OUT_START, NOTIFY_OUT_END, NOTIFY_RECORD, NOTIFY_IVR; without NOTIFY_ANSWER nobody knows \
         when a call was answered",
        "set `timezone` of the hook to the time zone of the Zadarma account: its times say none",
        "set allow_ips = [\"185.45.152.42\"] (seen in the vendor's example; watch the refused requests for \
         others before you rely on it)",
        "make each extension known: [[account.manager]] extensions = [\"101\"]",
    ],
    integrity: "only the two numbers and the start of the call are signed; duration, disposition, \
        extension and the id of the call are not, nor is the time: weak. Who saw one notice could make \
        another of the same call, so keep the address secret and set allow_ips. The first end of a call \
        wins. Notices of recordings are signed whole",
    retries: "not documented: take it that a notice is sent once; fill gaps with an export of the \
        statistics",
    replies: Replies::None,
    notes: &[
        "notices of ringing, answer and end carry no time of their own: it is when they came, or, if \
         later than an hour, the start of the call and its duration",
        "nothing is told of queues, hold and transfers: who answers after another is one more leg",
        "duration is not said to be the time talked, so it is taken for neither talk nor wait",
        "a call that a greeting takes counts as answered for Zadarma; here a call is answered when an \
         extension or a forwarded number answers",
        "the recording is an address of the vendor's API, readable some 40 seconds after the end; it wants \
         the API key",
        "the names of menus in the cabinet are recalled, not checked",
    ],
    cycle_gap: None,
};

impl Provider for Zadarma {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn greeting(&self, _: &Hook, request: &Request<'_>) -> Result<Option<Answer>, Refused> {
        let echo = match *request.method {
            Method::GET => request.asked("zd_echo"),
            _ => None,
        };
        let Some(echo) = echo else { return Ok(None) };
        // What is given back is read by a browser, too: nothing that could be a page.
        let harmless = echo.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if echo.is_empty() || echo.len() > ECHO || !harmless {
            return Err(Refused::Malformed("zd_echo"));
        }
        Ok(Some(Answer::text(echo.into_owned())))
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        Ok(parse::parse(hook, request))
    }

    fn exports(&self) -> &'static str {
        "the statistics of the exchange, as CSV with their columns (callstart, pbx_call_id, clid, destination, sip, disposition, seconds), or the rows of /v1/statistics/pbx/ as NDJSON; a call that only they tell of has no wait"
    }

    fn export(&self, hook: &Hook, row: &Record) -> Result<Vec<Draft>, Unreadable> {
        export::read(hook, row)
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
