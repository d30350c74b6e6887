//! What rules ask of a visit: it follows from the visit, and is in memory also while that is on the shelf. So nothing comes
//! out otherwise of a visit that is cold.

use serde::{Deserialize, Serialize};

use super::Visit;
use crate::names::Name;
use crate::people::Visitor;

/// A visit without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Core {
    pub(crate) visitor: Visitor,
    /// A hash of its id.
    pub(crate) hash: u64,
    /// The version of its row without the generation, unless that of all is newer.
    pub(crate) changed: u64,
    pub(crate) first: i64,
    start: i64,
    /// Where its last sign of life expires.
    until: i64,
    /// When it was ended; far ahead if it was not.
    ended: i64,
    hold: i64,
    /// The number that it has, or had, a lease of.
    leased: Option<Name>,
    pub(crate) site: Option<Name>,
    pub(crate) pool: Option<Name>,
    /// Whether all its pages were taken back.
    pub(crate) gone: bool,
}

impl Core {
    /// Makes that of a visit: a hash of its id, its visitor, and how its row stood before.
    pub(super) fn of(
        visit: &Visit,
        hash: u64,
        visitor: Visitor,
        (changed, gone): (u64, bool),
    ) -> Self {
        let granted = visit.grant.filter(|_| !gone && visit.signs.is_some());
        let first = visit.signs.map_or(visit.first, |signs| signs.0);
        Self {
            visitor,
            hash,
            changed,
            first: visit.first,
            start: visit.grant.map_or(first, |grant| grant.at),
            until: visit.signs.map_or(visit.first, |signs| signs.1),
            ended: visit.ended.unwrap_or(i64::MAX),
            hold: visit.head.hold,
            leased: granted.map(|grant| grant.number),
            site: visit.head.site,
            pool: visit.head.pool,
            gone,
        }
    }

    /// Gives the number of its own and the start of its lease, if it ever had one.
    pub(crate) fn lease(&self) -> Option<(Name, i64)> {
        Some((self.leased?, self.start))
    }

    /// Gives the first instant that it may matter to a call.
    pub(crate) fn begins(&self) -> i64 {
        self.first.min(self.start)
    }

    /// Gives the end of its life, if `renewals` (the calls on its number: start and end, by start) renew it.
    ///
    /// Between its first sign and where the last expires it lives: a sign is only ever heard of a visit that does.
    pub(crate) fn end(&self, renewals: &[(i64, i64)]) -> i64 {
        let mut end = self.until;
        let calls = renewals.iter().skip_while(|call| call.0 < self.start);
        for call in calls {
            if call.0 < end {
                end = end.max(call.1 + self.hold);
            }
        }
        end.min(self.ended.max(self.start))
    }

    /// Says whether a sign of life of its own, without a call, has it alive at `at`.
    pub(crate) fn shows_life(&self, at: i64) -> bool {
        at < self.ended && self.start <= at && at < self.until
    }
}
