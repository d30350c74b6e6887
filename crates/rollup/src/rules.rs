//! The settings of an account that change figures, and since when (`metrics.md` §0, settings in
//! time): the first value holds for all time before it, later ones from their `from`.

use serde::{Deserialize, Serialize};
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use crate::clock::Rules;
use crate::plain;

/// The values that the settings have had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    values: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Value {
    #[serde(with = "plain")]
    from: Time,
    offset: u64,
    rules: FoldRules,
}

impl History {
    /// Appends a value that holds from `from`, as told by the record at `offset`.
    pub fn append(&mut self, from: Time, offset: u64, rules: FoldRules) {
        self.values.push(Value {
            from,
            offset,
            rules,
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

    /// Gives the last value, if any was ever set.
    pub fn latest(&self) -> Option<&FoldRules> {
        self.values.last().map(|value| &value.rules)
    }

    /// Gives the rules of one channel, to be asked by time.
    pub fn of<'a>(&'a self, channel: &'a str) -> ChannelRules<'a> {
        ChannelRules {
            history: self,
            channel,
        }
    }
}

/// The rules of one channel through time.
#[derive(Clone, Copy, Debug)]
pub struct ChannelRules<'a> {
    history: &'a History,
    channel: &'a str,
}

impl ChannelRules<'_> {
    /// Gives the rules that hold at `at`.
    pub fn at(&self, at: Time) -> Rules {
        let values = &self.history.values;
        let value = values
            .iter()
            .rev()
            .find(|value| value.from <= at)
            .or(values.first());
        value.map_or_else(Rules::default, |value| Rules {
            bot_replies: value.rules.bot_replies,
            cycle_gap: value.rules.cycle_gaps.get(self.channel).copied(),
        })
    }
}

#[cfg(test)]
mod tests {
    use trunkline_model::settings::BotReplies;

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
        let at = |time| history.of("web").at(Time(time)).bot_replies;
        assert_eq!(at(0), BotReplies::Ignore);
        assert_eq!(at(199), BotReplies::Ignore);
        assert_eq!(at(200), BotReplies::Clear);
        assert_eq!(
            history.before(9).of("web").at(Time(300)).bot_replies,
            BotReplies::Ignore
        );
    }

    #[test]
    fn without_a_value_bots_clear_and_there_is_no_gap() {
        assert_eq!(History::default().of("web").at(Time(0)), Rules::default());
    }
}
