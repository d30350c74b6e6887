//! Managers, or sources, side by side: columns of reports' figures, sorted as asked, each with its rows behind it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::live::table_of;
use crate::asked::Asked;
use crate::meaning;
use crate::question::{Question, cell, pair};
use crate::shown;
use crate::source::Viewer;

/// A column: the report (none: the live view), the figure, its title and the figure that it opens.
pub(super) struct Described {
    pub(super) report: Option<&'static str>,
    pub(super) figure: &'static str,
    pub(super) title: &'static str,
    pub(super) opens: &'static str,
    pub(super) unit: Unit,
}

pub(super) const fn described(
    report: Option<&'static str>,
    figure: &'static str,
    title: &'static str,
    opens: &'static str,
    unit: Unit,
) -> Described {
    Described {
        report,
        figure,
        title,
        opens,
        unit,
    }
}

#[derive(Template)]
#[template(path = "managers.html")]
pub(super) struct Shown {
    pub(super) none: &'static str,
    pub(super) notice: Option<String>,
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Row>,
    pub(super) all: Vec<Cell>,
}

pub(super) struct Head {
    pub(super) title: &'static str,
    pub(super) meaning: &'static str,
    pub(super) href: String,
    /// `ascending`, `descending` or nothing.
    pub(super) sorted: &'static str,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) href: Option<String>,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    pub(super) value: String,
    pub(super) exact: String,
    pub(super) href: String,
}

/// A manager's figures in the order of the columns; `None` is an unknown manager.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) manager: Option<String>,
    pub(super) name: Option<String>,
    pub(super) values: Vec<Value>,
}

/// Puts the figures that a report has by manager on the lines of the managers.
pub(super) fn fill(
    columns: &[Described],
    lines: &mut BTreeMap<Option<String>, Line>,
    table: &Table,
    report: &str,
) {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    for row in &table.rows {
        let line = line(columns, lines, text(cell(table, Some(row), "manager")));
        line.name = line
            .name
            .take()
            .or_else(|| text(cell(table, Some(row), "manager_name")));
        for (place, column) in columns.iter().enumerate() {
            if column.report == Some(report) {
                line.values[place] = cell(table, Some(row), column.figure).clone();
            }
        }
    }
}

/// Gives the line of a manager, an empty one if he has none yet.
pub(super) fn line<'a>(
    columns: &[Described],
    lines: &'a mut BTreeMap<Option<String>, Line>,
    manager: Option<String>,
) -> &'a mut Line {
    lines
        .entry(manager)
        .or_insert_with_key(|manager| Line::empty(columns, manager.clone()))
}

/// Makes the rows of the lines, in their order; with a filter by manager none leads to him again.
pub(super) fn rows(
    columns: &[Described],
    lines: &[Line],
    questions: &[Question],
    asked: &Asked,
) -> Vec<Row> {
    let filtered = asked.filter("manager").is_some();
    let row = |line: &Line| {
        let manager = line.manager.as_deref();
        // The empty text asks for what is no known manager's.
        let of = manager.or(Some("")).filter(|_| !filtered);
        let path = asked.board.path();
        Row {
            name: line.name(),
            href: manager
                .map(|manager| format!("{path}?{}", asked.with("manager", manager).query())),
            cells: cells(
                columns,
                &line.values,
                questions,
                of.map(|of| ("manager", of)),
            ),
        }
    };
    lines.iter().map(row).collect()
}

/// Writes the lines as a table, for CSV.
pub(super) fn table_of_lines(
    columns: &[Described],
    lines: &[Line],
    name: &'static str,
    viewer: &Viewer,
) -> Table {
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let rows = lines.iter().map(|line| {
        let mut row = vec![text(&line.manager), text(&line.name)];
        row.extend(line.values.iter().cloned());
        row
    });
    let mut titles = vec![("manager", Unit::Text), ("manager_name", Unit::Text)];
    titles.extend(columns.iter().map(|column| (column.figure, column.unit)));
    table_of(name, viewer, &titles, rows.collect())
}

