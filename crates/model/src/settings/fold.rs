//! The settings that the fold of conversations and calls depends on. They are recorded in the journal, so
//! that the figures stay a function of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Offset};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::people::Names;
use super::{Account, BotReplies, Country, Due, Schedule, TrackingRules, Validity, Zone};

/// The rules by which an account's conversations are folded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FoldRules {
    /// What a bot's reply does to the clock.
    pub bot_replies: BotReplies,
    /// The silence after which a contact's message begins a new cycle, in milliseconds by channel;
    /// a channel without one has no such gap.
    pub cycle_gaps: BTreeMap<String, i64>,
    /// Managers that may appear; beyond them figures are those of [`OTHER`].
    #[serde(default = "many_managers", skip_serializing_if = "is_many_managers")]
    pub managers_cap: u32,
    /// Conversations whose timeline may be held; beyond them some shrink before their time, which
    /// changes no figure.
    #[serde(default = "a_million", skip_serializing_if = "is_a_million")]
    pub conversations_cap: u32,
    /// Minutes of a cell of figures: see [`cell_minutes`].
    #[serde(default = "an_hour", skip_serializing_if = "is_an_hour")]
    pub cell_minutes: u8,
    /// The schedules of managers, of teams and of the account, each with its zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<ScheduleOf>,
    /// How soon replies are due.
    #[serde(default, skip_serializing_if = "Due::is_default")]
    pub due: Due,
    /// The country that phone numbers are read with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// The talk below which a call counts as missed, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub min_answer_s: u32,
    /// Numbers, pools and sites, and how calls find their visit.
    #[serde(default, skip_serializing_if = "TrackingRules::is_default")]
    pub tracking: TrackingRules,
}

/// The name that managers beyond the cap share.
pub const OTHER: &str = "__other__";

const MANAGERS: u32 = 10_000;
const CONVERSATIONS: u32 = 1_000_000;
const HOUR: u8 = 60;

const fn many_managers() -> u32 {
    MANAGERS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_many_managers(cap: &u32) -> bool {
    *cap == MANAGERS
}

const fn a_million() -> u32 {
    CONVERSATIONS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_a_million(cap: &u32) -> bool {
    *cap == CONVERSATIONS
}

const fn an_hour() -> u8 {
    HOUR
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_an_hour(minutes: &u8) -> bool {
    *minutes == HOUR
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// Gives the longest of 60, 30 and 15 minutes that divides all offsets a zone has had from 1980 on,
/// so that its days begin where a cell does.
pub fn cell_minutes(zone: Tz) -> u8 {
    const FROM: i64 = 315_532_800;
    const MONTH: i64 = 30 * 86_400;
    let offsets: BTreeSet<i32> = (0..121 * 12)
        .filter_map(|month| DateTime::from_timestamp(FROM + month * MONTH, 0))
        .map(|at| at.with_timezone(&zone).offset().fix().local_minus_utc())
        .collect();
    let divides = |minutes: &u8| {
        offsets
            .iter()
            .all(|offset| offset % (i32::from(*minutes) * 60) == 0)
    };
    [HOUR, 30].into_iter().find(divides).unwrap_or(15)
}

/// A schedule and for whom it holds, and when.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ScheduleOf {
    /// For whom.
    pub whose: Whose,
    /// When.
    #[serde(flatten)]
    pub validity: Validity,
    /// The schedule; its zone is set.
    pub schedule: Schedule,
}

/// For whom a schedule holds; the narrower goes before the wider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// One manager.
    Manager(String),
    /// The managers of a team, while they are in it.
    Team {
        /// The team's id.
        id: String,
        /// Its managers.
        managers: Vec<String>,
    },
    /// Everybody.
    Account,
}

pub(super) fn schedules(account: &Account) -> Vec<ScheduleOf> {
    let zone = account.zone();
    let of = |whose: Whose, validity: Validity, schedule: &Option<Schedule>| {
        let mut schedule = schedule.clone()?;
        schedule.zone.get_or_insert(Zone(zone));
        Some(ScheduleOf {
            whose,
            validity,
            schedule,
        })
    };
    let names = Names::of(account);
    let managers = account.managers.iter().flat_map(|manager| {
        let names = names.all(&manager.id);
        let own = names.into_iter().filter_map(|name| {
            let whose = Whose::Manager(name);
            of(whose, manager.validity(zone), &manager.schedule)
        });
        own.collect::<Vec<_>>()
    });
    let teams = account.teams.iter().filter_map(|team| {
        let members = team.managers.iter().flat_map(|id| names.all(id));
        let (id, managers) = (team.id.clone(), members.collect());
        let whose = Whose::Team { id, managers };
        of(whose, team.validity(zone), &team.schedule)
    });
    let everybody = of(Whose::Account, Validity::default(), &account.schedule);
    let mut all: Vec<ScheduleOf> = managers.chain(teams).chain(everybody).collect();
    // The first value of a setting holds for all time before it.
    let mut known = BTreeSet::new();
    let mut firsts: Vec<&mut ScheduleOf> = all.iter_mut().collect();
    firsts.sort_by_key(|of| of.validity.from);
    for of in firsts {
        let (kind, id) = match &of.whose {
            Whose::Manager(id) => (0, id.clone()),
            Whose::Team { id, .. } => (1, id.clone()),
            Whose::Account => (2, String::new()),
        };
        if known.insert((kind, id)) {
            of.validity.from = None;
        }
    }
    all
}

impl Default for FoldRules {
    fn default() -> Self {
        Self {
            bot_replies: BotReplies::Clear,
            cycle_gaps: BTreeMap::new(),
            managers_cap: MANAGERS,
            conversations_cap: CONVERSATIONS,
            cell_minutes: HOUR,
            schedules: Vec::new(),
            due: Due::default(),
            country: None,
            min_answer_s: 0,
            tracking: TrackingRules::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_the_longest_that_divides_the_offsets_of_its_zone() {
        let zones = [
            (Tz::Europe__Madrid, 60),
            (Tz::UTC, 60),
            (Tz::America__New_York, 60),
            (Tz::Asia__Kolkata, 30),
            (Tz::Australia__Lord_Howe, 30),
            (Tz::Asia__Kathmandu, 15),
            (Tz::Pacific__Chatham, 15),
        ];
        for (zone, minutes) in zones {
            assert_eq!(cell_minutes(zone), minutes, "{zone}");
        }
    }
}
