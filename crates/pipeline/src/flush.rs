//! The flush: rows from the fold's state into ClickHouse (`architecture.md` §7).
//!
//! One flush is in flight. Rows are absolute and versioned, so rows whose fate is unknown are sent
//! again, the same, until ClickHouse confirms them; only then does the watermark pass them. What
//! ClickHouse holds is asked before every flush: should it hold less than we believe, the rows at
//! hand are dropped and all that it lacks is gathered again from the state.
//!
//! With the rows come the cells of figures that they are in: those held in memory as rows, the others
//! as places, to be computed from the messages once these are confirmed. The watermark passes no
//! record whose cells are not there. While rows are left behind, computing is put off for a few
//! flushes, and the watermark with it: an import in any order changes the same cells again and again.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use trunkline_model::settings::Span;
use trunkline_model::time::Time;
use trunkline_warehouse::migrations::{self, MigrateError};
use trunkline_warehouse::writer::{Settings, Stale};
use trunkline_warehouse::{Client, Fault, Watermark, WatermarkError, Writer};

use crate::checkpoint;
use crate::crew::Crew;
use crate::meta::Meta;
use crate::metrics;
use crate::status::{StatusBoard, WarehouseState};
use crate::worker::Gathering;

/// Rows of messages and calls of one gathering, over all workers.
const ROWS: usize = 300_000;
/// Rows of messages, or of calls, from which a flush is large.
const LARGE: usize = 20_000;
/// The pause after a flush: as a rule; after a large one, so that the row of a busy conversation
/// is not written every second; while a gathering leaves rows behind; and when somebody waits.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_LARGE: Duration = Duration::from_secs(5);
const PAUSE_BEHIND: Duration = Duration::from_millis(250);
const PAUSE_HURRIED: Duration = Duration::from_millis(50);
/// How often old facts are removed, in milliseconds of arrival.
const EXPIRE_EVERY: i64 = 24 * 3_600_000;
/// Flushes for which computing cells may be put off.
const PUT_OFF: u32 = 8;
/// The pauses between tries while ClickHouse is away: doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(5);
/// How long flushing may go on after a stop.
const LAST_WITHIN: Duration = Duration::from_secs(15);

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
    /// ClickHouse does not hold rows that are not in memory any more.
    #[error(
        "clickhouse holds less than was confirmed, or another state, and some of what is missing is \
         of conversations beyond the horizon, which are not in memory: the checkpoints were removed, \
         and the next start makes all of it again from the journal"
    )]
    Lost,
    /// A fold worker ended.
    #[error("a fold worker has ended; see the log for its panic")]
    Worker,
}

/// A call to ClickHouse: done, or to be tried again. The outer error ends the flush.
type Tried<T> = Result<Result<T, Fault>, FlushError>;

/// Gives the arrival of the record at an offset, from the journal.
pub(crate) type Arrival = Arc<dyn Fn(u64) -> Option<Time> + Send + Sync>;

/// The flush task.
pub(crate) struct Flusher {
    pub(crate) crew: Crew,
    pub(crate) client: Client,
    pub(crate) writer: Writer,
    pub(crate) board: Arc<StatusBoard>,
    /// The journal, and the generation of all rows to come; raised when ClickHouse knows rows that
    /// ours must outrank.
    pub(crate) meta: Meta,
    /// Where `meta` is kept.
    pub(crate) state: PathBuf,
    /// All records below are durable and on their way to their workers.
    pub(crate) dispatched: watch::Receiver<u64>,
    /// All rows changed by records below are in ClickHouse; none until it was asked.
    pub(crate) flushed: watch::Sender<Option<u64>>,
    /// Somebody waits for `flushed`.
    pub(crate) hurry: Arc<Notify>,
    pub(crate) arrival: Arrival,
    /// Where the journal begins.
    pub(crate) journal_base: u64,
    /// How long facts are kept, from their arrival.
    pub(crate) retention: Span,
    /// The settings' tables; a change is written with the next flush.
    pub(crate) settings: watch::Receiver<Arc<Settings>>,
    pub(crate) progress: Progress,
}

