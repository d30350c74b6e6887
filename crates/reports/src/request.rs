//! A question as typed values: what the query pairs of a request mean, or which of them cannot be
//! followed and why.
//!
//! Invariants: every name and every word of an enumeration is known here; what remains free text
//! are filter values and a page's position, which only ever travel as parameters of a statement.
//! Pure: `now` is an argument.

mod before;
mod cells;
pub(crate) mod given;
mod span;

use chrono_tz::Tz;
use trunkline_model::time::Time;

use crate::after::{After, List, PageKey};
use crate::aliases::Aliases;
use crate::dimension::Dimension;
use crate::error::BadParameter;
use crate::open_waits::{OpenWaits, Schedules};
use crate::report::{Choice, Opened, Report};
use crate::statement::Parameter;
use crate::targets::{Rules, Target, Targets, Tracking};
pub(crate) use before::{Before, COMPARE};
pub use cells::Cells;
pub(crate) use cells::Rows;
use given::Given;
pub(crate) use span::Span;

/// The account a report is about, as far as reports need to know it.
#[derive(Clone, Copy, Debug)]
pub struct AccountView<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its zone: the default of `tz`.
    pub timezone: Tz,
    /// What its managers are called at providers.
    pub aliases: &'a Aliases,
}

/// What a token may see (`only` in the configuration): the managers named, and those who were in
/// one of the teams named at the sample's time. Both empty: everything.
///
/// It is joined by *and* to every question, figures and rows alike. What belongs to no manager
/// (messages of contacts, cycles begun, messages of unknown managers) is then not shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restriction<'a> {
    /// Team ids.
    pub teams: &'a [String],
    /// Manager ids.
    pub managers: &'a [String],
}

impl Restriction<'_> {
    /// Whether everything may be seen.
    pub fn is_empty(&self) -> bool {
        self.teams.is_empty() && self.managers.is_empty()
    }

    pub(crate) fn restricted(&self) -> Option<Restricted> {
        let owned = || Restricted {
            managers: self.managers.to_vec(),
            teams: self.teams.to_vec(),
        };
        (!self.is_empty()).then(owned)
    }
}

/// The context of a question: everything that is not one of its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Whose figures.
    pub account: AccountView<'a>,
    /// The instant of the question.
    pub now: Time,
    /// The instant that all figures are at least as new as: what the answer says as `as_of`.
    pub as_of: Time,
    /// What the asker may see.
    pub restriction: Restriction<'a>,
    /// How soon replies are due in the account; the defaults of the contract if it sets none.
    pub targets: &'a Targets,
    /// Its schedules: how much of waits that are open is business time.
    pub schedules: &'a Schedules,
    /// The cells that may be read in place of messages; none if there are none, or not all.
    pub cells: Option<Cells>,
}

/// Which of the two answers of a report is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The table of figures.
    Figures,
    /// A page of the rows behind them.
    Rows,
}

impl Asked {
    /// Default and greatest `limit`.
    pub(crate) const fn limits(self) -> (u32, u32) {
        match self {
            Self::Figures => (1_000, 100_000),
            Self::Rows => (100, 1_000),
        }
    }
}

/// Order of the rows by one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The column.
    pub(crate) column: &'static str,
    /// Greatest first; `null` then comes last.
    pub(crate) descending: bool,
}

