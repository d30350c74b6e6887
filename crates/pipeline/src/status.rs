//! How the pipeline stands, for `/readyz`, `/metrics`, `status` and the head of a report.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use trunkline_model::time::Time;

use crate::worker::{Census, Pools};

/// Gives the time; the only clock the pipeline knows.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Milliseconds of arrival that one note in the list of arrivals stands for.
const NOTE_EVERY: i64 = 1000;

/// Where the process is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The journal is being read; doors are closed.
    #[default]
    Starting,
    /// Doors are open.
    Ready,
    /// Doors are closed for good; what is in goes through.
    Draining,
}

/// How ClickHouse stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WarehouseState {
    /// Not reached yet.
    #[default]
    Connecting,
    /// The last write or check went well.
    Up,
    /// The last write or check failed.
    Down {
        /// A stable word: `unreachable`, `timeout`, `refused`, `rejected`.
        kind: &'static str,
        /// What happened, for those who run the service.
        reason: String,
    },
}

impl WarehouseState {
    /// Gives one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Down { .. } => "down",
        }
    }
}

/// How the pipeline stands at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where the process is in its life.
    pub phase: Phase,
    /// How ClickHouse stands.
    pub warehouse: WarehouseState,
    /// Why the journal takes nothing, if so.
    pub journal: Option<String>,
    /// All records below this offset are durable.
    pub durable: u64,
    /// All rows changed by records below this offset are in ClickHouse.
    pub flushed: u64,
    /// Arrival of the oldest event that is not in ClickHouse; none if all are.
    pub oldest_unflushed: Option<Time>,
    /// Conversations whose timeline is in memory.
    pub conversations: u64,
    /// Conversations of which only the clock is in memory.
    pub shrunk: u64,
    /// Calls whose phases are in memory.
    pub calls: u64,
    /// Calls whose phases are on a shelf.
    pub cold_calls: u64,
    /// Leads, forms and their like whose changes are in memory.
    pub entities: u64,
    /// Leads, forms and their like whose changes are on a shelf.
    pub cold_entities: u64,
    /// Visits whose pages are in memory.
    pub visits: u64,
    /// Visits whose pages are on a shelf.
    pub cold_visits: u64,
    /// Conversations that wait to be read back from ClickHouse.
    pub parked: u64,
    /// How often a conversation shrank before its time because its account had too many.
    pub shrunk_early: u64,
    /// Identities remembered.
    pub remembered: u64,
    /// Conversations with rows to flush.
    pub dirty: u64,
    /// How often a manager beyond an account's cap was named.
    pub beyond_cap: u64,
    /// Visits that were given a number while another visit lived on it: 0 always.
    pub visits_doubled: u64,
    /// Numbers of pools: those that may be leased, and those that visits hold.
    pub pool_numbers: [u64; 2],
    /// Pools with numbers in service of which none is free.
    pub pools_empty: u64,
}

#[derive(Debug, Default)]
struct Board {
    phase: Phase,
    warehouse: WarehouseState,
    journal: Option<String>,
    durable: u64,
    flushed: u64,
    /// (offset, its arrival), thinned to one a second.
    arrivals: VecDeque<(u64, Time)>,
    last_arrival: Option<Time>,
    conversations: u64,
    shrunk: u64,
    calls: u64,
    cold_calls: u64,
    entities: u64,
    cold_entities: u64,
    visits: u64,
    cold_visits: u64,
    parked: u64,
    shrunk_early: u64,
    remembered: u64,
    dirty: u64,
    beyond_cap: u64,
    pools: Pools,
    /// Whether all cells of figures in ClickHouse are as new as the messages there.
    cells_whole: bool,
    /// Accounts, and how many minutes long their cells in ClickHouse are.
    cells: HashMap<Arc<str>, u8>,
}

/// Where all parts write how they stand.
#[derive(Debug, Default)]
pub(crate) struct StatusBoard(Mutex<Board>);

impl StatusBoard {
    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Gives the offset after the last durable record.
    pub(crate) fn durable_end(&self) -> u64 {
        self.lock().durable
    }

    /// Gives the arrival of the last record of this life.
    pub(crate) fn last_arrival(&self) -> Option<Time> {
        self.lock().last_arrival
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.lock().phase = phase;
    }

    /// Notes how ClickHouse stands; says whether that is news.
    pub(crate) fn set_warehouse(&self, state: WarehouseState) -> bool {
        let mut board = self.lock();
        let news = board.warehouse.word() != state.word();
        board.warehouse = state;
        news
    }

    pub(crate) fn set_journal(&self, refusal: Option<String>) {
        self.lock().journal = refusal;
    }

