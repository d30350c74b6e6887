//! The settings as call tracking asks for them.
//!
//! Numbers, pools and sites are those told last, also for the past: static numbers have their times with them. How long
//! callers are remembered, and numbers point back, is by the time of the call: the first value holds for all time before it.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use trunkline_model::settings::{PoolRules, StaticNumber, TrackingRules};
use trunkline_model::time::Time;

use crate::names::{Name, Names};

/// How far back a call looks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Windows {
    pub(crate) grace: i64,
    pub(crate) caller_memory: i64,
}

/// A value told by the record at `offset`, and since when it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    from: i64,
    offset: u64,
    windows: Windows,
}

/// All settings told, and where to find what.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    latest: TrackingRules,
    windows: Vec<Since>,
    fixed: HashMap<Name, Vec<usize>>,
    fallbacks: HashMap<Name, usize>,
}

/// What a checkpoint has of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptRules {
    /// As JSON, as in the journal: the format of a checkpoint does not describe itself.
    latest: String,
    windows: Vec<Since>,
}

impl Rules {
    /// Takes what a record tells; says whether it is new.
    pub(crate) fn tell(
        &mut self,
        rules: TrackingRules,
        from: Time,
        offset: u64,
        numbers: &mut Names,
    ) -> bool {
        if self
            .windows
            .last()
            .is_some_and(|last| last.offset >= offset)
        {
            return false;
        }
        let windows = Windows {
            grace: rules.grace,
            caller_memory: rules.caller_memory,
        };
        self.windows.push(Since {
            from: from.0,
            offset,
            windows,
        });
        self.set(rules, numbers);
        true
    }

    fn set(&mut self, rules: TrackingRules, numbers: &mut Names) {
        self.fixed.clear();
        for (place, entry) in rules.numbers.iter().enumerate() {
            let name = numbers.number(&entry.number);
            self.fixed.entry(name).or_default().push(place);
        }
        self.fallbacks.clear();
        for (place, pool) in rules.pools.iter().enumerate() {
            if let Some(fallback) = &pool.fallback {
                let name = numbers.number(fallback);
                self.fallbacks.entry(name).or_insert(place);
            }
        }
        self.latest = rules;
    }

    pub(crate) fn keep(&self) -> KeptRules {
        KeptRules {
            latest: serde_json::to_string(&self.latest).unwrap_or_default(),
            windows: self.windows.clone(),
        }
    }

    pub(crate) fn restore(&mut self, kept: KeptRules, numbers: &mut Names) {
        self.windows = kept.windows;
        // Nothing but `keep` wrote it.
        self.set(
            serde_json::from_str(&kept.latest).unwrap_or_default(),
            numbers,
        );
    }

    pub(crate) fn latest(&self) -> &TrackingRules {
        &self.latest
    }

    pub(crate) fn pool(&self, place: usize) -> &PoolRules {
        &self.latest.pools[place]
    }

    /// Finds a pool by its id.
    pub(crate) fn pool_of(&self, id: &str) -> Option<usize> {
        self.latest.pools.iter().position(|pool| pool.id == id)
    }

    /// Gives the pool whose fallback a number is.
    pub(crate) fn fallback_of(&self, number: Name) -> Option<usize> {
        self.fallbacks.get(&number).copied()
    }

    /// Gives what a static number names at `at`.
    pub(crate) fn fixed(&self, number: Name, at: i64) -> Option<&StaticNumber> {
        let entries = self.fixed.get(&number)?.iter();
        let mut entries = entries.map(|place| &self.latest.numbers[*place]);
        entries.find(|entry| entry.validity.holds(Time(at)))
    }

    /// Gives how far back a call that began at `at` looks.
    pub(crate) fn windows(&self, at: i64) -> Windows {
        let later = self.windows.partition_point(|since| since.from <= at);
        let since = self.windows.get(later.saturating_sub(1));
        let default = || Windows {
            grace: self.latest.grace,
            caller_memory: self.latest.caller_memory,
        };
        since.map_or_else(default, |since| since.windows)
    }
}
