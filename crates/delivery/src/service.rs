//! The part that sends what is due and writes the file. What is on its way at a stop has a moment to
//! arrive; if it does not it is sent again after the next start.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::handle::Handle;
use crate::metrics;
use crate::outbox::{Outcome, Try};
use crate::sender::Sender;

/// How many requests are under way at once; beyond them one to each webhook.
const AT_ONCE: usize = 64;
/// How long to sleep when nothing is due.
const LONG: i64 = 60_000;
/// How often the file is written at most; a large one is written for a tenth of the time at most.
const WRITTEN_EVERY: Duration = Duration::from_secs(1);
const SHARE: u32 = 10;
/// How long it may be behind the journal if no notice changed.
const BEHIND: Duration = Duration::from_mins(1);
/// How often what is too old is dropped.
const FORGET_EVERY: Duration = Duration::from_mins(10);
/// How long requests under way at a stop may take.
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// TLS cannot be set up.
    #[error("TLS for outgoing webhooks cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// Writing the last state panicked.
    #[error("writing state/outbox failed: {0}")]
    Panicked(String),
}

/// Sends what the handle was told.
pub struct Service {
    handle: Handle,
}

impl Service {
    /// Makes the part behind a handle.
    pub fn new(handle: Handle) -> Self {
        Self { handle }
    }

    /// Sends and writes until the token is cancelled.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let tasks = TaskTracker::new();
        let sender = Sender::new(&tasks)?;
        tokio::join!(self.send(&sender, &stop), self.write(&stop));
        // Idle connections end with it.
        drop(sender);
        tasks.close();
        // A receiver that holds on to its connection holds up nobody.
        let _ = timeout(STOPS_WITHIN, tasks.wait()).await;
        let handle = self.handle;
        tokio::task::spawn_blocking(move || handle.write_or_say())
            .await
            .map_err(|panic| Error::Panicked(panic.to_string()))
    }

    async fn send(&self, sender: &Sender, stop: &CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        loop {
            while let Some((made, webhook)) = self.handle.take(under_way.len() < AT_ONCE) {
                let now = self.handle.now();
                under_way.push(async move {
                    let outcome = sender.send(&made, &webhook, now).await;
                    (made, outcome)
                });
            }
            let due = self.handle.due_in(under_way.len() < AT_ONCE);
            let pause = due.map_or(LONG, |due| due.clamp(1, LONG));
            tokio::select! {
                () = stop.cancelled() => break,
                Some((made, outcome)) = under_way.next() => self.settle(&made, outcome),
                () = self.handle.news() => {}
                () = sleep(Duration::from_millis(pause.unsigned_abs())) => {}
            }
        }
        let rest = async {
            while let Some((made, outcome)) = under_way.next().await {
                self.settle(&made, outcome);
            }
        };
        // What is left waits in the file.
        let _ = timeout(STOPS_WITHIN, rest).await;
    }

    fn settle(&self, made: &Try, outcome: Outcome) {
        let delay = self.handle.now().since(made.notice.made_at);
        metrics::tried(&outcome, made.attempt, delay);
        if let Outcome::Failed(error) | Outcome::Silent(error) | Outcome::Gone(error) = &outcome {
            tracing::warn!(
                account = &*made.notice.address.account,
                webhook = &*made.notice.address.webhook,
                notice.id = %made.notice.id,
                attempt = made.attempt,
                "a webhook was not taken: {error}"
            );
        }
        self.handle.settle(made, outcome);
    }

    async fn write(&self, stop: &CancellationToken) {
        let (mut pause, mut written, mut looked) =
            (WRITTEN_EVERY, Instant::now(), interval(FORGET_EVERY));
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looked.tick() => {
                    self.handle.forget();
                    continue;
                }
                () = sleep(pause) => {}
            }
            let (lacks, behind) = self.handle.lacks();
            if !(lacks || behind && written.elapsed() >= BEHIND) {
                continue;
            }
            let (began, handle) = (Instant::now(), self.handle.clone());
            let write = tokio::task::spawn_blocking(move || handle.write_or_say());
            if let Err(panic) = write.await {
                tracing::error!(%panic, "writing state/outbox failed");
            }
            written = Instant::now();
            pause = WRITTEN_EVERY.max(began.elapsed() * SHARE);
        }
    }
}