impl Line {
    pub(super) fn empty(columns: &[Described], manager: Option<String>) -> Self {
        let values = columns.iter().map(|column| match column.unit {
            Unit::Count => Value::Count(0),
            _ => Value::Null,
        });
        Self {
            manager,
            name: None,
            values: values.collect(),
        }
    }

    pub(super) fn has_something(&self) -> bool {
        let mut values = self.values.iter();
        values.any(|value| !matches!(value, Value::Null | Value::Count(0) | Value::Share(0)))
    }

    pub(super) fn name(&self) -> String {
        let known = self.name.clone().or_else(|| self.manager.clone());
        known.unwrap_or_else(|| "unassigned or unknown".to_owned())
    }
}

/// Sorts by the column asked for; who has no value comes last either way.
pub(super) fn sort(columns: &[Described], lines: &mut [Line], sort: &str) {
    let (name, descending) = sort
        .strip_prefix('-')
        .map_or((sort, false), |name| (name, true));
    let place = columns.iter().position(|column| column.figure == name);
    lines.sort_by(|a, b| {
        let order = match place {
            None if name == "manager" => a.name().to_lowercase().cmp(&b.name().to_lowercase()),
            None => Ordering::Equal,
            Some(place) => match (&a.values[place], &b.values[place]) {
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => return Ordering::Greater,
                (_, Value::Null) => return Ordering::Less,
                (a, b) => a.cmp(b),
            },
        };
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| a.manager.cmp(&b.manager))
    });
}

/// Makes the titles of the columns, which sort.
pub(super) fn heads(columns: &[Described], who: &'static str, asked: &Asked) -> Vec<Head> {
    let head = |figure, title, meaning, usual| {
        let mut head = head(figure, title, usual, asked);
        head.meaning = meaning;
        head.href.push_str("#managers");
        head
    };
    let mut heads = vec![head("manager", "Manager", who, "")];
    heads.extend(columns.iter().map(|column| {
        let meaning = match column.report {
            Some(report) => meaning::of(report, column.figure),
            None => meaning::of("response-times", column.opens),
        };
        head(column.figure, column.title, meaning, "-")
    }));
    heads
}

/// Makes the title of a column, which sorts by it: a second click the other way round.
pub(super) fn head(figure: &'static str, title: &'static str, usual: &str, asked: &Asked) -> Head {
    let falling = format!("-{figure}");
    let (sorted, next) = if asked.sort == falling {
        ("descending", figure.to_owned())
    } else if asked.sort == figure {
        ("ascending", falling)
    } else {
        ("", format!("{usual}{figure}"))
    };
    let other = Asked {
        sort: next,
        ..asked.clone()
    };
    Head {
        title,
        meaning: "",
        href: format!("{}?{}", asked.board.path(), other.query()),
        sorted,
    }
}

/// Makes a row's cells, each with the address of the rows behind it: those with one value of a
/// dimension, if one is given.
pub(super) fn cells(
    columns: &[Described],
    values: &[Value],
    questions: &[Question],
    only: Option<(&str, &str)>,
) -> Vec<Cell> {
    let zone = chrono_tz::UTC;
    let cell = |(column, value): (&Described, &Value)| {
        let question = match column.report {
            Some(report) => questions
                .iter()
                .find(|question| question.report == report)?,
            // Who waits may have written before the period: all of the account's time.
            None => &ever(&questions[0]),
        };
        let question = match only {
            Some((dimension, value)) => &question.and(dimension, value),
            None => question,
        };
        Some(Cell {
            value: shown::figure(column.figure, value, zone),
            exact: shown::exact(value),
            href: match value {
                Value::Null => String::new(),
                _ => question.rows(column.opens),
            },
        })
    };
    columns.iter().zip(values).filter_map(cell).collect()
}

/// Asks the same about all time.
fn ever(question: &Question) -> Question {
    let of_time = |name: &str| ["period", "from", "to"].contains(&name);
    let pairs = question.pairs.iter().filter(|(name, _)| !of_time(name));
    let pairs = [pair("from", "1970-01-02")]
        .into_iter()
        .chain(pairs.cloned());
    Question::new(question.report, pairs.collect())
}
