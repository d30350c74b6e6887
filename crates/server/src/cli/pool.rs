//! Options of `pool`.

use clap::{Args, Subcommand};
use trunkline_calltracking::erlang;
use trunkline_model::amount::Decimal;
use trunkline_model::settings::Span;

/// What can be done with pools.
#[derive(Debug, Subcommand)]
pub(crate) enum Pool {
    /// Prints how many numbers a pool needs, and how many visits would see none of their own with more and fewer.
    #[command(
        after_help = "Examples:\n  trunkline pool size --visits-per-hour 200\n  \
                      trunkline pool size --visits-per-hour 200 --hold 35m --blocking 0.1% --price 1.50"
    )]
    Size(Size),
}

/// Options of `pool size`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Size {
    /// Visits that begin in an hour, when most do: four times those of the busiest quarter of an hour.
    #[arg(long, value_name = "VISITS", allow_hyphen_values = true, value_parser = visits)]
    pub(crate) visits_per_hour: f64,
    /// How long a visit keeps its number, on average: the visit itself, and the lease's time after its
    /// last sign of life (`attribution.hold`, 30m by default).
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = hold)]
    pub(crate) hold: Span,
    /// The share of visits that may find no free number, like 1% or 0.01.
    #[arg(long, value_name = "SHARE", default_value = "1%", value_parser = share)]
    pub(crate) blocking: f64,
    /// What a number costs a month, in any currency.
    #[arg(long, value_name = "AMOUNT", value_parser = price)]
    pub(crate) price: Option<Decimal>,
}

impl Size {
    /// The smallest and the largest of the shares that are shown, as parts of the one that was asked for.
    const AROUND: [f64; 7] = [10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1];
    /// Shares that are always shown (metrics, 3: Pools).
    const ALWAYS: [f64; 2] = [0.01, 0.001];

    /// Gives the offered load in erlangs.
    pub(crate) fn load(&self) -> f64 {
        let hours = self.hold.millis().unwrap_or_default() as f64 / 3_600_000.0;
        self.visits_per_hour * hours
    }

    /// Gives the shares whose numbers are shown.
    pub(crate) fn shares(&self) -> impl Iterator<Item = f64> {
        let around = Self::AROUND.map(|part| self.blocking * part);
        let shares = around.into_iter().chain(Self::ALWAYS);
        shares.filter(|share| *share < 1.0)
    }

    /// Says what is wrong with the options together.
    pub(super) fn problem(&self) -> Option<String> {
        let is_too_much = |share| erlang::numbers_for(self.load(), share).is_none();
        self.shares().any(is_too_much).then(|| {
            format!(
                "{} visits an hour for {} each need more than {} numbers: look at --visits-per-hour and --hold",
                self.visits_per_hour,
                self.hold,
                erlang::MOST
            )
        })
    }
}

fn visits(text: &str) -> Result<f64, String> {
    let visits = text
        .parse()
        .ok()
        .filter(|visits: &f64| visits.is_finite() && *visits > 0.0);
    visits.ok_or_else(|| "write how many, above 0, like 200".to_owned())
}

fn hold(text: &str) -> Result<Span, String> {
    let span = Span::parse(text).filter(|span| span.millis().is_some_and(|millis| millis > 0));
    span.ok_or_else(|| "write a time with its unit, like 35m or \"1h 30m\"".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let (digits, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let share = digits.parse().map(|share: f64| share / whole);
    let share = share.ok().filter(|share| *share >= 1e-6 && *share < 1.0);
    share.ok_or_else(|| "write a share from 0.0001% to below 100%, like 1% or 0.01".to_owned())
}

fn price(text: &str) -> Result<Decimal, String> {
    let price = Decimal::parse(text).filter(|price| price.units() >= 0);
    price.ok_or_else(|| "write an amount, like 1.50".to_owned())
}
