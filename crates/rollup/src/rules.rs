//! The settings of an account that change figures, and since when (`metrics.md` §0, settings in
//! time): the first value holds for all time before it, later ones from their `from`.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use trunkline_model::settings::{BotReplies, FoldRules, OpenHours, ScheduleOf, Whose};
use trunkline_model::time::{Time, Tz};

use crate::clock::Rules;
use crate::facts::Samples;
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
    rules: FoldRules,
    /// The schedules of `rules`, prepared when first asked for.
    #[serde(skip)]
    hours: Arc<OnceLock<Vec<OpenHours>>>,
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

    /// Gives the history as it was before the record at `offset`.
    #[must_use]
    pub fn before(&self, offset: u64) -> Self {
        let values = self
            .values
            .iter()
            .filter(|value| value.offset < offset)
            .cloned()
            .collect();
        Self { values }
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

    /// Gives the last value, if any was ever set.
    pub fn latest(&self) -> Option<&FoldRules> {
        self.values.last().map(|value| &value.rules)
    }

    /// Gives the rules of one channel, to be asked by time.
    pub fn of<'a>(&'a self, channel: Name, names: &'a Names) -> ChannelRules<'a> {
        ChannelRules {
            history: self,
            channel: names.text(channel),
            names,
        }
    }

    /// Gives what one setting is at a time: each setting's first value holds for all time before
    /// it. `set` says whether a value sets it.
    fn at(&self, at: Time, set: impl Fn(&Value) -> bool) -> Option<&Value> {
        let known = self.values.partition_point(|value| value.from <= at);
        let (before, after) = self.values.split_at(known);
        if before.iter().any(&set) {
            return before.last();
        }
        after.iter().find(|value| set(value)).or(before.last())
    }
}

/// The rules of one channel through time.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules<'a> {
    history: &'a History,
    channel: &'a str,
    names: &'a Names,
}

impl ChannelRules<'_> {
    /// Gives the rules that hold at `at`.
    pub fn at(&self, at: Time) -> Rules {
        let bot_replies = self.history.at(at, |_| true);
        let gap = |value: &Value| value.rules.cycle_gaps.get(self.channel).copied();
        Rules {
            bot_replies: bot_replies.map_or(BotReplies::Clear, |value| value.rules.bot_replies),
            cycle_gap: self
                .history
                .at(at, |value| gap(value).is_some())
                .and_then(gap),
        }
    }

    /// Gives the samples of a manager's message at `at` in business time; none without a schedule:
    /// his own, else his team's, else the account's.
    pub(crate) fn business(&self, samples: Samples, by: Option<Name>, at: Time) -> Samples {
        if samples.kommo.is_none() {
            return Samples::default();
        }
        let by = by.map(|name| self.names.text(name));
        let open = self.history.hours(by, at);
        open.map_or_else(Samples::default, |open| {
            samples.map(|ms| open.elapsed(Time(at.0 - ms), at))
        })
    }
}

/// From whose schedule to whose: the narrower goes before the wider.
const NARROW_TO_WIDE: [fn(&Whose) -> bool; 3] = [
    |whose| matches!(whose, Whose::Manager(_)),
    |whose| matches!(whose, Whose::Team { .. }),
    |whose| matches!(whose, Whose::Account),
];

impl History {
    fn hours(&self, manager: Option<&str>, at: Time) -> Option<&OpenHours> {
        if self
            .values
            .iter()
            .all(|value| value.rules.schedules.is_empty())
        {
            return None;
        }
        NARROW_TO_WIDE.iter().find_map(|width| {
            let whose = |whose: &Whose| width(whose) && whose.concerns(manager);
            let set = |value: &Value| value.rules.schedules.iter().any(|of| whose(&of.whose));
            self.at(at, set)?
                .hours(|of| whose(&of.whose) && of.validity.holds(at))
        })
    }
}

impl Value {
    fn hours(&self, is: impl Fn(&ScheduleOf) -> bool) -> Option<&OpenHours> {
        let place = self.rules.schedules.iter().position(is)?;
        let hours = self.hours.get_or_init(|| {
            let schedules = self.rules.schedules.iter();
            schedules
                .map(|of| OpenHours::new(&of.schedule, Tz::UTC))
                .collect()
        });
        hours.get(place)
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
        let at = |time| history.of(web, &names).at(Time(time)).bot_replies;
        assert_eq!(at(0), BotReplies::Ignore);
        assert_eq!(at(199), BotReplies::Ignore);
        assert_eq!(at(200), BotReplies::Clear);
        assert_eq!(
            history.before(9).of(web, &names).at(Time(300)).bot_replies,
            BotReplies::Ignore
        );
    }

    #[test]
    fn without_a_value_bots_clear_and_there_is_no_gap() {
        let mut names = Names::default();
        let web = names.number("web");
        assert_eq!(
            History::default().of(web, &names).at(Time(0)),
            Rules::default()
        );
    }
}