/// A question that can be answered.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The period and how it is cut.
    pub(crate) span: Span,
    /// The period to compare with.
    pub(crate) before: Option<Before>,
    /// What figures are told apart by, in the order of the columns.
    pub(crate) by: Vec<Dimension>,
    /// Values asked for, by dimension; the empty text is `null`.
    pub(crate) filters: Vec<(Dimension, Vec<String>)>,
    /// The words chosen for the report's own parameters.
    choices: Vec<(&'static str, &'static str)>,
    /// The order asked for.
    pub(crate) order: Option<Order>,
    /// The greatest number of rows.
    pub(crate) limit: u32,
    /// The figure whose rows are asked for.
    pub(crate) figure: &'static str,
    /// How it opens.
    pub(crate) opened: &'static Opened,
    /// Where the page begins.
    pub(crate) after: Option<After>,
    /// The instant that all figures are at least as new as.
    pub(crate) as_of: Time,
    /// How soon a reply is due, of a report about replies.
    pub(crate) target: Target,
    /// How calls are counted.
    pub(crate) rules: Rules,
    /// How sources are found, and what money is counted in.
    pub(crate) tracking: Tracking,
    /// How much of open waits is business time, once it was asked for.
    pub(crate) open: Option<OpenWaits>,
    /// What its managers are called at providers.
    pub(crate) aliases: Aliases,
    /// What the asker may see; none for everything.
    pub(crate) restriction: Option<Restricted>,
    /// The cells that tell apart what it tells apart.
    cells: Option<Cells>,
    /// What its figures are added up from.
    pub(crate) rows: Rows,
}

/// The managers and the teams that alone may be seen; at least one of the lists is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restricted {
    /// Manager ids.
    pub(crate) managers: Vec<String>,
    /// Team ids.
    pub(crate) teams: Vec<String>,
}

impl Restricted {
    /// The parameters of a statement that name them.
    pub(crate) fn parameters(self) -> [(String, Parameter); 2] {
        [
            ("only_managers".to_owned(), Parameter::Texts(self.managers)),
            ("only_teams".to_owned(), Parameter::Texts(self.teams)),
        ]
    }
}

/// Parameters of every report.
const COMMON: [&str; 10] = [
    "from", "to", "period", "tz", "interval", "by", "compare", "order", "limit", "format",
];

impl Request {
    /// Reads a question from its query pairs.
    pub(crate) fn parse(
        report: &'static Report,
        asked: Asked,
        pairs: &[(String, String)],
        context: &Context<'_>,
        pages: &PageKey,
    ) -> Result<Self, BadParameter> {
        let given = Given::new(pairs);
        known_names(report, asked, &given)?;
        if let Some(format) = given.one("format")? {
            word("format", format, &["json", "csv"])?;
        }
        let span = Span::parse(&given, context)?;
        let mut by = dimensions(report, &given)?;
        let order = order(report, &span, &by, &given)?;
        if asked == Asked::Rows {
            by.clear();
        }
        let (figure, opened) = figure(report, &given)?;
        let list = List {
            account: context.account.id,
            report: report.name,
            figure,
        };
        let choices = choices(report, &given)?;
        let definition = chosen(&choices, "definition");
        let aliases = context.account.aliases;
        let request = Self {
            filters: filters(report, &given, aliases)?,
            as_of: context.as_of,
            target: match definition {
                Some(definition) => context.targets.of_definition(definition),
                None if report.of_calls => context.targets.of_calls(),
                None => Target::default(),
            },
            rules: context.targets.calls.clone(),
            tracking: context.targets.tracking.clone(),
            choices,
            limit: limit(asked, &given)?,
            after: given
                .one("after")?
                .map(|after| After::open(after, pages, list))
                .transpose()?,
            figure,
            opened,
            open: None,
            aliases: aliases.clone(),
            restriction: context.restriction.restricted(),
            before: given
                .one("compare")?
                .map(|text| Before::parse(text, &span))
                .transpose()?,
            span,
            by,
            order,
            cells: context.cells.filter(|_| asked == Asked::Figures),
            rows: Rows::Samples,
        };
        Ok(request.told_in_cells(report).settled())
    }

    /// The same question about the period to compare with; order and limit are the asker's no more.
    pub(crate) fn of_before(&self, before: &Before) -> Self {
        Self {
            span: before.span.clone(),
            before: None,
            order: None,
            ..self.clone()
        }
        .settled()
    }

