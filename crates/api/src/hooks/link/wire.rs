//! One connection over its losses: when to connect again, and the way of what came through it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use trunkline_model::batch::{Batch, Shape};
use trunkline_model::time::Time;
use trunkline_pipeline::{Phase, Submission, SubmitError};
use trunkline_providers::vendors::asterisk::{Address, Ami, Ari, Login};
use trunkline_providers::{Draft, Link, Parsed};

use super::down::{Down, Pauses};
use super::{ami, ari};
use crate::hooks::heard::Heard;
use crate::hooks::{Entry, batch, lines};
use crate::metrics::{self, Arrival, HookOutcome, Source};
use crate::routes::Shared;

/// How long a connection, or an answer to a request, may take.
pub(super) const WITHIN: Duration = Duration::from_secs(10);
/// How often a quiet connection is asked for a sign of life, and how long it may give none.
pub(super) const ASK: Duration = Duration::from_secs(30);
pub(super) const SILENCE: Duration = Duration::from_secs(75);
/// Events that are handed on together.
const AT_ONCE: usize = 500;
/// The pause before events that were not taken are handed on again.
const AGAIN: Duration = Duration::from_millis(500);

/// A hook whose provider is connected to.
pub(super) struct Wire {
    shared: Shared,
    entry: Arc<Entry>,
    link: Link,
    pub(super) stop: CancellationToken,
    /// When it was heard last.
    heard: Time,
    /// Since when it stands.
    stands: Option<Instant>,
}

/// What is known of the calls there.
enum Calls {
    Ami(Box<Ami>),
    Ari(Box<Ari>),
}

impl Calls {
    fn of(entry: &Entry, link: &Link) -> Self {
        let (hook, lines) = (entry.hook.clone(), link.lines.clone());
        match link.address {
            Address::Ami { .. } => {
                let secret = trunkline_model::settings::Secret::new("");
                Self::Ami(Box::new(Ami::new(hook, "", secret, lines)))
            }
            Address::Ari { .. } => Self::Ari(Box::new(Ari::new(hook, lines))),
        }
    }

    fn lost(&mut self, at: Time) {
        match self {
            Self::Ami(ami) => ami.lost(at),
            Self::Ari(ari) => ari.lost(at),
        }
    }
}

impl Wire {
    /// Makes it; none of a hook that is not connected to.
    pub(super) fn new(
        shared: &Shared,
        entry: &Arc<Entry>,
        stop: CancellationToken,
    ) -> Option<Self> {
        Some(Self {
            link: entry.hook.link.clone()?,
            heard: (shared.clock)(),
            shared: Arc::clone(shared),
            entry: Arc::clone(entry),
            stop,
            stands: None,
        })
    }

    /// Connects, and again after every loss, until it is stopped.
    pub(super) async fn run(mut self) {
        self.tell(Err("not connected yet".to_owned()));
        if self.link.logins.is_empty() {
            self.tell(Err("it has no secret: set account.hook.secrets".to_owned()));
            return self.stop.cancelled().await;
        }
        while self.shared.pipeline.phase() == Phase::Starting {
            if !self.pause(AGAIN).await {
                return;
            }
        }
        let mut calls = Calls::of(&self.entry, &self.link);
        let mut pauses = Pauses::default();
        let mut turn = 0;
        loop {
            let login = self.link.logins[turn % self.link.logins.len()].clone();
            let ended = match &mut calls {
                Calls::Ami(ami) => ami::talk(&mut self, ami, &login).await,
                Calls::Ari(ari) => ari::talk(&mut self, ari, &login).await,
            };
            let Err(down) = ended;
            let stood = self.fell(&down);
            if let Some(stood) = stood {
                calls.lost(self.heard);
                tracing::warn!(
                    hook = &*self.entry.hook.id,
                    ?stood,
                    ?down,
                    "connection lost"
                );
            }
            let (why, refused) = match &down {
                Down::Stopped => return,
                Down::Refused(why) => (why, true),
                Down::Lost(why) => (why, false),
            };
            self.tell(Err(why.clone()));
            turn += usize::from(refused);
            let logins = self.link.logins.len();
            let pause = pauses.after(&down, stood.unwrap_or_default(), logins);
            tracing::info!(hook = &*self.entry.hook.id, %why, ?pause, "connecting again");
            if !self.pause(pause).await {
                return;
            }
        }
    }

