//! How a report is described: its figures, its own parameters, what it counts and what opens
//! behind a cell. The description is data; `query` makes statements from it and `catalogue` the
//! list of reports.

use crate::dimension::Dimension;
use crate::request::Request;
use crate::statement::Views;
use crate::value::{Column, Unit};

/// One report.
pub(crate) struct Report {
    /// Its name in the path.
    pub(crate) name: &'static str,
    /// Its title for people.
    pub(crate) title: &'static str,
    /// What it shows and by which rules.
    pub(crate) about: &'static str,
    /// What its figures may be told apart and filtered by, beside what all reports' may.
    pub(crate) by: &'static [Dimension],
    /// What they may be filtered by alone.
    pub(crate) filters: &'static [Dimension],
    /// Whether it is about calls: their targets hold, and a sample's team is that of its `crew`, a
    /// manager too, who may be named where no single one can be.
    pub(crate) of_calls: bool,
    /// Whether what it counts belongs to managers; else nothing of it can be told apart by them, and
    /// who may see some of them alone sees none of its figures.
    pub(crate) of_managers: bool,
    /// Its own parameters.
    pub(crate) choices: &'static [Choice],
    /// Its figures, in the order of their columns.
    pub(crate) figures: &'static [Figure],
    /// The `SELECT` that gives what it counts: columns `at`, `manager`, `channel` and those that
    /// its dimensions and figures name. It must keep to `{account}`, `{from}` and `{to}`.
    pub(crate) samples: fn(&Request, Views<'_>) -> String,
    /// The same from the cells, as [`Rows::Cells`] has it: what is counted in them added up, under the
    /// same duties.
    ///
    /// [`Rows::Cells`]: crate::request::Rows::Cells
    pub(crate) cells: Option<fn(&Request, Views<'_>) -> String>,
    /// What opens behind its figures, that of the first unless another is asked for.
    pub(crate) opened: &'static [Opened],
}

/// A parameter that chooses one of several words.
pub(crate) struct Choice {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it chooses.
    pub(crate) about: &'static str,
    /// The words it takes.
    pub(crate) values: &'static [&'static str],
    /// What some of its words need of another parameter: word, parameter, its words.
    pub(crate) needs: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// The word that holds when it is not given.
    pub(crate) default: Option<&'static str>,
}

/// One figure.
pub(crate) struct Figure {
    /// Its name in `metrics.md` and as a column.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) unit: Unit,
    /// What it means.
    pub(crate) about: &'static str,
    /// The aggregate over the samples: a whole number, milliseconds for [`Unit::S`].
    pub(crate) sql: fn(&Request) -> String,
    /// What it is when there is nothing to count.
    pub(crate) empty: Empty,
    /// Whether it cannot be divided among managers: `null` by, and filtered by, manager or team.
    pub(crate) undivided: bool,
    /// Whether it is a row's part in the sum over all rows: the parts of a table make 1.
    pub(crate) parted: bool,
    /// The word of a parameter with which it is not known: `null` then.
    pub(crate) withheld: Option<(&'static str, &'static str)>,
}

/// What a figure of nothing is (`metrics.md` §0: no data is not zero).
#[derive(Clone, Copy)]
pub(crate) enum Empty {
    /// Counts and sums of nothing.
    Zero,
    /// Means, quantiles and extremes of nothing.
    Null,
}

/// The rows behind a figure: one page of them, newest first; as many in all as the figure says.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The figures that it opens.
    pub(crate) figures: &'static [&'static str],
    /// What one row is.
    pub(crate) about: &'static str,
    /// The `SELECT` of what is listed, under the same duties as [`Report::samples`].
    pub(crate) samples: fn(&Request, Views<'_>) -> String,
    /// Which of the samples are listed: a condition, the figure's own.
    pub(crate) only: &'static str,
    /// Columns that gather several samples into one row; none where a sample is a row.
    pub(crate) gathered: &'static [&'static str],
    /// The columns.
    pub(crate) columns: &'static [Listed],
    /// What tells rows of the same instant apart: text columns of the list.
    pub(crate) key: &'static [&'static str],
}

/// A column of the rows behind a cell.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) unit: Unit,
    /// Its value as SQL over the samples.
    pub(crate) sql: &'static str,
}

