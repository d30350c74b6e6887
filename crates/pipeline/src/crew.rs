//! The fold workers together: who gets what, and questions to all of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, mem};

use crossbeam_channel::{Sender, bounded};
use hashbrown::HashMap;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use trunkline_delivery::Handle as Delivery;
use trunkline_journal::{Appended, Batch};
use trunkline_model::time::Time;
use trunkline_rollup::account::Seeing;
use trunkline_rollup::{Config, Counts};

use crate::checkpoint::Sections;
use crate::handle::{Token, UNITS};
use crate::ledger::Ledger;
use crate::quarantine::Quarantine;
use crate::read_back::{Answer, QUESTIONS, Question};
use crate::shelf::Shelves;
use crate::tracked::Tracked;
use crate::worker::{Census, Gathering, Work, Worker, worker_of};

/// Places in a worker's queue. Every commit in it holds at least one unit of admission, so with
/// some to spare for questions the queue is never full and the committer thread never waits.
const QUEUE: usize = UNITS as usize + 4096;
/// Answers that may wait for one worker.
const ANSWERS: usize = 16;
/// Batches of a replay that may wait for one worker.
const REPLAY_AHEAD: usize = 8;
const REPLAY_PAUSE: Duration = Duration::from_micros(200);

/// The queues of all workers.
#[derive(Clone, Debug)]
pub(crate) struct Crew {
    queues: Arc<[Sender<Work>]>,
    /// How much each worker keeps aside because it is paused.
    aside: Arc<[Arc<AtomicUsize>]>,
}

/// What the workers start with.
pub(crate) struct Start<'a> {
    pub(crate) workers: usize,
    pub(crate) accounts: HashMap<String, Tracked>,
    pub(crate) config: Config,
    /// How long after its last arrival a conversation keeps its timeline, in milliseconds.
    pub(crate) horizon: i64,
    pub(crate) delivery: Option<&'a Delivery>,
    pub(crate) shelves: &'a Shelves,
    pub(crate) ledger: &'a Arc<Ledger>,
    pub(crate) quarantine: &'a Arc<Quarantine>,
    pub(crate) broken: &'a CancellationToken,
}

/// The workers' questions to ClickHouse, and where the answers go.
#[derive(Debug)]
pub(crate) struct Questions {
    pub(crate) questions: mpsc::Receiver<Question>,
    pub(crate) answers: Vec<Sender<Answer>>,
}

/// The workers' threads, to be joined.
#[derive(Debug)]
pub(crate) struct Threads(Vec<JoinHandle<()>>);