/// How far the flush has come with ClickHouse.
#[derive(Default)]
pub(crate) struct Progress {
    /// The schema is there and the settings are written.
    ready: bool,
    /// What ClickHouse held was compared at least once: before, nothing is known.
    compared: bool,
    /// Rows to be written, until confirmed.
    pending: Option<Gathering>,
    /// Cells to be computed, until confirmed, and for how many flushes they were put off.
    stale: Stale,
    put_off: u32,
    /// The length of cells to be told once they are there.
    minutes: Vec<(Arc<str>, u8)>,
    /// The cells in ClickHouse are whole once all below this offset is flushed.
    whole_at: u64,
    /// Rows of older generations are to be removed once all are written anew.
    sweep: bool,
    /// When old facts were last removed, in time of arrival.
    expired: Option<Time>,
    /// The pause before the next try.
    retry: Duration,
}

impl Flusher {
    /// Flushes until the token is cancelled, and then what is left, within limits: what is not
    /// confirmed then is written at the next start.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Result<(), FlushError> {
        let overdue = async {
            stop.cancelled().await;
            sleep(LAST_WITHIN).await;
        };
        tokio::pin!(overdue);
        loop {
            let stopping = stop.is_cancelled();
            // Not to be cut short: rows once gathered are ours to write.
            self.gather().await?;
            let tried = tokio::select! {
                tried = self.attempt() => tried?,
                () = &mut overdue => {
                    tracing::warn!("clickhouse did not take the last rows in time");
                    return Ok(());
                }
            };
            let done = !self.is_behind() && self.progress.pending.is_none();
            let pause = match tried {
                Ok(_) if stopping && done => return Ok(()),
                Ok(_) if stopping => continue,
                Ok(pause) => pause,
                Err(fault) => {
                    self.lose(&fault);
                    if stopping {
                        return Ok(());
                    }
                    self.back_off()
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
                () = self.hurry.notified(), if self.progress.ready => sleep(PAUSE_HURRIED).await,
            }
        }
    }

    fn is_behind(&self) -> bool {
        self.through() < *self.dispatched.borrow()
    }

    /// Gives the offset below which ClickHouse holds all rows, as far as is known.
    fn through(&self) -> u64 {
        self.flushed.borrow().unwrap_or_default()
    }

    fn back_off(&mut self) -> Duration {
        let pause = self.progress.retry.clamp(RETRY_FIRST, RETRY_LONGEST);
        self.progress.retry = pause * 2;
        pause
    }

    /// Gathers changed rows, unless some wait already or ClickHouse is away.
    async fn gather(&mut self) -> Result<(), FlushError> {
        if !self.progress.ready || self.progress.pending.is_some() {
            return Ok(());
        }
        let below = *self.dispatched.borrow();
        let limit = ROWS / self.crew.workers();
        let gathering = self.crew.gather(below, self.meta.generation, limit).await;
        let gathering = gathering.ok_or(FlushError::Worker)?;
        let news = gathering.through != self.through();
        if news || !gathering.rows.is_empty() {
            self.progress.pending = Some(gathering);
        }
        Ok(())
    }

    /// Does what is to be done with ClickHouse now; gives the pause until the next time.
    async fn attempt(&mut self) -> Tried<Duration> {
        if !self.progress.ready {
            if let Err(fault) = self.prepare().await? {
                return Ok(Err(fault));
            }
            self.progress.ready = true;
        }
        if let Err(fault) = self.compare().await? {
            return Ok(Err(fault));
        }
        let pause = match self.write().await? {
            Ok(pause) => pause,
            Err(fault) => return Ok(Err(fault)),
        };
        if self.progress.sweep && !self.is_behind() {
            if let Err(fault) = self.writer.delete_below(self.meta.generation << 48).await {
                return Ok(Err(fault));
            }
            self.progress.sweep = false;
            // Rows of old arrival were written anew with the others.
            self.progress.expired = None;
        }
        let whole = !self.progress.sweep
            && self
                .flushed
                .borrow()
                .is_some_and(|flushed| flushed >= self.progress.whole_at);
        self.board.set_cells_whole(whole);
        if whole && let Err(fault) = self.expire().await {
            return Ok(Err(fault));
        }
        self.progress.retry = RETRY_FIRST;
        if self.board.set_warehouse(WarehouseState::Up) {
            tracing::info!("clickhouse is up");
        }
        Ok(Ok(pause))
    }

