//! What call tracking needs of the settings, as it stands in the journal (metrics, 3).

use serde::{Deserialize, Serialize};

use super::{Account, Country, Site, Validity};
use crate::phone::e164;

/// Numbers, pools and sites of an account, and how long its leases and callers are remembered.
///
/// Numbers are E.164 where they are numbers of the account's country, else as they are written. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct TrackingRules {
    /// Static numbers. One without `from` holds for all time before its `until`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<StaticNumber>,
    /// Pools, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<PoolRules>,
    /// Sites, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<Site>,
    /// How long a visit outlives its last sign of life where its pool does not say.
    pub hold: i64,
    /// How long a number still points at its lease before.
    pub grace: i64,
    /// How long a caller is remembered.
    pub caller_memory: i64,
    /// How old a touch may be.
    pub lookback: i64,
}

/// A number that names its source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct StaticNumber {
    /// The number.
    pub number: String,
    /// The source.
    pub source: String,
    /// The medium.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// The campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// When it holds.
    #[serde(flatten)]
    pub validity: Validity,
}

/// A pool of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PoolRules {
    /// The pool's id.
    pub id: String,
    /// The numbers that may be leased, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// Numbers that are no longer leased, still attributed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draining: Vec<String>,
    /// Numbers that are not leased for a while, still attributed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantined: Vec<String>,
    /// The number that is shown when none is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// How long a lease outlives its visit's last sign of life.
    pub hold: i64,
    /// The source of calls that cannot be attributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl TrackingRules {
    /// Takes what call tracking needs of an account.
    pub fn of(account: &Account) -> Self {
        let zone = account.zone();
        let number = |text: &String| normal(text, account.country);
        let all = |list: &[String]| list.iter().map(number).collect();
        let attribution = &account.attribution;
        // What has no fixed length was refused when the settings were checked.
        let hold = attribution.hold.millis().unwrap_or_default();
        let numbers = account.numbers.iter().map(|entry| StaticNumber {
            number: number(&entry.number),
            source: entry.source.clone(),
            medium: entry.medium.clone(),
            campaign: entry.campaign.clone(),
            validity: entry.validity(zone),
        });
        let pools = account.pools.iter().map(|pool| PoolRules {
            id: pool.id.clone(),
            numbers: all(&pool.numbers),
            draining: all(&pool.draining),
            quarantined: all(&pool.quarantined),
            fallback: pool.fallback.as_ref().map(number),
            hold: pool.hold.and_then(super::Span::millis).unwrap_or(hold),
            source: pool.source.clone(),
        });
        Self {
            numbers: numbers.collect(),
            pools: pools.collect(),
            sites: account.sites.clone(),
            hold,
            grace: attribution.grace.millis().unwrap_or_default(),
            caller_memory: attribution.caller_memory.millis().unwrap_or_default(),
            lookback: attribution.lookback.millis().unwrap_or_default(),
        }
    }

    /// Says whether nothing of it is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for TrackingRules {
    fn default() -> Self {
        Self::of(&Account::new(""))
    }
}

/// Gives a number in the form in which calls have it.
pub(super) fn normal(number: &str, country: Option<Country>) -> String {
    e164(number, country).unwrap_or_else(|| number.trim().to_owned())
}
