//! What came of a hook since the service started: for `status`, `doctor` and the board's page.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use trunkline_model::time::Time;
use trunkline_providers::{Draft, Parsed};

use crate::metrics::HookOutcome;

/// After so many messages of contacts without one of a manager something is wrong.
const UNANSWERED: u64 = 20;

/// What one request told.
pub(super) struct Heard {
    at: Time,
    outcome: HookOutcome,
    shadowed: u64,
    events: u64,
    from_contacts: u64,
    replied: bool,
}

/// What a hook has told; counts are since the service started.
#[derive(Debug, Clone, Default, Serialize)]
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
    #[serde(skip)]
    unanswered: u64,
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
        Self {
            at,
            outcome,
            shadowed,
            events: events.len() as u64,
            from_contacts: events.iter().filter(|it| author(it, "contact")).count() as u64,
            replied: events.iter().any(|it| author(it, "manager")),
        }
    }
}

impl Log {
    /// Notes a request that was not verified.
    pub(super) fn refused(&self, at: Time) {
        let mut told = self.lock();
        told.refused += 1;
        told.last_refused = Some(at);
    }

    /// Notes a request that is on stable storage; its newest event happened at `newest`.
    pub(super) fn taken(&self, heard: &Heard, newest: Option<Time>) {
        let mut told = self.lock();
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
