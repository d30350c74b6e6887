//! A hook of the account as those who run it see it: the answer of `GET /v1/admin/hooks`, and what a
//! person who connects its provider needs to know.

use serde::Deserialize;
use trunkline_model::time::Time;

/// A hook.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What came of it.
    pub told: Told,
    /// How its provider is connected.
    pub guide: Guide,
}

/// An extension, or a provider's name of a manager, that is nobody's.
#[derive(Clone, Debug)]
pub struct Unmapped {
    /// The hook that told of it first; `api` if none did.
    pub hook: String,
    /// The extension, else the name.
    pub name: String,
    /// In how many calls of the last 7 days it was.
    pub calls: u64,
    /// When the last of these began.
    pub last: Time,
}

/// What a hook has told; counts are since the service started.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    /// The hook's id.
    pub hook: String,
    /// The provider's name.
    pub provider: String,
    /// Where its requests go.
    pub path: String,
    /// Whether it has a secret, where its provider signs.
    pub secret: bool,
    /// When a verified request came last.
    pub last_request: Option<Time>,
    /// When what was told last happened.
    pub last_event: Option<Time>,
    /// Seconds from that to its arrival.
    pub lag_s: Option<f64>,
    /// Verified requests.
    pub requests: u64,
    /// Events in them.
    pub events: u64,
    /// Requests that were not verified.
    pub refused: u64,
    /// When the last of these came.
    pub last_refused: Option<Time>,
    /// Requests of a kind, or in a form, that is not known.
    pub unknown: u64,
    /// Events of channels that have their messages from another hook.
    pub shadowed: u64,
    /// Many messages of contacts came, and none of a manager after them.
    pub no_replies: bool,
    /// The connection that is held, of a provider that is connected to.
    #[serde(default)]
    pub link: Option<Link>,
    /// The last requests, the newest last.
    pub recent: Vec<Recent>,
}

/// How a connection to a provider stands.
#[derive(Clone, Debug, Deserialize)]
pub struct Link {
    /// Where it leads.
    pub address: String,
    /// Whether it stands.
    pub connected: bool,
    /// Since when it does, or does not.
    pub since: Time,
    /// Why not, or why what comes waits; else empty.
    pub detail: String,
}

/// One of the last requests.
#[derive(Clone, Debug, Deserialize)]
pub struct Recent {
    /// When it came.
    pub at: Time,
    /// What became of it: `taken`, `unknown`, `unreadable` or `unverified`.
    pub outcome: String,
    /// What its events are.
    pub events: Vec<String>,
    /// Why it was refused, or what was not understood.
    pub detail: String,
}

/// How a provider is connected, in words for people.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// The name that people know it by.
    pub title: &'static str,
    /// What the secret is and where it stands there; empty if it signs nothing.
    pub secret: &'static str,
    /// What to click there and where to paste the address: a step each, with `{url}` in it.
    pub steps: &'static [&'static str],
    /// What its signature covers and what it leaves out.
    pub integrity: &'static str,
    /// How it repeats what was not taken.
    pub retries: &'static str,
    /// Where managers' replies come from; empty where there are none.
    pub replies: &'static str,
    /// What else surprises.
    pub notes: &'static [&'static str],
}
