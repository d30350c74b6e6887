//! What concerns all cold calls: the shelf is read from its beginning to its end, a step at a time, so
//! that nothing waits for all of it.
//!
//! - `rows`: rows are to be written anew (other settings, what ClickHouse lost), as they are gathered;
//! - `back`: phases are to be taken back. Until that is done everything that reads a log takes them
//!   back of it, and no checkpoint can be taken: nobody can tell that it is not done yet;
//! - `told`: calls are to be told as their rows would stand, to who goes by all of them; likewise;
//! - `moving`: entries are put anew where most are needed no longer.
//!
//! What goes cold, or is put anew, while the shelf is read stands at its end and so is still read.

use std::ops::Range;

use super::cold::Cold;
use super::gather::{Context, row};
use super::log::Log;
use super::retract::TakenBack;
use super::{Calls, Place, hash_of, part};
use crate::facts::Rows;
use trunkline_model::shelf::Torn;

/// Rows of cold calls in one gathering: so that it takes the time of a step, and not of all.
const ROWS: usize = 10_000;

/// How far each has come.
#[derive(Debug, Default)]
pub(super) struct Sweeps {
    rows: Option<OfRows>,
    back: Option<OfBack>,
    told: Option<OfTold>,
    moving: Option<Range<u64>>,
}

/// Because of the record at `since`.
#[derive(Debug)]
struct OfTold {
    since: u64,
    at: u64,
}

/// Rows changed by records from `since` on are to be gathered.
#[derive(Debug)]
struct OfRows {
    since: u64,
    at: u64,
    left: usize,
}

#[derive(Debug)]
struct OfBack {
    what: TakenBack,
    at: u64,
}

impl Sweeps {
    /// Takes back of a log what is still to be; gives it if there was anything. `taken` is the offset
    /// below which its part has all records.
    pub(super) fn mended(&self, log: &[u8], taken: u64) -> Option<Box<[u8]>> {
        self.back.as_ref()?.what.mended(log, taken)
    }

    /// Gives the offset of the first record that is not carried out for all.
    pub(super) fn oldest(&self) -> Option<u64> {
        let rows = self.rows.as_ref().map(|rows| rows.since);
        let told = self.told.as_ref().map(|told| told.since);
        let all = rows.into_iter().chain(told).chain(self.back_first());
        all.min()
    }

    /// Gives the offset of the first retraction that is not carried out for all.
    pub(super) fn back_first(&self) -> Option<u64> {
        Some(self.back.as_ref()?.what.first())
    }

    /// Counts the rows still to be gathered, about.
    pub(super) fn rows(&self) -> usize {
        self.rows.as_ref().map_or(0, |rows| rows.left.max(1))
    }
}

impl Calls {
    /// Gives the first failure to read the shelf: what is in memory is not to be relied on after it.
    pub(crate) fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// Has the rows of cold calls that records from `since` on changed gathered, if there are any.
    pub(super) fn sweep_rows(&mut self, since: u64) {
        let cold = self.parts.iter().flat_map(|part| part.cold.iter());
        let left = cold.filter(|cold| cold.changed >= since).count();
        if left > 0 {
            let known = self.sweeps.rows.as_ref().map(|rows| rows.since);
            let since = known.map_or(since, |known| known.min(since));
            self.sweeps.rows = Some(OfRows { since, at: 0, left });
        }
    }

    /// Has all cold calls told, because of the record at `offset`.
    pub(super) fn sweep_told(&mut self, offset: u64) {
        if self.cold() > 0 {
            let known = self.sweeps.told.as_ref();
            let since = known.map_or(offset, |told| told.since.min(offset));
            self.sweeps.told = Some(OfTold { since, at: 0 });
        }
    }

    /// Leaves cold calls untold: nobody hears.
    pub(super) fn forget_told(&mut self) {
        self.sweeps.told = None;
    }

    /// Has phases of cold calls taken back.
    pub(super) fn sweep_back(&mut self, what: &TakenBack) {
        if self.cold() == 0 {
            return;
        }
        let back = self.sweeps.back.get_or_insert_with(|| OfBack {
            what: TakenBack::new(what.last()),
            at: 0,
        });
        back.what.join(what);
        back.at = 0;
    }

    /// Says whether phases of cold calls are still to be taken back, or cold calls to be told.
    pub(crate) fn is_sweeping(&self) -> bool {
        let is_due = self.sweeps.back.is_some() || self.sweeps.told.is_some();
        is_due && self.torn.is_none()
    }

