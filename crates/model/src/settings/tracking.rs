//! Sites, static numbers and pools of tracking numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Moment, Span, Validity};
use crate::time::Tz;

/// A site whose numbers are swapped for tracking numbers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The public key that the snippet uses.
    pub key: String,
    /// The web origins of its pages.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Further hosts that are no referrers, each with all below it: other sites of the company, payment
    /// pages. The domains of `origins` and the payment pages that are known need not be named.
    #[serde(default)]
    pub own_domains: Vec<String>,
    /// The pool its numbers come from.
    #[serde(default)]
    pub pool: Option<String>,
}

/// A static tracking number: it names its source. Several entries of one number hold at different
/// times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The number.
    pub number: String,
    /// The source.
    pub source: String,
    /// The medium.
    #[serde(default)]
    pub medium: Option<String>,
    /// The campaign.
    #[serde(default)]
    pub campaign: Option<String>,
    /// The first day or instant on which this holds; always by default.
    #[serde(default)]
    pub from: Option<Moment>,
    /// The first day or instant on which this no longer holds; never by default.
    #[serde(default)]
    pub until: Option<Moment>,
}

impl Number {
    /// Says when the entry holds.
    pub fn validity(&self, zone: Tz) -> Validity {
        Validity::new(self.from, self.until, zone)
    }
}

/// A pool of numbers that are leased to visits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The pool's id.
    pub id: String,
    /// The numbers that may be leased.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Numbers that are no longer leased, still attributed.
    #[serde(default)]
    pub draining: Vec<String>,
    /// Numbers that are not leased for a while, still attributed.
    #[serde(default)]
    pub quarantined: Vec<String>,
    /// The number that is shown when none is free.
    #[serde(default)]
    pub fallback: Option<String>,
    /// How long a lease outlives its visit's last sign of life; the account's by default.
    #[serde(default)]
    pub hold: Option<Span>,
    /// The source of calls that cannot be attributed.
    #[serde(default)]
    pub source: Option<String>,
}