    /// Returns the word chosen for one of the report's own parameters.
    pub(crate) fn choice(&self, name: &str) -> Option<&'static str> {
        chosen(&self.choices, name)
    }

    /// Since when touches may count, in milliseconds: wins may be of leads of any time.
    pub(crate) fn since(&self) -> i64 {
        match self.choice("basis") {
            Some("closed") => 0,
            _ => (self.span.from.0 - self.tracking.lookback_ms).max(0),
        }
    }

    /// Whether a value of a dimension is asked for by name.
    pub(crate) fn asks_for(&self, dimension: Dimension, value: &str) -> bool {
        let asked = |(of, values): &(Dimension, Vec<String>)| {
            *of == dimension && values.iter().any(|own| own == value)
        };
        self.filters.iter().any(asked)
    }

    /// Whether intervals in which nothing happened have rows in the table too: those are added to
    /// the statement's, so it must give all of its rows, by time, and order and limit come last.
    pub(crate) const fn is_filled(&self) -> bool {
        self.span.interval.is_some() && self.by.is_empty()
    }

    /// Whether only what belongs to managers has a place in the answer.
    pub(crate) fn is_of_people(&self) -> bool {
        self.restriction.is_some()
            || self.by.iter().any(|dimension| dimension.of_people())
            || self
                .filters
                .iter()
                .any(|(dimension, _)| dimension.of_people())
    }

    /// Whether the answer needs to know the managers' teams.
    pub(crate) fn names_team(&self) -> bool {
        self.restriction.is_some()
            || self.target.names_team()
            || self.by.contains(&Dimension::Team)
            || self
                .filters
                .iter()
                .any(|(dimension, _)| *dimension == Dimension::Team)
    }
}

fn known_names(report: &Report, asked: Asked, given: &Given<'_>) -> Result<(), BadParameter> {
    let mut names = COMMON.to_vec();
    names.extend(report.filterable().map(Dimension::name));
    names.extend(report.choices.iter().map(|choice| choice.name));
    if asked == Asked::Rows {
        names.extend(["figure", "after"]);
    }
    for name in given.names() {
        if !names.contains(&name) {
            let detail = format!(
                "is unknown to the report `{}`, which takes {}",
                report.name,
                names.join(", ")
            );
            return Err(BadParameter::new(name, detail).meant(name, names));
        }
    }
    Ok(())
}

fn dimensions(report: &Report, given: &Given<'_>) -> Result<Vec<Dimension>, BadParameter> {
    let mut by = Vec::new();
    let Some(list) = given.one("by")? else {
        return Ok(by);
    };
    for name in list.split(',').map(str::trim) {
        let names = || report.dimensions().map(Dimension::name);
        let Some(dimension) = report
            .dimensions()
            .find(|dimension| dimension.name() == name)
        else {
            let known: Vec<_> = names().collect();
            let detail = format!("has no dimension {name:?}; it takes {}", known.join(", "));
            return Err(BadParameter::new("by", detail).meant(name, names()));
        };
        if by.contains(&dimension) {
            return Err(BadParameter::new("by", format!("names {name:?} twice")));
        }
        by.push(dimension);
    }
    Ok(by)
}

fn filters(
    report: &Report,
    given: &Given<'_>,
    aliases: &Aliases,
) -> Result<Vec<(Dimension, Vec<String>)>, BadParameter> {
    let mut filters = Vec::new();
    for dimension in report.filterable() {
        let values = given.all(dimension.name());
        if values.iter().map(|value| value.len() + 8).sum::<usize>() > FILTER_BYTES {
            let detail = format!("has more than {FILTER_BYTES} bytes of values; ask in parts");
            return Err(BadParameter::new(dimension.name(), detail));
        }
        if !values.is_empty() {
            let stored = values.iter().map(|value| match dimension {
                Dimension::Manager => aliases.resolved(value).to_owned(),
                _ => dimension.stored(value).to_owned(),
            });
            let stored: Vec<_> = stored.collect();
            if dimension == Dimension::Integrity {
                for value in &stored {
                    word(dimension.name(), value, &["verified", "weak", "unverified"])?;
                }
            }
            filters.push((dimension, stored));
        }
    }
    Ok(filters)
}

