//! What the doors hold of the pipeline: [`Handle`], cheap to clone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::time::timeout;
use trunkline_journal::{Journal, Reason, Records};
use trunkline_model::batch::Parsed;
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;
use trunkline_rollup::Counts;

use crate::crew::Crew;
use crate::ledger::{Ledger, Sums};
use crate::live::{Live, LiveAccount};
use crate::quarantine::{Quarantine, Quarantined};
use crate::record;
use crate::service::AccountSettings;
use crate::status::{Phase, Status, StatusBoard};
use crate::streams::Streams;

mod frames;

pub use frames::{Durable, Mark};

/// Bytes that one unit of admission stands for.
const UNIT: usize = 4096;
/// Units in all: 256 MiB of events between their append and their observation.
pub(crate) const UNITS: u32 = 65_536;
/// Bytes that frame a record, at most.
const FRAME: usize = 5;
/// How long an answer waits for the fold before it says `"observed":false`.
pub(crate) const OBSERVE_WITHIN: Duration = Duration::from_secs(2);
/// How long a submission waits for admission before it is told to come back.
const ADMIT_WITHIN: Duration = Duration::from_secs(2);
/// How often the disk is asked again after that, 30 s in all.
const DISK_AGAIN: Duration = Duration::from_millis(250);
const DISK_TRIES: u32 = 113;
/// The mark of an append that is not on stable storage yet.
pub(crate) const NOT_DURABLE: u64 = u64::MAX;

/// Events of one account from one request.
#[derive(Debug)]
pub struct Submission {
    /// The account's id.
    pub account: Arc<str>,
    /// The hook they came through, or `api`.
    pub origin: Arc<str>,
    /// The events, parsed and valid.
    pub events: Parsed,
    /// What they were made of, if a provider sent it: a record of its own ([`record::webhook`]).
    pub webhook: Option<Vec<u8>>,
}

/// What became of a submission that is on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Events new to us (or not yet compared, if not observed).
    pub accepted: u32,
    /// Events seen before with the same content.
    pub duplicates: u32,
    /// Events seen before with other content.
    pub conflicts: u32,
    /// Offset of the last of them; none if there were none.
    pub last_offset: Option<u64>,
    /// Whether the fold has observed them: they are in the live figures.
    pub observed: bool,
}

/// Why a submission was not taken. Nothing is promised then; sending it again is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The journal cannot be written.
    #[error("the journal cannot be written: {reason}")]
    Unavailable {
        /// What is wrong, for those who run the service.
        reason: String,
    },
    /// More is waiting than may wait.
    #[error("more events are waiting than the pipeline may hold")]
    Overloaded,
    /// The events together are larger than a segment of the journal.
    #[error("the batch is larger than a segment of the journal (journal.segment_mb): split it")]
    TooLarge,
    /// The journal is still being read.
    #[error("the service is starting: the journal is being read")]
    Starting,
    /// The service is stopping.
    #[error("the service is stopping")]
    Draining,
}

/// What travels with an append through the journal to the worker.
#[derive(Debug)]
pub struct Token {
    pub(crate) work: TokenWork,
    /// Taken by whoever answers: the worker, or the commit for frames of a stream.
    pub(crate) reply: Option<oneshot::Sender<Reply>>,
    /// Frames of a stream are answered when they are durable.
    pub(crate) frames: Option<Frames>,
    /// Offset of the last record once it is on stable storage.
    pub(crate) durable: Arc<AtomicU64>,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// What a stream's append carries beside its events.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// How far the named stream is once this is durable.
    pub(crate) mark: Option<Mark>,
}

#[derive(Debug)]
pub(crate) enum TokenWork {
    Events(Submission),
    Settings { account: Arc<str>, rules: FoldRules },
}

impl TokenWork {
    pub(crate) fn account(&self) -> &Arc<str> {
        match self {
            Self::Events(submission) => &submission.account,
            Self::Settings { account, .. } => account,
        }
    }

    /// Counts events; settings are none.
    pub(crate) fn events(&self) -> u64 {
        match self {
            Self::Events(submission) => submission.events.len() as u64,
            Self::Settings { .. } => 0,
        }
    }
}

/// The answer to an append.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It is durable and observed.
    Observed { outcomes: Counts, last_offset: u64 },
    /// It is durable; the fold is behind.
    Durable { last_offset: u64 },
    /// It is not durable.
    Failed(String),
}

/// An append on its way.
#[derive(Debug)]
pub(crate) struct Waiting {
    durable: Arc<AtomicU64>,
    answer: oneshot::Receiver<Reply>,
}

/// The doors' side of the pipeline.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) journal: Journal<Token>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) admission: Arc<tokio::sync::Semaphore>,
    /// All rows changed by records below this offset are in ClickHouse; none until it was asked.
    pub(crate) flushed: watch::Receiver<Option<u64>>,
    pub(crate) hurry: Arc<tokio::sync::Notify>,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) quarantine: Arc<Quarantine>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) crew: Arc<OnceLock<Crew>>,
    pub(crate) live: Live,
}

