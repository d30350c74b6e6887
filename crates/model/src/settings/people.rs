//! Teams, managers and channels.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Account, Moment, Schedule, Span, Targets, Validity};
use crate::time::Tz;

/// A team. Several entries of one id hold at different times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The team's id.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The ids of its managers; a manager is in one team at a time.
    #[serde(default)]
    pub managers: Vec<String>,
    /// When it works; the account's schedule by default.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Its targets, in seconds; the account's by default.
    #[serde(default)]
    pub targets: Targets,
    /// The first day or instant on which this holds; always by default.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The first day or instant on which this no longer holds; never by default.
    #[serde(default)]
    pub until: Option<Moment>,
}

impl Team {
    /// Says when the entry holds.
    pub fn validity(&self, zone: Tz) -> Validity {
        Validity::new(self.from, self.until, zone)
    }
}

/// A manager. Several entries of one id hold at different times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    /// The manager's id in events.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The manager's extensions at the telephone exchange.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// The manager's ids at providers, by provider.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// When the manager works; the team's schedule by default.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// The first day or instant on which this holds; always by default.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The first day or instant on which this no longer holds; never by default.
    #[serde(default)]
    pub until: Option<Moment>,
}

impl Manager {
    /// Says when the entry holds.
    pub fn validity(&self, zone: Tz) -> Validity {
        Validity::new(self.from, self.until, zone)
    }
}

/// A channel of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// The channel's id in events.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The hook that delivers its messages.
    #[serde(default)]
    pub hook: Option<String>,
    /// The silence after which a contact's message begins a new cycle, like `24h`; none by default.
    #[serde(default)]
    pub cycle_gap: Option<Span>,
    /// Its targets, in seconds; the team's or account's by default.
    #[serde(default)]
    pub targets: Targets,
    /// The address of a conversation at its provider, with `{conversation}` in it.
    #[serde(default)]
    pub link: Option<String>,
}

/// A manager's time in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership<'a> {
    /// The team's id.
    pub team: &'a str,
    /// The manager's id.
    pub manager: &'a str,
    /// When.
    pub validity: Validity,
}

pub(super) fn memberships(account: &Account) -> Vec<Membership<'_>> {
    let of_team = |team: &'_ Team| team.validity(account.zone());
    let all = account.teams.iter().flat_map(|team| {
        let validity = of_team(team);
        team.managers.iter().map(move |manager| Membership {
            team: &team.id,
            manager,
            validity,
        })
    });
    all.collect()
}

/// A manager's time with an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionOf<'a> {
    /// The extension.
    pub extension: &'a str,
    /// The manager's id.
    pub manager: &'a str,
    /// When; an extension's first one for all time before.
    pub validity: Validity,
}

pub(super) fn extensions(account: &Account) -> Vec<ExtensionOf<'_>> {
    let zone = account.zone();
    let managers = account.managers.iter();
    let mut all: Vec<_> = managers
        .flat_map(|manager| {
            let extensions = manager.extensions.iter();
            extensions.map(move |extension| ExtensionOf {
                extension,
                manager: &manager.id,
                validity: manager.validity(zone),
            })
        })
        .collect();
    all.sort_by_key(|of| (of.extension, of.validity.from));
    let mut known = BTreeSet::new();
    for of in &mut all {
        if known.insert(of.extension) {
            of.validity.from = None;
        }
    }
    all
}

/// Gives what managers are called at providers, each with the manager's id; of two managers with
/// one name the later in the configuration.
pub(super) fn aliases(account: &Account) -> BTreeMap<String, String> {
    let managers = account.managers.iter();
    let all = managers.flat_map(|manager| {
        let aliases = manager.aliases.iter();
        aliases.map(|(provider, id)| (format!("{provider}:{id}"), manager.id.clone()))
    });
    all.collect()
}

/// All that managers are called in events, by their ids.
pub(super) struct Names(BTreeMap<String, Vec<String>>);

impl Names {
    pub(super) fn of(account: &Account) -> Self {
        let mut names = BTreeMap::<String, Vec<String>>::new();
        for (alias, manager) in aliases(account) {
            names.entry(manager).or_default().push(alias);
        }
        Self(names)
    }

    /// Gives all names of a manager: the id, then the aliases.
    pub(super) fn all(&self, manager: &str) -> Vec<String> {
        let aliases = self.0.get(manager).into_iter().flatten().cloned();
        [manager.to_owned()].into_iter().chain(aliases).collect()
    }
}
