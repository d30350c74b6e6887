//! Daily rates of currencies, from a file that the configuration names: `date,currency,rate` (CSV), the
//! columns in any order, others left aside. A rate is what one of the currency was worth on that day in
//! the currency of the account. Of several of a day the last counts.

use std::io::Read;

use anyhow::{Context, Result, anyhow, bail};
use trunkline_model::amount::{Currency, Decimal};
use trunkline_model::settings::Account;
use trunkline_model::time::{Day, Tz, start_of_day};
use trunkline_warehouse::writer::RateRow;

const DAY_MS: i64 = 86_400_000;

/// Decimals of a rate, as ClickHouse keeps it.
const DECIMALS: u32 = 12;

/// Reads the rates of an account; none if it names no file.
pub(crate) fn of(account: &Account) -> Result<Vec<RateRow>> {
    let Some(path) = &account.rates else {
        return Ok(Vec::new());
    };
    let key = || format!("account.{}.rates: {path}", account.id);
    let file = std::fs::File::open(path).with_context(key)?;
    read(&account.id, file).with_context(key)
}

fn read(account: &str, file: impl Read) -> Result<Vec<RateRow>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let head = reader.headers()?.clone();
    let place = |name: &str| {
        let mut names = head.iter();
        let found = names.position(|own| {
            own.trim_start_matches('\u{feff}')
                .eq_ignore_ascii_case(name)
        });
        found.ok_or_else(|| anyhow!("has no column {name}: its first line is date,currency,rate"))
    };
    let [date, currency, rate] = [place("date")?, place("currency")?, place("rate")?];
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let text = |place: usize| record.get(place).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let row = row(account, text(date), text(currency), text(rate));
        rows.push(row.with_context(|| format!("line {line}"))?);
    }
    Ok(rows)
}

fn row(account: &str, date: &str, currency: &str, rate: &str) -> Result<RateRow> {
    let day = Day::parse(date).ok_or_else(|| anyhow!("{date:?} is no date like 2026-03-01"))?;
    let Some(currency) = Currency::parse(currency) else {
        bail!("{currency:?} is no currency of three letters, like USD");
    };
    let Some(rate) = Decimal::parse(rate).filter(|rate| rate.units() > 0) else {
        bail!("{rate:?} is no rate above 0, like 0.9234");
    };
    let days = start_of_day(Tz::UTC, day.date()).0 / DAY_MS;
    let one = 10_i128.pow(DECIMALS - u32::from(rate.scale()));
    Ok(RateRow::new(
        account,
        currency.as_str(),
        u16::try_from(days).context("the date is too late")?,
        i128::from(rate.units()) * one,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_stand_in_columns_of_any_order() {
        let text =
            "\u{feff}Rate, currency,note,date\n0.9234,usd,x,2026-03-03\n 1.2 ,GBP,,1970-01-02\n";
        let rows = read("acme", text.as_bytes()).expect("rates");
        let expected = [
            RateRow::new("acme", "USD", 20_515_u16, 923_400_000_000_i128),
            RateRow::new("acme", "GBP", 1_u16, 1_200_000_000_000_i128),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        for (text, expected) in [
            (
                "date,rate\n",
                "has no column currency: its first line is date,currency,rate",
            ),
            (
                "date,currency,rate\n2026-03-01,USD,1\n2026-3-2,USD,1\n",
                "line 3: \"2026-3-2\" is no date like 2026-03-01",
            ),
            (
                "date,currency,rate\n2026-03-01,US,1\n",
                "line 2: \"US\" is no currency of three letters, like USD",
            ),
            (
                "date,currency,rate\n2026-03-01,USD,-1\n",
                "line 2: \"-1\" is no rate above 0, like 0.9234",
            ),
        ] {
            let error = read("acme", text.as_bytes()).expect_err("it is refused");
            assert_eq!(format!("{error:#}"), expected);
        }
    }
}