impl Handle {
    /// Makes events durable and observed.
    ///
    /// Once the events are admitted the work goes on even if the returned future is dropped.
    pub async fn submit(&self, submission: Submission) -> Result<Receipt, SubmitError> {
        let events = submission.events.len() as u32;
        let waiting = self.send(submission).await?;
        self.received(events, waiting).await
    }

    /// Waits until events that were sent are durable and observed.
    pub(crate) async fn received(
        &self,
        events: u32,
        waiting: Option<Waiting>,
    ) -> Result<Receipt, SubmitError> {
        match waiting {
            Some(waiting) => self.receipt(events, waiting).await,
            None => Ok(Receipt {
                accepted: 0,
                duplicates: 0,
                conflicts: 0,
                last_offset: None,
                observed: true,
            }),
        }
    }

    /// Hands events in, which are durable and observed a moment later; a crash before that loses them.
    pub async fn hand_in(&self, submission: Submission) -> Result<(), SubmitError> {
        self.send(submission).await.map(drop)
    }

    /// Admits events and hands them to the journal; none if there is nothing of them.
    pub(crate) async fn send(
        &self,
        submission: Submission,
    ) -> Result<Option<Waiting>, SubmitError> {
        let events = submission.events.len() as u64;
        let permit = match self.admit(&submission).await {
            Ok(permit) => permit,
            Err(error) => {
                self.shared.ledger.refuse(events);
                return Err(error);
            }
        };
        if events == 0 && submission.webhook.is_none() {
            return Ok(None);
        }
        let webhook = submission.webhook.as_deref();
        let more = webhook.map_or(0, |record| record.len() + FRAME);
        let mut records = records(&submission, more);
        if let Some(record) = webhook {
            records.push(record);
        }
        self.shared.ledger.receive(events);
        let work = TokenWork::Events(submission);
        self.append(records, work, Some(permit), None).map(Some)
    }

    /// Journals the settings of accounts that differ from those in force, all in one batch; gives
    /// how many accounts they were. They hold from their record's `received_at`.
    pub async fn apply(&self, accounts: &[AccountSettings]) -> Result<usize, SubmitError> {
        let Some(crew) = self.shared.crew.get() else {
            return Err(SubmitError::Starting);
        };
        let known = crew.census().await.rules;
        let mut told = Vec::new();
        for AccountSettings { account, rules } in accounts {
            let in_force = known.get(account).cloned().unwrap_or_default();
            if in_force != *rules {
                told.push(self.tell_settings(Arc::clone(account), rules.clone())?);
            }
        }
        let changed = told.len();
        for settings in told {
            self.told(settings).await?;
        }
        Ok(changed)
    }

    /// Hands new settings of an account to the journal.
    fn tell_settings(&self, account: Arc<str>, rules: FoldRules) -> Result<Waiting, SubmitError> {
        let record =
            record::settings(&account, &rules).map_err(|error| SubmitError::Unavailable {
                reason: error.to_string(),
            })?;
        let mut records = Records::default();
        records.push(&record);
        self.append(records, TokenWork::Settings { account, rules }, None, None)
    }

    /// Waits until settings are durable.
    async fn told(&self, waiting: Waiting) -> Result<(), SubmitError> {
        match self.reply(waiting).await? {
            Reply::Failed(reason) => Err(SubmitError::Unavailable { reason }),
            Reply::Observed { .. } | Reply::Durable { .. } => Ok(()),
        }
    }

    async fn admit(&self, submission: &Submission) -> Result<OwnedSemaphorePermit, SubmitError> {
        match self.shared.board.phase() {
            Phase::Starting => return Err(SubmitError::Starting),
            Phase::Draining => return Err(SubmitError::Draining),
            Phase::Ready => {}
        }
        let items = submission.events.items();
        // What a submission holds until it is observed: its body, whole, and its parsed items.
        let webhook = submission.webhook.as_ref().map_or(0, Vec::len);
        let body = submission.events.body().len() + webhook;
        let units = (body + size_of_val(items))
            .div_ceil(UNIT)
            .clamp(1, UNITS as usize) as u32;
        let admission = Arc::clone(&self.shared.admission);
        match timeout(ADMIT_WITHIN, admission.acquire_many_owned(units)).await {
            // Asked last: by then the disk may have fallen behind.
            Ok(Ok(_)) if self.shared.journal.is_crowded(body) => Err(SubmitError::Overloaded),
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(SubmitError::Draining),
            Err(_) => Err(SubmitError::Overloaded),
        }
    }

    fn append(
        &self,
        records: Records,
        work: TokenWork,
        permit: Option<OwnedSemaphorePermit>,
        frames: Option<Frames>,
    ) -> Result<Waiting, SubmitError> {
        let (reply, answer) = oneshot::channel();
        let durable = Arc::new(AtomicU64::new(NOT_DURABLE));
        let events = work.events();
        let token = Token {
            work,
            reply: Some(reply),
            frames,
            durable: Arc::clone(&durable),
            permit,
        };
        match self.shared.journal.append(records, token) {
            Ok(()) => Ok(Waiting { durable, answer }),
            Err(rejected) => {
                self.shared.ledger.fail(events);
                Err(match rejected.reason {
                    Reason::TooLarge => SubmitError::TooLarge,
                    Reason::Full => SubmitError::Overloaded,
                    Reason::Empty | Reason::Closed => SubmitError::Unavailable {
                        reason: rejected.reason.to_string(),
                    },
                })
            }
        }
    }

