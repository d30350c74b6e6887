//! The period of a question and how it is cut: `from`, `to`, `period`, `tz`, `interval`.
//!
//! Invariants: `from` is inclusive, `to` exclusive, `from <= to`, and equal only for a `period`
//! asked for at its first instant. Without all three the period is the month to date.

use std::borrow::Cow;

use chrono_tz::{TZ_VARIANTS, Tz};
use trunkline_model::time::{Day, Interval, Period, Time, boundaries, start_of_day};
use trunkline_model::word::Word;

use super::Context;
use super::given::Given;
use crate::error::BadParameter;

/// The period of a question.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// Its start, inclusive.
    pub(crate) from: Time,
    /// Its end, exclusive.
    pub(crate) to: Time,
    /// The calendar period that it is to date; none between instants of the asker's.
    pub(crate) period: Option<Period>,
    /// The zone whose calendar it follows.
    pub(crate) zone: Tz,
    /// The length of its parts; none for one row.
    pub(crate) interval: Option<Interval>,
    /// The starts of its parts, ascending, the first at or before `from`; empty without interval.
    pub(crate) starts: Vec<Time>,
}

impl Span {
    /// Reads the period.
    pub(crate) fn parse(given: &Given<'_>, context: &Context<'_>) -> Result<Self, BadParameter> {
        let zone = match given.one("tz")? {
            None => context.account.timezone,
            Some(name) => zone(name)?,
        };
        let (from, to, period) = ends(given, zone, context.now)?;
        let interval = match given.one("interval")? {
            None => None,
            Some(name) => Some(word("interval", name)?),
        };
        let starts = match interval {
            None => Vec::new(),
            Some(interval) => boundaries(zone, from, to, interval).map_err(|too_many| {
                let detail = format!("cuts the period into {too_many}");
                BadParameter::new("interval", detail)
            })?,
        };
        Ok(Self {
            from,
            to,
            period,
            zone,
            interval,
            starts,
        })
    }
}

fn zone(name: &str) -> Result<Tz, BadParameter> {
    name.parse().map_err(|_| {
        let detail = format!("{name:?} is no zone of the IANA database, such as Europe/Madrid");
        BadParameter::new("tz", detail).meant(name, TZ_VARIANTS.iter().map(|zone| zone.name()))
    })
}

/// Puts back the `+` of an offset: bare in a URL's query it means a space, and comes as one.
fn with_plus(text: &str) -> Cow<'_, str> {
    const DATE_AND_TIME: usize = "2026-03-01T00:00:00".len();
    match text.rsplit_once(' ') {
        Some((local, offset)) if local.len() >= DATE_AND_TIME && offset.len() == "02:00".len() => {
            format!("{local}+{offset}").into()
        }
        _ => text.into(),
    }
}

/// Finds the member of a closed set.
fn word<W: Word>(parameter: &str, given: &str) -> Result<W, BadParameter> {
    W::find(given).ok_or_else(|| {
        let words: Vec<_> = W::ALL.iter().map(|member| member.word()).collect();
        let detail = format!("{given:?} is none of {}", words.join(", "));
        BadParameter::new(parameter, detail).meant(given, words)
    })
}

fn ends(
    given: &Given<'_>,
    zone: Tz,
    now: Time,
) -> Result<(Time, Time, Option<Period>), BadParameter> {
    let (from, to) = (given.one("from")?, given.one("to")?);
    let period = given.one("period")?;
    let (from, to) = match (from, to, period) {
        (None, None, period) => {
            let period = period.map_or(Ok(Period::Month), |name| word("period", name))?;
            let (from, to) = period.to_date(zone, now);
            return Ok((from, to, Some(period)));
        }
        (_, _, Some(_)) => {
            return Err(BadParameter::new(
                "period",
                "is given beside `from` or `to`: choose one",
            ));
        }
        (None, Some(_), None) => {
            return Err(BadParameter::new(
                "from",
                "is missing: `to` is given without it",
            ));
        }
        (Some(from), to, None) => {
            let to = to.map_or(Ok(now), |to| instant("to", to, zone))?;
            (instant("from", from, zone)?, to)
        }
    };
    if from >= to {
        let detail = format!("{from} is not before `to`, which is {to}");
        return Err(BadParameter::new("from", detail));
    }
    Ok((from, to, None))
}

/// Reads an instant, or a local date as the first instant of its day.
fn instant(name: &str, text: &str, zone: Tz) -> Result<Time, BadParameter> {
    let time = match Day::parse(text) {
        Some(day) => start_of_day(zone, day.date()),
        None => Time::parse(&with_plus(text)).map_err(|error| {
            let detail = format!("{text:?}: {error}; or a local date, like 2026-03-01");
            BadParameter::new(name, detail)
        })?,
    };
    Ok(time)
}
