//! What a worker does about calls, visits and entities beyond the horizon: puts them on their account's shelves, and carries
//! retractions out in them a step at a time, between its other work and when there is none.

use std::sync::Arc;
use std::time::Duration;

use trunkline_calltracking::VisitHorizon;
use trunkline_model::time::Time;
use trunkline_rollup::account::CallHorizon;

use super::Worker;
use crate::live;

/// Calls, visits and entities of an account that are looked at for what may go cold after a flush.
const LOOKED_AT: usize = 20_000;
/// How long it waits for work when there is nothing to go on with.
const LONG: Duration = Duration::from_hours(1);

impl Worker {
    /// Puts what is beyond the horizon on the shelves, whose rows changed by records below `flushed` are in
    /// ClickHouse.
    pub(super) fn cool(&mut self, flushed: u64) {
        let horizon = CallHorizon {
            flushed,
            quiet: Time(self.newest.0 - self.horizon),
            unended: Time(self.newest.0 - self.horizon.max(live::KEPT)),
        };
        let visits = VisitHorizon {
            flushed,
            quiet: horizon.quiet,
        };
        for account in self.accounts.values_mut() {
            for of in account.without_shelf() {
                let shelf = self.shelves.empty(&of.name(account.id()));
                // Nothing is on it, and nothing cold without one.
                let _ = account.put_shelf(of, shelf);
            }
            account.cool(&horizon, LOOKED_AT);
            account.tracking().cool(&visits, LOOKED_AT);
        }
        self.look_for_tears();
    }

    /// Notes what an account has to go on with, and whether it is whole.
    pub(super) fn note_cold(&mut self, id: &str) {
        let Some(account) = self.accounts.get(id) else {
            return;
        };
        if account.is_sweeping() && !self.sweeping.iter().any(|known| **known == *id) {
            self.sweeping.push(Arc::clone(account.id()));
        }
        if account.torn().is_some() {
            self.look_for_tears();
        }
    }

    /// Carries retractions out in some more cold calls.
    pub(super) fn sweep(&mut self) {
        let Some(id) = self.sweeping.first().map(Arc::clone) else {
            return;
        };
        let news = self.news_from(&id);
        self.account(&id).sweep(news);
        self.tell_news(&id);
        if !self.account(&id).is_sweeping() {
            self.sweeping.retain(|known| *known != id);
            self.look_for_tears();
        }
    }

    /// Says how long to wait for work.
    pub(super) fn idle(&self) -> Duration {
        if self.sweeping.is_empty() {
            LONG
        } else {
            Duration::ZERO
        }
    }

    /// Finds out whether a shelf could not be read: then this worker, and so the service, ends, and the
    /// next start, which reads all of each shelf, goes on from a state without what is damaged.
    pub(super) fn look_for_tears(&mut self) {
        if self.is_torn {
            return;
        }
        for account in self.accounts.values() {
            if let Some(torn) = account.torn() {
                tracing::error!(
                    account = %account.id(),
                    error = torn.0,
                    "what is cold cannot be read from its shelf: the service ends, and its next start \
                     makes the state again from an earlier checkpoint or from the journal"
                );
                self.is_torn = true;
            }
        }
    }
}
