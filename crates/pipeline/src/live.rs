//! What readers see of the fold: who waits for a reply, which calls go on, and figures by cell, in concurrent maps
//! that the account's one writer brings up to date when somebody looks.
//!
//! Nobody looking costs nothing. However many look, the fold is asked once in [`FRESH`], for what
//! changed since it was asked last.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;
use trunkline_calltracking::{Attribution, PoolNow};
use trunkline_model::event::Direction;
use trunkline_model::time::Time;
use trunkline_rollup::account::{CallNow, View, Waiting};
use trunkline_rollup::cells::Cell;

use crate::worker::Work;

/// Stands for: nothing was shown yet.
const NEVER: i64 = i64::MIN;
/// How old what is shown may be, in milliseconds: the source of a call is to be seen while it rings.
const FRESH: i64 = 100;
/// How long a reader waits for the fold, which may be busy; then he sees what was shown before.
const WITHIN: Duration = Duration::from_secs(1);
/// How long a cell, or a call without an end, is shown at most, in milliseconds: a day of any zone, and
/// some.
pub(crate) const KEPT: i64 = 50 * 3_600_000;
/// How often cells are looked through for old ones, in milliseconds.
const KEPT_LOOK: i64 = 3_600_000;
/// Shards of a map: few enough to be cheap for a small account, enough for one writer and many
/// readers.
const SHARDS: usize = 64;

type Map<K, V> = DashMap<K, V, foldhash::fast::RandomState>;

/// What is shown of all accounts.
#[derive(Debug)]
pub(crate) struct Live {
    accounts: Map<Arc<str>, Arc<LiveAccount>>,
}

/// What is shown of one account.
#[derive(Debug)]
pub struct LiveAccount {
    account: Arc<str>,
    waiting: Map<(String, String), Waits>,
    calls: Map<String, CallGoesOn>,
    cells: Map<CellKey, Cell>,
    pools: std::sync::Mutex<Vec<PoolStands>>,
    as_of: AtomicI64,
    asking: Mutex<()>,
    /// The fold was asked and has not answered yet.
    asked: AtomicBool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CellKey {
    start: Time,
    manager: Option<String>,
    channel: String,
}

/// A conversation in which a reply is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The channel's id.
    pub channel: String,
    /// The conversation's id, unique within its channel.
    pub conversation: String,
    /// Who waits.
    pub contact: String,
    /// Since when.
    pub since: Time,
    /// The manager it is assigned to now.
    pub assignee: Option<String>,
    /// The manager who wrote last.
    pub last_manager: Option<String>,
}

/// A call that has not ended, as far as is told.
#[derive(Clone, Debug, PartialEq)]
pub struct CallGoesOn {
    /// The call's id.
    pub call: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Who is outside; empty if unknown.
    pub caller: String,
    /// The number of ours.
    pub number: String,
    /// When it began.
    pub since: Time,
    /// What it is doing: `started`, `menu`, `queued`, `ringing`, `talking` or `held`.
    pub state: &'static str,
    /// The manager who talks, else whom it rang last, as told.
    pub manager: Option<String>,
    /// His extension, or the number it was forwarded to.
    pub extension: Option<String>,
    /// Whether it is spam.
    pub spam: bool,
    /// When its latest phase arrived: hours later it is taken for over.
    pub heard_at: Time,
    /// What brought it; none of one that is not from outside, or that is not tracked.
    pub attribution: Option<Attribution>,
}

/// How a pool of numbers stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStands {
    /// The pool's id.
    pub pool: String,
    /// All its numbers.
    pub numbers: usize,
    /// Those that may be leased.
    pub in_service: usize,
    /// Those that a visit holds.
    pub leased: usize,
}

impl Default for Live {
    fn default() -> Self {
        Self { accounts: map() }
    }
}

impl Live {
    /// Gives what is shown of an account, brought up to date as of about `now`. `ask` says whether
    /// the fold takes the question.
    pub(crate) async fn account(
        &self,
        account: &Arc<str>,
        now: Time,
        ask: impl FnOnce(Work) -> bool,
    ) -> Arc<LiveAccount> {
        let entry = self.accounts.entry(Arc::clone(account));
        let live = Arc::clone(&entry.or_insert_with(|| Arc::new(LiveAccount::new(account))));
        // One asks, the others wait for him and find it fresh.
        let asking = live.asking.lock().await;
        // A clock that was set back makes nothing fresh. A fold that has not answered yet is not
        // asked again: its queue is not ours to fill.
        let age = now.0.saturating_sub(live.as_of.load(Ordering::Acquire));
        if (0..FRESH).contains(&age) || live.asked.swap(true, Ordering::AcqRel) {
            drop(asking);
            return live;
        }
        let (reply, shown) = oneshot::channel();
        let work = Work::Show {
            live: Arc::clone(&live),
            as_of: now,
            reply,
        };
        if ask(work) {
            // A fold that is busy shows later what was asked for now.
            let _ = timeout(WITHIN, shown).await;
        } else {
            live.asked.store(false, Ordering::Release);
        }
        drop(asking);
        live
    }
}

