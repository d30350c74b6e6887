//! By hour and weekday: when replies are slow, and when inquiries and calls come. Days are rows, hours are
//! columns; a period shorter than a month is shown with the four weeks before it.

use askama::Template;
use trunkline_reports::{Table, Value};

use super::{notice, render};
use crate::asked::{Asked, day, weekday};
use crate::boards::Board;
use crate::meaning;
use crate::question::{Question, cell};
use crate::shown;
use crate::source::{Missing, Source, Viewer};

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// Steps of the colour.
const STEPS: usize = 6;

#[derive(Template)]
#[template(path = "heat.html")]
struct Shown {
    about: String,
    meaning: &'static str,
    hours: std::ops::Range<u64>,
    rows: Vec<Row>,
    measures: Vec<Measure>,
    any: bool,
}

struct Measure {
    name: &'static str,
    href: String,
    chosen: bool,
}

struct Row {
    day: &'static str,
    today: bool,
    cells: Vec<Cell>,
}

struct Cell {
    step: usize,
    text: String,
    label: String,
    href: String,
}

/// Whether the period itself has every weekday.
fn is_long(asked: &Asked) -> bool {
    match asked.dates {
        Some((from, to)) => (to.date() - from.date()).num_days() >= 13,
        None => !["today", "week"].contains(&asked.period),
    }
}

/// What is counted in a cell: the figure whose rows open, and what people call them.
fn counted(asked: &Asked) -> (&'static str, &'static str) {
    match (asked.board, asked.heat) {
        (Board::Calls, "missed") => ("missed", "missed"),
        (Board::Calls, _) => ("calls", "calls"),
        (_, "received") => ("received", "inquiries"),
        _ => ("count", "replies"),
    }
}

fn question(asked: &Asked, viewer: &Viewer) -> Question {
    let question = match asked.board {
        Board::Calls => asked.of_direction(),
        _ => asked.of("response-times"),
    };
    if is_long(asked) {
        question
    } else {
        question.between(day(viewer, 28).0, day(viewer, 0).1)
    }
}

async fn ask(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> Result<Table, Missing> {
    let question = question(asked, viewer).and("by", "weekday,hour");
    source.report(question.report, &question.pairs).await
}

pub(super) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let table = match ask(asked, viewer, source).await {
        Ok(table) => table,
        Err(missing) => return notice(&missing),
    };
    let figure = asked.heat;
    let values = table.rows.iter().map(|row| cell(&table, Some(row), figure));
    let bounds = bounds(values.filter_map(number).collect());
    let hours = hours(&table, figure);
    let question = question(asked, viewer);
    let find = |day: u64, hour: u64| {
        table.rows.iter().find(|row| {
            let is = |name, value| *cell(&table, Some(row), name) == Value::Count(value);
            is("weekday", day) && is("hour", hour)
        })
    };
    let (opens, noun) = counted(asked);
    let cell_of = |day: u64, hour: u64| {
        let row = find(day, hour);
        let value = cell(&table, row, figure);
        let many = shown::value(cell(&table, row, opens), viewer.zone);
        let name = DAYS[(day - 1) as usize];
        let question = question.and("weekday", day).and("hour", hour);
        Cell {
            step: number(value).map_or(0, |value| step(value, &bounds)),
            text: short(value),
            label: format!(
                "{name} {hour}:00: {}, {many} {noun}",
                shown::value(value, viewer.zone),
            ),
            href: if number(value).is_some() {
                question.rows(opens)
            } else {
                String::new()
            },
        }
    };
    let rows = (1..=7).map(|day| Row {
        day: DAYS[(day - 1) as usize],
        today: weekday(viewer) == day,
        cells: hours.clone().map(|hour| cell_of(day, hour)).collect(),
    });
    render(&Shown {
        about: about(asked),
        meaning: meaning::of(question.report, figure),
        rows: rows.collect(),
        hours: hours.clone(),
        measures: measures(asked),
        any: !bounds.is_empty(),
    })
}

/// The hours from the first to the last in which anything is to be shown.
fn hours(table: &Table, figure: &str) -> std::ops::Range<u64> {
    let shown = |row: &&Vec<Value>| number(cell(table, Some(row), figure)).is_some();
    let hour = |row: &Vec<Value>| match cell(table, Some(row), "hour") {
        Value::Count(hour) => Some(*hour),
        _ => None,
    };
    let hours = table.rows.iter().filter(shown).filter_map(hour);
    let (first, last) = hours.fold((24, 0), |(first, last), hour| {
        (first.min(hour), last.max(hour + 1))
    });
    first.min(last)..last
}

fn about(asked: &Asked) -> String {
    if is_long(asked) {
        "the period".to_owned()
    } else {
        "the last four weeks and today".to_owned()
    }
}

fn measures(asked: &Asked) -> Vec<Measure> {
    let measure = |(heat, name): &(&'static str, &'static str)| Measure {
        name,
        href: {
            let other = Asked {
                heat,
                ..asked.clone()
            };
            format!("{}?{}#heat", asked.board.path(), other.query())
        },
        chosen: *heat == asked.heat,
    };
    asked.board.heats().iter().map(measure).collect()
}

/// A value that can be coloured; a count of nothing is left white.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Millis(ms) => Some(*ms),
        Value::Count(count) if *count > 0 => Some(*count as i64),
        _ => None,
    }
}

/// The values from which the next step of the colour begins: as many cells in each.
fn bounds(mut values: Vec<i64>) -> Vec<i64> {
    values.sort_unstable();
    if values.is_empty() {
        return values;
    }
    let bound = |step| values[values.len() * step / STEPS];
    (1..STEPS).map(bound).collect()
}

fn step(value: i64, bounds: &[i64]) -> usize {
    1 + bounds.iter().filter(|bound| **bound <= value).count()
}

/// Writes a value in the width of a cell.
fn short(value: &Value) -> String {
    match value {
        Value::Millis(ms) => {
            let seconds = (*ms + 500) / 1_000;
            match seconds {
                ..60 => format!("{seconds}s"),
                60..3_570 => format!("{}m", (seconds + 30) / 60),
                3_570..86_400 => format!("{}h", (seconds + 1_800) / 3_600),
                _ => format!("{}d", seconds / 86_400),
            }
        }
        Value::Count(count) if *count > 0 => count.to_string(),
        _ => String::new(),
    }
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    ask(asked, viewer, source).await
}
