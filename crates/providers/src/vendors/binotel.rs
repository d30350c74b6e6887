//! Binotel: signs nothing; who may call is told by the address alone.
//!
//! Source: the client library sashalenz/binotel-api (requests and their fields, the list of
//! addresses), and webhooks shown by several integrations (a form with names in brackets).

mod parse;

use trunkline_model::event::Integrity;

use crate::address::{is_in, network};
use crate::{
    Answer, Draft, Guide, Hook, Parsed, Provider, Record, Refused, Replies, Request, Talk,
    Unreadable,
};

/// The adapter.
#[derive(Debug)]
pub struct Binotel;

/// The addresses that Binotel calls from, where a hook does not name its own.
const ADDRESSES: [&str; 26] = [
    "194.88.218.114",
    "194.88.218.116",
    "194.88.218.117",
    "194.88.218.118",
    "194.88.218.119",
    "194.88.218.120",
    "194.88.219.67",
    "194.88.219.70",
    "194.88.219.71",
    "194.88.219.72",
    "194.88.219.78",
    "194.88.219.79",
    "194.88.219.80",
    "194.88.219.81",
    "194.88.219.82",
    "194.88.219.83",
    "194.88.219.84",
    "194.88.219.85",
    "194.88.219.86",
    "194.88.219.87",
    "194.88.219.88",
    "194.88.219.89",
    "194.88.219.92",
    "185.100.66.145",
    "185.100.66.146",
    "185.100.66.147",
];

static GUIDE: Guide = Guide {
    name: "binotel",
    title: "Binotel",
    talk: Talk::Calls,
    secret: "",
    steps: &[
        "ask Binotel's support to send API CALL SETTINGS, API CALL COMPLETED and the push notifications of calls to {url}",
        "set `allow_ips` of the hook only if the support names other addresses than the 26 that hold by default",
    ],
    integrity: "nothing is signed: unverified. Without `allow_ips` only these may call: 194.88.218.114, .116 to .120, 194.88.219.67, .70 to .72, .78 to .89, .92, 185.100.66.145 to .147. Behind a proxy, name it in `trusted_proxies`, else every request seems to come from the proxy and is refused",
    retries: "not documented; what was missed comes with the export of the call history",
    replies: Replies::None,
    notes: &[
        "notifications during a call carry no time: they happened when they arrived. The record after the call carries the beginning and the seconds of waiting and talking",
        "the record lists each extension that was tried, one after the other",
        "nothing is told of queues and hold, and of several that ring at once only those that the record lists",
    ],
    cycle_gap: None,
};

impl Provider for Binotel {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        let networks: Vec<_> = ADDRESSES.iter().filter_map(|text| network(text)).collect();
        match request.peer {
            Some(peer) if hook.allow_ips.is_empty() && !is_in(&networks, peer) => {
                Err(Refused::Address(peer))
            }
            _ => Ok(Integrity::Unverified),
        }
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn answer(&self) -> Answer {
        Answer::json(r#"{"status":"success"}"#)
    }

    fn exports(&self) -> &'static str {
        "the call details of its API's statistics (/stats/), one a line as NDJSON: what apiCallCompleted sends as callDetails"
    }

    fn export(&self, hook: &Hook, row: &Record) -> Result<Vec<Draft>, Unreadable> {
        parse::export(hook, row)
    }

    fn sign(&self, _: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
