//! A time that may be missing, in eight bytes: a conversation holds many of them.

use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

/// Milliseconds since 1970, or nothing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<i64>", into = "Option<i64>")]
pub(crate) struct Moment(i64);

impl Moment {
    /// No time.
    pub(crate) const NONE: Self = Self(i64::MIN);

    /// Gives the time, if there is one.
    pub(crate) fn get(self) -> Option<Time> {
        (self != Self::NONE).then_some(Time(self.0))
    }

    /// Takes the time out, if there is one.
    pub(crate) fn take(&mut self) -> Option<Time> {
        std::mem::take(self).get()
    }

    /// Sets the time unless there is one.
    pub(crate) fn set_if_none(&mut self, time: Time) {
        if *self == Self::NONE {
            *self = time.into();
        }
    }
}

impl Default for Moment {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Option<i64>> for Moment {
    fn from(time: Option<i64>) -> Self {
        time.map_or(Self::NONE, Self)
    }
}

impl From<Moment> for Option<i64> {
    fn from(moment: Moment) -> Self {
        moment.get().map(|time| time.0)
    }
}

impl From<Time> for Moment {
    fn from(time: Time) -> Self {
        Self(time.0)
    }
}

impl std::fmt::Debug for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}
