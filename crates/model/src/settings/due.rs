//! How soon replies are due, as the fold knows it (`metrics.md` 1.1: `target_s`): the channel's
//! target, else that of the manager's team at the time, else the account's, else [`DEFAULT`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::people::Names;
use super::{Account, Membership, Targets, Validity};
use crate::time::Time;

/// Targets where no setting names one.
pub const DEFAULT: Targets = Targets {
    first_s: Some(300),
    wait_s: Some(900),
    call_s: None,
};

/// The targets of an account's replies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Due {
    /// The account's own.
    #[serde(default)]
    pub account: Targets,
    /// Those of channels that name some.
    #[serde(default)]
    pub channels: BTreeMap<String, Targets>,
    /// Those of teams that name some.
    #[serde(default)]
    pub teams: Vec<TeamDue>,
}

/// The targets of a team while an entry of it holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TeamDue {
    /// When they hold; a team's first ones for all time before.
    #[serde(flatten)]
    pub validity: Validity,
    /// The targets.
    pub targets: Targets,
    /// Who is in the team, and when.
    pub members: Vec<(String, Validity)>,
}

impl Due {
    /// Says whether nothing but the defaults holds.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the targets that an account's settings name.
    pub(super) fn of(account: &Account) -> Self {
        let zone = account.zone();
        let memberships = account.memberships();
        let names = Names::of(account);
        let members = |team: &str| {
            let of_team = memberships.iter().filter(|of| of.team == team);
            let named = |of: &Membership<'_>| {
                let (names, validity) = (names.all(of.manager), of.validity);
                names.into_iter().map(move |name| (name, validity))
            };
            of_team.flat_map(named).collect()
        };
        let mut teams: Vec<_> = account.teams.iter().collect();
        teams.sort_by_key(|team| team.validity(zone).from);
        let mut begun = BTreeSet::new();
        let teams = teams.into_iter().filter_map(|team| {
            let mut validity = team.validity(zone);
            if begun.insert(&team.id) {
                validity.from = None;
            }
            Some(TeamDue {
                validity,
                targets: of_replies(team.targets)?,
                members: members(&team.id),
            })
        });
        let channels = account.channels.iter();
        Self {
            account: of_replies(account.targets).unwrap_or_default(),
            channels: channels
                .filter_map(|channel| Some((channel.id.clone(), of_replies(channel.targets)?)))
                .collect(),
            teams: teams.collect(),
        }
    }
}

impl TeamDue {
    /// Says whether its targets are those of a manager at a time.
    pub fn holds(&self, manager: &str, at: Time) -> bool {
        let mut members = self.members.iter();
        self.validity.holds(at) && members.any(|(member, when)| member == manager && when.holds(at))
    }
}

/// Leaves out what is not about replies.
fn of_replies(targets: Targets) -> Option<Targets> {
    let targets = Targets {
        call_s: None,
        ..targets
    };
    (targets != Targets::default()).then_some(targets)
}
