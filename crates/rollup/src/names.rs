//! Names seen once and then kept as numbers: managers, channels, contacts.
//!
//! Numbers are given in order of appearance and never order anything: figures must not depend on
//! who was seen first.

use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use trunkline_model::settings::OTHER;

/// A name's number within its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name(NonZeroU32);

/// The names of one account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Names {
    list: Vec<Arc<str>>,
    /// Hash and place in the list.
    numbers: HashTable<(u64, u32)>,
    hasher: foldhash::fast::FixedState,
    /// Which of the list are managers: of them there may be only so many.
    managers: Vec<bool>,
    admitted: u32,
    beyond: u64,
}

/// The names in a checkpoint.
#[derive(Serialize, Deserialize)]
struct Kept {
    list: Vec<Arc<str>>,
    managers: Vec<bool>,
    beyond: u64,
}

impl Names {
    /// Gives the number of `name`, a new one when it is seen for the first time.
    pub fn number(&mut self, name: &str) -> Name {
        let hash = self.hasher.hash_one(name);
        let place = self.find(hash, name).unwrap_or_else(|| {
            let place = self.list.len() as u32;
            self.list.push(Arc::from(name));
            self.numbers
                .insert_unique(hash, (hash, place), |known| known.0);
            place
        });
        Name(NonZeroU32::MIN.saturating_add(place))
    }

    /// Gives the number of a manager; once there are `cap`, that of [`OTHER`] for any further one,
    /// which is counted unless it was before.
    pub fn manager(&mut self, name: &str, cap: u32, counted: bool) -> Name {
        let place = self.find(self.hasher.hash_one(name), name);
        let known = place.is_some_and(|place| self.is_manager(place));
        if !known && self.admitted >= cap {
            self.beyond += u64::from(counted);
            return self.number(OTHER);
        }
        let number = self.number(name);
        if !known {
            let place = number.0.get() as usize - 1;
            self.managers.resize(self.list.len().max(place + 1), false);
            self.managers[place] = true;
            self.admitted += 1;
        }
        number
    }

    /// Counts how often a manager beyond the cap was named.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    fn is_manager(&self, place: u32) -> bool {
        self.managers
            .get(place as usize)
            .copied()
            .unwrap_or_default()
    }

    fn find(&self, hash: u64, name: &str) -> Option<u32> {
        let list = &self.list;
        let is = |known: &(u64, u32)| known.0 == hash && &*list[known.1 as usize] == name;
        self.numbers.find(hash, is).map(|known| known.1)
    }

    /// Gives the text of a number that this table gave out.
    pub fn text(&self, name: Name) -> &str {
        &self.list[name.0.get() as usize - 1]
    }
}

impl Name {
    /// Gives the name of a bare number.
    pub(crate) fn of_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// Gives the bare number: stable within the account, also through checkpoints.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }
}

impl Clone for Names {
    fn clone(&self) -> Self {
        Self::from(self.keep())
    }
}

impl Names {
    fn keep(&self) -> Kept {
        Kept {
            list: self.list.clone(),
            managers: self.managers.clone(),
            beyond: self.beyond,
        }
    }
}

impl From<Kept> for Names {
    fn from(kept: Kept) -> Self {
        let mut names = Self::default();
        for name in kept.list {
            names.number(&name);
        }
        names.admitted = kept.managers.iter().filter(|is| **is).count() as u32;
        names.managers = kept.managers;
        names.beyond = kept.beyond;
        names
    }
}

impl From<Names> for Kept {
    fn from(names: Names) -> Self {
        names.keep()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_also_through_a_snapshot() {
        let mut names = Names::default();
        let ana = names.number("ana");
        let luis = names.number("luis");
        assert_ne!(ana, luis);
        let mut again = names.clone();
        assert_eq!((again.number("ana"), again.number("luis")), (ana, luis));
        assert_eq!(again.text(luis), "luis");
    }

    #[test]
    fn managers_beyond_the_cap_share_a_name_and_those_within_keep_theirs() {
        let mut names = Names::default();
        names.number("web");
        let [ana, eva] = ["ana", "eva"].map(|name| names.manager(name, 2, true));
        let mut names = names.clone();
        for stranger in (0..1000).map(|number| format!("m{number}")) {
            let name = names.manager(&stranger, 2, true);
            assert_eq!(names.text(name), OTHER);
        }
        // A channel of that name is no manager yet.
        assert_eq!(names.manager("web", 2, true), names.number(OTHER));
        assert_eq!(
            [names.manager("ana", 2, true), names.manager("eva", 2, true)],
            [ana, eva]
        );
        assert_eq!((names.list.len(), names.beyond()), (4, 1001));
        assert_ne!(names.manager("luis", 3, false), names.number(OTHER));
    }
}