impl Crew {
    /// Starts the workers, each with its share of the accounts.
    pub(crate) fn start(start: Start<'_>) -> io::Result<(Self, Threads, Questions)> {
        let workers = start.workers;
        let mut shares: Vec<HashMap<String, Tracked>> = Vec::new();
        shares.resize_with(workers, HashMap::new);
        for (id, account) in start.accounts {
            shares[worker_of(&id, workers)].insert(id, account);
        }
        let (ask, questions) = mpsc::channel(QUESTIONS);
        let (mut queues, mut threads, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut aside = Vec::new();
        for (number, accounts) in shares.into_iter().enumerate() {
            let (queue, work) = bounded(QUEUE);
            let (answer, answered) = bounded(ANSWERS);
            let worker = Worker {
                number,
                workers,
                accounts,
                config: start.config,
                ledger: Arc::clone(start.ledger),
                quarantine: Arc::clone(start.quarantine),
                next: 0,
                round: None,
                questions: ask.clone(),
                answers: answered,
                horizon: start.horizon,
                shelves: start.shelves.clone(),
                sweeping: Vec::new(),
                is_torn: false,
                parked: HashMap::new(),
                aside: VecDeque::new(),
                is_behind: Arc::default(),
                is_ending: false,
                is_counting: false,
                newest: Time(0),
                shrunk_early: 0,
                told: HashMap::new(),
                delivery: start.delivery.cloned(),
                replayed: Vec::new(),
            };
            aside.push(Arc::clone(&worker.is_behind));
            let thread = thread::Builder::new().name(format!("fold-{number}"));
            let broken = start.broken.clone();
            threads.push(thread.spawn(move || {
                // Also when it panics: nothing may go on without it.
                let _told = broken.drop_guard();
                worker.run(&work);
            })?);
            queues.push(queue);
            answers.push(answer);
        }
        let (queues, aside) = (queues.into(), aside.into());
        Ok((
            Self { queues, aside },
            Threads(threads),
            Questions { questions, answers },
        ))
    }

    /// Hands durable appends to their workers, in journal order.
    pub(crate) fn commit(&self, received_at: Time, appends: Vec<Appended<Token>>) {
        let workers = self.queues.len();
        if workers == 1 {
            return self.send(
                0,
                Work::Commit {
                    received_at,
                    appends,
                },
            );
        }
        let mut shares: Vec<Vec<Appended<Token>>> = Vec::new();
        shares.resize_with(workers, Vec::new);
        for append in appends {
            shares[worker_of(append.token.work.account(), workers)].push(append);
        }
        for (number, appends) in shares.into_iter().enumerate() {
            if !appends.is_empty() {
                self.send(
                    number,
                    Work::Commit {
                        received_at,
                        appends,
                    },
                );
            }
        }
    }

    /// Hands a batch read from the journal to all workers; waits while they are far behind, unless
    /// `ended` says that it is no use. Says whether it was handed over.
    pub(crate) fn replay(&self, batch: Batch, ended: impl Fn() -> bool) -> bool {
        let batch = Arc::new(batch);
        let behind = |(queue, aside): (&Sender<Work>, &Arc<AtomicUsize>)| {
            queue.len() + aside.load(Ordering::Relaxed) > REPLAY_AHEAD
        };
        while self.queues.iter().zip(self.aside.iter()).any(behind) {
            if ended() {
                return false;
            }
            thread::sleep(REPLAY_PAUSE);
        }
        for number in 0..self.queues.len() {
            self.send(number, Work::Replay(Arc::clone(&batch)));
        }
        true
    }

    /// Learns what became of the events of the journal, and how many wait to be observed; from here
    /// on workers count for themselves.
    pub(crate) async fn begin(&self) -> (Counts, u64) {
        let mut all = (Counts::default(), 0);
        for number in 0..self.queues.len() {
            let (reply, answer) = oneshot::channel();
            self.send(number, Work::Begin(reply));
            if let Ok((counts, pending)) = answer.await {
                all.0 += counts;
                all.1 += pending;
            }
        }
        all
    }

    /// Collects changed rows of all workers, about `limit` message rows of each; none if a worker
    /// has ended, for then nothing may be called flushed any more.
    pub(crate) async fn gather(
        &self,
        below: u64,
        generation: u64,
        limit: usize,
    ) -> Option<Gathering> {
        let mut asked = Vec::new();
        for number in 0..self.queues.len() {
            let (reply, answer) = oneshot::channel();
            self.send(
                number,
                Work::Gather {
                    below,
                    generation,
                    limit,
                    reply,
                },
            );
            asked.push(answer);
        }
        let mut all = Gathering {
            through: below,
            ..Gathering::default()
        };
        for answer in asked {
            let gathering = answer.await.ok()?;
            all.through = all.through.min(gathering.through);
            all.left |= gathering.left;
            all.rows.append(gathering.rows);
            all.minutes.extend(gathering.minutes);
        }
        Some(all)
    }

    /// Makes all workers gather again what was changed from `offset` on; says whether they have all
    /// of it in memory.
    pub(crate) async fn rewind(&self, offset: u64) -> bool {
        let mut whole = true;
        for number in 0..self.queues.len() {
            let (reply, answer) = oneshot::channel();
            self.send(number, Work::Rewind(offset, reply));
            whole &= answer.await.unwrap_or(true);
        }
        whole
    }

    /// Has what is beyond the horizon let go of, of what ClickHouse holds; never waits.
    pub(crate) fn shrink(&self, flushed: u64) {
        for queue in self.queues.iter() {
            // When there is no room there is more urgent work.
            let _ = queue.try_send(Work::Shrink { flushed });
        }
    }

    /// Counts what all workers hold.
    pub(crate) async fn census(&self) -> Census {
        let mut all = Census::default();
        for number in 0..self.queues.len() {
            let (reply, answer) = oneshot::channel();
            self.send(number, Work::Census(reply));
            let Ok(mut census) = answer.await else {
                continue;
            };
            all.counts += census.counts;
            all.conversations += census.conversations;
            all.shrunk += census.shrunk;
            all.calls += census.calls;
            all.cold_calls += census.cold_calls;
            all.entities += census.entities;
            all.cold_entities += census.cold_entities;
            all.visits += census.visits;
            all.cold_visits += census.cold_visits;
            all.parked += census.parked;
            all.aside += census.aside;
            all.behind = all.behind.into_iter().chain(census.behind).min();
            all.shrunk_early += census.shrunk_early;
            all.remembered += census.remembered;
            all.dirty += census.dirty;
            all.beyond_cap += census.beyond_cap;
            all.pools += census.pools;
            all.waiting.append(&mut census.waiting);
            all.rules.extend(mem::take(&mut census.rules));
        }
        all
    }

    /// Asks the worker of an account; never waits, and says whether there was room for the question.
    pub(crate) fn ask(&self, account: &str, work: Work) -> bool {
        let worker = worker_of(account, self.queues.len());
        self.queues[worker].try_send(work).is_ok()
    }

    /// Counts the workers.
    pub(crate) fn workers(&self) -> usize {
        self.queues.len()
    }

    /// Asks one worker for its next sections of a checkpoint. Blocks; none if it has ended.
    pub(crate) fn sections(&self, worker: usize, begin: bool, below: u64) -> Option<Sections> {
        let (reply, answer) = bounded(1);
        self.send(
            worker,
            Work::Checkpoint {
                begin,
                below,
                reply,
            },
        );
        answer.recv().ok()
    }

    /// Takes the marks first seen by one worker since the last time. Blocks.
    pub(crate) fn fresh(&self, worker: usize) -> Option<Vec<(Arc<str>, Vec<Seeing>)>> {
        let (reply, answer) = bounded(1);
        self.send(worker, Work::Fresh(reply));
        answer.recv().ok()
    }

    /// Ends all workers once they have done what is in their queues.
    pub(crate) fn dismiss(&self) {
        (0..self.queues.len()).for_each(|number| self.send(number, Work::Dismiss));
    }

    fn send(&self, worker: usize, work: Work) {
        // A worker ends when it is dismissed, or by a panic, which ends the process: there is
        // nobody to tell.
        let _ = self.queues[worker].send(work);
    }
}

impl Threads {
    /// Waits for all workers to end; says whether one of them panicked.
    pub(crate) fn join(self) -> bool {
        self.0
            .into_iter()
            .map(JoinHandle::join)
            .filter(Result::is_err)
            .count()
            > 0
    }
}
