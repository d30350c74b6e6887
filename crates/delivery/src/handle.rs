//! What others hold of the outgoing webhooks: [`Handle`], cheap to clone. The fold tells it of calls (`telling`)
//! and how far it is; the doors list, show and replay; a reload sets other webhooks.

mod telling;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;
use trunkline_model::settings::WebhookEvent;
use trunkline_model::time::Time;

use crate::call::Attribution;
use crate::metrics;
use crate::outbox::{Address, Id, Outbox, Outcome, Queue, Try};
use crate::saved::{Found, Saved};
use crate::source;
use crate::webhook::{Webhook, Webhooks};

/// What cannot be known from within.
#[derive(Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Chance, from 0 to 1: spreads what is tried again.
    pub chance: Arc<dyn Fn() -> f64 + Send + Sync>,
}

/// The webhooks' side of the rest of the program.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    state: PathBuf,
    world: World,
    webhooks: ArcSwap<Webhooks>,
    desk: Mutex<Desk>,
    /// One writer of the file at a time.
    writing: Mutex<()>,
    /// Records below this offset were told before the start.
    told_below: AtomicU64,
    /// Something may be due.
    news: Notify,
}

#[derive(Default)]
struct Desk {
    outbox: Outbox,
    /// The journal's id; none until the file was read.
    journal: Option<u64>,
    through: u64,
    /// What is in the file: its `through`, and whether nothing changed since.
    written_through: u64,
    is_written: bool,
}

/// A webhook, and how it goes with it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
pub struct Listed {
    /// Its id.
    pub webhook: String,
    /// Where it is sent, without the path: that may be a secret.
    pub to: String,
    /// What it tells.
    #[schemars(with = "Vec<String>")]
    pub events: Vec<WebhookEvent>,
    /// How many notices were delivered.
    pub delivered: u64,
    /// When the last one was.
    pub delivered_at: Option<Time>,
    /// How many wait, also those on their way.
    pub waiting: usize,
    /// When the oldest of them was made.
    pub oldest_at: Option<Time>,
    /// How many dead letters there are.
    pub dead: usize,
    /// How many notices were dropped for want of room.
    pub lost: u64,
    /// When a try failed last.
    pub failed_at: Option<Time>,
    /// Why it did.
    pub error: Option<String>,
}

/// A notice that was given up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DeadLetter {
    /// The notice's id, the same whenever it is sent.
    pub id: String,
    /// What it tells, like `missed_call`.
    pub event: String,
    /// The call's id.
    pub call: String,
    /// Whose order it keeps: the caller.
    pub contact: String,
    /// When it was made.
    pub made_at: Time,
    /// When it was given up.
    pub dead_at: Time,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was given up.
    pub reason: String,
}

/// What came of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// So many wait again.
    Waiting(usize),
    /// The account has no such webhook.
    NoWebhook,
    /// The webhook has no such dead letter.
    NoLetter,
}

