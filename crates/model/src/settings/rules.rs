//! Targets, caps and the rules of calls and attribution.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;
use crate::word::words;

/// Targets of answers, in seconds. What is not set is taken from the next wider place; at the
/// account: 300, 900 and 20.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Targets {
    /// A cycle's first answer, in seconds; 300 by default.
    #[serde(default)]
    pub first_s: Option<u32>,
    /// Any answer, in seconds; 900 by default.
    #[serde(default)]
    pub wait_s: Option<u32>,
    /// The answer of a call, in seconds; 20 by default.
    #[serde(default)]
    pub call_s: Option<u32>,
}

/// How much may appear without being declared; what is beyond counts under `__other__`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Managers; 10,000 by default.
    pub managers: u32,
    /// Sources; 1,000 by default.
    pub sources: u32,
    /// Open conversations; 1,000,000 by default.
    pub conversations: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            managers: 10_000,
            sources: 1_000,
            conversations: 1_000_000,
        }
    }
}

/// How calls are counted (metrics, Calls).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CallRules {
    /// The days without an earlier call that make a call unique; 30 by default, 0 = ever.
    pub unique_call_days: u32,
    /// The talk that makes a target call, in seconds; 60 by default.
    pub target_call_s: u32,
    /// The talk below which a call counts as missed, in seconds; 0 by default.
    pub min_answer_s: u32,
    /// The wait below which an unanswered call is short, in seconds; 5 by default.
    pub short_abandon_s: u32,
    /// How long a missed call may be recovered; `24h` by default.
    pub recovery_window: Span,
}

impl Default for CallRules {
    fn default() -> Self {
        Self {
            unique_call_days: 30,
            target_call_s: 60,
            min_answer_s: 0,
            short_abandon_s: 5,
            recovery_window: Span::hours(24),
        }
    }
}

words! {
    /// Which touch earns a conversion.
    AttributionModel {
        /// The first touch.
        First = "first",
        /// The last touch.
        Last = "last",
        /// The last touch that is neither direct nor unattributed, else the last.
        LastNonDirect = "last_non_direct",
        /// All touches alike.
        Linear = "linear",
    }
}

/// How calls and contacts find their source (metrics, Call tracking).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attribution {
    /// How long a lease outlives its visit's last sign of life; `30m` by default.
    pub hold: Span,
    /// How long a number still points at its lease before; `2h` by default.
    pub grace: Span,
    /// How long a caller is remembered; `30d` by default.
    pub caller_memory: Span,
    /// How old a touch may be; `90d` by default.
    pub lookback: Span,
    /// Which touch earns a conversion; `last_non_direct` by default.
    pub model: AttributionModel,
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            hold: Span::Fixed(30 * 60_000),
            grace: Span::hours(2),
            caller_memory: Span::days(30),
            lookback: Span::days(90),
            model: AttributionModel::LastNonDirect,
        }
    }
}
