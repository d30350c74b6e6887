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
    /// What its figures may be told apart and filtered by.
    pub(crate) by: &'static [Dimension],
    /// Its own parameters.
    pub(crate) choices: &'static [Choice],
    /// Its figures, in the order of their columns.
    pub(crate) figures: &'static [Figure],
    /// The `SELECT` that gives what it counts: columns `at`, `manager`, `channel` and those that
    /// its dimensions and figures name. It must keep to `{account}`, `{from}` and `{to}`.
    pub(crate) samples: fn(&Request, Views<'_>) -> String,
    /// What opens behind a cell.
    pub(crate) opened: Opened,
}

/// A parameter that chooses one of several words.
pub(crate) struct Choice {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it chooses.
    pub(crate) about: &'static str,
    /// The words it takes.
    pub(crate) values: &'static [&'static str],
    /// Words of the contract that this version does not serve yet.
    pub(crate) later: &'static [&'static str],
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
    pub(crate) sql: fn() -> String,
    /// What it is when there is nothing to count.
    pub(crate) empty: Empty,
    /// Whether it cannot be divided among managers: `null` by, and filtered by, manager or team.
    pub(crate) undivided: bool,
}

/// What a figure of nothing is (`metrics.md` §0: no data is not zero).
#[derive(Clone, Copy)]
pub(crate) enum Empty {
    /// Counts and sums of nothing.
    Zero,
    /// Means, quantiles and extremes of nothing.
    Null,
}

/// The rows behind a cell: one page of them, newest first.
pub(crate) struct Opened {
    /// What one row is.
    pub(crate) about: &'static str,
    /// The `SELECT` of what is listed, under the same duties as [`Report::samples`].
    pub(crate) samples: fn(&Request, Views<'_>) -> String,
    /// Columns that gather several samples into one row; none where a sample is a row.
    pub(crate) gathered: &'static [&'static str],
    /// The columns.
    pub(crate) columns: &'static [Listed],
    /// What tells rows of the same instant apart: text columns of the list.
    pub(crate) key: &'static [&'static str],
}

/// A column of the rows behind a cell.
pub(crate) struct Listed {
    /// Its name.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) unit: Unit,
    /// Its value as SQL over the samples.
    pub(crate) sql: &'static str,
}

impl Report {
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

    /// The columns of the rows behind a cell.
    pub(crate) fn listed(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        for listed in self.opened.columns {
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
        sql: fn() -> String,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            unit: Unit::Count,
            about,
            sql,
            empty: Empty::Zero,
            undivided: false,
        }
    }

    /// Describes a count that no single manager can be given.
    pub(crate) const fn undivided(
        name: &'static str,
        sql: fn() -> String,
        about: &'static str,
    ) -> Self {
        Self {
            undivided: true,
            ..Self::count(name, sql, about)
        }
    }
}

/// All reports, in the order of the catalogue.
pub(crate) static REPORTS: &[&Report] = &[
    &crate::response_times::REPORT,
    &crate::conversations::REPORT,
    &crate::messages::REPORT,
];
