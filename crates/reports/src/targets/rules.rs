//! How an account's calls are counted (`metrics.md` §2): the thresholds that its settings name, and
//! which of its hooks see which side of a call.
//!
//! They hold for all time, as they stand now.

use trunkline_model::settings::{Account, CallRules, HookRole, Span};

use crate::statement::Parameter;

const DAY_MS: i64 = 86_400_000;

/// How calls are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    calls: CallRules,
    trackers: Vec<String>,
    pbxs: Vec<String>,
}

impl Default for Rules {
    /// Those of an account that says nothing.
    fn default() -> Self {
        Self {
            calls: CallRules::default(),
            trackers: Vec::new(),
            pbxs: Vec::new(),
        }
    }
}

impl Rules {
    /// Reads what an account's settings say.
    pub(super) fn of(account: &Account) -> Self {
        let seeing = |role| {
            let hooks = account.hooks.iter();
            let of_role = hooks.filter(|hook| hook.role == Some(role));
            of_role.map(|hook| hook.id.clone()).collect()
        };
        Self {
            calls: account.calls,
            trackers: seeing(HookRole::Tracker),
            pbxs: seeing(HookRole::Pbx),
        }
    }

    /// Whether a call may be told twice: by a tracker and by a PBX.
    pub(crate) fn may_be_twins(&self) -> bool {
        !self.trackers.is_empty() && !self.pbxs.is_empty()
    }

    /// How long a missed call may be recovered, in milliseconds.
    pub(crate) fn window_ms(&self) -> i64 {
        match self.calls.recovery_window {
            Span::Fixed(ms) => ms,
            // The configuration allows none; a month is 30 days here.
            Span::Months(months) => i64::from(months) * 30 * DAY_MS,
        }
    }

    /// The parameters of a statement that say them, in milliseconds.
    pub(crate) fn parameters(&self) -> [(String, Parameter); 6] {
        let seconds = |seconds: u32| Parameter::Whole(i64::from(seconds) * 1_000);
        let unique = match self.calls.unique_call_days {
            0 => i64::MAX,
            days => i64::from(days) * DAY_MS,
        };
        [
            ("short_ms", seconds(self.calls.short_abandon_s)),
            ("target_talk_ms", seconds(self.calls.target_call_s)),
            ("unique_ms", Parameter::Whole(unique)),
            ("window_ms", Parameter::Whole(self.window_ms())),
            ("trackers", Parameter::Texts(self.trackers.clone())),
            ("pbxs", Parameter::Texts(self.pbxs.clone())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}