impl LiveAccount {
    fn new(account: &Arc<str>) -> Self {
        Self {
            account: Arc::clone(account),
            waiting: map(),
            calls: map(),
            cells: map(),
            pools: std::sync::Mutex::default(),
            as_of: AtomicI64::new(NEVER),
            asking: Mutex::default(),
            asked: AtomicBool::new(false),
        }
    }

    /// Gives the account's id.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Gives the time as of which it is shown: all events acknowledged before are in it. None while
    /// nothing was shown yet.
    pub fn as_of(&self) -> Option<Time> {
        let as_of = self.as_of.load(Ordering::Acquire);
        (as_of != NEVER).then_some(Time(as_of))
    }

    /// Lists the conversations in which a reply is owed, in no order.
    pub fn waiting(&self) -> Vec<Waits> {
        self.waiting.iter().map(|waits| waits.clone()).collect()
    }

    /// Lists the calls that have not ended, in no order.
    pub fn calls(&self) -> Vec<CallGoesOn> {
        self.calls.iter().map(|call| call.clone()).collect()
    }

    /// Lists the pools of numbers, in the order of the settings.
    pub fn pools(&self) -> Vec<PoolStands> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.clone()
    }

    /// Gives the figures of each manager (none: of messages that no known manager wrote) over the
    /// cells that begin at `from` or later; `on` says which channels count.
    pub fn managers(
        &self,
        from: Time,
        on: impl Fn(&str) -> bool,
    ) -> BTreeMap<Option<String>, Cell> {
        let mut managers = BTreeMap::<_, Cell>::new();
        for cell in &self.cells {
            let key = cell.key();
            if key.start >= from && on(&key.channel) {
                let manager = managers.entry(key.manager.clone()).or_default();
                manager.merge(cell.value());
            }
        }
        managers
    }

    /// Takes over what the fold shows; only its worker calls it.
    pub(crate) fn bring_up(self: &Arc<Self>, as_of: Time, show: impl FnOnce(&mut Writing<'_>)) {
        let hour = as_of.0.div_euclid(KEPT_LOOK);
        if self
            .as_of()
            .is_none_or(|last| last.0.div_euclid(KEPT_LOOK) != hour)
        {
            self.cells.retain(|key, _| as_of.since(key.start) < KEPT);
            // Their end was lost: nobody is shown them any more.
            self.calls
                .retain(|_, call| as_of.since(call.heard_at) < KEPT);
        }
        show(&mut Writing(self));
        self.as_of.store(as_of.0, Ordering::Release);
        self.asked.store(false, Ordering::Release);
    }
}

/// Writes what changed into the maps.
pub(crate) struct Writing<'a>(&'a LiveAccount);

impl Writing<'_> {
    /// Takes over what brought the calls that go on: it may have become known since they began.
    pub(crate) fn brought(&self, mut by: impl FnMut(&str) -> Option<Attribution>) {
        for mut call in self.0.calls.iter_mut() {
            call.attribution = by(call.key());
        }
    }

    /// Takes over how the pools stand.
    pub(crate) fn pools(&self, pools: &[PoolNow<'_>]) {
        let owned = pools.iter().map(|pool| PoolStands {
            pool: pool.pool.to_owned(),
            numbers: pool.numbers,
            in_service: pool.in_service,
            leased: pool.leased,
        });
        let mut shown = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = owned.collect();
    }
}

impl View for Writing<'_> {
    fn waiting(&mut self, waiting: &Waiting<'_>) {
        let waits = Waits {
            channel: waiting.channel.to_owned(),
            conversation: waiting.conversation.to_owned(),
            contact: waiting.contact.to_owned(),
            since: waiting.since,
            assignee: waiting.assignee.map(str::to_owned),
            last_manager: waiting.last_manager.map(str::to_owned),
        };
        let key = (waits.channel.clone(), waits.conversation.clone());
        self.0.waiting.insert(key, waits);
    }

    fn settled(&mut self, channel: &str, conversation: &str) {
        let key = (channel.to_owned(), conversation.to_owned());
        self.0.waiting.remove(&key);
    }

    fn call(&mut self, call: &CallNow<'_>) {
        let goes_on = CallGoesOn {
            call: call.call.to_owned(),
            direction: call.direction,
            caller: call.caller.to_owned(),
            number: call.number.to_owned(),
            since: call.since,
            state: call.state,
            manager: call.manager.map(str::to_owned),
            extension: call.extension.map(str::to_owned),
            spam: call.spam,
            heard_at: call.heard_at,
            attribution: None,
        };
        self.0.calls.insert(goes_on.call.clone(), goes_on);
    }

    fn call_over(&mut self, call: &str) {
        self.0.calls.remove(call);
    }

    fn forget_cells(&mut self) {
        self.0.cells.clear();
    }

    fn cell(&mut self, start: Time, manager: Option<&str>, channel: &str, cell: &Cell) {
        let key = CellKey {
            start,
            manager: manager.map(str::to_owned),
            channel: channel.to_owned(),
        };
        self.0.cells.insert(key, cell.clone());
    }
}

fn map<K: Eq + std::hash::Hash, V>() -> Map<K, V> {
    DashMap::with_hasher_and_shard_amount(foldhash::fast::RandomState::default(), SHARDS)
}
