//! The flush: rows from the fold's state into ClickHouse (`architecture.md` §7).
//!
//! One flush is in flight; the next begins when it is confirmed and a second has passed. Rows are
//! absolute and versioned, so a flush whose outcome is unknown is sent again, the same rows, until
//! it is confirmed. What ClickHouse holds is asked at every new contact with it: should it have
//! lost rows, they are gathered again from the state.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use trunkline_model::time::Time;
use trunkline_warehouse::migrations::{self, MigrateError};
use trunkline_warehouse::writer::Settings;
use trunkline_warehouse::{Client, Fault, Watermark, WatermarkError, Writer};

use crate::crew::Crew;
use crate::meta::Meta;
use crate::metrics;
use crate::status::{StatusBoard, WarehouseState};
use crate::worker::Gathering;

/// Message rows of one gathering, over all workers.
const ROWS: usize = 100_000;
/// The pause between flushes, between those of a backlog, and when somebody waits.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_BACKLOG: Duration = Duration::from_millis(250);
const PAUSE_HURRIED: Duration = Duration::from_millis(50);
/// The pauses between tries while ClickHouse is away: doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(5);
/// How long the last flush at a stop may take.
const LAST_WITHIN: Duration = Duration::from_secs(20);

/// Why the flush ended before its time; the process ends with it.
#[derive(Debug, thiserror::Error)]
pub enum FlushError {
    /// ClickHouse holds the rows of another journal.
    #[error(
        "the ClickHouse database holds the figures of another journal ({found:016x}, this one is \
         {own:016x}): set warehouse.database to an empty database, or bring that journal back"
    )]
    OtherJournal {
        /// The journal whose rows are there.
        found: u64,
        /// Our own.
        own: u64,
    },
    /// The database was made by a newer program, or its migrations were changed.
    #[error("{0}")]
    Schema(String),
    /// The generation of the rows could not be kept.
    #[error("the state could not be written: {0}")]
    Io(#[from] io::Error),
    /// A fold worker ended.
    #[error("a fold worker has ended; see the log for its panic")]
    Worker,
}

/// The flush task.
pub(crate) struct Flusher {
    pub(crate) crew: Crew,
    pub(crate) client: Client,
    pub(crate) writer: Writer,
    pub(crate) board: Arc<StatusBoard>,
    /// The journal, and the generation of all rows to come; raised when ClickHouse knows a
    /// higher one.
    pub(crate) meta: Meta,
    /// Where `meta` is kept.
    pub(crate) state: PathBuf,
    pub(crate) dispatched: watch::Receiver<u64>,
    pub(crate) flushed: watch::Sender<u64>,
    pub(crate) hurry: Arc<Notify>,
    /// Gives the arrival of the record at an offset, from the journal.
    pub(crate) arrival: Box<dyn Fn(u64) -> Option<Time> + Send + Sync>,
    /// The settings' tables; a change is written with the next flush.
    pub(crate) settings: watch::Receiver<Arc<Settings>>,
}

/// Whether ClickHouse is known to hold what we believe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Contact {
    /// Never asked: the state on disk says nothing of it.
    Never,
    Lost,
    Made,
}

