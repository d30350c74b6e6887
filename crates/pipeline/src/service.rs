//! The pipeline as one component: opened, run, and stopped in order.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::task::JoinError;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_delivery::Handle as Delivery;
use trunkline_journal::{Appended, Commit, Journal, OpenError, Opened};
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;
use trunkline_rollup::Config as FoldConfig;
use trunkline_warehouse::writer::Settings;
use trunkline_warehouse::{Client, Writer};

use crate::checkpoint;
use crate::crew::{Crew, Start, Threads};
use crate::dedup::Dedup;
use crate::flush::{FlushError, Flusher, Progress};
use crate::handle::{Handle, Reply, Shared, SubmitError, Token, UNITS};
use crate::keeper::{KeepConfig, Keeper, state_dir};
use crate::ledger::Ledger;
use crate::live::Live;
use crate::meta::Meta;
use crate::observer::JournalObserver;
use crate::quarantine::Quarantine;
use crate::read_back::ReadBack;
use crate::recover::{Extent, RecoverError, Source, recover, replay};
use crate::status::{Clock, Phase, StatusBoard};
use crate::streams::{Streams, catch_up};

/// How long a stop waits for events on their way.
const SETTLE_WITHIN: Duration = Duration::from_secs(10);
const SETTLE_LOOK: Duration = Duration::from_millis(5);
/// How often is looked whether the fold still waits for ClickHouse at a start.
const ASIDE_LOOK: Duration = Duration::from_millis(20);

/// The settings of the pipeline.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything of ours is kept: `journal/` and `state/` are made in it.
    pub data_dir: PathBuf,
    /// The journal's settings; its folder is set from `data_dir`.
    pub journal: trunkline_journal::Config,
    /// Fold workers: as many as there are cores.
    pub workers: usize,
    /// How long after its last arrival a conversation keeps its timeline in memory, in milliseconds
    /// (48 h).
    pub horizon: i64,
    /// Checkpoints and retention.
    pub keep: KeepConfig,
}

/// What the pipeline cannot know by itself.
#[derive(Clone)]
pub struct World {
    /// The only clock.
    pub clock: Clock,
    /// A monotonic time, for measuring.
    pub elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// A random number: the id of a journal that is made new.
    pub random: u64,
}

/// What an account brings from the configuration.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// Its id.
    pub account: Arc<str>,
    /// The settings that change figures.
    pub rules: FoldRules,
}

