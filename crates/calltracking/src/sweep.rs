//! What lets visits go cold, and what concerns all of them: rows that are to be written anew.

use std::any::Any;

use trunkline_model::shelf::{Shelf, Torn};
use trunkline_model::time::Time;

use crate::facts::TrackingRows;
use crate::tracking::{Item, Tracking};

/// Rows of one gathering: so that it takes the time of a step, and not of all.
const ROWS: usize = 10_000;
/// Visits that are looked at in one gathering.
const LOOKED_AT: usize = 1 << 20;

/// Which visits may go cold.
#[derive(Clone, Copy, Debug)]
pub struct VisitHorizon {
    /// All rows changed by records below this offset are in ClickHouse for certain.
    pub flushed: u64,
    /// Visits of which something arrived from here on stay, and those that live from here on.
    pub quiet: Time,
}

/// The rows of all visits that records from `since` on changed are to be gathered.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) since: u64,
    at: u32,
    left: usize,
}

impl Sweep {
    /// Counts the rows still to be gathered, about.
    pub(crate) fn left(&self) -> usize {
        self.left.max(1)
    }
}

impl Tracking {
    /// Takes the shelf that visits are to go cold on. Fails if some that are cold cannot be there.
    pub fn shelve(&mut self, shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        self.visits.shelve(shelf)
    }

    /// Gives the shelf, if it has one of this kind.
    pub fn shelf<S: Shelf>(&self) -> Option<&S> {
        let shelf: &dyn Any = self.visits.shelf()?;
        shelf.downcast_ref()
    }

    /// Gives the shelf likewise, to be changed.
    pub fn shelf_mut<S: Shelf>(&mut self) -> Option<&mut S> {
        let shelf: &mut dyn Any = self.visits.shelf_mut()?;
        shelf.downcast_mut()
    }

    /// Gives why the shelf cannot be read, once it could not: nothing of this account is to be relied on after that.
    pub fn torn(&self) -> Option<&Torn> {
        self.visits.torn()
    }

    /// Says whether visits are cold, and no shelf is there to read them from.
    pub fn lacks_shelf(&self) -> bool {
        self.visits.shelf().is_none() && self.visits.has_cold()
    }

    /// Measures what visits and their leases take in memory, in bytes, without what the allocator adds.
    pub fn bytes_of_visits(&self) -> usize {
        self.visits.bytes() + self.numbers.bytes_of_leases()
    }

    /// Puts visits beyond the horizon on the shelf, going on where it stopped the last time: at most `most` are looked at, so
    /// that nothing waits for all; and has the shelf made shorter. Gives how many went.
    pub fn cool(&mut self, horizon: &VisitHorizon, most: usize) -> usize {
        self.settle();
        let Self {
            visits,
            waits,
            numbers,
            ..
        } = self;
        let (floor, quiet) = (visits.floor, horizon.quiet.0);
        let cooled = visits.cool(most, |place, changed, core, visit| {
            let is_written = changed.max(floor) < horizon.flushed;
            let slot = core.lease().and_then(|(number, _)| numbers.get(number));
            let lease = slot
                .and_then(|slot| slot.last)
                .filter(|lease| lease.visit == place);
            let end = lease.map_or_else(|| core.end([]), |lease| lease.end);
            is_written
                && visit.received_at < quiet
                && end < quiet
                && !waits.contains_key(&Item::Visit(place))
        });
        visits.tidy();
        cooled
    }

    /// Has the rows of all visits gathered that records from `since` on changed.
    pub(crate) fn sweep_visits(&mut self, since: u64) {
        let known = self.sweep.as_ref().map(|sweep| sweep.since);
        let since = known.map_or(since, |known| known.min(since));
        let changed = self.visits.all();
        let left = changed
            .filter(|place| self.visits.changed(*place) >= since)
            .count();
        if left > 0 {
            self.sweep = Some(Sweep { since, at: 0, left });
        }
    }

    /// Shows the rows of some more of all visits, at most `limit`; gives how many.
    pub(crate) fn gather_all(
        &mut self,
        generation: u64,
        limit: usize,
        rows: &mut impl TrackingRows,
    ) -> usize {
        let Some(mut sweep) = self.sweep.take() else {
            return 0;
        };
        let mut shown = 0;
        for _ in 0..LOOKED_AT {
            if shown == limit.min(ROWS) {
                break;
            }
            let Some(place) = self.visits.from(sweep.at) else {
                return shown;
            };
            sweep.at = place + 1;
            let is_changed = self.visits.changed(place) >= sweep.since;
            if is_changed && !self.waits.contains_key(&Item::Visit(place)) {
                self.show_visit(place, generation, rows);
                shown += 1;
            }
        }
        sweep.left = sweep.left.saturating_sub(shown);
        self.sweep = Some(sweep);
        shown
    }
}
