//! How many streams of each account are open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::metrics;

/// Counts open streams; a clone counts the same ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd(Arc<Mutex<HashMap<Arc<str>, usize>>>);

/// The place of one stream; given back on drop.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Crowd,
    account: Arc<str>,
}

impl Crowd {
    /// Takes a place among at most `most` of an account.
    pub(super) fn enter(&self, account: &Arc<str>, most: usize) -> Option<Place> {
        let mut open = self.open();
        let here = open.entry(Arc::clone(account)).or_default();
        if *here >= most {
            return None;
        }
        *here += 1;
        metrics::streams_open(open.values().sum());
        let (crowd, account) = (self.clone(), Arc::clone(account));
        Some(Place { crowd, account })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        // The counts are whole at every moment: a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open();
        if let Some(here) = open.get_mut(&self.account) {
            *here -= 1;
        }
        open.retain(|_, here| *here > 0);
        metrics::streams_open(open.values().sum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_does_not_take_the_places_of_another() {
        let (crowd, one, other) = (Crowd::default(), "one".into(), "other".into());
        let places = [crowd.enter(&one, 2).unwrap(), crowd.enter(&one, 2).unwrap()];
        assert!(crowd.enter(&one, 2).is_none());
        let _other = crowd.enter(&other, 2).unwrap();
        drop(places);
        assert!(crowd.enter(&one, 2).is_some());
        assert_eq!(crowd.open().len(), 1);
    }
}
