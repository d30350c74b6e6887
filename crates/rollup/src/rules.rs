//! The settings of an account that change figures, and since when (`metrics.md` §0, settings in
//! time): the first value holds for all time before it, later ones from their `from`.

use std::sync::{Arc, OnceLock};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use trunkline_model::settings::{
    BotReplies, Country, FoldRules, OpenHours, ScheduleOf, Targets, TeamDue, Whose, due,
};
use trunkline_model::time::{Time, Tz};

use crate::clock::Rules;
use crate::contacts::Countries;
use crate::facts::{Measured, Samples, Within};
use crate::names::{Name, Names};
use crate::plain;

/// The values that the settings have had.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct History {
    values: Vec<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Value {
    #[serde(with = "plain")]
    from: Time,
    offset: u64,
    #[serde(with = "as_json")]
    rules: FoldRules,
    /// The schedules of `rules`, prepared when first asked for.
    #[serde(skip)]
    hours: Arc<OnceLock<Prepared>>,
}

/// Schedules, and which are whose.
#[derive(Debug)]
struct Prepared {
    open: Vec<OpenHours>,
    /// Places of a manager's own schedules, and of those of his teams.
    managers: HashMap<String, [Vec<usize>; 2]>,
    everybody: Vec<usize>,
}

/// Settings in a checkpoint: as JSON, as in the journal, for the format there does not describe
/// itself.
mod as_json {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
    use trunkline_model::settings::FoldRules;

    pub(super) fn serialize<S: Serializer>(rules: &FoldRules, to: S) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(rules).map_err(ser::Error::custom)?;
        json.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FoldRules, D::Error> {
        let json = String::deserialize(from)?;
        serde_json::from_str(&json).map_err(de::Error::custom)
    }
}

impl History {
    /// Appends a value that holds from `from`, as told by the record at `offset`.
    pub fn append(&mut self, from: Time, offset: u64, rules: FoldRules) {
        self.values.push(Value {
            from,
            offset,
            rules,
            hours: Arc::default(),
        });
    }

    /// Gives how many managers may appear in a record at `offset`.
    pub(crate) fn managers_cap(&self, offset: u64) -> u32 {
        let mut told = self.values.iter().rev();
        let told = told.find(|value| value.offset < offset);
        told.map_or_else(
            || FoldRules::default().managers_cap,
            |value| value.rules.managers_cap,
        )
    }

    /// Says whether cells have another length because of a record from `offset` on.
    pub(crate) fn recuts_from(&self, offset: u64) -> bool {
        let mut minutes = FoldRules::default().cell_minutes;
        self.values.iter().any(|value| {
            let was = std::mem::replace(&mut minutes, value.rules.cell_minutes);
            was != minutes && value.offset >= offset
        })
    }

    /// Gives the rules of a call that began at `at`.
    pub(crate) fn calls(&self, at: Time) -> CallRules {
        let told = Told(&self.values);
        let least = told.at(at, |_| true).map(|value| value.rules.min_answer_s);
        CallRules {
            country: told.found(at, |value| value.rules.country),
            min_answer: i64::from(least.unwrap_or_default()) * 1_000,
        }
    }

    /// Says whether calls may be told otherwise by the settings of the record at `offset` than by
    /// those before.
    pub(crate) fn calls_change(&self, offset: u64) -> bool {
        let default = FoldRules::default();
        let mut last = &default;
        for value in &self.values {
            let rules = &value.rules;
            if value.offset == offset {
                let of = |rules: &FoldRules| (rules.country, rules.min_answer_s);
                return of(last) != of(rules);
            }
            last = rules;
        }
        true
    }

    /// Gives the countries that phone numbers were read with.
    pub(crate) fn countries(&self) -> Countries {
        let mut countries = Countries {
            all: vec![None],
            ..Countries::default()
        };
        for value in &self.values {
            let told = value.rules.country;
            if told != countries.current {
                (countries.current, countries.since) = (told, value.offset);
            }
            if !countries.all.contains(&told) {
                countries.all.push(told);
            }
        }
        countries
    }

    /// Gives the last value, if any was ever set.
    pub fn latest(&self) -> Option<&FoldRules> {
        self.values.last().map(|value| &value.rules)
    }

