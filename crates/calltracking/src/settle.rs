//! Which calls a record can have changed, and their attribution anew.
//!
//! An attribution depends on what is before the call: the leases of its number, the calls of its caller before it, who was
//! linked until then. So calls are attributed in the order of their starts, and each that is brings along the later calls
//! of its caller, whether or not it came out the same: what is marked must not depend on when it was computed.

use hashbrown::hash_map::Entry;
use trunkline_model::settings::TrackingRules;

use crate::attribution::{self, Evidence, Outcome, Reason};
use crate::calls::{self, Key};
use crate::leases::Lease;
use crate::names::Name;
use crate::people::{Side, Visitor};
use crate::rules;
use crate::tracking::{Item, Tracking};

/// Which records may have changed a call that is marked: an offset not above the first, and the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    since: u64,
    last: u64,
}

impl Mark {
    fn of(offset: u64) -> Self {
        Self {
            since: offset,
            last: if offset == KEPT { 0 } else { offset },
        }
    }

    fn join(&mut self, other: Self) {
        self.since = self.since.min(other.since);
        self.last = self.last.max(other.last);
    }
}

/// Stands for the offset of what a checkpoint has: nothing is to be gathered for it, and all calls are marked when
/// it was read.
pub(crate) const KEPT: u64 = u64::MAX;

impl Tracking {
    /// Marks a call; `offset` is that of the record that may have changed it.
    pub(crate) fn mark(&mut self, key: Key, offset: u64) {
        let mark = Mark::of(offset);
        self.marks.entry(key).or_insert(mark).join(mark);
    }

    /// Marks the calls on a number that began at `from` or later.
    pub(crate) fn mark_number(&mut self, number: Name, from: i64, offset: u64) {
        if offset == KEPT {
            return;
        }
        let Some(slot) = self.numbers.get(number) else {
            return;
        };
        for key in calls::from(&slot.calls, from).to_vec() {
            self.mark(key, offset);
        }
    }

    /// Marks the calls that come out otherwise by the settings of now than by those before.
    pub(crate) fn mark_changed(&mut self, before: &TrackingRules, offset: u64) {
        let Some(numbers) = rules::changed(before, self.rules.latest()) else {
            for place in self.calls.all() {
                let key = self.key(place);
                self.mark(key, offset);
            }
            return;
        };
        let numbers = numbers.into_iter();
        let known: Vec<Name> = numbers
            .filter_map(|number| self.texts.numbers.find(number))
            .collect();
        for number in known {
            self.mark_number(number, i64::MIN, offset);
        }
    }

    /// Marks the calls of a caller that began at `from` or later, whoever he is now.
    pub(crate) fn mark_caller(&mut self, caller: Name, from: i64, offset: u64) {
        if offset == KEPT {
            return;
        }
        for caller in [Some(caller), self.people.same(caller)]
            .into_iter()
            .flatten()
        {
            for key in calls::from(self.people.calls(caller), from).to_vec() {
                self.mark(key, offset);
            }
        }
    }

    /// Marks the calls that a visit may have brought.
    pub(crate) fn mark_visit(&mut self, place: u32, offset: u64) {
        let core = self.visits.core(place);
        if let Some((number, start)) = core.lease() {
            self.mark_number(number, start, offset);
        }
        self.mark_visitor(core.visitor, place, offset);
        for caller in self.people.met(Side::Visit(core.hash)).collect::<Vec<_>>() {
            self.mark_caller(caller, core.begins(), offset);
        }
    }

    /// Marks the calls of those who were linked to a visitor, from one of his visits on.
    pub(crate) fn mark_visitor(&mut self, visitor: Visitor, place: u32, offset: u64) {
        let first = self.visits.core(place).begins();
        let met = self.people.met(Side::Visitor(visitor));
        // A link by a visit is one to its visitor.
        let by_visit = self.visits.of_visitor(visitor).flat_map(|visit| {
            let side = Side::Visit(self.visits.hash_of(visit));
            self.people.met(side)
        });
        let all: Vec<Name> = met.chain(by_visit).collect();
        for caller in all {
            self.mark_caller(caller, first, offset);
        }
    }

