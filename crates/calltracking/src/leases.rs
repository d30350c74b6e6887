//! Which visit held a number when.
//!
//! The leases of a number follow from its visits and the calls on it alone, so late evidence gives what it would have given
//! in time. A lease lives from its visit's first sign of life to where the last one expires; a call on it renews it, but
//! never beyond the next visit's lease: a call that is told late does not take a number away. Should a record lease a number
//! that another visit shows life on, the first stays, and the second is *doubled*: it holds nothing, and is counted. A visit
//! that ends in the millisecond in which it begins holds nothing either, and is in nobody's way: which of two visits of one
//! millisecond came first their ids do not say.

/// How long a call without an end is held for one that goes on, in milliseconds; also the most that a call renews.
pub(crate) const LONGEST_CALL: i64 = 4 * 3_600_000;

/// The lease of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) visit: u32,
    pub(crate) start: i64,
    /// Where it ends, excluded; the start of one that holds nothing.
    pub(crate) end: i64,
    pub(crate) doubled: bool,
}

impl Lease {
    /// Makes one whose end is to be computed.
    pub(crate) const fn new(visit: u32, start: i64) -> Self {
        Self {
            visit,
            start,
            end: start,
            doubled: false,
        }
    }

    /// Says whether it holds its number at any time.
    pub(crate) fn holds(&self) -> bool {
        self.start < self.end
    }

    pub(crate) fn is_live(&self, at: i64) -> bool {
        self.start <= at && at < self.end
    }
}

/// What leases are made of.
pub(crate) trait Lives {
    /// Gives the end of a visit's life, renewed by calls.
    fn end(&self, visit: u32) -> i64;
    /// Says whether a visit shows life of its own at `at`.
    fn shows_life(&self, visit: u32, at: i64) -> bool;
}

/// Computes the ends of leases that are in the order of their starts; the first of them is not doubled.
pub(crate) fn lay(leases: &mut [Lease], lives: &impl Lives) {
    let mut last: Option<usize> = None;
    for place in 0..leases.len() {
        let Lease { visit, start, .. } = leases[place];
        let end = lives.end(visit);
        leases[place].end = start;
        leases[place].doubled = false;
        if end <= start {
            continue;
        }
        let mut doubled = false;
        if let Some(last) = last
            && start < leases[last].end
        {
            doubled = lives.shows_life(leases[last].visit, start);
            if !doubled {
                leases[last].end = start;
            }
        }
        leases[place].doubled = doubled;
        if !doubled {
            leases[place].end = end;
            last = Some(place);
        }
    }
}
