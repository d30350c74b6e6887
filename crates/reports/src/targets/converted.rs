//! What offline conversions need to know of an account (`metrics.md` §3), as its settings say now.

use trunkline_model::settings::{Account, AttributionModel, Span};

const DAY_MS: i64 = 86_400_000;

/// How the conversions of an account are attributed, and what they are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Converted {
    /// Which touch earns a conversion.
    pub(crate) model: AttributionModel,
    /// How old a touch may be, in milliseconds.
    pub(crate) lookback_ms: i64,
    /// The currency of amounts without one; empty if none is set.
    pub(crate) currency: String,
}

impl Default for Converted {
    /// That of an account that says nothing.
    fn default() -> Self {
        Self::of(&Account::new(String::new()))
    }
}

impl Converted {
    /// Reads what an account's settings say.
    pub(super) fn of(account: &Account) -> Self {
        let attribution = &account.attribution;
        Self {
            model: attribution.model,
            lookback_ms: match attribution.lookback {
                Span::Fixed(ms) => ms,
                // The configuration allows none; a month is 30 days here.
                Span::Months(months) => i64::from(months) * 30 * DAY_MS,
            },
            currency: account
                .currency
                .map_or_else(String::new, |it| it.to_string()),
        }
    }
}