/// Bytes of values of one filter: ClickHouse takes a parameter of at most 128 KiB, escapes
/// included.
const FILTER_BYTES: usize = 32 * 1024;

fn choices(
    report: &Report,
    given: &Given<'_>,
) -> Result<Vec<(&'static str, &'static str)>, BadParameter> {
    let mut chosen = Vec::new();
    for choice in report.choices {
        let word = match given.one(choice.name)? {
            Some(word) => Some(self::word(choice.name, word, choice.values)?),
            None => choice.default,
        };
        chosen.extend(word.map(|word| (choice.name, word)));
    }
    for choice in report.choices {
        agreed(choice, &chosen)?;
    }
    Ok(chosen)
}

/// Finds the word chosen for a parameter.
fn chosen(choices: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let found = choices.iter().find(|(choice, _)| *choice == name);
    found.map(|(_, word)| *word)
}

/// Refuses what cannot go together with the word that is chosen for a parameter.
fn agreed(choice: &Choice, choices: &[(&'static str, &'static str)]) -> Result<(), BadParameter> {
    let word = chosen(choices, choice.name);
    for (given, other, needed) in choice.needs {
        let fits = chosen(choices, other).is_some_and(|word| needed.contains(&word));
        if word == Some(given) && !fits {
            let needed = needed.join(" or ");
            let detail = format!("must be {needed} with {}={given}", choice.name);
            return Err(BadParameter::new(other, detail));
        }
    }
    Ok(())
}

/// Finds the figure to open: the first that opens unless another is named.
fn figure(
    report: &'static Report,
    given: &Given<'_>,
) -> Result<(&'static str, &'static Opened), BadParameter> {
    let openable: Vec<_> = report.openable().collect();
    let asked = given.one("figure")?.or(openable.first().copied());
    let asked = asked.unwrap_or_default();
    for opened in report.opened {
        if let Some(name) = opened.figures.iter().find(|name| **name == asked) {
            return Ok((name, opened));
        }
    }
    let detail = format!("{asked:?} is none of {}", openable.join(", "));
    Err(BadParameter::new("figure", detail).meant(asked, openable))
}

/// Finds a word of an enumeration.
fn word(
    name: &str,
    given: &str,
    words: &'static [&'static str],
) -> Result<&'static str, BadParameter> {
    words
        .iter()
        .find(|word| **word == given)
        .copied()
        .ok_or_else(|| {
            let detail = match words {
                [] => format!("{given:?} is not known"),
                _ => format!("{given:?} is none of {}", words.join(", ")),
            };
            BadParameter::new(name, detail).meant(given, words.iter().copied())
        })
}

fn order(
    report: &Report,
    span: &Span,
    by: &[Dimension],
    given: &Given<'_>,
) -> Result<Option<Order>, BadParameter> {
    let Some(text) = given.one("order")? else {
        return Ok(None);
    };
    let (name, descending) = text
        .strip_prefix('-')
        .map_or((text, false), |name| (name, true));
    let columns = report.columns(span.interval.is_some(), by);
    if let Some(column) = columns.iter().find(|column| column.name == name) {
        return Ok(Some(Order {
            column: column.name,
            descending,
        }));
    }
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    let detail = format!(
        "{name:?} is no column of this answer; they are {} (a leading `-` turns the order round)",
        names.join(", ")
    );
    Err(BadParameter::new("order", detail).meant(name, names))
}

fn limit(asked: Asked, given: &Given<'_>) -> Result<u32, BadParameter> {
    let (default, greatest) = asked.limits();
    let Some(text) = given.one("limit")? else {
        return Ok(default);
    };
    match text.parse() {
        Ok(limit) if (1..=greatest).contains(&limit) => Ok(limit),
        _ => {
            let detail = format!("{text:?} is no whole number from 1 to {greatest}");
            Err(BadParameter::new("limit", detail))
        }
    }
}

#[cfg(test)]
mod tests;
