//! Visits of which nothing came for long: their texts are on a shelf.

use super::{Body, Core, Part, Shelf, Torn, Visit, Visits, part_of, split};

/// Visits that go cold in one step: each is a write of some hundred bytes.
const MOST: usize = 4_096;

impl Visits {
    /// Takes the shelf, and tells it which of its entries are needed.
    pub(crate) fn shelve(&mut self, mut shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        let mut cold = self.parts.iter().flat_map(Part::cold);
        cold.try_for_each(|at| shelf.hold(at))?;
        drop(cold);
        self.shelf = Some(shelf);
        Ok(())
    }

    pub(crate) fn shelf(&self) -> Option<&dyn Shelf> {
        self.shelf.as_deref()
    }

    pub(crate) fn shelf_mut(&mut self) -> Option<&mut (dyn Shelf + 'static)> {
        self.shelf.as_deref_mut()
    }

    /// Gives the first failure to read the shelf.
    pub(crate) fn torn(&self) -> Option<&Torn> {
        self.torn.get()
    }

    /// Counts the cold ones.
    pub(crate) fn cold(&self) -> usize {
        self.len() - self.held.len()
    }

    /// Says whether any is cold.
    pub(crate) fn has_cold(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.held() < part.len() as usize)
    }

    /// Measures what they take, in bytes, without what the allocator adds and what refers to them.
    pub(crate) fn bytes(&self) -> usize {
        let parts = self.parts.iter().map(Part::bytes);
        let tables = self.ids.iter().chain(&self.visitors);
        let tables = tables.map(|table| table.capacity() * (size_of::<u32>() + 1) * 8 / 7);
        let listed = self.held.capacity() * size_of::<u32>();
        parts.chain(tables).sum::<usize>() + listed
    }

    /// Puts visits on the shelf, looking at `most` at most, and going on where it stopped the last time; gives how many went.
    /// `may` says whether one may, by its place, the version of its row and its core.
    pub(crate) fn cool(
        &mut self,
        most: usize,
        may: impl Fn(u32, u64, &Core, &Visit) -> bool,
    ) -> usize {
        let mut cooled = 0;
        for _ in 0..most.min(self.held.len()) {
            if cooled == MOST {
                break;
            }
            let Some(place) = self.held.pop_front() else {
                break;
            };
            let (part, index) = split(place);
            let own = &mut self.parts[part];
            let (Some(shelf), Body::Held(visit)) = (&mut self.shelf, own.body(index)) else {
                self.held.push_back(place);
                break;
            };
            if !may(place, own.changed(index), &own.core(index), visit) {
                self.held.push_back(place);
                continue;
            }
            // It stays in memory as long as it cannot be written.
            let Ok(at) = shelf.put(&postcard::to_allocvec(visit).unwrap_or_default()) else {
                self.held.push_back(place);
                break;
            };
            if !own.put(index, at) {
                shelf.let_go(at);
                self.held.push_back(place);
                break;
            }
            cooled += 1;
        }
        if self.held.capacity() > 4 * self.held.len() + MOST {
            self.held.shrink_to(2 * self.held.len());
        }
        cooled
    }

    /// Holds a cold visit again, as it stands now.
    pub(super) fn thaw(&mut self, place: u32, visit: Visit) {
        let (part, index) = split(place);
        let own = &mut self.parts[part];
        if let (Body::Cold(at), Some(shelf)) = (own.body(index), &mut self.shelf) {
            shelf.let_go(at);
            self.held.push_back(place);
            own.hold(index, visit);
        }
    }

    pub(super) fn fetch(&self, at: u64) -> Visit {
        let torn = || Torn("there is no shelf".to_owned());
        let entry = self.shelf.as_ref().ok_or_else(torn);
        let entry = entry.and_then(|shelf| shelf.get(at));
        let visit = entry.and_then(|entry| unpack(&entry));
        visit.unwrap_or_else(|torn| {
            self.torn.get_or_init(|| torn);
            Visit::default()
        })
    }

    /// Puts some entries anew where most are needed no longer, so that the shelf can be rid of them.
    pub(crate) fn tidy(&mut self) {
        let known = self.moving.take();
        let waste = || self.shelf.as_ref().and_then(|shelf| shelf.waste());
        let Some(range) = known.or_else(waste) else {
            return;
        };
        let Some(shelf) = &self.shelf else { return };
        let mut found = Vec::new();
        let next = shelf.some(range.start, &mut |at, entry| {
            if at < range.end {
                found.push((at, entry.to_vec()));
            }
        });
        for (at, entry) in found {
            if !self.put_anew(at, &entry) {
                return;
            }
        }
        match next {
            Ok(next) => self.moving = next.filter(|at| *at < range.end).map(|at| at..range.end),
            Err(torn) => drop(self.torn.set(torn)),
        }
    }

    /// Moves the entry of a cold visit, if it is one; says whether the shelf takes more.
    fn put_anew(&mut self, at: u64, entry: &[u8]) -> bool {
        let Ok(visit) = unpack(entry) else {
            return true;
        };
        let hash = self.hash(&visit.id);
        let parts = &self.parts;
        let is = |place: &u32| {
            let (part, index) = split(*place);
            matches!(parts[part].body(index), Body::Cold(known) if known == at)
        };
        let place = self.ids[part_of(hash)].find(hash, is).copied();
        let (Some(place), Some(shelf)) = (place, &mut self.shelf) else {
            return true;
        };
        // What cannot be put stays where it is.
        let Ok(to) = shelf.put(entry) else {
            return false;
        };
        let (part, index) = split(place);
        let is_put = self.parts[part].put(index, to);
        shelf.let_go(if is_put { at } else { to });
        is_put
    }
}

fn unpack(entry: &[u8]) -> Result<Visit, Torn> {
    postcard::from_bytes(entry).map_err(|_| Torn("an entry is no visit".to_owned()))
}