impl Listed {
    /// Describes a text that is a column of the samples.
    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Unit::Text, name)
    }

    /// Describes a column.
    pub(crate) const fn new(name: &'static str, unit: Unit, sql: &'static str) -> Self {
        Self { name, unit, sql }
    }
}

impl Report {
    /// All that its figures may be filtered by.
    pub(crate) fn filterable(&self) -> impl Iterator<Item = Dimension> + use<'_> {
        self.dimensions().chain(self.filters.iter().copied())
    }

    /// What its figures may be told apart and filtered by.
    pub(crate) fn dimensions(&self) -> impl Iterator<Item = Dimension> + use<'_> {
        let shared = [Dimension::Manager, Dimension::Team];
        let vouched = [Dimension::Integrity];
        let clock = [Dimension::Hour, Dimension::Weekday];
        let shared = shared.into_iter().filter(|_| self.of_managers);
        let vouched = vouched.into_iter().filter(|_| self.of_managers);
        shared
            .chain(self.by.iter().copied())
            .chain(vouched)
            .chain(clock)
    }

    /// The figures that open.
    pub(crate) fn openable(&self) -> impl Iterator<Item = &'static str> + use<'_> {
        self.opened
            .iter()
            .flat_map(|opened| opened.figures.iter().copied())
    }

    /// The column of its samples that tells their team.
    pub(crate) const fn member(&self) -> &'static str {
        if self.of_calls { "crew" } else { "manager" }
    }

    /// Whether a figure cannot be divided among managers.
    pub(crate) fn is_undivided(&self, name: &str) -> bool {
        let named = |figure: &&Figure| figure.name == name;
        self.figures
            .iter()
            .find(named)
            .is_some_and(|figure| figure.undivided)
    }

    /// The columns of its table: `time`, the dimensions, the figures.
    pub(crate) fn columns(&self, interval: bool, by: &[Dimension]) -> Vec<Column> {
        let mut columns = Vec::new();
        if interval {
            columns.push(Column {
                name: "time",
                unit: Unit::Time,
            });
        }
        for dimension in by {
            push_named(
                &mut columns,
                Column {
                    name: dimension.name(),
                    unit: dimension.unit(),
                },
            );
        }
        let figures = self.figures.iter();
        columns.extend(figures.map(|figure| Column {
            name: figure.name,
            unit: figure.unit,
        }));
        columns
    }
}

impl Opened {
    /// The columns of the rows.
    pub(crate) fn listed(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for listed in self.columns {
            push_named(
                &mut columns,
                Column {
                    name: listed.name,
                    unit: listed.unit,
                },
            );
        }
        columns
    }
}

/// Adds a column and, behind a manager's id, his name.
fn push_named(columns: &mut Vec<Column>, column: Column) {
    columns.push(column);
    if column.name == "manager" {
        columns.push(Column {
            name: "manager_name",
            unit: Unit::Text,
        });
    }
}

impl Figure {
    /// Describes a count that belongs to each manager as well as to all.
    pub(crate) const fn count(
        name: &'static str,
        sql: fn(&Request) -> String,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            unit: Unit::Count,
            about,
            sql,
            empty: Empty::Zero,
            undivided: false,
            parted: false,
            withheld: None,
        }
    }

    /// Describes a count that no single manager can be given.
    pub(crate) const fn undivided(
        name: &'static str,
        sql: fn(&Request) -> String,
        about: &'static str,
    ) -> Self {
        Self {
            undivided: true,
            ..Self::count(name, sql, about)
        }
    }

    /// Whether it cannot be given to a question: `null` whatever there is.
    pub(crate) fn is_withheld(&self, request: &Request) -> bool {
        let unknown = |(name, word)| request.choice(name) == Some(word);
        self.undivided && request.is_of_people() || self.withheld.is_some_and(unknown)
    }
}

/// All reports, in the order of the catalogue.
pub(crate) static REPORTS: &[&Report] = &[
    &crate::response_times::REPORT,
    &crate::conversations::REPORT,
    &crate::messages::REPORT,
    &crate::calls::REPORT,
    &crate::missed_calls::REPORT,
    &crate::sources::REPORT,
    &crate::pools::REPORT,
];