    /// Gives the time from which on the settings told by the record at `offset` differ from those
    /// told before: from their own, unless a setting has its first value in them, which holds for
    /// all time.
    pub(crate) fn changes_from(&self, offset: u64) -> Time {
        let place = self.values.iter().position(|value| value.offset == offset);
        let Some((value, before)) = place.and_then(|place| {
            let (value, before) = self.values[..=place].split_last()?;
            Some((value, before))
        }) else {
            return Time::MIN;
        };
        let known = |set: Set<'_>| {
            before
                .iter()
                .any(|value| value.sets().any(|own| own == set))
        };
        if !before.is_empty() && value.sets().all(known) {
            value.from
        } else {
            Time::MIN
        }
    }

    /// Gives the rules of one channel, to be asked by time, as records below an offset tell them: a
    /// record that is observed again must not know of settings told behind it.
    pub fn of<'a>(&'a self, channel: Name, names: &'a Names, below: u64) -> ChannelRules<'a> {
        let known = self.values.partition_point(|value| value.offset < below);
        ChannelRules {
            told: Told(&self.values[..known]),
            channel: names.text(channel),
            names,
        }
    }
}

/// The values told up to some record.
#[derive(Clone, Copy, Debug)]
struct Told<'a>(&'a [Value]);

impl<'a> Told<'a> {
    /// Gives what one setting is at a time: each setting's first value holds for all time before
    /// it. `set` says whether a value sets it.
    fn at(self, at: Time, set: impl Fn(&Value) -> bool) -> Option<&'a Value> {
        let known = self.0.partition_point(|value| value.from <= at);
        let (before, after) = self.0.split_at(known);
        if before.iter().any(&set) {
            return before.last();
        }
        after.iter().find(|value| set(value)).or(before.last())
    }
}

/// The rules that a call is derived by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallRules {
    /// The country that phone numbers are read with.
    pub(crate) country: Option<Country>,
    /// The talk below which it counts as missed, in milliseconds.
    pub(crate) min_answer: i64,
}

/// The rules of one channel through time.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules<'a> {
    told: Told<'a>,
    channel: &'a str,
    names: &'a Names,
}

impl ChannelRules<'_> {
    /// Gives the rules that hold at `at`.
    pub fn at(&self, at: Time) -> Rules {
        let bot_replies = self.told.at(at, |_| true);
        let gap = |value: &Value| value.rules.cycle_gaps.get(self.channel).copied();
        Rules {
            bot_replies: bot_replies.map_or(BotReplies::Clear, |value| value.rules.bot_replies),
            cycle_gap: self.told.at(at, |value| gap(value).is_some()).and_then(gap),
        }
    }

    /// Gives all that is measured at a message at `at` that gave these samples.
    pub(crate) fn measure(&self, calendar: Samples, by: Option<Name>, at: Time) -> Measured {
        if calendar == Samples::default() {
            return Measured::default();
        }
        let business = self.business(calendar, by, at);
        let by = by.map(|name| self.names.text(name));
        Measured {
            calendar,
            business,
            within: Within::of(calendar, business, self.told.due(self.channel, by, at)),
        }
    }

    /// Gives the samples of a manager's message at `at` in business time; none without a schedule:
    /// his own, else his team's, else the account's.
    fn business(&self, samples: Samples, by: Option<Name>, at: Time) -> Samples {
        if samples.kommo.is_none() {
            return Samples::default();
        }
        let by = by.map(|name| self.names.text(name));
        let open = self.told.hours(by, at);
        open.map_or_else(Samples::default, |open| {
            samples.map(|ms| open.elapsed(Time(at.0 - ms), at))
        })
    }
}

impl<'a> Told<'a> {
    /// Gives the schedule that holds for a manager at a time: his own, else his team's, else the
    /// account's.
    fn hours(self, manager: Option<&str>, at: Time) -> Option<&'a OpenHours> {
        let mut values = self.0.iter();
        if values.all(|value| value.rules.schedules.is_empty()) {
            return None;
        }
        (0..3).find_map(|width| {
            let set = |value: &Value| !value.prepared().places(manager, width).is_empty();
            let value = self.at(at, set)?;
            let holds = |place: &&usize| value.rules.schedules[**place].validity.holds(at);
            let prepared = value.prepared();
            let place = prepared.places(manager, width).iter().find(holds)?;
            prepared.open.get(*place)
        })
    }
}

