//! What a worker is asked, and what it answers.

use std::ops::AddAssign;
use std::sync::Arc;

use crossbeam_channel::Sender;
use hashbrown::HashMap;
use tokio::sync::oneshot;
use trunkline_journal::{Appended, Batch};
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;
use trunkline_rollup::Counts;
use trunkline_rollup::account::Seeing;
use trunkline_warehouse::writer::Batch as Rows;

use super::Worker;
use crate::checkpoint::Sections;
use crate::handle::Token;
use crate::live::LiveAccount;
use crate::read_back::Answer;
use crate::visits::Asked;

/// What a worker is asked to do.
pub(crate) enum Work {
    /// Observe what was just made durable.
    Commit {
        received_at: Time,
        appends: Vec<Appended<Token>>,
    },
    /// Observe a batch read from the journal; other workers' records are passed over.
    Replay(Arc<Batch>),
    /// Give changed rows.
    Gather {
        /// All records below this offset were dispatched before the question.
        below: u64,
        generation: u64,
        limit: usize,
        reply: oneshot::Sender<Gathering>,
    },
    /// Gather all rows changed from this offset on again; answered with whether they are all in
    /// memory.
    Rewind(u64, oneshot::Sender<bool>),
    /// Let go of some of what is beyond the horizon.
    Shrink {
        /// All rows changed by records below this offset are in ClickHouse.
        flushed: u64,
    },
    /// Begin (with `true`) or go on with a checkpoint.
    Checkpoint {
        begin: bool,
        below: u64,
        reply: Sender<Sections>,
    },
    /// Give the marks first seen since the last time.
    Fresh(Sender<Vec<(Arc<str>, Vec<Seeing>)>>),
    /// The journal is read: tell what became of its events, and count from here on.
    Begin(oneshot::Sender<(Counts, u64)>),
    /// Tell how things stand.
    Census(oneshot::Sender<Census>),
    /// Show readers what changed in an account; all records acknowledged before `as_of` were
    /// dispatched before.
    Show {
        live: Arc<LiveAccount>,
        as_of: Time,
        reply: oneshot::Sender<()>,
    },
    /// Answer what a page asks. Where the answer is a number, it is held for the page's visit from here on.
    Visit { account: Arc<str>, asked: Asked },
    /// End.
    Dismiss,
}

/// What a worker turns to next.
pub(super) enum Next {
    Work(Work),
    Answer(Answer),
    /// Nothing came, and there is something to go on with.
    Sweep,
}

impl Work {
    /// Says whether it must not be done before what is kept aside.
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Commit { .. } | Self::Replay(_) | Self::Fresh(_))
    }

    /// Gives the offset of its first record, if it brings any.
    pub(super) fn first_offset(&self) -> Option<u64> {
        match self {
            Self::Commit { appends, .. } => appends.first().map(|append| append.first_offset),
            Self::Replay(batch) => Some(batch.first_offset),
            _ => None,
        }
    }
}

/// Rows, and how far they go.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    pub(crate) rows: Rows,
    /// All rows changed by records below this offset are in `rows` or were given before.
    pub(crate) through: u64,
    /// Whether rows are left that did not fit.
    pub(crate) left: bool,
    /// Accounts, and how many minutes long their cells are; those not told before.
    pub(crate) minutes: Vec<(Arc<str>, u8)>,
}

/// How call tracking stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pools {
    /// Visits that were given a number while another visit lived on it: 0 always.
    pub(crate) doubled: usize,
    /// Numbers of pools that may be leased.
    pub(crate) in_service: usize,
    /// Numbers of pools that visits hold.
    pub(crate) leased: usize,
    /// Pools with numbers in service of which none is free.
    pub(crate) empty: usize,
}

impl AddAssign for Pools {
    fn add_assign(&mut self, other: Self) {
        self.doubled += other.doubled;
        self.in_service += other.in_service;
        self.leased += other.leased;
        self.empty += other.empty;
    }
}

/// How much a worker holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    pub(crate) counts: Counts,
    /// Conversations whose timeline is held.
    pub(crate) conversations: usize,
    /// Conversations that have shrunk.
    pub(crate) shrunk: usize,
    /// Calls whose phases are in memory.
    pub(crate) calls: usize,
    /// Calls whose phases are on a shelf.
    pub(crate) cold_calls: usize,
    /// Leads, forms and their like whose changes are in memory.
    pub(crate) entities: usize,
    /// Leads, forms and their like whose changes are on a shelf.
    pub(crate) cold_entities: usize,
    /// Visits whose pages are in memory.
    pub(crate) visits: usize,
    /// Visits whose pages are on a shelf.
    pub(crate) cold_visits: usize,
    /// Conversations that wait to be read back.
    pub(crate) parked: usize,
    /// Work kept aside while the fold is paused.
    pub(crate) aside: usize,
    /// The first record of that, if there is any: those below it were observed.
    pub(crate) behind: Option<u64>,
    /// How many conversations shrank before their time because there were too many.
    pub(crate) shrunk_early: u64,
    pub(crate) remembered: usize,
    pub(crate) dirty: usize,
    /// How often a manager beyond the cap was named.
    pub(crate) beyond_cap: u64,
    /// How call tracking stands.
    pub(crate) pools: Pools,
    pub(crate) rules: HashMap<Arc<str>, FoldRules>,
    /// Blocks of the journal that hold a waiting event.
    pub(crate) waiting: Vec<u64>,
}

impl Worker {
    /// Makes all rows changed from an offset on be gathered again; says whether they are all in memory.
    pub(super) fn rewind(&mut self, offset: u64) -> bool {
        self.told.clear();
        let accounts = self.accounts.values_mut();
        accounts.for_each(|account| account.rewind(offset));
        let mut accounts = self.accounts.values();
        !accounts.any(|account| offset < account.lets_go_below())
    }

    /// Shows readers what changed in an account.
    pub(super) fn show(&mut self, live: &Arc<LiveAccount>, as_of: Time) {
        live.bring_up(as_of, |view| {
            if let Some(account) = self.accounts.get_mut(live.account()) {
                account.show_all(view, as_of);
            }
        });
        self.note_cold(live.account());
    }
}
