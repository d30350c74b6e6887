//! What follows from a checkpoint: it is computed when it is first asked for, all at once.

use std::mem;

use hashbrown::HashMap;

use crate::decide::Overlay;
use crate::names::Name;
use crate::settle::KEPT;
use crate::tracking::Tracking;

impl Tracking {
    /// Computes all that follows from what came out of a checkpoint.
    pub(crate) fn read(&mut self) {
        if !mem::take(&mut self.is_unread) {
            return;
        }
        let links = self.people.keep();
        self.people.restore(links);
        self.numbers.clear();
        (self.doubled, self.overlay) = (0, Overlay::default());
        self.marks.clear();
        self.visits.link_all();
        let may_be_gone: Vec<u32> = self.visits.with_page_keys().collect();
        for place in may_be_gone {
            self.follow(place);
        }
        for place in self.calls.all() {
            if !self.calls.get(place).gone {
                self.list(place, KEPT);
            }
        }
        self.lay_all();
        self.numbers.set(&self.rules, &mut self.texts.numbers);
        for place in self.calls.all() {
            let key = self.key(place);
            self.mark(key, KEPT);
        }
        self.settle();
    }

    /// Lays the leases of all visits: each number's at once, so that it takes no longer the more there are before.
    fn lay_all(&mut self) {
        let mut leases: HashMap<Name, Vec<(i64, u32)>, foldhash::fast::RandomState> =
            HashMap::default();
        for place in self.visits.all() {
            if let Some((number, start)) = self.visits.core(place).lease() {
                leases.entry(number).or_default().push((start, place));
            }
        }
        for (number, mut all) in leases {
            all.sort_unstable_by(|left, right| {
                let ids = || self.visits.order(left.1, right.1);
                left.0.cmp(&right.0).then_with(ids)
            });
            self.numbers.get_mut(number).leases = all.into_iter().map(|(_, visit)| visit).collect();
            self.lay(number, 0, None, KEPT);
        }
    }
}