/// One thing that a value may set; of targets also which of the two.
#[derive(PartialEq, Eq)]
enum Set<'a> {
    Gap(&'a str),
    Hours(&'a Whose),
    Due(Vec<&'a str>, [bool; 2]),
}

/// One of the targets of [`Targets`], in seconds.
type Of = fn(&Targets) -> Option<u32>;

const TARGETS: [Of; 2] = [|targets| targets.first_s, |targets| targets.wait_s];

impl Told<'_> {
    /// Gives how soon, in milliseconds, a cycle's first reply and any other is due: by the channel's
    /// target, else that of the manager's team, else the account's.
    fn due(self, channel: &str, manager: Option<&str>, at: Time) -> [i64; 2] {
        let mut values = self.0.iter();
        let named = values.any(|value| !value.rules.due.is_default());
        TARGETS.map(|of| {
            let told = || self.told_due(of, channel, manager, at);
            let seconds = if named { told() } else { None };
            let seconds = seconds.or(of(&due::DEFAULT)).unwrap_or_default();
            i64::from(seconds) * 1_000
        })
    }

    fn told_due(self, of: Of, channel: &str, manager: Option<&str>, at: Time) -> Option<u32> {
        let of_channel = |value: &Value| value.rules.due.channels.get(channel).and_then(of);
        let of_account = |value: &Value| of(&value.rules.due.account);
        self.found(at, of_channel)
            .or_else(|| self.of_team(of, manager?, at))
            .or_else(|| self.found(at, of_account))
    }

    fn of_team(self, of: Of, manager: &str, at: Time) -> Option<u32> {
        let his = |team: &&TeamDue| {
            let mut members = team.members.iter();
            of(&team.targets).is_some() && members.any(|(member, _)| member == manager)
        };
        let set = |value: &Value| value.rules.due.teams.iter().any(|team| his(&team));
        let teams = &self.at(at, set)?.rules.due.teams;
        let team = teams
            .iter()
            .filter(his)
            .find(|team| team.holds(manager, at));
        team.and_then(|team| of(&team.targets))
    }

    /// Gives what one setting is at a time.
    fn found<T>(self, at: Time, of: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.at(at, |value| of(value).is_some()).and_then(&of)
    }
}

impl Value {
    fn sets(&self) -> impl Iterator<Item = Set<'_>> {
        let gaps = self.rules.cycle_gaps.keys();
        let hours = self.rules.schedules.iter();
        let due = &self.rules.due;
        let channels = due.channels.iter();
        let channels = channels.map(|(channel, targets)| (vec![channel.as_str()], targets));
        let teams = due.teams.iter().map(|team| {
            let members = team.members.iter().map(|(member, _)| member.as_str());
            (members.chain(["", "team"]).collect(), &team.targets)
        });
        let due = channels.chain(teams).chain([(Vec::new(), &due.account)]);
        gaps.map(|channel| Set::Gap(channel))
            .chain(hours.map(|of| Set::Hours(&of.whose)))
            .chain(
                due.map(|(whose, targets)| {
                    Set::Due(whose, TARGETS.map(|of| of(targets).is_some()))
                }),
            )
    }

    fn prepared(&self) -> &Prepared {
        self.hours
            .get_or_init(|| Prepared::of(&self.rules.schedules))
    }
}

impl Prepared {
    fn of(schedules: &[ScheduleOf]) -> Self {
        let open = schedules.iter();
        let mut prepared = Self {
            open: open
                .map(|of| OpenHours::new(&of.schedule, Tz::UTC))
                .collect(),
            managers: HashMap::new(),
            everybody: Vec::new(),
        };
        for (place, of) in schedules.iter().enumerate() {
            let (width, managers) = match &of.whose {
                Whose::Manager(manager) => (0, std::slice::from_ref(manager)),
                Whose::Team { managers, .. } => (1, managers.as_slice()),
                Whose::Account => {
                    prepared.everybody.push(place);
                    continue;
                }
            };
            for manager in managers {
                let of = prepared.managers.entry_ref(manager.as_str()).or_default();
                of[width].push(place);
            }
        }
        prepared
    }

