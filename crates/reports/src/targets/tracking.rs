//! How an account's sources are found and what its money is counted in (`metrics.md` §3), as its
//! settings say now: they hold for all time.

use trunkline_model::settings::{Account, AttributionModel, LeadBasis, PoolRules, TrackingRules};

use crate::statement::Parameter;

/// Ten-thousandths in one.
const ONE: i64 = 10_000;

/// How sources are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tracking {
    /// Which touch earns a conversion.
    pub(crate) model: AttributionModel,
    /// What a lead is counted from; none if that depends on whether there are lead events.
    pub(crate) lead_basis: Option<LeadBasis>,
    /// How many decimals the minor unit of the currency has.
    pub(crate) digits: u8,
    /// How old a touch may be, in milliseconds.
    pub(crate) lookback_ms: i64,
    /// The part of revenue that `roi` counts, in ten-thousandths.
    margin: i64,
    /// The currency; empty if none is set.
    pub(crate) currency: String,
    /// The zone of its days.
    zone: String,
    /// Its pools.
    pools: Vec<Numbers>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Numbers {
    id: String,
    /// Those that may be leased.
    in_service: i64,
    /// All, in E.164 where they are phone numbers.
    all: Vec<String>,
}

impl Default for Tracking {
    /// That of an account that says nothing.
    fn default() -> Self {
        Self::of(&Account::new(String::new()))
    }
}

impl Tracking {
    /// Reads what an account's settings say.
    pub(super) fn of(account: &Account) -> Self {
        let currency = account.currency.map(|currency| currency.to_string());
        let currency = currency.unwrap_or_default();
        let rules = TrackingRules::of(account);
        Self {
            model: account.attribution.model,
            lead_basis: account.lead_basis,
            digits: digits(&currency),
            lookback_ms: rules.lookback,
            margin: margin(account),
            currency,
            zone: account.zone().name().to_owned(),
            pools: rules.pools.into_iter().map(Numbers::of).collect(),
        }
    }

    /// The parameters of a statement that say them.
    pub(crate) fn parameters(&self) -> Vec<(String, Parameter)> {
        let texts = |texts: Vec<&String>| Parameter::Texts(texts.into_iter().cloned().collect());
        let counts =
            |of: fn(&Numbers) -> i64| Parameter::Wholes(self.pools.iter().map(of).collect());
        let numbers = self.pools.iter();
        let numbers = numbers.flat_map(|pool| pool.all.iter().map(|number| (number, &pool.id)));
        let (numbers, of_pool) = numbers.unzip();
        [
            ("margin", Parameter::Whole(self.margin)),
            ("digits", Parameter::Whole(self.digits.into())),
            ("minor", Parameter::Whole(10_i64.pow(self.digits.into()))),
            ("currency", Parameter::Text(self.currency.clone())),
            ("zone", Parameter::Text(self.zone.clone())),
            ("lookback_ms", Parameter::Whole(self.lookback_ms)),
            (
                "pools",
                texts(self.pools.iter().map(|pool| &pool.id).collect()),
            ),
            ("pool_numbers", counts(|pool| pool.all.len() as i64)),
            ("pool_in_service", counts(|pool| pool.in_service)),
            ("numbers", texts(numbers)),
            ("number_pools", texts(of_pool)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

impl Numbers {
    fn of(pool: PoolRules) -> Self {
        Self {
            id: pool.id,
            in_service: pool.numbers.len() as i64,
            all: [pool.numbers, pool.draining, pool.quarantined].concat(),
        }
    }
}

/// The margin in ten-thousandths, cut behind them.
fn margin(account: &Account) -> i64 {
    let Some(margin) = account.margin else {
        return ONE;
    };
    let one = 10_i128.pow(margin.scale().into());
    let parts = i128::from(margin.units()) * i128::from(ONE) / one;
    i64::try_from(parts).unwrap_or(ONE)
}

/// How many decimals the minor unit of a currency has (ISO 4217): two, but for these.
fn digits(currency: &str) -> u8 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use trunkline_model::amount::{Currency, Decimal};

    use super::*;

    #[test]
    fn a_margin_is_kept_in_ten_thousandths() {
        let of = |text: &str| {
            margin(&Account {
                margin: Decimal::parse(text),
                ..Account::new("a")
            })
        };
        assert_eq!(of("0.35"), 3_500);
        assert_eq!(of("1"), 10_000);
        assert_eq!(of("0.00019"), 1);
        assert_eq!(margin(&Account::new("a")), 10_000);
    }

    #[test]
    fn money_has_the_decimals_of_the_accounts_currency() {
        for (currency, expected) in [("EUR", 2), ("jpy", 0), ("KWD", 3)] {
            let account = Account {
                currency: Currency::parse(currency),
                ..Account::new("a")
            };
            assert_eq!(Tracking::of(&account).digits, expected, "{currency}");
        }
        assert_eq!(Tracking::default().digits, 2);
    }
}