    pub(crate) fn set_census(&self, census: &Census) {
        let mut board = self.lock();
        board.conversations = census.conversations as u64;
        board.shrunk = census.shrunk as u64;
        board.calls = census.calls as u64;
        board.cold_calls = census.cold_calls as u64;
        board.entities = census.entities as u64;
        board.cold_entities = census.cold_entities as u64;
        board.visits = census.visits as u64;
        board.cold_visits = census.cold_visits as u64;
        board.parked = census.parked as u64;
        board.shrunk_early = census.shrunk_early;
        board.remembered = census.remembered as u64;
        board.dirty = census.dirty as u64;
        board.beyond_cap = census.beyond_cap;
        board.pools = census.pools;
    }

    /// Notes where the journal ended when it was opened.
    pub(crate) fn begin_at(&self, next_offset: u64) {
        self.lock().durable = next_offset;
    }

    /// Notes a durable batch.
    pub(crate) fn durable(&self, first_offset: u64, next_offset: u64, received_at: Time) {
        let mut board = self.lock();
        board.durable = next_offset;
        board.last_arrival = Some(received_at);
        let due = board
            .arrivals
            .back()
            .is_none_or(|(_, last)| received_at.0 - last.0 >= NOTE_EVERY);
        if due {
            board.arrivals.push_back((first_offset, received_at));
        }
    }

    /// Notes how far ClickHouse holds all rows.
    pub(crate) fn flushed(&self, below: u64) {
        let mut board = self.lock();
        board.flushed = below;
        while board
            .arrivals
            .get(1)
            .is_some_and(|(offset, _)| *offset <= below)
        {
            board.arrivals.pop_front();
        }
        if below >= board.durable {
            board.arrivals.clear();
        }
    }

    /// Notes that rows changed from the record at `below` on, which arrived at `received_at`, are
    /// not in ClickHouse.
    pub(crate) fn rewound(&self, below: u64, received_at: Option<Time>) {
        let mut board = self.lock();
        board.flushed = below;
        while board
            .arrivals
            .front()
            .is_some_and(|(offset, _)| *offset <= below)
        {
            board.arrivals.pop_front();
        }
        if let Some(received_at) = received_at {
            board.arrivals.push_front((below, received_at));
        }
    }

    /// Notes whether the cells in ClickHouse are whole.
    pub(crate) fn set_cells_whole(&self, whole: bool) {
        self.lock().cells_whole = whole;
    }

    /// Notes accounts whose cells are about to get another length.
    pub(crate) fn forget_cells<'a>(&self, accounts: impl Iterator<Item = &'a str>) {
        let mut board = self.lock();
        for account in accounts {
            board.cells.remove(account);
        }
    }

    /// Notes how many minutes long the cells of accounts are.
    pub(crate) fn tell_cells(&self, minutes: impl IntoIterator<Item = (Arc<str>, u8)>) {
        self.lock().cells.extend(minutes);
    }

    /// Gives how many minutes long the cells of an account are; none if they are not whole.
    pub(crate) fn cells(&self, account: &str) -> Option<u8> {
        let board = self.lock();
        board
            .cells
            .get(account)
            .copied()
            .filter(|_| board.cells_whole)
    }

    pub(crate) fn status(&self) -> Status {
        let board = self.lock();
        let behind = board.flushed < board.durable;
        Status {
            phase: board.phase,
            warehouse: board.warehouse.clone(),
            journal: board.journal.clone(),
            durable: board.durable,
            flushed: board.flushed,
            oldest_unflushed: board
                .arrivals
                .front()
                .filter(|_| behind)
                .map(|(_, received_at)| *received_at),
            conversations: board.conversations,
            shrunk: board.shrunk,
            calls: board.calls,
            cold_calls: board.cold_calls,
            entities: board.entities,
            cold_entities: board.cold_entities,
            visits: board.visits,
            cold_visits: board.cold_visits,
            parked: board.parked,
            shrunk_early: board.shrunk_early,
            remembered: board.remembered,
            dirty: board.dirty,
            beyond_cap: board.beyond_cap,
            visits_doubled: board.pools.doubled as u64,
            pool_numbers: [board.pools.in_service, board.pools.leased].map(|it| it as u64),
            pools_empty: board.pools.empty as u64,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_unflushed_arrival_is_known_within_a_second() {
        let board = StatusBoard::default();
        board.durable(0, 10, Time(5_000));
        board.durable(10, 20, Time(5_400));
        board.durable(20, 30, Time(6_100));
        assert_eq!(board.status().oldest_unflushed, Some(Time(5_000)));
        board.flushed(20);
        assert_eq!(board.status().oldest_unflushed, Some(Time(6_100)));
        board.flushed(30);
        assert_eq!(board.status().oldest_unflushed, None);
        board.durable(30, 31, Time(9_000));
        assert_eq!(board.status().oldest_unflushed, Some(Time(9_000)));
    }
}