    /// Takes phases of some more cold calls back, and tells some more.
    pub(crate) fn sweep(&mut self, context: &Context<'_>, rows: &mut impl Rows) {
        self.take_some_back();
        let Some(mut told) = self.sweeps.told.take() else {
            return;
        };
        let next = self.walk(told.at, |taken, cold, log| {
            let mended = self.sweeps.mended(log, taken);
            let log = mended.as_deref().unwrap_or(log);
            row(log, cold.changed, context, rows);
        });
        match self.known(next) {
            Some(None) => return,
            Some(Some(at)) => told.at = at,
            None => {}
        }
        self.sweeps.told = Some(told);
    }

    fn take_some_back(&mut self) {
        let Some(back) = &self.sweeps.back else {
            return;
        };
        let mut found = Vec::new();
        let next = self.walk(back.at, |taken, cold, log| {
            let mended = back.what.mended(log, taken);
            found.extend(mended.map(|log| (*cold, log)));
        });
        let (first, last) = (back.what.first(), back.what.last());
        for (cold, log) in found {
            let place = Place {
                part: part(cold.hash),
                index: self.thaw(&cold, log),
            };
            self.note(place, first, last);
        }
        let next = self.known(next);
        if let Some(back) = &mut self.sweeps.back {
            match next {
                Some(Some(at)) => back.at = at,
                Some(None) => self.sweeps.back = None,
                None => {}
            }
        }
    }

    /// Shows rows of cold calls, at most about `limit`; gives how many.
    pub(super) fn gather_cold(
        &mut self,
        limit: usize,
        context: &Context<'_>,
        rows: &mut impl Rows,
    ) -> usize {
        let Some(mut sweep) = self.sweeps.rows.take() else {
            return 0;
        };
        let mut count = 0;
        while count < limit.min(ROWS) {
            let next = self.walk(sweep.at, |taken, cold, log| {
                if cold.changed >= sweep.since {
                    let mended = self.sweeps.mended(log, taken);
                    row(
                        mended.as_deref().unwrap_or(log),
                        cold.changed,
                        context,
                        rows,
                    );
                    count += 1;
                }
            });
            match self.known(next) {
                Some(Some(at)) => sweep.at = at,
                Some(None) => return count,
                None => break,
            }
        }
        sweep.left = sweep.left.saturating_sub(count);
        self.sweeps.rows = Some(sweep);
        count
    }

    /// Puts some entries anew where most are needed no longer, so that the shelf can be rid of them.
    pub(crate) fn tidy(&mut self) {
        let known = self.sweeps.moving.take();
        let waste = || self.shelf.as_ref().and_then(|shelf| shelf.waste());
        let Some(range) = known.or_else(waste) else {
            return;
        };
        let mut found = Vec::new();
        let next = self.walk(range.start, |_, cold, log| {
            if cold.place < range.end {
                found.push((*cold, log.to_vec()));
            }
        });
        let next = self.known(next).flatten();
        for (cold, log) in found {
            let Some(shelf) = &mut self.shelf else { return };
            // What cannot be put stays where it is.
            let Ok(to) = shelf.put(&log) else { return };
            shelf.let_go(cold.place);
            let own = &mut self.parts[usize::from(part(cold.hash))];
            own.cold.moved(cold.hash, cold.place, to);
        }
        let next = next.filter(|at| *at < range.end);
        self.sweeps.moving = next.map(|at| at..range.end);
    }

    /// Shows the cold calls of one step from a place of the shelf on, each with the offset below which
    /// its part has all records; gives where the next begins, none at the end.
    fn walk(
        &self,
        from: u64,
        mut show: impl FnMut(u64, &Cold, &[u8]),
    ) -> Result<Option<u64>, Torn> {
        let Some(shelf) = &self.shelf else {
            return Ok(None);
        };
        shelf.some(from, &mut |place, log| {
            let hash = hash_of(Log::id_of(log), self.seed);
            let own = &self.parts[usize::from(part(hash))];
            if let Some(cold) = own.cold.at(hash, place) {
                show(own.taken, cold, log);
            }
        })
    }

    /// Gives what was read; a failure is kept, and nothing is known.
    pub(super) fn known<T>(&mut self, read: Result<T, Torn>) -> Option<T> {
        read.map_err(|torn| self.torn.get_or_insert(torn)).ok()
    }
}