    /// Opens a socket to the address.
    pub(super) async fn connect(&self) -> Result<TcpStream, Down> {
        let address = &self.link.address;
        let connecting = timeout(WITHIN, TcpStream::connect(address.peer()));
        let connected = tokio::select! {
            () = self.stop.cancelled() => return Err(Down::Stopped),
            connected = connecting => connected,
        };
        let late = || Down::Lost(format!("{address} does not answer"));
        let socket = connected.map_err(|_| late())?;
        let socket =
            socket.map_err(|error| Down::Lost(format!("{address} is not reached: {error}")))?;
        // Without it a question waits for the answer to the one before; it works all the same.
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    pub(super) fn address(&self) -> &Address {
        &self.link.address
    }

    /// Notes that something came; gives when.
    pub(super) fn heard(&mut self) -> Time {
        self.heard = (self.shared.clock)();
        self.heard
    }

    /// Notes that the connection stands.
    pub(super) fn stands(&mut self) {
        if self.stands.is_none() {
            self.stands = Some(Instant::now());
            self.tell(Ok(()));
            metrics::linked(self.entry.provider(), true);
            tracing::info!(hook = &*self.entry.hook.id, address = %self.link.address, "connected");
        }
    }

    /// Notes that it does not any more; says how long it did.
    fn fell(&mut self, down: &Down) -> Option<Duration> {
        let since = self.stands.take()?;
        metrics::linked(self.entry.provider(), false);
        if *down == Down::Stopped {
            self.tell(Err("it was stopped".to_owned()));
        }
        Some(since.elapsed())
    }

    /// Notes what was not written as it is written there.
    pub(super) fn unreadable(&self, why: &str) {
        metrics::hook(self.entry.provider(), HookOutcome::Unreadable);
        tracing::debug!(hook = &*self.entry.hook.id, why, "unreadable");
    }

    /// Makes events durable; returns once they are.
    pub(super) async fn deliver(&self, mut events: Vec<Draft>) -> Result<(), Down> {
        while !events.is_empty() {
            let rest = events.split_off(events.len().min(AT_ONCE));
            self.take(&Parsed::events(events)).await?;
            events = rest;
        }
        Ok(())
    }

    async fn take(&self, parsed: &Parsed) -> Result<(), Down> {
        let (shared, entry, now) = (&self.shared, &self.entry, self.heard);
        let unreadable = |what: String| Down::Lost(format!("its events are no batch: {what}"));
        let first = batch(shared, entry, parsed, now);
        let mut batch = first.map_err(|problem| unreadable(problem.detail().to_owned()))?;
        let arrival = Arrival::of(&batch.events, now);
        let mut waited = false;
        loop {
            let submission = Submission {
                account: Arc::clone(&entry.account),
                origin: Arc::clone(&entry.hook.id),
                events: batch.events,
                webhook: None,
            };
            let Err(error) = shared.pipeline.submit(submission).await else {
                break;
            };
            self.not_taken(&error, parsed.events.len(), waited).await?;
            waited = true;
            let again = Batch::parse(lines(parsed), Shape::Ndjson, now, &shared.limits);
            batch = again.map_err(|refusal| unreadable(refusal.detail))?;
        }
        if waited {
            entry.heard.held_up(String::new());
        }
        metrics::hook(entry.provider(), HookOutcome::Taken);
        let heard = Heard::of(parsed, HookOutcome::Taken, 0, now);
        entry.heard.taken(heard, arrival.map(Arrival::newest));
        if let Some(arrival) = arrival {
            metrics::arrived(Source::Hooks, arrival);
        }
        Ok(())
    }

    /// Waits until events may be handed on again. At the end of the service they are given up, and
    /// told of.
    async fn not_taken(&self, error: &SubmitError, events: usize, told: bool) -> Result<(), Down> {
        let hook = &*self.entry.hook.id;
        if !told {
            tracing::warn!(hook, events, %error, "not taken in yet, tried until it is");
        }
        self.entry
            .heard
            .held_up(format!("what comes waits: {error}"));
        if self.pause(AGAIN).await {
            return Ok(());
        }
        tracing::error!(hook, events, %error, "stopped before the last events were taken in");
        Err(Down::Stopped)
    }

    fn tell(&self, stands: Result<(), String>) {
        let address = self.link.address.to_string();
        let now = (self.shared.clock)();
        self.entry.heard.linked(address, stands, now);
    }

    /// Waits; says whether it was not stopped.
    async fn pause(&self, pause: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = sleep(pause) => true,
        }
    }
}

/// Gives who logs in, in the words of HTTP.
pub(super) fn basic(login: &Login) -> String {
    use base64::Engine;
    let pair = format!("{}:{}", login.user, login.password.expose());
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    format!("Basic {pair}")
}
