//! Calls that were attributed anew, for those who are to be told if another source came of it.

use std::collections::BTreeMap;

use compact_str::CompactString;
use trunkline_model::time::Time;

use crate::calls::Key;
use crate::tracking::Tracking;

/// Calls attributed anew while somebody watches, each with the offset of the last record that may have changed what
/// brought it.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Calls that began before are not watched; none: nobody does.
    from: Option<i64>,
    calls: BTreeMap<Key, u64>,
}

impl Settled {
    /// Notes a call. One that came out of a checkpoint as it was (`last` is 0) is no news.
    pub(crate) fn note(&mut self, key: Key, last: u64) {
        if last > 0 && self.from.is_some_and(|from| from <= key.0) {
            let known = self.calls.entry(key).or_insert(last);
            *known = last.max(*known);
        }
    }
}

impl Tracking {
    /// Has calls that began at `from` or later noted whenever they are attributed anew; none at all without it.
    pub fn watch(&mut self, from: Option<Time>) {
        self.settled.from = from.map(|time| time.0);
        let Some(from) = self.settled.from else {
            self.settled.calls.clear();
            return;
        };
        self.settled.calls = self.settled.calls.split_off(&(from, 0, 0));
    }

    /// Takes the calls that records from `offset` on may have had attributed anew, in the order of their starts, each with
    /// the offset of the last such record; the others stay.
    pub fn take_settled(&mut self, offset: u64) -> Vec<(CompactString, u64)> {
        self.settle();
        let all = self.settled.calls.extract_if(.., |_, last| *last >= offset);
        let all: Vec<_> = all.collect();
        let calls = all.into_iter().map(|(key, last)| (key.2, last));
        calls
            .map(|(place, last)| (self.calls.get(place).id.clone(), last))
            .collect()
    }
}