    /// Notes that a row is to be gathered because of the record at `offset`.
    pub(crate) fn note(&mut self, item: Item, offset: u64) {
        if offset == KEPT {
            return;
        }
        let head = self.head;
        if let Some(recent) = &mut self.recent {
            recent.insert(item);
        }
        match item {
            Item::Call(place) => {
                let changed = &mut self.calls.get_mut(place).changed;
                *changed = head.max(*changed);
            }
            Item::Visit(place) => self.visits.change(place, head),
        }
        match self.waits.entry(item) {
            Entry::Occupied(since) if *since.get() <= offset => return,
            Entry::Occupied(mut since) => {
                self.dirty.remove(&(since.insert(offset), item));
            }
            Entry::Vacant(since) => drop(since.insert(offset)),
        }
        self.dirty.insert((offset, item));
    }

    /// Attributes anew all calls that were marked. To be called after each batch, when its calls were told.
    pub fn settle(&mut self) {
        self.read();
        while let Some((key, mark)) = self.marks.pop_first() {
            let place = key.2;
            if self.key(place) != key {
                // Its start is another now, and marked as well.
                continue;
            }
            let outcome = self.attribute(key);
            if outcome.links() {
                self.meet(place, outcome.visits[0].0);
            }
            self.disregard(place);
            self.calls.get_mut(place).outcome = outcome;
            self.regard(place);
            self.note(Item::Call(place), mark.since);
            self.settled.note(key, mark.last);
            // The next of its caller brings along the one after it.
            for caller in self.calls.get(place).parties() {
                let keys = self.people.calls(caller);
                let later = keys.partition_point(|known| *known <= key);
                if let Some(next) = keys.get(later).copied() {
                    self.marks.entry(next).or_insert(mark).join(mark);
                }
            }
        }
    }

    /// Lets later calls of the same caller look at what a call came to.
    fn regard(&mut self, place: u32) {
        let key = self.key(place);
        let call = self.calls.get(place);
        let (links, can_repeat) = (call.outcome.links(), call.outcome.can_repeat());
        let (number, visits) = (call.number, &call.outcome.visits);
        let visit = visits.first().map(|(visit, _)| *visit).filter(|_| links);
        for caller in call.parties() {
            if let Some(visit) = visit {
                self.people.linking.insert((caller, visit, key));
            }
            if can_repeat {
                self.people.repeatable.insert((caller, number, key));
            }
        }
    }

    /// Takes back what [`Tracking::regard`] did: to be called before anything of the call changes.
    pub(crate) fn disregard(&mut self, place: u32) {
        let key = self.key(place);
        let call = self.calls.get(place);
        let Some((visit, _)) = call.outcome.visits.first().copied() else {
            return;
        };
        for caller in call.parties() {
            self.people.linking.remove(&(caller, visit, key));
            self.people.repeatable.remove(&(caller, call.number, key));
        }
    }

    /// Notes that an attribution links its caller to a visitor.
    fn meet(&mut self, call: u32, visit: u32) {
        let visitor = self.visitor_of(visit);
        for caller in self.calls.get(call).parties() {
            self.people.meet(Side::Visitor(visitor), caller);
        }
    }

    pub(crate) fn visitor_of(&self, visit: u32) -> Visitor {
        self.visits.visitor_of(visit)
    }

    fn attribute(&self, key: Key) -> Outcome {
        let call = self.calls.get(key.2);
        if call.gone {
            return Outcome::default();
        }
        let windows = self.rules.windows(call.started);
        let oldest = call.started - windows.caller_memory;
        let evidence = Evidence {
            started: call.started,
            windows,
            fixed: self.rules.fixed(call.number, call.started).is_some(),
            leases: self.leases_at(call.number, call.started, windows.grace),
            before: self.before(key, oldest),
            reason: self.reason(call.number),
        };
        attribution::attribute(
            &evidence,
            |visit| self.is_linked(key, visit),
            || self.last_visit(&self.linked(key), oldest, call.started),
        )
    }

