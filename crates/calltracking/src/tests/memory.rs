//! A shelf in memory, for tests.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use trunkline_model::shelf::{Shelf, Torn};

/// A shelf in memory; a place is a number from 1, and four entries are given up together.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<Entries>>);

#[derive(Clone, Debug, Default)]
struct Entries {
    all: Vec<(Vec<u8>, bool)>,
    is_torn: bool,
}

const GROUP: usize = 4;

impl Memory {
    /// Gives what a start finds: the entries there are now, none of them needed yet.
    pub(super) fn found(&self) -> Self {
        let mut entries = self.0.lock().unwrap().clone();
        entries.all.iter_mut().for_each(|entry| entry.1 = false);
        Self(Arc::new(Mutex::new(entries)))
    }

    /// Lets nothing be read from here on.
    pub(super) fn tear(&self) {
        self.0.lock().unwrap().is_torn = true;
    }

    /// Gives the bytes of each entry that is needed.
    pub(super) fn needed(&self) -> Vec<usize> {
        let entries = self.0.lock().unwrap();
        let needed = entries.all.iter().filter(|entry| entry.1);
        needed.map(|entry| entry.0.len()).collect()
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
        let (entry, needed) = &entries.all[place as usize - 1];
        assert!(needed, "{place} was let go of");
        if entries.is_torn {
            return Err(Torn("torn".to_owned()));
        }
        Ok(entry.clone())
    }

    fn some(&self, from: u64, show: &mut dyn FnMut(u64, &[u8])) -> Result<Option<u64>, Torn> {
        let entries = self.0.lock().unwrap();
        let end = entries.all.len() as u64;
        let from = from.max(1);
        if from <= end {
            show(from, &entries.all[from as usize - 1].0);
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
