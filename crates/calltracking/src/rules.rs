//! The settings as call tracking asks for them.
//!
//! Numbers, pools and sites are those told last, also for the past: static numbers have their times with them. How long
//! callers are remembered, and numbers point back, is by the time of the call: the first value holds for all time before it.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use trunkline_model::settings::{PoolRules, StaticNumber, TrackingRules};
use trunkline_model::time::Time;

use crate::names::Name;
use crate::visits::Texts;

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
    /// Each site with its name and the place of its pool.
    sites: HashMap<CompactString, (Name, Option<usize>), foldhash::fast::RandomState>,
}

/// What a number is there for.
#[derive(Debug, PartialEq, Eq)]
enum Role<'a> {
    Static(&'a StaticNumber),
    /// It stands in a pool, leased or not.
    Of(&'a str),
    Fallback(&'a str),
}

/// Lists the numbers whose calls other settings attribute otherwise; none if all calls may be: how far back they look, what a
/// page or a pool says of its source.
pub(crate) fn changed<'a>(
    before: &'a TrackingRules,
    after: &'a TrackingRules,
) -> Option<BTreeSet<&'a str>> {
    let windows = |rules: &TrackingRules| (rules.grace, rules.caller_memory);
    let sources = |rules: &'a TrackingRules| {
        let pools = rules.pools.iter();
        pools
            .map(|pool| (&pool.id, &pool.source))
            .collect::<Vec<_>>()
    };
    if before.sites != after.sites
        || windows(before) != windows(after)
        || sources(before) != sources(after)
    {
        return None;
    }
    let (before, after) = (roles(before), roles(after));
    let all = before.keys().chain(after.keys());
    let others = all.filter(|number| before.get(*number) != after.get(*number));
    Some(others.copied().collect())
}

fn roles(rules: &TrackingRules) -> BTreeMap<&str, Vec<Role<'_>>> {
    let mut roles: BTreeMap<&str, Vec<Role<'_>>> = BTreeMap::new();
    for entry in &rules.numbers {
        let own = roles.entry(&entry.number).or_default();
        own.push(Role::Static(entry));
    }
    for pool in &rules.pools {
        let numbers = pool.numbers.iter().chain(&pool.draining);
        for number in numbers.chain(&pool.quarantined) {
            roles.entry(number).or_default().push(Role::Of(&pool.id));
        }
        if let Some(number) = &pool.fallback {
            let own = roles.entry(number).or_default();
            own.push(Role::Fallback(&pool.id));
        }
    }
    roles
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
        texts: &mut Texts,
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
        let is_known = self
            .windows
            .last()
            .is_some_and(|last| last.windows == windows);
        if is_known && rules == self.latest {
            return false;
        }
        self.windows.push(Since {
            from: from.0,
            offset,
            windows,
        });
        self.set(rules, texts);
        true
    }

    fn set(&mut self, rules: TrackingRules, texts: &mut Texts) {
        self.fixed.clear();
        for (place, entry) in rules.numbers.iter().enumerate() {
            let name = texts.numbers.number(&entry.number);
            self.fixed.entry(name).or_default().push(place);
        }
        self.fallbacks.clear();
        for (place, pool) in rules.pools.iter().enumerate() {
            if let Some(fallback) = &pool.fallback {
                let name = texts.numbers.number(fallback);
                self.fallbacks.entry(name).or_insert(place);
            }
        }
        self.latest = rules;
        self.sites.clear();
        for site in &self.latest.sites {
            let pool = site.pool.as_ref().and_then(|pool| self.pool_of(pool));
            let name = texts.words.number(&site.key);
            self.sites.insert(site.key.as_str().into(), (name, pool));
        }
    }

    /// Gives a site's name, and the place of its pool.
    pub(crate) fn site(&self, key: &str) -> Option<(Name, Option<usize>)> {
        self.sites.get(key).copied()
    }

    pub(crate) fn keep(&self) -> KeptRules {
        KeptRules {
            latest: serde_json::to_string(&self.latest).unwrap_or_default(),
            windows: self.windows.clone(),
        }
    }

    pub(crate) fn restore(&mut self, kept: KeptRules, texts: &mut Texts) {
        self.windows = kept.windows;
        // Nothing but `keep` wrote it.
        self.set(
            serde_json::from_str(&kept.latest).unwrap_or_default(),
            texts,
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
