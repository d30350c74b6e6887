//! Texts seen once and then kept as numbers: tracking numbers, pools and sites, callers.
//!
//! Numbers are given in order of appearance and never order anything.

use std::num::NonZeroU32;

use compact_str::CompactString;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// The number of a text within its table, from 1: so that none takes no more room than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Name(NonZeroU32);

impl Name {
    /// Comes before all others.
    pub(crate) const FIRST: Self = Self(NonZeroU32::MIN);

    pub(crate) const fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A table of texts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<CompactString>", into = "Vec<CompactString>")]
pub(crate) struct Names {
    list: Vec<CompactString>,
    places: HashMap<CompactString, Name, foldhash::fast::RandomState>,
}

impl Names {
    /// Gives the number of `text`, a new one when it is seen for the first time.
    pub(crate) fn number(&mut self, text: &str) -> Name {
        if let Some(known) = self.find(text) {
            return known;
        }
        let name = Name(NonZeroU32::MIN.saturating_add(self.list.len() as u32));
        self.list.push(text.into());
        self.places.insert(text.into(), name);
        name
    }

    pub(crate) fn find(&self, text: &str) -> Option<Name> {
        self.places.get(text).copied()
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        &self.list[name.place()]
    }

    pub(crate) fn maybe(&self, name: Option<Name>) -> &str {
        name.map_or("", |name| self.text(name))
    }
}

impl From<Vec<CompactString>> for Names {
    fn from(list: Vec<CompactString>) -> Self {
        let mut names = Self::default();
        for text in &list {
            names.number(text);
        }
        names
    }
}

impl From<Names> for Vec<CompactString> {
    fn from(names: Names) -> Self {
        names.list
    }
}