    /// Removes the facts that are older than their retention, once a day. Age counts from the last
    /// arrival, not from a clock that may have jumped.
    async fn expire(&mut self) -> Result<(), Fault> {
        let Some(now) = self.board.last_arrival() else {
            return Ok(());
        };
        let expired = self.progress.expired;
        if expired.is_some_and(|last| now.since(last) < EXPIRE_EVERY) {
            return Ok(());
        }
        let before = self.retention.before(now);
        // First the cells: after a crash in between, this is done again.
        let mut stale = Stale::default();
        let version = self.meta.generation << 48 | *self.dispatched.borrow();
        for (account, start) in self.writer.expiring(before).await? {
            if let Some(minutes) = self.board.cells(&account) {
                let length = i64::from(minutes) * 60_000;
                let start = Time(start.div_euclid(length) * length);
                stale.note_start(&account, minutes, version, start);
            }
        }
        self.writer.compute_kept(&mut stale, before).await?;
        let removed = self.writer.expire(before).await?;
        if removed > 0 {
            metrics::expired(removed);
            tracing::info!(rows = removed, %before, "facts that arrived before were removed");
        }
        self.progress.expired = Some(now);
        Ok(())
    }

    /// Brings the schema up and writes the settings.
    async fn prepare(&mut self) -> Tried<()> {
        match migrations::migrate(&self.client).await {
            Ok(_) => {}
            Err(MigrateError::Fault { fault, .. }) => return Ok(Err(fault)),
            Err(error) => return Err(FlushError::Schema(error.to_string())),
        }
        let settings = Arc::clone(&self.settings.borrow_and_update());
        Ok(self.writer.sync_settings(&settings).await.map(|_| ()))
    }

    /// Learns what ClickHouse holds; if that is less than we believe, drops the rows at hand and
    /// makes the workers gather again from there.
    async fn compare(&mut self) -> Tried<()> {
        let known = match self.writer.watermark().await {
            Ok(known) => known,
            Err(fault) => return Ok(Err(fault)),
        };
        let held = self.held(known)?;
        let believed = self.through();
        if self.progress.compared && held >= believed {
            return Ok(Ok(()));
        }
        if held < believed {
            tracing::warn!(
                held,
                believed,
                "clickhouse lost rows; they are written again"
            );
        }
        self.progress.pending = None;
        self.progress.compared = true;
        self.progress.stale = Stale::default();
        self.progress.whole_at = *self.dispatched.borrow();
        self.board.set_cells_whole(false);
        if !self.crew.rewind(held).await {
            self.start_over(held)?;
        }
        self.flushed.send_replace(Some(held));
        let arrival = Arc::clone(&self.arrival);
        let arrived = tokio::task::spawn_blocking(move || arrival(held)).await;
        self.board.rewound(held, arrived.ok().flatten());
        Ok(Ok(()))
    }

    /// Makes the next start read the whole journal, if it is there from its beginning.
    fn start_over(&mut self, held: u64) -> Result<(), FlushError> {
        if self.journal_base > 0 {
            tracing::error!(
                held,
                journal.base = self.journal_base,
                "clickhouse does not hold all rows of conversations that are not in memory any more, \
                 and the journal's beginning is gone: they stay as they are there; bring a newer \
                 backup of clickhouse back if rows are missing"
            );
            // Rows of an older generation may be the only ones.
            self.progress.sweep = false;
            return Ok(());
        }
        checkpoint::remove_all(&self.state)?;
        Err(FlushError::Lost)
    }

