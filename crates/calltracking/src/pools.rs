//! Numbers, and which of them is free: the order of allocation (`metrics.md` §3, Dynamic number).
//!
//! The numbers of a pool that may be leased stand in a queue, each with an instant that it is not free before; those never
//! used stand first, in the order of the configuration, then go the others by when they were released. A lease that begins
//! or is renewed leaves the queue as it is: its number is put in its new place when it comes first, once for each time its
//! lease would have ended. That is done with the records that come back ([`Numbers::tidy`]), so that a decision as a rule finds
//! a free number first.

use std::collections::BTreeSet;

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::calls::Key;
use crate::leases::Lease;
use crate::names::{Name, Names};
use crate::rules::Rules;
use crate::visits::Core;

/// How many numbers are put in their places at once at most: they come in clusters, about one for each record.
const TIDIED: usize = 8;
/// The instant before which a never-used number is not free.
const NEVER_USED: i64 = i64::MIN;

/// A number: what a decision asks of many comes first, in one line of the processor's cache.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Slot {
    pub(crate) pooled: Option<Pooled>,
    reserved: Option<Reserved>,
    /// The last of its leases that holds something.
    pub(crate) last: Option<Lease>,
    /// How it is written, of one that stands in a pool: a decision looks no further.
    text: CompactString,
    /// Its place in the queue, if it stands in one.
    queued: Option<i64>,
    /// The visits that had it, by the starts of their leases and their ids.
    pub(crate) leases: Vec<u32>,
    /// The calls on it, in order.
    pub(crate) calls: Vec<Key>,
}

/// The pool that a number stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pooled {
    pub(crate) pool: u32,
    order: u32,
    /// Whether it may be leased: it is neither draining nor quarantined.
    leasable: bool,
    /// Whether it is static at times, and not leased then.
    fixed: bool,
}

/// A decision that is not in the journal yet.
#[derive(Clone, Copy, Debug)]
struct Reserved {
    /// A hash of the visit's id.
    visit: u64,
    until: i64,
}

/// All numbers, by the number of their name, and the queues of the pools.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    slots: Vec<Slot>,
    queues: Vec<BTreeSet<(i64, u32, Name)>>,
    /// The end of each lease that does not end when its visit does without a call, and whether it is doubled.
    ends: HashMap<u32, (i64, bool), foldhash::fast::RandomState>,
}

impl Slot {
    /// Adds a visit at an index; lists of leases grow for all time.
    pub(crate) fn add_lease(&mut self, index: usize, visit: u32) {
        if self.leases.len() == self.leases.capacity() {
            self.leases.reserve_exact(self.leases.len() / 8 + 2);
        }
        self.leases.insert(index, visit);
    }

    /// Says whether a visit other than that of this hash is about to have it.
    pub(crate) fn is_reserved_for_another(&self, visit: u64, now: i64) -> bool {
        self.reserved
            .is_some_and(|reserved| reserved.visit != visit && now < reserved.until)
    }
}

impl Numbers {
    pub(crate) fn get(&self, number: Name) -> Option<&Slot> {
        self.slots.get(number.place())
    }

    pub(crate) fn get_mut(&mut self, number: Name) -> &mut Slot {
        if self.slots.len() <= number.place() {
            self.slots.resize_with(number.place() + 1, Slot::default);
        }
        &mut self.slots[number.place()]
    }

    /// Gives the lease of a visit, by its core.
    pub(crate) fn lease(&self, visit: u32, core: &Core) -> Option<Lease> {
        let (_, start) = core.lease()?;
        let usual = || (core.end([]), false);
        let (end, doubled) = self.ends.get(&visit).copied().unwrap_or_else(usual);
        Some(Lease {
            visit,
            start,
            end,
            doubled,
        })
    }

    /// Keeps the lease of a visit as it was computed.
    pub(crate) fn keep(&mut self, lease: &Lease, core: &Core) {
        let end = (lease.end, lease.doubled);
        if end == (core.end([]), false) {
            self.ends.remove(&lease.visit);
        } else {
            self.ends.insert(lease.visit, end);
        }
    }

    /// Forgets the lease of a visit.
    pub(crate) fn forget(&mut self, visit: u32) {
        self.ends.remove(&visit);
    }

    /// Measures what leases take, in bytes, without what the allocator adds.
    pub(crate) fn bytes_of_leases(&self) -> usize {
        let lists = self.slots.iter().map(|slot| slot.leases.capacity());
        let each = size_of::<(u32, (i64, bool))>() + 1;
        lists.sum::<usize>() * size_of::<u32>() + self.ends.capacity() * each * 8 / 7
    }

    /// Says which pool a number stands in, leased or not.
    pub(crate) fn pool(&self, number: Name) -> Option<usize> {
        Some(self.get(number)?.pooled?.pool as usize)
    }

    /// Gives a number that stands in a pool as it is written.
    pub(crate) fn text(&self, number: Name) -> &str {
        self.get(number).map_or("", |slot| &slot.text)
    }