    /// Gives the places of a manager's own schedules (0), of his teams' (1), of the account's (2).
    fn places(&self, manager: Option<&str>, width: usize) -> &[usize] {
        if width == 2 {
            return &self.everybody;
        }
        let of = manager.and_then(|manager| self.managers.get(manager));
        of.map_or(&[], |of| of[width].as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(bot_replies: BotReplies) -> FoldRules {
        FoldRules {
            bot_replies,
            ..FoldRules::default()
        }
    }

    #[test]
    fn the_first_value_holds_for_all_time_before_it_and_later_ones_from_their_time() {
        let mut history = History::default();
        history.append(Time(100), 5, rules(BotReplies::Ignore));
        history.append(Time(200), 9, rules(BotReplies::Clear));
        let mut names = Names::default();
        let web = names.number("web");
        let at = |time| history.of(web, &names, u64::MAX).at(Time(time)).bot_replies;
        assert_eq!(at(0), BotReplies::Ignore);
        assert_eq!(at(199), BotReplies::Ignore);
        assert_eq!(at(200), BotReplies::Clear);
        assert_eq!(
            history.of(web, &names, 9).at(Time(300)).bot_replies,
            BotReplies::Ignore
        );
    }

    #[test]
    fn without_a_value_bots_clear_and_there_is_no_gap() {
        let mut names = Names::default();
        let web = names.number("web");
        assert_eq!(
            History::default().of(web, &names, u64::MAX).at(Time(0)),
            Rules::default()
        );
    }

    /// First and any other, in seconds, of a manager on a channel at a time.
    fn due(history: &History, channel: &str, manager: Option<&str>, at: i64) -> [i64; 2] {
        let told = Told(&history.values);
        let ms = told.due(channel, manager, Time(at));
        ms.map(|ms| ms / 1_000)
    }

    fn told(history: &mut History, from: i64, due: &str) {
        let json = format!(r#"{{"bot_replies":"clear","cycle_gaps":{{}},"due":{due}}}"#);
        let rules = serde_json::from_str(&json).unwrap();
        history.append(Time(from), from as u64, rules);
    }

    #[test]
    fn a_reply_is_due_by_the_channels_target_else_the_teams_else_the_accounts() {
        let mut history = History::default();
        assert_eq!(due(&history, "web", Some("ana"), 5), [300, 900]);
        told(
            &mut history,
            0,
            r#"{"account":{"wait_s":100},"channels":{"mail":{"wait_s":60}},
                "teams":[{"targets":{"wait_s":200},"members":[["ana",{"from":"1970-01-01T00:00:10Z","until":"1970-01-01T00:00:20Z"}]]},
                         {"until":"1970-01-01T00:00:15Z","targets":{"first_s":1},"members":[["eva",{}]]},
                         {"from":"1970-01-01T00:00:15Z","targets":{"first_s":2},"members":[["eva",{}]]}]}"#,
        );
        assert_eq!(due(&history, "web", Some("luis"), 10), [300, 100]);
        assert_eq!(due(&history, "web", None, 10), [300, 100]);
        assert_eq!(due(&history, "mail", Some("ana"), 10_000), [300, 60]);
        // She is in the team from 10 until 20.
        let at = [9_999, 10_000, 19_999, 20_000].map(|at| due(&history, "web", Some("ana"), at)[1]);
        assert_eq!(at, [100, 200, 200, 100]);
        let at = [14_999, 15_000].map(|at| due(&history, "mail", Some("eva"), at));
        assert_eq!(at, [[1, 60], [2, 60]]);
    }

    #[test]
    fn a_target_told_later_holds_from_then_on_and_a_first_one_for_all_time_before() {
        let mut history = History::default();
        told(&mut history, 100, r#"{"account":{"wait_s":100}}"#);
        told(
            &mut history,
            200,
            r#"{"account":{"wait_s":50,"first_s":7}}"#,
        );
        let at = [0, 199, 200].map(|at| due(&history, "web", None, at));
        assert_eq!(at, [[7, 100], [7, 100], [7, 50]]);
    }
}
