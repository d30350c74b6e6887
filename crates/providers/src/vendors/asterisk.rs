//! Asterisk: one's own telephone exchange, which is connected to and calls nobody.
//!
//! [`Ami`] speaks the manager interface (text blocks over TCP), [`Ari`] reads the events of its REST
//! interface (JSON over a WebSocket). Both are pure: bytes or frames go in, events and the bytes to
//! send come out; whoever holds the socket connects, reads, writes and comes back after a loss. Both
//! lead to the same state machine (`calls`), so that a call is told alike whichever way it was seen.
//!
//! Source: docs.asterisk.org, events of AMI and ARI, versions 16 to 22.

mod address;
mod ami;
mod ari;
mod calls;
mod cdr;
mod line;

pub use address::{Address, Login};
pub use ami::{Ami, Broken, Heard};
pub use ari::Ari;
pub use line::Lines;
use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter: it gives Asterisk a name among the providers. No webhook is ever its.
#[derive(Debug)]
pub struct Asterisk;

static GUIDE: Guide = Guide {
    name: "asterisk",
    title: "Asterisk",
    talk: Talk::Calls,
    secret: "a user of the manager interface (manager.conf), or of ARI (ari.conf), and his password: \"user:password\"",
    steps: &[
        "Asterisk is connected to: it needs no address of this service, and {url} takes nothing from it",
        "for AMI, add a user to manager.conf: `[trunkline]`, `secret = ...`, `read = call,agent,dialplan,cdr`, `write = reporting`, `permit` with this service's address alone, and `timestampevents = yes` under `[general]`",
        "for ARI, add a user to ari.conf: `[trunkline]`, `type = user`, `read_only = yes`, `password = ...`, and `channelvars = CHANNEL(linkedid)` under `[general]`; enable http.conf",
        "reload: `manager reload`, or `module reload res_ari.so`",
        "in the hook here, set `address` to `ami://HOST:5038`, or to `ari+ws://HOST:8088/ari/events?app=trunkline`",
    ],
    integrity: "the connection is ours and its password known to both sides: verified; across a network that is not yours lead the connection through a VPN or a tunnel with TLS, for it is plain",
    retries: "none: what happens while the connection is down is not told again; after it the calls are compared with the exchange's list, and call records fill in what was missed",
    replies: Replies::None,
    notes: &[
        "a channel is an extension's if its name is 2 to 6 digits (PJSIP/101-...), or its caller id is; name the trunks where extensions have other names",
        "a call that ended unseen ends when the connection was lost, as answered or timed out",
        "without timestampevents times are those of arrival",
        "calls of a ring group or queue ring at every extension that rings: each is a leg",
    ],
    cycle_gap: None,
};

impl Provider for Asterisk {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn is_called(&self) -> bool {
        true
    }

    fn verify(&self, _: &Hook, _: &Request<'_>) -> Result<Integrity, Refused> {
        Err(Refused::Missing(
            "a connection to Asterisk, which sends no webhooks,",
        ))
    }

    fn parse(&self, _: &Hook, _: &Request<'_>) -> Result<Parsed, Unreadable> {
        Ok(Parsed::nothing())
    }

    fn sign(&self, _: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