    /// Forgets leases and calls, which follow from visits and calls.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Sorts all numbers into the pools of the settings.
    pub(crate) fn set(&mut self, rules: &Rules, names: &mut Names) {
        for slot in &mut self.slots {
            (slot.pooled, slot.queued) = (None, None);
        }
        let pools = &rules.latest().pools;
        self.queues = pools.iter().map(|_| BTreeSet::new()).collect();
        for (place, pool) in pools.iter().enumerate() {
            let resting = pool.draining.iter().chain(&pool.quarantined);
            let resting = resting.map(|number| (number, false));
            let all = pool
                .numbers
                .iter()
                .map(|number| (number, true))
                .chain(resting);
            for (order, (number, leasable)) in (0..).zip(all) {
                let name = names.number(number);
                let fixed = rules
                    .latest()
                    .numbers
                    .iter()
                    .any(|entry| entry.number == *number);
                let slot = self.get_mut(name);
                slot.text = number.as_str().into();
                slot.pooled = Some(Pooled {
                    pool: place as u32,
                    order,
                    leasable,
                    fixed,
                });
                self.queue(name);
            }
        }
    }

    /// Gives the instant from which a number is free, as things stand; [`NEVER_USED`] if nobody ever had it.
    fn free_from(&self, number: Name) -> i64 {
        self.get(number).map_or(NEVER_USED, |slot| {
            let leased = slot.last.map_or(NEVER_USED, |lease| lease.end);
            let reserved = slot.reserved.map_or(NEVER_USED, |reserved| reserved.until);
            leased.max(reserved)
        })
    }

    /// Puts a number into the queue of its pool, or into its place there.
    pub(crate) fn queue(&mut self, number: Name) {
        let free = self.free_from(number);
        let slot = self.get_mut(number);
        let Some(own) = slot.pooled.filter(|own| own.leasable) else {
            return;
        };
        let before = slot.queued.replace(free);
        let queue = &mut self.queues[own.pool as usize];
        if let Some(before) = before {
            queue.remove(&(before, own.order, number));
        }
        queue.insert((free, own.order, number));
    }

    /// Puts a number into its place again if it may be free earlier than was thought, and those that come first.
    pub(crate) fn refresh(&mut self, number: Name) {
        let free = self.free_from(number);
        let queued = self.get(number).and_then(|slot| slot.queued);
        if queued.is_some_and(|queued| free < queued) {
            self.queue(number);
        }
        if let Some(pool) = self.pool(number) {
            self.tidy(pool);
        }
    }

    /// Puts numbers that come first in the queue of a pool, and are not free when it says, in their places.
    fn tidy(&mut self, pool: usize) {
        for _ in 0..TIDIED {
            let first = self.queues.get(pool).and_then(BTreeSet::first);
            let Some(&(_, _, number)) = first.filter(|it| self.free_from(it.2) > it.0) else {
                return;
            };
            self.queue(number);
        }
    }

    /// Says whether a number of this pool may be leased now.
    pub(crate) fn is_free(&self, pool: usize, number: Name, now: i64, rules: &Rules) -> bool {
        let own = self.get(number).and_then(|slot| slot.pooled);
        let own = own.filter(|own| own.pool as usize == pool && own.leasable);
        own.is_some_and(|own| {
            let fixed = own.fixed && rules.fixed(number, now).is_some();
            self.free_from(number) <= now && !fixed
        })
    }

    /// Gives the number that is next: a never-used one, else that which was released longest ago.
    pub(crate) fn next(&mut self, pool: usize, now: i64, rules: &Rules) -> Option<Name> {
        let mut after: Option<(i64, u32, Name)> = None;
        loop {
            let queue = self.queues.get(pool)?;
            let first = match after {
                None => queue.first(),
                Some(after) => {
                    use std::ops::Bound::{Excluded, Unbounded};
                    queue.range((Excluded(after), Unbounded)).next()
                }
            };
            let &(from, order, number) = first?;
            if from > now {
                return None;
            }
            if self.free_from(number) > from {
                self.queue(number);
            } else if self.is_free(pool, number, now, rules) {
                return Some(number);
            } else {
                // It is a static number for a while.
                after = Some((from, order, number));
            }
        }
    }

    /// Holds a number for a visit (a hash of its id) until its record is read.
    pub(crate) fn reserve(&mut self, number: Name, visit: u64, until: i64) {
        self.get_mut(number).reserved = Some(Reserved { visit, until });
    }

    /// Gives up what was held for a visit: its record is read, or it ended.
    pub(crate) fn release(&mut self, number: Name, visit: u64) {
        let slot = self.get_mut(number);
        if slot.reserved.is_some_and(|known| known.visit == visit) {
            slot.reserved = None;
            self.refresh(number);
        }
    }

    /// Counts the numbers of a pool that may be leased.
    pub(crate) fn in_service(&self, pool: usize) -> usize {
        self.queues.get(pool).map_or(0, BTreeSet::len)
    }

    /// Walks over all numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }
}
