//! What a worker does about conversations beyond the horizon: lets go of them, asks for those that
//! something late came for, and goes on with what waited.

use std::sync::Arc;

use trunkline_model::time::Time;
use trunkline_rollup::account::{Horizon, Refused};

use super::Worker;
use crate::quarantine::Quarantined;
use crate::read_back::{Answer, Question};

/// Conversations of an account that are looked at for what may shrink after a flush: usually, and
/// when there are too many.
const LOOKED_AT: usize = 20_000;
const LOOKED_AT_WHEN_FULL: usize = 200_000;

impl Worker {
    /// Notes how much of an account waits to be read back.
    pub(super) fn note_parked(&mut self, id: &str) {
        self.note_cold(id);
        let Some(account) = self.accounts.get(id) else {
            return;
        };
        match account.parked() {
            0 if self.parked.is_empty() => {}
            0 => drop(self.parked.remove(id)),
            parked => drop(self.parked.insert(Arc::clone(account.id()), parked)),
        }
    }

    /// Asks for what has to be read back.
    pub(super) fn ask(&mut self) {
        for id in self.parked.keys() {
            let Some(account) = self
                .accounts
                .get_mut(&**id)
                .filter(|account| account.asks())
            else {
                continue;
            };
            let Ok(room) = self.questions.try_reserve() else {
                // There are questions enough; this one is asked after the next answer.
                return;
            };
            room.send(Question {
                worker: self.number,
                account: Arc::clone(account.id()),
                needs: account.lets_go_below(),
                wanted: account.wanted(),
                sought: account.sought(),
            });
        }
    }

    /// Does what waited for an answer.
    pub(super) fn go_on(&mut self, answer: Answer) {
        let account = self.account(&answer.account);
        let before = account.counts();
        for (sought, found) in answer.found {
            account.take_back_in(&sought, &found);
        }
        let mut late = Vec::new();
        for (wanted, timeline) in answer.timelines {
            late.append(&mut account.make_whole(&wanted, timeline));
        }
        let outcomes = account.counts() - before;
        self.note_parked(&answer.account);
        if self.is_counting {
            self.ledger.settle(&outcomes);
        }
        for Refused(at) in late {
            self.quarantine.add(Quarantined {
                offset: at.offset,
                received_at: at.received_at,
                account: Some(answer.account.to_string()),
                reason: "too_old: rows of its conversation were removed from ClickHouse, by \
                         retention or by hand"
                    .to_owned(),
            });
        }
    }

    /// Lets calls beyond the horizon go cold, and shrinks conversations; when an account holds more than
    /// it may, also those that are less far behind: which go first costs time only.
    pub(super) fn shrink(&mut self, flushed: u64) {
        for account in self.accounts.values_mut() {
            let cap = account
                .rules()
                .map(|rules| rules.conversations_cap as usize);
            let (held, _) = account.conversations();
            let is_full = cap.is_some_and(|cap| held > cap);
            let (silence, most) = if is_full {
                (0, LOOKED_AT_WHEN_FULL)
            } else {
                (self.horizon, LOOKED_AT)
            };
            let quiet = Time(self.newest.0 - silence);
            let horizon = Horizon {
                flushed,
                quiet,
                spares_hot: !is_full,
            };
            let shrunk = account.shrink(horizon, most);
            self.shrunk_early += if is_full { shrunk as u64 } else { 0 };
        }
        self.cool(flushed);
    }
}
