//! Keeps what is on disk short: takes checkpoints, and lets the journal's old segments go when
//! nothing needs them any more (invariant `nothing_needed_is_deleted`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use trunkline_delivery::Handle as Delivery;
use trunkline_journal::Journal;
use trunkline_model::settings::Span;
use trunkline_model::time::Time;
use trunkline_rollup::account::WAITING_BLOCK;
use trunkline_rollup::{FOLD_VERSION, STATE_LAYOUT};

use crate::checkpoint::{self, Header, Writer};
use crate::crew::Crew;
use crate::dedup::Dedup;
use crate::handle::Token;
use crate::metrics;
use crate::status::StatusBoard;
use crate::streams::Streams;
use crate::worker::Census;

/// How often is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long after a failed checkpoint the next is tried: each writes the whole state.
const AGAIN_AFTER: Duration = Duration::from_mins(10);
/// The same when events waited for their conversations.
const AGAIN_AFTER_PARKED: Duration = Duration::from_secs(30);
/// How often the journal is looked through for segments to let go.
const RETIRE_EVERY: Duration = Duration::from_hours(1);

/// When checkpoints are taken and segments go.
#[derive(Clone, Copy, Debug)]
pub struct KeepConfig {
    /// Records after which a checkpoint is due (2 million).
    pub checkpoint_records: u64,
    /// Time after which a checkpoint is due if there is anything new (6 h).
    pub checkpoint_every: Duration,
    /// How long the journal is kept (`retention.journal`, 400 d), in milliseconds of arrival.
    pub retention: i64,
    /// How long facts are kept (`retention.facts`, 25 months), from their arrival.
    pub facts: Span,
    /// How long identities are remembered, in milliseconds of arrival.
    pub window: i64,
}

/// The task.
pub(crate) struct Keeper {
    pub(crate) config: KeepConfig,
    pub(crate) crew: Crew,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) journal: Journal<Token>,
    pub(crate) journal_id: u64,
    pub(crate) streams: Arc<Streams>,
    /// What is told of the records must be on disk before a checkpoint goes beyond them.
    pub(crate) delivery: Option<Delivery>,
    pub(crate) state: PathBuf,
    pub(crate) dedup: Dedup,
    pub(crate) dispatched: watch::Receiver<u64>,
    /// When a checkpoint may be taken again, after one failed.
    pub(crate) not_before: Option<Instant>,
    /// Where the last two checkpoints begin, the newest last.
    pub(crate) began: [u64; 2],
}

