//! The two sums that must balance at every moment (invariant `sums_balance`):
//!
//! ```text
//! received = appended + refused + in flight
//! appended = observed + duplicate + conflict + quarantined + waiting + pending
//! ```
//! All are counted in events, since the journal began; `refused` since the start of the process,
//! and `received` accordingly. One lock, taken once for a batch of events, makes every reading a
//! snapshot.

use std::sync::{Mutex, MutexGuard, PoisonError};

use trunkline_rollup::Counts;

/// The sums at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Events that came in.
    pub received: u64,
    /// Events that were answered with a refusal, or could not be journalled.
    pub refused: u64,
    /// Events that have no answer yet.
    pub in_flight: u64,
    /// Events in the journal.
    pub appended: u64,
    /// Events in the journal that the fold has not reached.
    pub pending: u64,
    /// What became of the others.
    pub outcomes: Counts,
}

impl Sums {
    /// Says whether both sums hold.
    pub fn balance(&self) -> bool {
        self.received == self.appended + self.refused + self.in_flight
            && self.appended == self.outcomes.total() + self.pending
    }
}

impl Sums {
    /// What became of no event yet is pending. Between the beginning and the first count of what the
    /// journal holds more may be known of than was counted.
    fn settle(&mut self) {
        self.pending = self.appended.saturating_sub(self.outcomes.total());
    }
}

/// Keeps the sums.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Sums>);

impl Ledger {
    /// Gives all sums from one moment.
    pub fn snapshot(&self) -> Sums {
        *self.lock()
    }

    /// Notes events refused at the door, in the moment they came in.
    pub fn refuse(&self, events: u64) {
        let mut sums = self.lock();
        sums.received += events;
        sums.refused += events;
    }

    /// Notes events on their way into the journal.
    pub(crate) fn receive(&self, events: u64) {
        let mut sums = self.lock();
        sums.received += events;
        sums.in_flight += events;
    }

    /// Notes events that the journal could not take.
    pub(crate) fn fail(&self, events: u64) {
        let mut sums = self.lock();
        sums.in_flight -= events;
        sums.refused += events;
    }

    /// Notes events that are on stable storage.
    pub(crate) fn append(&self, events: u64) {
        let mut sums = self.lock();
        sums.in_flight -= events;
        sums.appended += events;
        sums.settle();
    }

    /// Notes what became of appended events.
    pub(crate) fn settle(&self, outcomes: &Counts) {
        let mut sums = self.lock();
        sums.outcomes += *outcomes;
        sums.settle();
    }

    /// Begins with what the journal holds already: what became of it, and what is still to be
    /// observed.
    pub(crate) fn begin(&self, outcomes: Counts, pending: u64) {
        let appended = outcomes.total() + pending;
        let mut sums = self.lock();
        sums.received += appended;
        sums.appended += appended;
        sums.outcomes += outcomes;
        sums.settle();
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_balance() {
        let ledger = Ledger::default();
        let known = Counts {
            observed: 6,
            waiting: 1,
            ..Counts::default()
        };
        ledger.begin(known, 1);
        ledger.receive(5);
        assert!(ledger.snapshot().balance());
        ledger.refuse(2);
        assert!(ledger.snapshot().balance());
        ledger.append(4);
        ledger.fail(1);
        assert!(ledger.snapshot().balance());
        ledger.settle(&Counts {
            observed: 2,
            duplicate: 1,
            conflict: 1,
            ..Counts::default()
        });
        let sums = ledger.snapshot();
        assert!(sums.balance());
        assert_eq!(
            (sums.received, sums.appended, sums.refused, sums.pending),
            (15, 12, 3, 1)
        );
    }
}