/// Why the pipeline cannot start, or ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal cannot be opened.
    #[error("{0}")]
    Journal(#[from] OpenError),
    /// The state cannot be had back.
    #[error("{0}")]
    Recover(#[from] RecoverError),
    /// Rows cannot be written for a reason that trying again does not mend.
    #[error("{0}")]
    Flush(#[from] FlushError),
    /// Settings could not be journalled.
    #[error("settings could not be written to the journal: {0}")]
    Settings(#[from] SubmitError),
    /// A file or thread could not be made.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The journal or a fold worker has ended; the log says why.
    #[error("the journal or a fold worker has ended; see the log for its panic")]
    Broken,
    /// A part of it panicked.
    #[error("a part of the pipeline ended early: {0}")]
    Panicked(String),
}

/// The pipeline, opened: its doors stay shut until [`Service::run`] has read the journal.
pub struct Service {
    config: Config,
    warehouse: Client,
    handle: Handle,
    extent: Extent,
    crew: Arc<OnceLock<Crew>>,
    accounts: Vec<AccountSettings>,
    settings: watch::Receiver<Arc<Settings>>,
    delivery: Option<Delivery>,
    dispatched: Arc<watch::Sender<u64>>,
    flushed: watch::Sender<Option<u64>>,
    /// Told when the journal or a fold worker has ended.
    broken: CancellationToken,
    /// Told when ClickHouse has lost what is not in memory.
    lost: CancellationToken,
}

impl Service {
    /// Opens the journal: quick, for only its end is looked at.
    pub fn open(
        config: Config,
        world: World,
        warehouse: Client,
        accounts: Vec<AccountSettings>,
        settings: watch::Receiver<Arc<Settings>>,
    ) -> Result<(Self, Handle), Error> {
        let board = Arc::new(StatusBoard::default());
        let ledger = Arc::new(Ledger::default());
        let crew: Arc<OnceLock<Crew>> = Arc::default();
        let dispatched = Arc::new(watch::channel(0).0);
        let (flushed, flushed_at) = watch::channel(None);
        let streams = Arc::new(Streams::default());
        let dispatch = Dispatch {
            crew: Arc::clone(&crew),
            streams: Arc::clone(&streams),
            ledger: Arc::clone(&ledger),
            board: Arc::clone(&board),
            dispatched: Arc::clone(&dispatched),
        };
        let broken = CancellationToken::new();
        let opened = open_journal(&config, world, &board, &broken, dispatch)?;
        let extent = Extent {
            id: opened.id,
            base: opened.base,
            next: opened.next_offset,
        };
        let handle = Handle {
            shared: Arc::new(Shared {
                journal: opened.journal,
                ledger,
                admission: Arc::new(Semaphore::new(UNITS as usize)),
                flushed: flushed_at,
                hurry: Arc::new(Notify::new()),
                board,
                quarantine: Arc::new(Quarantine::default()),
                streams,
                crew: Arc::clone(&crew),
                live: Live::default(),
            }),
        };
        let service = Self {
            config,
            warehouse,
            handle: handle.clone(),
            extent,
            crew,
            accounts,
            settings,
            delivery: None,
            dispatched,
            flushed,
            broken,
            lost: CancellationToken::new(),
        };
        Ok((service, handle))
    }

    /// Has outgoing webhooks told of what happens from where they were told last.
    pub fn telling(mut self, delivery: Delivery) -> io::Result<Self> {
        delivery.begin(self.extent.id, self.extent.next)?;
        self.delivery = Some(delivery);
        Ok(self)
    }

    /// Reads the journal, opens the doors, and runs until the token is cancelled or a part fails;
    /// then stops in order: events on their way, the last rows, a checkpoint, the footer.
    ///
    /// The doors must have finished their requests before the token is cancelled.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), Error> {
        let parts = CancellationToken::new();
        let tasks = TaskTracker::new();
        // It also ends with us when we end early.
        let _ended = parts.clone().drop_guard();
        let recovered = self
            .recover(stop.clone(), &tasks, parts.child_token())
            .await;
        let (crew, threads, dedup, replay_from) = match recovered {
            Err(Error::Recover(RecoverError::Stopped)) if self.lost.is_cancelled() => {
                checkpoint::remove_all(&state_dir(&self.config.data_dir))?;
                return Err(FlushError::Lost.into());
            }
            Err(Error::Recover(RecoverError::Stopped)) => return Ok(()),
            recovered => recovered?,
        };
        self.handle.apply(&self.accounts).await?;
        let flusher = self.flusher(&crew)?;
        let mut flusher = tasks.spawn(flusher.run(parts.child_token()));
        let keeper = self.keeper(&crew, dedup, replay_from);
        let mut keeper = tasks.spawn(keeper.run(parts.child_token()));
        self.handle.shared.board.set_phase(Phase::Ready);
        tracing::info!(journal.offset = *self.dispatched.borrow(), "doors are open");
        let panicked = |panic: JoinError| Error::Panicked(panic.to_string());
        let early = tokio::select! {
            () = stop.cancelled() => None,
            () = self.broken.cancelled() => Some(Error::Broken),
            ended = &mut flusher => Some(ended.map_err(panicked)?.map_or_else(Error::from, |()| {
                Error::Panicked("the flush".into())
            })),
            ended = &mut keeper => Some(panicked(match ended {
                Err(panic) => panic,
                Ok(_) => return Err(Error::Panicked("the keeper".into())),
            })),
        };
        self.handle.shared.board.set_phase(Phase::Draining);
        if let Some(error) = early {
            return Err(error);
        }
        self.settle().await;
        parts.cancel();
        let flushed = flusher.await.map_err(panicked)?;
        keeper.await.map_err(panicked)?.checkpoint().await;
        tasks.close();
        tasks.wait().await;
        self.close(crew, threads).await?;
        Ok(flushed?)
    }

    /// Reads the state and the journal; the doors answer that we are starting.
    async fn recover(
        &mut self,
        stop: CancellationToken,
        tasks: &TaskTracker,
        ended: CancellationToken,
    ) -> Result<(Crew, Threads, Dedup, u64), Error> {
        let state = state_dir(&self.config.data_dir);
        let journal = self.handle.shared.journal.clone();
        let (shared, extent) = (Arc::clone(&self.handle.shared), self.extent);
        let fold = FoldConfig {
            window: self.config.keep.window,
            seed: extent.id,
        };
        let (workers, dir) = (self.config.workers.max(1), self.config.journal.dir.clone());
        let (broken, horizon) = (self.broken.clone(), self.config.horizon);
        let delivery = self.delivery.clone();
        let (client, tasks) = (self.warehouse.clone(), tasks.clone());
        let (lost, stopped) = (self.lost.clone(), stop.clone());
        let runtime = tokio::runtime::Handle::current();
        let blocking = tokio::task::spawn_blocking(move || {
            let source = Source {
                journal: &journal,
                dir: &dir,
                extent,
            };
            let recovered = recover(source, &state, fold)?;
            catch_up(&shared.streams, source, &state, recovered.replay_from)?;
            let (crew, threads, questions) = Crew::start(Start {
                workers,
                accounts: recovered.accounts,
                config: fold,
                horizon,
                delivery: delivery.as_ref(),
                ledger: &shared.ledger,
                quarantine: &shared.quarantine,
                broken: &broken,
            })?;
            // Late events of the journal may need what only ClickHouse holds.
            let read_back = ReadBack {
                client,
                journal: extent.id,
                from_beginning: extent.base == 0,
                questions,
                lost: lost.clone(),
            };
            tasks.spawn_on(read_back.run(ended), &runtime);
            let in_vain = || stop.is_cancelled() || lost.is_cancelled();
            replay(
                source,
                recovered.replay_from,
                &crew,
                &shared.streams,
                in_vain,
            )?;
            Ok::<_, Error>((crew, threads, recovered.dedup, recovered.replay_from))
        });
        let parts = blocking
            .await
            .map_err(|panic| Error::Panicked(panic.to_string()))??;
        self.begin(&parts.0, &stopped).await?;
        self.dispatched.send_replace(self.extent.next);
        self.handle.shared.board.begin_at(self.extent.next);
        self.crew.get_or_init(|| parts.0.clone());
        Ok(parts)
    }

    /// Waits until the whole journal is observed, which may take what only ClickHouse holds, and takes
    /// what became of it for the sums.
    async fn begin(&self, crew: &Crew, stop: &CancellationToken) -> Result<(), Error> {
        while crew.census().await.aside > 0 {
            tokio::select! {
                () = stop.cancelled() => return Err(RecoverError::Stopped.into()),
                () = self.lost.cancelled() => return Err(RecoverError::Stopped.into()),
                () = sleep(ASIDE_LOOK) => {}
            }
        }
        let (counts, pending) = crew.begin().await;
        self.handle.shared.ledger.begin(counts, pending);
        Ok(())
    }

    fn flusher(&self, crew: &Crew) -> Result<Flusher, Error> {
        let state = state_dir(&self.config.data_dir);
        let meta = Meta::open(&state, self.extent.id)?;
        let journal = self.handle.shared.journal.clone();
        let arrival = move |offset| {
            let batch = journal.reader(offset).ok()?.next()?.ok()?;
            Some(Time(batch.received_at))
        };
        Ok(Flusher {
            crew: crew.clone(),
            client: self.warehouse.clone(),
            writer: Writer::new(self.warehouse.clone()),
            board: Arc::clone(&self.handle.shared.board),
            meta,
            state,
            dispatched: self.dispatched.subscribe(),
            flushed: self.flushed.clone(),
            hurry: Arc::clone(&self.handle.shared.hurry),
            arrival: Arc::new(arrival),
            journal_base: self.extent.base,
            retention: self.config.keep.facts,
            settings: self.settings.clone(),
            progress: Progress::default(),
        })
    }

    fn keeper(&self, crew: &Crew, dedup: Dedup, replay_from: u64) -> Keeper {
        Keeper {
            config: self.config.keep,
            crew: crew.clone(),
            board: Arc::clone(&self.handle.shared.board),
            journal: self.handle.shared.journal.clone(),
            journal_id: self.extent.id,
            streams: Arc::clone(&self.handle.shared.streams),
            delivery: self.delivery.clone(),
            state: state_dir(&self.config.data_dir),
            dedup,
            dispatched: self.dispatched.subscribe(),
            not_before: None,
            began: [0, replay_from],
        }
    }

    /// Waits until all events on their way are observed.
    async fn settle(&self) {
        let settled = async {
            loop {
                let sums = self.handle.sums();
                let dispatched = *self.dispatched.borrow();
                let all = dispatched == self.handle.shared.board.durable_end();
                if all && sums.in_flight == 0 && sums.pending == 0 {
                    return;
                }
                sleep(SETTLE_LOOK).await;
            }
        };
        if timeout(SETTLE_WITHIN, settled).await.is_err() {
            tracing::warn!("events are still on their way; the next start observes them");
        }
    }

    /// Writes the footer and ends the threads.
    async fn close(self, crew: Crew, threads: Threads) -> Result<(), Error> {
        let journal = self.handle.shared.journal.clone();
        let closed = tokio::task::spawn_blocking(move || {
            if let Err(error) = journal.shutdown() {
                tracing::warn!(%error, "the journal has no footer; all that was answered is in it");
            }
            crew.dismiss();
            threads.join()
        });
        match closed.await {
            Ok(false) => Ok(()),
            Ok(true) => Err(Error::Panicked("a fold worker".into())),
            Err(panic) => Err(Error::Panicked(panic.to_string())),
        }
    }
}

/// What the committer thread does with a batch.
struct Dispatch {
    crew: Arc<OnceLock<Crew>>,
    streams: Arc<Streams>,
    ledger: Arc<Ledger>,
    board: Arc<StatusBoard>,
    dispatched: Arc<watch::Sender<u64>>,
}

impl Dispatch {
    fn commit(&self, mut commit: Commit<Token>) {
        let events = commit
            .appends
            .iter()
            .map(|append| append.token.work.events())
            .sum();
        if let Err(error) = commit.outcome {
            self.ledger.fail(events);
            for reply in commit.appends.into_iter().filter_map(|it| it.token.reply) {
                // The sender may have gone away; it was promised nothing.
                let _ = reply.send(Reply::Failed(error.to_string()));
            }
            return;
        }
        self.ledger.append(events);
        let received_at = Time(commit.received_at);
        let mut next = commit.first_offset;
        for append in &commit.appends {
            next = append.first_offset + u64::from(append.count);
            append.token.durable.store(next - 1, Ordering::Release);
        }
        self.board.durable(commit.first_offset, next, received_at);
        let settled = self.settle_frames(&mut commit.appends, next, received_at);
        if let Some(crew) = self.crew.get() {
            crew.commit(received_at, commit.appends);
        }
        self.dispatched.send_replace(next);
        // Only now: who looks at what is live after his acknowledgement finds his events.
        for (reply, last_offset) in settled {
            let _ = reply.send(Reply::Durable { last_offset });
        }
    }

    /// Notes how far named streams are; gives who waits for frames to be durable, and up to where
    /// each is.
    fn settle_frames(
        &self,
        appends: &mut [Appended<Token>],
        next: u64,
        received_at: Time,
    ) -> Vec<(oneshot::Sender<Reply>, u64)> {
        let frames = appends.iter().filter_map(|it| it.token.frames.as_ref());
        let marks = frames.filter_map(|frames| frames.mark.as_ref());
        let marks = marks.map(|mark| (&*mark.lease, mark.frame));
        self.streams.committed(next, received_at.0, marks);
        let mut settled = Vec::new();
        for append in appends {
            // The name is free for another connection before this one is told.
            if append.token.frames.take().is_some()
                && let Some(reply) = append.token.reply.take()
            {
                let last_offset = append.first_offset + u64::from(append.count) - 1;
                settled.push((reply, last_offset));
            }
        }
        settled
    }
}

fn open_journal(
    config: &Config,
    world: World,
    board: &Arc<StatusBoard>,
    broken: &CancellationToken,
    dispatch: Dispatch,
) -> Result<Opened<Token>, Error> {
    let clock = world.clock;
    let observer = JournalObserver {
        board: Arc::clone(board),
        broken: broken.clone(),
        elapsed: world.elapsed,
    };
    let world = trunkline_journal::World {
        clock: Arc::new(move || clock().0),
        observer: Arc::new(observer),
        new_id: world.random,
    };
    Ok(Journal::open(&config.journal, world, move |commit| {
        dispatch.commit(commit);
    })?)
}
