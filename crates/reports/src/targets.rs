//! How soon a reply is due (`metrics.md` 1.1: `target_s`): the channel's target, else that of the
//! manager's team at the time, else the account's; one for `first`, one for all other definitions.
//!
//! A team's first target holds for all time before it (`metrics.md` §0: settings in time).

mod rules;
mod tracking;

use std::collections::BTreeSet;

use trunkline_model::settings::{self, Account};
use trunkline_model::time::Time;

use crate::statement::Parameter;
pub(crate) use rules::Rules;
pub(crate) use tracking::Tracking;

/// Seconds in which a reply is due where no setting says so: of a cycle's first, and of any.
const DEFAULT: Due = Due {
    first: 300_000,
    wait: 900_000,
    call: 20_000,
};

/// Later than any sample.
const OPEN: i64 = i64::MAX;

/// The targets of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    account: settings::Targets,
    channels: Vec<(String, settings::Targets)>,
    teams: Vec<Dated>,
    /// How its calls are counted.
    pub(crate) calls: Rules,
    /// How its sources are found, and what its money is counted in.
    pub(crate) tracking: Tracking,
}

/// A team's targets while an entry of it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Dated {
    team: String,
    from: i64,
    until: i64,
    targets: settings::Targets,
}

/// Milliseconds.
struct Due {
    first: i64,
    wait: i64,
    call: i64,
}

impl Targets {
    /// Gives the currency of the account's amounts; empty if it sets none.
    pub fn currency(&self) -> &str {
        &self.tracking.currency
    }

    /// Reads the targets that an account's settings name.
    pub fn of(account: &Account) -> Self {
        let set = |targets: &settings::Targets| *targets != settings::Targets::default();
        let mut teams: Vec<_> = account.teams.iter().collect();
        teams.sort_by_key(|team| team.validity(account.zone()).from);
        let mut begun = BTreeSet::new();
        let teams = teams.into_iter().map(|team| {
            let validity = team.validity(account.zone());
            let is_first = begun.insert(&team.id);
            let from = validity.from.filter(|_| !is_first);
            Dated {
                team: team.id.clone(),
                from: from.map_or(Time::MIN.0, |from| from.0),
                until: validity.until.map_or(OPEN, |until| until.0),
                targets: team.targets,
            }
        });
        let channels = account.channels.iter();
        Self {
            account: account.targets,
            channels: channels
                .filter(|channel| set(&channel.targets))
                .map(|channel| (channel.id.clone(), channel.targets))
                .collect(),
            teams: teams.filter(|team| set(&team.targets)).collect(),
            calls: Rules::of(account),
            tracking: Tracking::of(account),
        }
    }

    /// The targets of one definition.
    pub(crate) fn of_definition(&self, definition: &str) -> Target {
        match definition {
            "first" => self.due(DEFAULT.first, |targets| targets.first_s),
            _ => self.due(DEFAULT.wait, |targets| targets.wait_s),
        }
    }

    /// The targets of calls, which have no channel.
    pub(crate) fn of_calls(&self) -> Target {
        Target {
            channels: Vec::new(),
            ..self.due(DEFAULT.call, |targets| targets.call_s)
        }
    }

    fn due(&self, default: i64, due: fn(&settings::Targets) -> Option<u32>) -> Target {
        let ms = |targets: &settings::Targets| Some(i64::from(due(targets)?) * 1_000);
        let channels = self.channels.iter();
        let teams = self.teams.iter();
        Target {
            ms: ms(&self.account).unwrap_or(default),
            channels: channels
                .filter_map(|(channel, targets)| Some((channel.clone(), ms(targets)?)))
                .collect(),
            teams: teams
                .filter_map(|team| {
                    Some((team.team.clone(), team.from, team.until, ms(&team.targets)?))
                })
                .collect(),
        }
    }
}

/// When a sample of one definition is within its target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The account's, in milliseconds.
    ms: i64,
    /// Those of channels.
    channels: Vec<(String, i64)>,
    /// Those of teams: from, until, milliseconds.
    teams: Vec<(String, i64, i64, i64)>,
}

impl Target {
    /// Whether it needs to know the managers' teams.
    pub(crate) fn names_team(&self) -> bool {
        !self.teams.is_empty()
    }

    /// The target of a sample as SQL over its columns.
    pub(crate) fn sql(&self) -> String {
        let mut sql = "{target:Int64}".to_owned();
        if self.names_team() {
            sql = format!(
                "ifNull(arrayFirstOrNull((due, of, begun, ended) -> of = ifNull(team, '') \
                 AND toUnixTimestamp64Milli(at) >= begun AND toUnixTimestamp64Milli(at) < ended, \
                 {{target_team_ms:Array(Int64)}}, {{target_teams:Array(String)}}, \
                 {{target_from:Array(Int64)}}, {{target_until:Array(Int64)}}), {sql})"
            );
        }
        if !self.channels.is_empty() {
            sql = format!(
                "transform(toString(channel), {{target_channels:Array(String)}}, \
                 {{target_channel_ms:Array(Int64)}}, {sql})"
            );
        }
        sql
    }

    /// The parameters of a statement that say them.
    pub(crate) fn parameters(&self) -> Vec<(String, Parameter)> {
        let wholes = |of: fn(&(String, i64, i64, i64)) -> i64| {
            Parameter::Wholes(self.teams.iter().map(of).collect())
        };
        let channels = self.channels.iter();
        let teams = self.teams.iter().map(|team| team.0.clone());
        let (channels, channel_ms) = channels.cloned().unzip();
        [
            ("target", Parameter::Whole(self.ms)),
            ("target_channels", Parameter::Texts(channels)),
            ("target_channel_ms", Parameter::Wholes(channel_ms)),
            ("target_teams", Parameter::Texts(teams.collect())),
            ("target_from", wholes(|team| team.1)),
            ("target_until", wholes(|team| team.2)),
            ("target_team_ms", wholes(|team| team.3)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
