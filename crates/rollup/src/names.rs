//! Names seen once and then kept as numbers: managers, channels, contacts.
//!
//! Numbers are given in order of appearance and never order anything: figures must not depend on
//! who was seen first.

use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::sync::Arc;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

/// A name's number within its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name(NonZeroU32);

/// The names of one account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Arc<str>>", into = "Vec<Arc<str>>")]
pub struct Names {
    list: Vec<Arc<str>>,
    /// Hash and place in the list.
    numbers: HashTable<(u64, u32)>,
    hasher: foldhash::fast::FixedState,
}

impl Names {
    /// Gives the number of `name`, a new one when it is seen for the first time.
    pub fn number(&mut self, name: &str) -> Name {
        let hash = self.hasher.hash_one(name);
        let list = &self.list;
        let is = |known: &(u64, u32)| known.0 == hash && &*list[known.1 as usize] == name;
        let known = self.numbers.find(hash, is).map(|known| known.1);
        let place = known.unwrap_or_else(|| {
            let place = self.list.len() as u32;
            self.list.push(Arc::from(name));
            self.numbers
                .insert_unique(hash, (hash, place), |known| known.0);
            place
        });
        Name(NonZeroU32::MIN.saturating_add(place))
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
        Self::from(self.list.clone())
    }
}

impl From<Vec<Arc<str>>> for Names {
    fn from(list: Vec<Arc<str>>) -> Self {
        let mut names = Self::default();
        for name in list {
            names.number(&name);
        }
        names
    }
}

impl From<Names> for Vec<Arc<str>> {
    fn from(names: Names) -> Self {
        names.list
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
        let mut again = Names::from(Vec::from(names));
        assert_eq!((again.number("ana"), again.number("luis")), (ana, luis));
        assert_eq!(again.text(luis), "luis");
    }
}