impl Handle {
    /// Makes the handle of an outbox that is kept in the folder of the state, with these webhooks.
    pub fn new(state: &Path, world: World, webhooks: Webhooks) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: state.to_owned(),
                world,
                webhooks: ArcSwap::from_pointee(webhooks),
                desk: Mutex::default(),
                writing: Mutex::default(),
                told_below: AtomicU64::new(u64::MAX),
                news: Notify::new(),
            }),
        }
    }

    /// Reads what a process before left, of the journal with this id that ends at `end`; without such
    /// a file makes one that says that all until there is told. To be called before records are
    /// observed.
    ///
    /// Errors if the file cannot be read. Where it cannot be written, as on a full disk, the service
    /// starts all the same; no checkpoint goes beyond what is in it.
    pub fn begin(&self, journal: u64, end: u64) -> io::Result<()> {
        let found = Saved::read(&self.shared.state)?;
        let mut desk = self.desk();
        desk.journal = Some(journal);
        desk.through = end;
        match found {
            Found::Whole(saved) if saved.journal == journal => {
                desk.through = saved.through.min(end);
                desk.outbox = saved.outbox();
            }
            Found::Whole(_) => {
                tracing::warn!("state/outbox is of another journal: what waited there is not sent");
            }
            Found::Damaged => {
                tracing::error!(
                    "state/outbox is damaged and was put aside as outbox.damaged: what waited to be \
                     told to webhooks is lost"
                );
            }
            Found::Nothing => {}
        }
        self.shared
            .told_below
            .store(desk.through, Ordering::Release);
        drop(desk);
        self.write_or_say();
        self.shared.news.notify_one();
        Ok(())
    }

    /// Gives the offset below which all records were told before the start.
    pub fn told_below(&self) -> u64 {
        self.shared.told_below.load(Ordering::Acquire)
    }

    /// Says whether anything of an account is told to anybody.
    pub fn wants(&self, account: &str) -> bool {
        self.shared.webhooks.load().has(account)
    }

    /// Says whether anybody is told what brought the calls of an account.
    pub fn wants_sources(&self, account: &str) -> bool {
        self.shared.webhooks.load().tells_sources(account)
    }

    /// Says whether anybody who is told of sources does not know yet that this brought a call.
    pub fn lacks_source(&self, account: &str, call: &str, brought: &Attribution) -> bool {
        let webhooks = self.shared.webhooks.load();
        let digest = source::digest(brought);
        let mut desk = self.desk();
        let mut lacks = false;
        // All are asked: asking notes what a version before told.
        for of in webhooks.who_knows(account, call) {
            lacks |= !desk.outbox.has_source(of, digest);
        }
        lacks
    }

    /// Notes that all records below this offset were told.
    pub fn through(&self, offset: u64) {
        let mut desk = self.desk();
        desk.through = desk.through.max(offset);
    }

    /// Notes that all records below this offset were told, and makes it durable. Blocks.
    ///
    /// Errors if the file cannot be written: then nothing may rely on it.
    pub fn keep(&self, offset: u64) -> io::Result<()> {
        self.through(offset);
        if self.desk().written_through >= offset {
            return Ok(());
        }
        self.write()
    }

    /// Puts other webhooks in force.
    pub fn set(&self, webhooks: Webhooks) {
        self.shared.webhooks.store(Arc::new(webhooks));
        self.shared.news.notify_one();
    }

    /// Lists the webhooks of an account in the order of the configuration.
    pub fn list(&self, account: &str) -> Vec<Listed> {
        let webhooks = self.shared.webhooks.load();
        let desk = self.desk();
        let none = Queue::default();
        let listed = |webhook: &Arc<Webhook>| {
            let queue = desk.outbox.queues.get(&webhook.address).unwrap_or(&none);
            listed(webhook, queue)
        };
        webhooks.of(account).iter().map(listed).collect()
    }

    /// Lists the dead letters of a webhook, newest first; none if there is no such webhook.
    pub fn dead(&self, account: &str, webhook: &str) -> Option<Vec<DeadLetter>> {
        let address = Address::new(account, webhook);
        self.shared.webhooks.load().find(&address)?;
        let desk = self.desk();
        let dead = desk.outbox.queues.get(&address).map(|queue| &queue.dead);
        let dead = dead.into_iter().flatten().rev();
        let letter = |dead: &crate::outbox::Dead| DeadLetter {
            id: dead.notice.id.to_string(),
            event: dead.notice.kind.clone(),
            call: dead.notice.subject.clone(),
            contact: dead.notice.contact.to_string(),
            made_at: dead.notice.made_at,
            dead_at: dead.at,
            tries: dead.tries,
            reason: dead.reason.clone(),
        };
        Some(dead.map(letter).collect())
    }

    /// Has dead letters of a webhook sent again: the one of this id, or all.
    pub fn replay(&self, account: &str, webhook: &str, one: Option<&str>) -> Replay {
        let address = Address::new(account, webhook);
        if self.shared.webhooks.load().find(&address).is_none() {
            return Replay::NoWebhook;
        }
        let Ok(id) = one.map(str::parse::<Id>).transpose() else {
            return Replay::NoLetter;
        };
        let mut desk = self.desk();
        let count = desk.outbox.replay(&address, id, self.now());
        desk.is_written = false;
        drop(desk);
        self.shared.news.notify_one();
        if count == 0 && id.is_some() {
            return Replay::NoLetter;
        }
        Replay::Waiting(count)
    }

    /// Counts what waits and the dead letters of all webhooks.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let desk = self.desk();
        let queues = desk.outbox.queues.values();
        queues.fold((0, 0), |(waiting, dead), queue| {
            (waiting + queue.waiting.len(), dead + queue.dead.len())
        })
    }

    /// Gives a try that is due, with its webhook; it is on its way from now on. Without `room` only of webhooks
    /// to which nothing is on its way.
    pub(crate) fn take(&self, room: bool) -> Option<(Try, Arc<Webhook>)> {
        let webhooks = self.shared.webhooks.load();
        let made = self
            .desk()
            .outbox
            .take(self.now(), room, |of| webhooks.find(of).is_some())?;
        let webhook = Arc::clone(webhooks.find(&made.notice.address)?);
        Some((made, webhook))
    }

    /// Gives how long it is until something is due, in milliseconds.
    pub(crate) fn due_in(&self, room: bool) -> Option<i64> {
        let webhooks = self.shared.webhooks.load();
        let desk = self.desk();
        let due = desk.outbox.due(room, |of| webhooks.find(of).is_some())?;
        Some(due.since(self.now()).max(0))
    }

    /// Waits until something may be due that was not.
    pub(crate) async fn news(&self) {
        self.shared.news.notified().await;
    }

    pub(crate) fn settle(&self, made: &Try, outcome: Outcome) {
        let chance = (self.shared.world.chance)();
        let mut desk = self.desk();
        desk.outbox.settle(made, outcome, self.now(), chance);
        desk.is_written = false;
    }

    /// Drops what is too old to be kept.
    pub(crate) fn forget(&self) {
        let webhooks = self.shared.webhooks.load();
        let now = self.now();
        self.desk()
            .outbox
            .forget(now, |of| webhooks.find(of).is_some());
    }

    /// Says whether the file lacks something: a notice, or only how far the journal was told.
    pub(crate) fn lacks(&self) -> (bool, bool) {
        let desk = self.desk();
        let has_begun = desk.journal.is_some();
        let behind = desk.through > desk.written_through;
        (has_begun && !desk.is_written, has_begun && behind)
    }

    /// Writes the file. Blocks. Does nothing before [`Self::begin`].
    pub(crate) fn write(&self) -> io::Result<()> {
        let _writing = self
            .shared
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (saved, through) = {
            let mut desk = self.desk();
            let Some(journal) = desk.journal else {
                return Ok(());
            };
            desk.is_written = true;
            (Saved::of(&desk.outbox, journal, desk.through), desk.through)
        };
        let written = saved.write(&self.shared.state);
        let mut desk = self.desk();
        match &written {
            Ok(()) => desk.written_through = through,
            Err(_) => desk.is_written = false,
        }
        written
    }

    /// Writes the file; a failure is counted and logged, and the file lacks something still.
    pub(crate) fn write_or_say(&self) {
        if let Err(error) = self.write() {
            metrics::not_written();
            tracing::error!(%error, "state/outbox could not be written; it is tried again");
        }
    }

    pub(crate) fn now(&self) -> Time {
        (self.shared.world.clock)()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared
            .desk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn listed(webhook: &Webhook, queue: &Queue) -> Listed {
    let last = &queue.last;
    let oldest = queue.waiting.values().next();
    let scheme = webhook.url.scheme_str().unwrap_or_default();
    let host = webhook.url.authority().map_or("", |host| host.as_str());
    Listed {
        webhook: webhook.address.webhook.to_string(),
        to: format!("{scheme}://{host}"),
        events: webhook.events.clone(),
        delivered: last.delivered,
        delivered_at: last.delivered_at.map(Time),
        waiting: queue.waiting.len(),
        oldest_at: oldest.map(|entry| entry.notice.made_at),
        dead: queue.dead.len(),
        lost: last.lost,
        failed_at: last.failed_at.map(Time),
        error: (!last.error.is_empty()).then(|| last.error.clone()),
    }
}

#[cfg(test)]
mod tests;
