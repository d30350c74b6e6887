//! A shelf in memory, for tests.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use trunkline_model::shelf::{Shelf, Torn};

/// A shelf in memory; a place is a number from 1, and four entries are given up together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(pub(super) Arc<Mutex<Entries>>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    all: Vec<(Vec<u8>, bool)>,
    /// From this place on nothing can be read.
    pub(super) torn: Option<u64>,
}

const GROUP: usize = 4;

impl Memory {
    /// Gives what a start finds: the entries there are now, none of them needed yet.
    pub(crate) fn found(&self) -> Self {
        let mut entries = self.0.lock().unwrap().clone();
        entries.all.iter_mut().for_each(|entry| entry.1 = false);
        Self(Arc::new(Mutex::new(entries)))
    }

    pub(crate) fn needed(&self) -> usize {
        let entries = self.0.lock().unwrap();
        entries.all.iter().filter(|entry| entry.1).count()
    }
}

impl Entries {
    fn read(&self, place: u64) -> Result<&[u8], Torn> {
        if self.torn.is_some_and(|torn| place >= torn) {
            return Err(Torn("torn".to_owned()));
        }
        let entry = self.all.get(place as usize - 1);
        entry
            .map(|entry| &*entry.0)
            .ok_or_else(|| Torn("nothing".to_owned()))
    }
}

impl Shelf for Memory {
    fn put(&mut self, entry: &[u8]) -> Result<u64, Torn> {
        let mut entries = self.0.lock().unwrap();
        entries.all.push((entry.to_vec(), true));
        Ok(entries.all.len() as u64)
    }

    fn get(&self, place: u64) -> Result<Vec<u8>, Torn> {
        let entries = self.0.lock().unwrap();
        assert!(entries.all[place as usize - 1].1, "{place} was let go of");
        entries.read(place).map(<[u8]>::to_vec)
    }

    fn some(&self, from: u64, show: &mut dyn FnMut(u64, &[u8])) -> Result<Option<u64>, Torn> {
        let entries = self.0.lock().unwrap();
        let end = entries.all.len() as u64;
        let from = from.max(1);
        if from <= end {
            show(from, entries.read(from)?);
        }
        Ok((from < end).then_some(from + 1))
    }

    fn hold(&mut self, place: u64) -> Result<(), Torn> {
        let mut entries = self.0.lock().unwrap();
        let entry = entries.all.get_mut(place as usize - 1);
        entry.ok_or_else(|| Torn("nothing".to_owned()))?.1 = true;
        Ok(())
    }

    fn let_go(&mut self, place: u64) {
        let mut entries = self.0.lock().unwrap();
        let needed = &mut entries.all[place as usize - 1].1;
        assert!(std::mem::take(needed), "{place} was let go of twice");
    }

    fn waste(&self) -> Option<Range<u64>> {
        let entries = self.0.lock().unwrap();
        let groups = entries.all.chunks_exact(GROUP).zip(0..);
        let needed = |group: &[(Vec<u8>, bool)]| group.iter().filter(|entry| entry.1).count();
        let mut wasted = groups.filter(|(group, _)| (1..=GROUP / 2).contains(&needed(group)));
        let first = wasted.next()?.1 * GROUP as u64 + 1;
        Some(first..first + GROUP as u64)
    }
}
