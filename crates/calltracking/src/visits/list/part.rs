//! Some of the visits: a slot of 48 bytes for each, and the whole of those that are held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::core::{Kind, Packed, Short};
use super::{Core, PageKey, Visit};

/// Visits that came one after the other share the version of their rows.
const GROUP: usize = 16;
/// Marks where one is held, beside places on the shelf.
const HELD: u64 = 1 << 47;

/// Some of the visits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    slots: Vec<Slot>,
    kinds: Vec<Kind>,
    /// What does not fit into a slot, by index.
    wide: BTreeMap<u32, Core>,
    /// The version of rows, without the generation, unless that of all is newer; of each [`GROUP`] that of the last change.
    changed: Vec<u64>,
    /// The whole of those that are held, each with its index.
    held: Vec<(u32, Box<Visit>)>,
    /// The pages of visits of which some can be taken back, by index.
    pub(super) pages: BTreeMap<u32, Box<[PageKey]>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[repr(C, packed(2))]
struct Slot {
    core: Packed,
    /// The next of the visitor's.
    #[serde(skip)]
    next: u32,
    /// Its place on the shelf, or among those that are held.
    at: Short,
}

/// Where the whole of a visit is.
pub(super) enum Body<'a> {
    Held(&'a Visit),
    /// Its place on the shelf.
    Cold(u64),
}

impl Part {
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Counts those that are held.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    pub(super) fn packed(&self, index: usize) -> &Packed {
        &self.slots[index].core
    }

    pub(super) fn core(&self, index: usize) -> Core {
        let packed = self.slots[index].core.core(&self.kinds);
        packed.unwrap_or_else(|| self.wide[&(index as u32)])
    }

    pub(super) fn set_core(&mut self, index: usize, core: &Core) {
        let packed = self.pack(core);
        self.slots[index].core = packed.unwrap_or_else(|| Packed::wide(core));
        match packed {
            Some(_) => drop(self.wide.remove(&(index as u32))),
            None => drop(self.wide.insert(index as u32, *core)),
        }
    }

    fn pack(&mut self, core: &Core) -> Option<Packed> {
        let kind = core.kind();
        let known = self.kinds.iter().position(|known| *known == kind);
        let place = known.unwrap_or(self.kinds.len());
        let packed = Packed::of(core, u8::try_from(place).ok()?)?;
        if known.is_none() {
            self.kinds.push(kind);
        }
        Some(packed)
    }

    /// Adds one that is held.
    pub(super) fn push(&mut self, core: &Core, visit: Visit) {
        let index = self.slots.len();
        if index == self.slots.capacity() {
            // Cold ones are never moved out: twice as much would be needed at most for days.
            self.slots.reserve_exact(index / 16 + 4);
        }
        if index.is_multiple_of(GROUP) {
            self.changed.push(0);
        }
        self.slots.push(Slot {
            core: Packed::wide(core),
            next: super::NONE,
            at: Short::default(),
        });
        self.set_core(index, core);
        self.hold(index, visit);
    }

    pub(super) fn next(&self, index: usize) -> u32 {
        self.slots[index].next
    }

    pub(super) fn set_next(&mut self, index: usize, next: u32) -> u32 {
        let slot = &mut self.slots[index];
        let before = slot.next;
        slot.next = next;
        before
    }

    pub(super) fn changed(&self, index: usize) -> u64 {
        self.changed.get(index / GROUP).copied().unwrap_or(0)
    }

    pub(super) fn change(&mut self, index: usize, version: u64) {
        if let Some(changed) = self.changed.get_mut(index / GROUP) {
            *changed = version.max(*changed);
        }
    }