    /// Gives the offset below which the rows in ClickHouse are those of this journal and fold;
    /// takes a generation that outranks them if they are not.
    fn held(&mut self, known: Option<Watermark>) -> Result<u64, FlushError> {
        let own = self.meta.generation;
        let fresh = std::mem::take(&mut self.meta.fresh);
        let Some(known) = known else {
            if fresh {
                self.meta.save(&self.state)?;
            }
            return Ok(0);
        };
        if known.journal != self.meta.journal {
            return Err(FlushError::OtherJournal {
                found: known.journal,
                own: self.meta.journal,
            });
        }
        let ahead = known.flushed > *self.dispatched.borrow();
        if fresh || known.generation > own || ahead {
            // They come from a state or a journal that is gone.
            self.meta.generation = own.max(known.generation) + 1;
            self.meta.save(&self.state)?;
        }
        if known.generation == self.meta.generation {
            return Ok(known.flushed);
        }
        self.progress.sweep = true;
        Ok(0)
    }

    /// Writes the rows at hand, and then how far they go.
    async fn write(&mut self) -> Tried<Duration> {
        if self.settings.has_changed().is_ok_and(|changed| changed) {
            let settings = Arc::clone(&self.settings.borrow_and_update());
            if let Err(fault) = self.writer.sync_settings(&settings).await {
                return Ok(Err(fault));
            }
        }
        let Some(gathering) = &mut self.progress.pending else {
            return Ok(Ok(PAUSE));
        };
        let began = Instant::now();
        self.progress.stale.append(gathering.rows.take_stale());
        // Before cells of another length are among them.
        self.board.forget_cells(self.progress.stale.recut());
        if let Err(fault) = self.writer.write(&mut gathering.rows).await {
            return Ok(Err(fault));
        }
        self.progress.minutes.append(&mut gathering.minutes);
        let rows = gathering.rows.tables();
        let large = gathering.rows.messages().max(gathering.rows.calls()) >= LARGE;
        let (through, left) = (gathering.through, gathering.left);
        if left && self.progress.put_off < PUT_OFF {
            self.progress.put_off += 1;
        } else {
            if let Err(fault) = self.compute().await {
                return Ok(Err(fault));
            }
            if let Err(fault) = self.mark(through).await? {
                return Ok(Err(fault));
            }
        }
        metrics::flushed(&rows, began.elapsed());
        self.progress.pending = None;
        Ok(Ok(if left {
            PAUSE_BEHIND
        } else if large {
            PAUSE_LARGE
        } else {
            PAUSE
        }))
    }

    /// Computes the cells that are not held in memory.
    async fn compute(&mut self) -> Result<(), Fault> {
        let stale = &mut self.progress.stale;
        if !stale.is_empty() {
            let computed = self.writer.compute(stale).await?;
            metrics::computed(computed.inserts);
        }
        self.board.tell_cells(self.progress.minutes.drain(..));
        self.progress.stale = Stale::default();
        self.progress.put_off = 0;
        Ok(())
    }

    /// Writes how far the rows go.
    async fn mark(&mut self, through: u64) -> Tried<()> {
        if Some(through) == *self.flushed.borrow() {
            return Ok(Ok(()));
        }
        let (journal, generation) = (self.meta.journal, self.meta.generation);
        let mark = Watermark {
            journal,
            generation,
            flushed: through,
        };
        match self.writer.set_watermark(mark).await {
            Ok(()) => {}
            Err(WatermarkError::Fault(fault)) => return Ok(Err(fault)),
            Err(WatermarkError::Foreign { journal: found, .. }) => {
                return Err(FlushError::OtherJournal {
                    found,
                    own: journal,
                });
            }
        }
        self.board.flushed(through);
        self.flushed.send_replace(Some(through));
        self.crew.shrink(through);
        Ok(Ok(()))
    }

    fn lose(&mut self, fault: &Fault) {
        self.progress.ready = false;
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