impl Keeper {
    /// Looks after the disk until the token is cancelled; gives itself back for the last
    /// checkpoint.
    pub(crate) async fn run(mut self, stop: CancellationToken) -> Self {
        let mut look = interval(LOOK_EVERY);
        let mut taken = Instant::now();
        let mut retired: Option<Instant> = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return self,
                _ = look.tick() => {}
            }
            let below = *self.dispatched.borrow();
            let census = self.crew.census().await;
            self.told(below, &census);
            self.board.set_census(&census);
            let new = self.dispatched.borrow().saturating_sub(self.began[1]);
            let due = new >= self.config.checkpoint_records
                || (new > 0 && taken.elapsed() >= self.config.checkpoint_every);
            if due
                && self
                    .not_before
                    .is_none_or(|moment| moment <= Instant::now())
            {
                self = self.checkpoint().await;
                taken = Instant::now();
            }
            if retired.is_none_or(|last| last.elapsed() >= RETIRE_EVERY) {
                self.retire(census.waiting.into_iter().min()).await;
                retired = Some(Instant::now());
            }
        }
    }

    /// Takes a checkpoint; a failure is logged, for nothing but time is lost by it.
    pub(crate) async fn checkpoint(mut self) -> Self {
        let began = Instant::now();
        let task = tokio::task::spawn_blocking(move || {
            let outcome = self.take();
            (self, outcome)
        });
        match task.await {
            Ok((keeper, Ok(path))) => {
                metrics::checkpoint(began.elapsed());
                tracing::info!(path = %path.display(), "checkpoint taken");
                keeper
            }
            Ok((mut keeper, Err(error))) if error.kind() == io::ErrorKind::WouldBlock => {
                keeper.not_before = Some(Instant::now() + AGAIN_AFTER_PARKED);
                tracing::debug!(%error, "no checkpoint now");
                keeper
            }
            Ok((mut keeper, Err(error))) => {
                keeper.not_before = Some(Instant::now() + AGAIN_AFTER);
                tracing::warn!(%error, "no checkpoint could be taken; starts take longer");
                keeper
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    fn take(&mut self) -> io::Result<PathBuf> {
        let began = *self.dispatched.borrow();
        let header = Header {
            journal: self.journal_id,
            fold_version: FOLD_VERSION,
            layout: STATE_LAYOUT,
            began,
        };
        // Before the checkpoint, so that replay from it always goes on from here or earlier.
        self.streams.save(&self.state, self.journal_id)?;
        let mut writer = Writer::create(&checkpoint::folder(&self.state), header)?;
        let written = self.sections(&mut writer);
        // All workers have done what was dispatched before the question after their marks.
        let below = *self.dispatched.borrow();
        // Also when there will be no checkpoint: the marks must not pile up in memory.
        self.take_over_marks(began)?;
        if let Err(error) = written {
            writer.discard();
            return Err(error);
        }
        // What a section has is not told again after a crash.
        if let Some(delivery) = &self.delivery
            && let Err(error) = delivery.keep(below)
        {
            writer.discard();
            return Err(error);
        }
        let path = writer.finish()?;
        self.began = [self.began[1], began];
        Ok(path)
    }

    /// Notes how far outgoing webhooks were told: all that was dispatched when the workers were asked.
    fn told(&self, below: u64, census: &Census) {
        if let Some(delivery) = &self.delivery {
            delivery.through(census.behind.map_or(below, |behind| behind.min(below)));
        }
    }

    /// Writes the sections of all workers.
    fn sections(&mut self, writer: &mut Writer) -> io::Result<()> {
        let ended = || io::Error::other("a fold worker has ended");
        let parked = || {
            let parked = "events wait for their conversations to be read back from clickhouse";
            io::Error::new(io::ErrorKind::WouldBlock, parked)
        };
        for worker in 0..self.crew.workers() {
            let mut begin = true;
            loop {
                let below = *self.dispatched.borrow();
                let sections = self.crew.sections(worker, begin, below).ok_or_else(ended)?;
                if sections.parked {
                    return Err(parked());
                }
                for frame in &sections.frames {
                    writer.push(frame)?;
                }
                if !sections.more {
                    break;
                }
                begin = false;
            }
        }
        Ok(())
    }

    /// Takes over what the workers have seen; all marks of records below `began` are among them.
    fn take_over_marks(&mut self, began: u64) -> io::Result<()> {
        for worker in 0..self.crew.workers() {
            let ended = || io::Error::other("a fold worker has ended");
            for (account, seeings) in self.crew.fresh(worker).ok_or_else(ended)? {
                self.dedup.add(&account, seeings);
            }
        }
        let last = self.board.last_arrival().unwrap_or(Time(0));
        self.dedup
            .write(began, Time(last.0 - 2 * self.config.window))
    }

    /// Lets segments go that are covered by both checkpoints and by the flush, are older than
    /// retention, and hold no waiting event. Age counts from the last arrival, not from a clock
    /// that may jump.
    async fn retire(&self, waiting: Option<u64>) {
        let below = not_needed_below(self.began, self.board.status().flushed, waiting);
        let kept = self.config.retention.max(2 * self.config.window);
        let Some(last) = self.board.last_arrival() else {
            return;
        };
        let journal = self.journal.clone();
        let retire = move || journal.retire(below, last.0 - kept);
        match tokio::task::spawn_blocking(retire).await {
            Ok(Ok(retired)) if retired.segments > 0 => {
                tracing::info!(
                    segments = retired.segments,
                    "old journal segments were removed"
                );
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "old journal segments could not be removed"),
            Err(panic) => tracing::error!(%panic, "removing old journal segments failed"),
        }
    }
}

/// Gives the offset below which no record is needed any more: both checkpoints are behind it,
/// ClickHouse has confirmed its rows, and no event below it waits for its room.
fn not_needed_below(began: [u64; 2], flushed: u64, first_waiting_block: Option<u64>) -> u64 {
    let waiting = first_waiting_block.map_or(u64::MAX, |block| block * WAITING_BLOCK);
    began[0].min(began[1]).min(flushed).min(waiting)
}

/// Gives where a pipeline keeps its state.
pub(crate) fn state_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("state")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_needed_until_checkpoints_flush_and_rooms_have_it() {
        assert_eq!(not_needed_below([900, 1000], 950, None), 900);
        assert_eq!(not_needed_below([900, 1000], 800, None), 800);
        assert_eq!(not_needed_below([0, 1000], 950, None), 0);
        let waiting = Some(2);
        assert_eq!(
            not_needed_below([90_000, 90_000], 90_000, waiting),
            2 * WAITING_BLOCK
        );
    }
}