    /// Lists the leases of a number that may have to do with a call at `at`, in order.
    fn leases_at(&self, number: Name, at: i64, grace: i64) -> Vec<Lease> {
        let mut found = Vec::new();
        let begun = &self.leased(number)[..self.begun(number, at)];
        for lease in begun.iter().rev().filter_map(|visit| self.lease(*visit)) {
            found.push(lease);
            if !lease.doubled && at - lease.end > grace {
                break;
            }
        }
        found.reverse();
        found
    }

    /// Says whether the visitor of a visit was linked to the caller of a call before it, or when it began.
    fn is_linked(&self, key: Key, visit: u32) -> bool {
        let visitor = self.visitor_of(visit);
        self.calls.get(key.2).parties().any(|caller| {
            let by_call = |visit: u32| self.people.is_linking(caller, visit, key);
            self.visits.of_visitor(visitor).any(by_call)
                || self.told(caller, key.0).any(|told| told == visitor)
        })
    }

    /// Lists the visitors who were told to be a caller until `at`, by any of his names.
    fn told(&self, caller: Name, at: i64) -> impl Iterator<Item = Visitor> {
        let names = self.people.names(caller);
        let links = names.flat_map(move |name| self.people.links_of(name, at));
        let links = links.filter(|link| !self.is_unlinked(link));
        links.filter_map(|link| match link.side {
            Side::Visitor(visitor) => Some(visitor),
            Side::Visit(hash) => {
                let visit = self.visits.of_hash(hash);
                let visit = visit.filter(|visit| !self.visits.core(*visit).gone);
                visit.map(|visit| self.visitor_of(visit))
            }
        })
    }

    /// Lists the visitors who were linked to the caller of a call before it, or when it began.
    fn linked(&self, key: Key) -> Vec<Visitor> {
        let mut all = Vec::new();
        for caller in self.calls.get(key.2).parties() {
            all.extend(self.told(caller, key.0));
            let visits = self.people.linking(caller, key);
            all.extend(visits.map(|visit| self.visitor_of(visit)));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Gives what the caller's last call before, on the same number and attributed to visits, came to.
    fn before(&self, key: Key, oldest: i64) -> Option<&Outcome> {
        let call = self.calls.get(key.2);
        let of_caller = |caller| self.people.repeatable(caller, call.number, key);
        let last = call.parties().filter_map(of_caller).max()?;
        (last.0 >= oldest).then(|| &self.calls.get(last.2).outcome)
    }

    /// Gives the last visit of these visitors on any pool that began from `oldest` until `at`.
    fn last_visit(&self, linked: &[Visitor], oldest: i64, at: i64) -> Option<u32> {
        let visits = linked
            .iter()
            .flat_map(|visitor| self.visits.of_visitor(*visitor));
        let own = visits.filter(|place| {
            let core = self.visits.core(*place);
            let began = core.first;
            !core.gone && core.pool.is_some() && oldest <= began && began <= at
        });
        own.max_by(|left, right| {
            let began = |place: &u32| self.visits.core(*place).first;
            let ids = || self.visits.order(*left, *right);
            began(left).cmp(&began(right)).then_with(ids)
        })
    }

    /// Says why a call on this number would have no visit.
    fn reason(&self, number: Name) -> Reason {
        let leased = !self.leased(number).is_empty();
        if self.numbers.pool(number).is_some() {
            Reason::Expired
        } else if self.rules.fallback_of(number).is_some() {
            Reason::Unserved
        } else if leased {
            Reason::Expired
        } else {
            Reason::UnknownNumber
        }
    }
}