    pub(super) fn body(&self, index: usize) -> Body<'_> {
        let at = self.slots[index].at.get();
        if at & HELD == 0 {
            return Body::Cold(at);
        }
        Body::Held(&self.held[(at ^ HELD) as usize].1)
    }

    pub(super) fn body_mut(&mut self, index: usize) -> Option<&mut Visit> {
        let at = self.slots[index].at.get();
        (at & HELD != 0).then(|| &mut *self.held[(at ^ HELD) as usize].1)
    }

    fn set_at(&mut self, index: usize, at: u64) -> bool {
        let short = Short::of(at);
        self.slots[index].at = short.unwrap_or_default();
        short.is_some()
    }

    /// Holds the whole of a visit that is not held.
    pub(super) fn hold(&mut self, index: usize, visit: Visit) {
        self.set_at(index, HELD | self.held.len() as u64);
        self.held.push((index as u32, Box::new(visit)));
    }

    /// Lets go of the whole of a visit, or lets it be where it lies now; says whether a slot has room for that place.
    pub(super) fn put(&mut self, index: usize, place: u64) -> bool {
        if !(1..HELD).contains(&place) {
            return false;
        }
        let before = self.slots[index].at.get();
        self.set_at(index, place);
        if before & HELD != 0 {
            let at = (before ^ HELD) as usize;
            self.held.swap_remove(at);
            if let Some(moved) = self.held.get(at) {
                self.set_at(moved.0 as usize, before);
            }
            if self.held.capacity() > 4 * self.held.len() + GROUP {
                self.held.shrink_to(2 * self.held.len());
            }
        }
        true
    }

    /// Lists the places on the shelf that are needed.
    pub(super) fn cold(&self) -> impl Iterator<Item = u64> {
        let all = self.slots.iter().map(|slot| slot.at.get());
        all.filter(|at| at & HELD == 0)
    }

    /// Lists those that are held.
    pub(super) fn all_held(&self) -> impl Iterator<Item = u32> {
        self.held.iter().map(|(index, _)| *index)
    }

    /// Measures what it takes, in bytes, without what the allocator adds.
    pub(super) fn bytes(&self) -> usize {
        let keys = self.pages.values();
        let keys = keys.map(|keys| 40 + size_of_val(&**keys)).sum::<usize>();
        let held = self.held.iter().map(|(_, visit)| visit.bytes());
        self.slots.capacity() * size_of::<Slot>()
            + size_of_val(&*self.kinds)
            + self.wide.len() * 2 * size_of::<Core>()
            + self.changed.capacity() * size_of::<u64>()
            + self.held.capacity() * size_of::<(u32, Box<Visit>)>()
            + held.sum::<usize>()
            + keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::Visitor;

    const DAY: i64 = 86_400_000;

    fn core(visit: &Visit) -> Core {
        Core::of(visit, 7, Visitor::of("ann", 1), false)
    }

    #[test]
    fn a_core_comes_out_as_it_went_in_however_wide() {
        let first = 1_790_000_000_000;
        let mut part = Part::default();
        let mut cores = Vec::new();
        // Ended not at all, in its life, and after it; on for a day and for longer than a slot tells; before 1970.
        for (first, until, ended) in [
            (first, DAY, None),
            (first, DAY, Some(DAY / 2)),
            (first, DAY, Some(2 * DAY)),
            (first, 60 * DAY, None),
            (-5, DAY, None),
        ] {
            let visit = Visit {
                signs: Some((first, first + until)),
                ended: ended.map(|ended| first + ended),
                first,
                ..Visit::default()
            };
            cores.push(core(&visit));
            part.push(&core(&visit), visit);
        }
        assert_eq!(part.wide.len(), 3);
        // More kinds than a byte tells.
        for hold in 0..300 {
            let mut visit = Visit::default();
            visit.head.hold = hold;
            cores.push(core(&visit));
            part.push(&core(&visit), visit);
        }
        assert_eq!(part.wide.len(), 3 + 300 - 256);
        for (index, core) in cores.iter().enumerate() {
            assert_eq!(part.core(index), *core, "{index}");
        }
        // What was wide is so no longer.
        part.set_core(2, &cores[0]);
        assert_eq!((part.core(2), part.wide.len()), (cores[0], 2 + 300 - 256));
    }

    #[test]
    fn those_that_are_held_are_found_when_others_go() {
        let mut part = Part::default();
        for hold in 0..10 {
            let mut visit = Visit::default();
            visit.head.hold = hold;
            part.push(&core(&visit), visit);
        }
        for (index, place) in [(3, 30), (9, 90), (0, 10)] {
            assert!(part.put(index, place));
        }
        assert!(!part.put(4, HELD) && !part.put(4, 0));
        let body = |index| match part.body(index) {
            Body::Held(visit) => (visit.head.hold, 0),
            Body::Cold(at) => (-1, at),
        };
        let found: Vec<_> = (0..10).map(body).collect();
        let held = |hold| (hold, 0);
        let cold = |at| (-1, at);
        let mut expected: Vec<_> = (0..10).map(held).collect();
        (expected[3], expected[9], expected[0]) = (cold(30), cold(90), cold(10));
        assert_eq!(found, expected);
    }
}
