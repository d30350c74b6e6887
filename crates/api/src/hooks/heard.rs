//! What came of a hook since the service started: for `status`, `doctor` and the board's page.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::time::Time;
use trunkline_providers::{Draft, Parsed, Refused};

use crate::metrics::HookOutcome;
use crate::redact::mask;

/// After so many messages of contacts without one of a manager something is wrong.
const UNANSWERED: u64 = 20;

/// Characters of a kind that are kept.
const KIND: usize = 60;
/// How many of the last requests are kept.
const RECENT: usize = 20;

/// Numbers requests, over all hooks.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// One of the last requests.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "HookRequest")]
pub(crate) struct Recent {
    /// Its place among the requests to all hooks since the start.
    number: u64,
    /// When it came.
    at: Time,
    /// What became of it.
    outcome: &'static str,
    /// What its events are: type, and phase, author or change.
    events: Vec<String>,
    /// Why it was refused, or what was not understood.
    detail: String,
}

/// What one request told.
pub(super) struct Heard {
    at: Time,
    outcome: HookOutcome,
    shadowed: u64,
    events: u64,
    from_contacts: u64,
    replied: bool,
    recent: Recent,
}

/// What a hook has told; counts are since the service started.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Told {
    /// When a verified request came last.
    pub(crate) last_request: Option<Time>,
    /// When what was told last happened.
    pub(crate) last_event: Option<Time>,
    /// Seconds from that to its arrival.
    pub(crate) lag_s: Option<f64>,
    /// Verified requests.
    pub(crate) requests: u64,
    /// Events in them.
    pub(crate) events: u64,
    /// Requests that were not verified.
    pub(crate) refused: u64,
    /// When the last of these came.
    pub(crate) last_refused: Option<Time>,
    /// Requests of a kind, or in a form, that we do not know.
    pub(crate) unknown: u64,
    /// Events of channels that have their messages from another hook.
    pub(crate) shadowed: u64,
    /// 20 messages of contacts came, and none of a manager after them.
    pub(crate) no_replies: bool,
    /// The connection that is held, of a provider that is connected to.
    pub(crate) link: Option<Line>,
    /// The last requests, the newest last.
    pub(crate) recent: VecDeque<Recent>,
    #[serde(skip)]
    unanswered: u64,
}

/// How a connection that we hold stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "HookLink")]
pub(crate) struct Line {
    /// Where it leads.
    address: String,
    /// Whether it stands, and the login was taken.
    connected: bool,
    /// Since when it does, or does not.
    since: Time,
    /// Why not, or why what came is not taken in at the moment; else empty.
    detail: String,
}

/// The log of a hook.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Told>);

impl Heard {
    /// Looks at what a request told.
    pub(super) fn of(parsed: &Parsed, outcome: HookOutcome, shadowed: u64, at: Time) -> Self {
        let author = |event: &Draft, author: &str| {
            event.field("author").and_then(|own| own.as_str()) == Some(author)
        };
        let events = &parsed.events;
        let recent = Recent {
            number: 0,
            at,
            outcome: outcome.as_str(),
            events: events.iter().take(5).map(named).collect(),
            detail: told(&parsed.unknown),
        };
        Self {
            recent,
            at,
            outcome,
            shadowed,
            events: events.len() as u64,
            from_contacts: events.iter().filter(|it| author(it, "contact")).count() as u64,
            replied: events.iter().any(|it| author(it, "manager")),
        }
    }
}

/// Names kinds that we do not know: what a sender writes is not kept whole.
fn told(unknown: &[String]) -> String {
    let kinds = unknown.iter().take(5).map(|kind| mask(kind, KIND));
    kinds.collect::<Vec<_>>().join(", ")
}

impl Told {
    fn note(&mut self, recent: Recent) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        self.recent.push_back(Recent { number, ..recent });
    }
}

/// Names an event by its type and what tells it apart, never by anything of a person.
fn named(event: &Draft) -> String {
    let word = |name: &str| event.field(name).and_then(|value| value.as_str());
    let kind = word("type").unwrap_or_default();
    let what = ["phase", "author", "change"]
        .iter()
        .find_map(|name| word(name));
    [Some(kind), what]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

impl Log {
    /// Notes a request that was not verified.
    pub(super) fn refused(&self, why: &Refused, at: Time) {
        let mut told = self.lock();
        told.note(Recent {
            number: 0,
            at,
            outcome: HookOutcome::Unverified.as_str(),
            events: Vec::new(),
            detail: why.to_string(),
        });
        told.refused += 1;
        told.last_refused = Some(at);
    }

    /// Notes a request that is on stable storage; its newest event happened at `newest`.
    pub(super) fn taken(&self, heard: Heard, newest: Option<Time>) {
        let mut told = self.lock();
        told.note(heard.recent);
        told.requests += 1;
        told.events += heard.events;
        told.shadowed += heard.shadowed;
        told.last_request = Some(heard.at);
        if heard.outcome != HookOutcome::Taken {
            told.unknown += 1;
        }
        if let Some(newest) = newest {
            told.last_event = Some(newest);
            told.lag_s = Some(heard.at.since(newest) as f64 / 1000.0);
        }
        told.unanswered += heard.from_contacts;
        if heard.replied {
            told.unanswered = 0;
        }
    }

    /// Notes that the connection to `address` stands, or why it does not.
    pub(super) fn linked(&self, address: String, stands: Result<(), String>, at: Time) {
        let mut told = self.lock();
        let connected = stands.is_ok();
        let before = told.link.take();
        let before = before.filter(|it| it.connected == connected && it.address == address);
        told.link = Some(Line {
            address,
            connected,
            since: before.map_or(at, |it| it.since),
            detail: stands.err().unwrap_or_default(),
        });
    }

    /// Notes why what came through the connection is not taken in at the moment; empty once it is.
    pub(super) fn held_up(&self, detail: String) {
        if let Some(link) = &mut self.lock().link {
            link.detail = detail;
        }
    }

    /// Gives what was told; `replies` says whether managers' replies are expected at all.
    pub(super) fn told(&self, replies: bool) -> Told {
        let mut told = self.lock().clone();
        told.no_replies = replies && told.unanswered >= UNANSWERED;
        told
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        // Counts are whole at every moment: a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