    async fn receipt(&self, events: u32, waiting: Waiting) -> Result<Receipt, SubmitError> {
        match self.reply(waiting).await? {
            Reply::Observed {
                outcomes,
                last_offset,
            } => Ok(Receipt {
                accepted: (outcomes.observed + outcomes.waiting + outcomes.quarantined) as u32,
                duplicates: outcomes.duplicate as u32,
                conflicts: outcomes.conflict as u32,
                last_offset: Some(last_offset),
                observed: true,
            }),
            Reply::Durable { last_offset } => Ok(Receipt {
                accepted: events,
                duplicates: 0,
                conflicts: 0,
                last_offset: Some(last_offset),
                observed: false,
            }),
            Reply::Failed(reason) => Err(SubmitError::Unavailable { reason }),
        }
    }

    /// Waits for the fold, and when that takes long for the disk alone. One wake-up in the usual
    /// case: the disk's own answer is only looked at when the time is up.
    async fn reply(&self, waiting: Waiting) -> Result<Reply, SubmitError> {
        let Waiting {
            durable,
            mut answer,
        } = waiting;
        let mut patience = OBSERVE_WITHIN;
        for _ in 0..DISK_TRIES {
            match timeout(patience, &mut answer).await {
                Ok(reply) => return reply.map_err(|_| SubmitError::Draining),
                Err(_) => patience = DISK_AGAIN,
            }
            let last_offset = durable.load(Ordering::Acquire);
            if last_offset != NOT_DURABLE {
                return Ok(Reply::Durable { last_offset });
            }
        }
        Err(SubmitError::Unavailable {
            reason: "the disk has not answered for 30 s".into(),
        })
    }

    /// Waits until ClickHouse holds all rows changed by records up to `offset` (or, without one,
    /// up to the journal's end); says whether it does.
    pub async fn flushed(&self, offset: Option<u64>, within: Duration) -> bool {
        let wanted = offset.map_or_else(|| self.shared.board.durable_end(), |last| last + 1);
        let mut flushed = self.shared.flushed.clone();
        // Before ClickHouse was asked it holds nothing, not even all of an empty journal.
        let held = |flushed: &Option<u64>| flushed.is_some_and(|flushed| flushed >= wanted);
        if held(&flushed.borrow()) {
            return true;
        }
        self.shared.hurry.notify_one();
        timeout(within, flushed.wait_for(held))
            .await
            .is_ok_and(|found| found.is_ok())
    }

    /// Notes events that a door refused.
    pub fn refuse(&self, events: u64) {
        self.shared.ledger.refuse(events);
    }

    /// Gives both sums from one moment.
    pub fn sums(&self) -> Sums {
        self.shared.ledger.snapshot()
    }

    /// Gives what is shown of an account now: at most a quarter of a second behind what was
    /// acknowledged, unless the fold is further behind; its `as_of` says how far.
    pub async fn live(&self, account: &Arc<str>, now: Time) -> Arc<LiveAccount> {
        // Before the journal is read nothing is shown.
        let crew = self.shared.crew.get();
        let ask = |work| crew.is_some_and(|crew| crew.ask(account, work));
        self.shared.live.account(account, now, ask).await
    }

    /// Gives where the process is in its life.
    pub fn phase(&self) -> Phase {
        self.shared.board.phase()
    }

    /// Gives the moment that all figures in ClickHouse are at least as new as: `now`, or the
    /// arrival of the oldest event that is not there yet.
    pub fn as_of(&self, now: Time) -> Time {
        self.status()
            .oldest_unflushed
            .map_or(now, |oldest| oldest.min(now))
    }

    /// Gives how many minutes long an account's cells of figures in ClickHouse are; none while they
    /// are not whole, for they are being made anew: then only the messages tell.
    pub fn cells(&self, account: &str) -> Option<u8> {
        self.shared.board.cells(account)
    }

    /// Gives the state of all parts.
    pub fn status(&self) -> Status {
        self.shared.board.status()
    }

    /// Gives the last events that the fold could not apply.
    pub fn quarantined(&self) -> Vec<Quarantined> {
        self.shared.quarantine.list()
    }
}

/// Frames the records of a submission, with room for so many bytes more.
fn records(submission: &Submission, more: usize) -> Records {
    let head = record::event_head(&submission.account, &submission.origin, "");
    let items = submission.events.items();
    let raw: usize = items.iter().map(|item| item.raw.len()).sum();
    let mut records = Records::with_capacity(raw + items.len() * (head.len() + FRAME) + more);
    for item in items {
        records.push_parts(&[&head, item.raw.as_bytes()]);
    }
    records
}