impl Flusher {
    /// Flushes until the token is cancelled, then once more.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<(), FlushError> {
        let mut contact = Contact::Never;
        let mut last = false;
        loop {
            let began = Instant::now();
            if last {
                return self.last_rounds(&mut contact, &stop).await;
            }
            self.round(&mut contact, &stop).await?;
            let pause = if self.is_behind() {
                PAUSE_BACKLOG
            } else {
                PAUSE
            };
            tokio::select! {
                () = stop.cancelled() => last = true,
                () = sleep_until(began + pause) => {}
                () = self.hurry.notified() => sleep(PAUSE_HURRIED).await,
            }
        }
    }

    fn is_behind(&self) -> bool {
        *self.flushed.borrow() < *self.dispatched.borrow()
    }

    /// Writes all that is left, within limits: what is not written now is at the next start.
    async fn last_rounds(
        &mut self,
        contact: &mut Contact,
        stop: &CancellationToken,
    ) -> Result<(), FlushError> {
        let rounds = async {
            loop {
                self.round(contact, stop).await?;
                if *contact != Contact::Made || !self.is_behind() {
                    return Ok(());
                }
            }
        };
        timeout(LAST_WITHIN, rounds).await.unwrap_or_else(|_| {
            tracing::warn!("clickhouse did not take the last rows in time; the next start does it");
            Ok(())
        })
    }

    /// Gathers and writes once, trying again until it is confirmed.
    async fn round(
        &mut self,
        contact: &mut Contact,
        stop: &CancellationToken,
    ) -> Result<(), FlushError> {
        if *contact != Contact::Made {
            self.until_done(stop, contact, None).await?;
        }
        let below = *self.dispatched.borrow();
        let generation = self.meta.generation;
        let limit = ROWS / self.crew.workers();
        let gathering = self.crew.gather(below, generation, limit).await;
        let gathering = gathering.ok_or(FlushError::Worker)?;
        let news = gathering.through != *self.flushed.borrow();
        let settings = self.settings.has_changed().is_ok_and(|changed| changed);
        if news || settings || !gathering.rows.conversations.is_empty() {
            self.until_done(stop, contact, Some(&gathering)).await?;
        } else if let Err(fault) = self.client.health().await {
            self.lose(contact, &fault);
        }
        Ok(())
    }

    /// Makes contact and writes the rows, again and again until both are done or we stop.
    async fn until_done(
        &mut self,
        stop: &CancellationToken,
        contact: &mut Contact,
        gathering: Option<&Gathering>,
    ) -> Result<(), FlushError> {
        let mut pause = RETRY_FIRST;
        loop {
            match self.attempt(contact, gathering).await? {
                Ok(()) => {
                    if self.board.set_warehouse(WarehouseState::Up) {
                        tracing::info!("clickhouse is up");
                    }
                    return Ok(());
                }
                Err(fault) => self.lose(contact, &fault),
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => pause = (pause * 2).min(RETRY_LONGEST),
            }
        }
    }

    async fn attempt(
        &mut self,
        contact: &mut Contact,
        gathering: Option<&Gathering>,
    ) -> Result<Result<(), Fault>, FlushError> {
        if *contact != Contact::Made {
            match self.make_contact(*contact).await? {
                Ok(()) => *contact = Contact::Made,
                Err(fault) => return Ok(Err(fault)),
            }
        }
        match gathering {
            Some(gathering) => self.write(gathering).await,
            None => Ok(Ok(())),
        }
    }

    /// Brings the schema up, and learns what ClickHouse holds of this journal.
    async fn make_contact(&mut self, contact: Contact) -> Result<Result<(), Fault>, FlushError> {
        match migrations::migrate(&self.client).await {
            Ok(_) => {}
            Err(MigrateError::Fault { fault, .. }) => return Ok(Err(fault)),
            Err(error) => return Err(FlushError::Schema(error.to_string())),
        }
        let known = match self.writer.watermark().await {
            Ok(known) => known,
            Err(fault) => return Ok(Err(fault)),
        };
        let settings = Arc::clone(&self.settings.borrow_and_update());
        if let Err(fault) = self.writer.sync_settings(&settings).await {
            return Ok(Err(fault));
        }
        self.compare(contact, known).map(Ok)
    }

    /// Goes back to what ClickHouse holds, if that is less than we believe.
    fn compare(&mut self, contact: Contact, known: Option<Watermark>) -> Result<(), FlushError> {
        let own = self.meta.generation;
        let held = match known {
            None => 0,
            Some(known) if known.journal != self.meta.journal => {
                return Err(FlushError::OtherJournal {
                    found: known.journal,
                    own: self.meta.journal,
                });
            }
            // Its rows come from a state or a journal that is gone: ours must outrank them.
            Some(known) if known.generation > own || known.flushed > *self.dispatched.borrow() => {
                self.meta.generation = known.generation + 1;
                self.meta.save(&self.state)?;
                0
            }
            Some(known) if known.generation < own => 0,
            Some(known) => known.flushed,
        };
        let believed = *self.flushed.borrow();
        if contact == Contact::Never || held < believed {
            if held < believed {
                tracing::warn!(
                    held,
                    believed,
                    "clickhouse lost rows; they are written again"
                );
            }
            self.crew.rewind(held);
            self.flushed.send_replace(held);
            self.board.rewound(held, (self.arrival)(held));
        }
        Ok(())
    }

    /// Writes rows, and then how far they go.
    async fn write(&mut self, gathering: &Gathering) -> Result<Result<(), Fault>, FlushError> {
        let began = Instant::now();
        if let Err(fault) = self.write_rows(gathering).await {
            return Ok(Err(fault));
        }
        if gathering.through != *self.flushed.borrow() {
            let Meta {
                journal,
                generation,
                ..
            } = self.meta;
            let mark = Watermark {
                journal,
                generation,
                flushed: gathering.through,
            };
            match self.writer.set_watermark(mark).await {
                Ok(()) => {}
                Err(WatermarkError::Fault(fault)) => return Ok(Err(fault)),
                Err(WatermarkError::Foreign { journal, .. }) => {
                    return Err(FlushError::OtherJournal {
                        found: journal,
                        own: self.meta.journal,
                    });
                }
            }
        }
        let rows = &gathering.rows;
        metrics::flushed(
            rows.messages.len(),
            rows.conversations.len(),
            began.elapsed(),
        );
        self.board.flushed(gathering.through);
        self.flushed.send_replace(gathering.through);
        Ok(Ok(()))
    }

    async fn write_rows(&mut self, gathering: &Gathering) -> Result<(), Fault> {
        if self.settings.has_changed().is_ok_and(|changed| changed) {
            let settings = Arc::clone(&self.settings.borrow_and_update());
            self.writer.sync_settings(&settings).await?;
        }
        self.writer.write_messages(&gathering.rows.messages).await?;
        self.writer
            .write_conversations(&gathering.rows.conversations)
            .await?;
        Ok(())
    }

    fn lose(&self, contact: &mut Contact, fault: &Fault) {
        if *contact == Contact::Made {
            *contact = Contact::Lost;
        }
        metrics::flush_failed(fault.word());
        let state = WarehouseState::Down {
            kind: fault.word(),
            reason: fault.to_string(),
        };
        if self.board.set_warehouse(state) {
            tracing::warn!(
                fault = fault.word(),
                reason = %fault,
                "clickhouse is away; events are still taken, rows are written when it is back"
            );
        }
    }
}
