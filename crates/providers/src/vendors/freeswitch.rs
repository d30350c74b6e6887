//! FreeSWITCH: `mod_json_cdr` posts a record of each leg when it hung up.
//!
//! Source: mod_json_cdr.c (three encodings, `cred`, B-legs by `log-b-leg`) and the channel variables
//! of its documentation.

mod body;
mod parse;

use trunkline_model::event::Integrity;

use crate::shown::{show, shown};
use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct FreeSwitch;

static GUIDE: Guide = Guide {
    name: "freeswitch",
    title: "FreeSWITCH (mod_json_cdr)",
    talk: Talk::Calls,
    secret: "a password that you make up, long and random; in json_cdr.conf.xml it stands in `cred` as `trunkline:PASSWORD`",
    steps: &[
        "load mod_json_cdr (modules.conf.xml) and edit autoload_configs/json_cdr.conf.xml",
        "set `url` to {url}, `cred` to `trunkline:PASSWORD`, `auth-scheme` to `basic` and `encode` to `false`",
        "set `log-b-leg` to `true`: without it nobody knows who was rung and who answered",
        "set `retries` to 5, `delay` to 60 and `err-log-dir`, then `reload mod_json_cdr`",
    ],
    integrity: "nothing is signed; the password (or ?token= in the address) is shown with each request: weak. Use https, and name the exchange in `allow_ips`",
    retries: "as often as `retries` says, at once to the next `url`; then the record stays in err-log-dir as a file",
    replies: Replies::None,
    notes: &[
        "a call is told when it is over: there are no calls in progress from here",
        "who calls is told by the number: 2 to 6 digits are an extension. FusionPBX's call_direction goes first",
        "an answer is a bridge to a person; a menu that picks up is none",
    ],
    cycle_gap: None,
};

impl Provider for FreeSwitch {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        shown(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, &body::read(request)?)
    }

    fn sign(&self, secret: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        show(secret)
    }
}

#[cfg(test)]
mod tests;
