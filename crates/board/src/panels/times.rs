//! Response time over time: the median, the band up to the ninth of ten, and the median of the
//! period before in grey. The page draws it from the numbers beside it, which are a table too.

use askama::Template;
use serde::Serialize;
use trunkline_model::time::Time;
use trunkline_reports::{Table, Value};

use super::{notice, render};
use crate::asked::{Asked, Before, day};
use crate::question::{Question, cell};
use crate::shown;
use crate::source::{Missing, Source, Viewer};

const REPORT: &str = "response-times";

#[derive(Template)]
#[template(path = "times.html")]
struct Shown {
    chart: String,
    rows: Vec<Row>,
    against: String,
    any: bool,
}

struct Row {
    label: String,
    href: String,
    count: String,
    median: String,
    p90: String,
    before: String,
}

/// What the chart is drawn from: seconds, and addresses of the rows behind each point.
#[derive(Serialize)]
struct Chart<'a> {
    tz: &'static str,
    /// The ends of the axis of time, in epoch seconds.
    axis: [i64; 2],
    hours: bool,
    /// Starts of the intervals, in epoch seconds.
    at: Vec<i64>,
    median: Vec<Option<f64>>,
    p90: Vec<Option<f64>>,
    before: Vec<Option<f64>>,
    rows: Vec<String>,
    against: &'a str,
}

/// The answer, and in the places of its rows the figures of the period before.
struct Answer {
    table: Table,
    before: Vec<Option<i64>>,
    axis: [Time; 2],
}

/// Chooses how the period is cut.
pub(super) fn interval(asked: &Asked) -> &'static str {
    let days = match (asked.dates, asked.period) {
        (Some((from, to)), _) => (to.date() - from.date()).num_days() + 1,
        (None, "today") => 1,
        (None, "week") => 7,
        (None, "month") => 31,
        (None, "quarter") => 92,
        (None, _) => 366,
    };
    match days {
        ..=2 => "hour",
        3..=62 => "day",
        63..=200 => "week",
        _ => "month",
    }
}

fn question(asked: &Asked) -> Question {
    asked.of(REPORT).and("interval", interval(asked))
}

async fn ask(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> Result<Answer, Missing> {
    let question = question(asked);
    if let Before::Week(..) = asked.before(viewer) {
        let (today, past) = (day(viewer, 0), day(viewer, 7));
        let now = question.between(today.0, today.1);
        let before = question.between(past.0, past.1);
        let (table, before) = tokio::join!(
            source.report(REPORT, &now.pairs),
            source.report(REPORT, &before.pairs),
        );
        let (table, before) = (table?, before?);
        return Ok(Answer {
            before: by_clock(&table, &before, viewer),
            table,
            axis: [today.0, today.1],
        });
    }
    let compared = question.and("compare", "previous");
    let table = source.report(REPORT, &compared.pairs).await?;
    let previous = table.compared.as_ref().map(|compared| &compared.previous);
    let before = (0..table.rows.len())
        .map(|place| {
            let row = previous.and_then(|rows| rows.get(place));
            millis(cell(&table, row, "p50_s"))
        })
        .collect();
    let axis = [
        at(table.rows.first()).unwrap_or(table.from),
        at(table.rows.last()).unwrap_or(table.to),
    ];
    Ok(Answer {
        table,
        before,
        axis,
    })
}

/// Finds the medians of another day at the same hours of the local clock.
fn by_clock(table: &Table, other: &Table, viewer: &Viewer) -> Vec<Option<i64>> {
    let clock = |row: &Vec<Value>| {
        let at = at(Some(row))?;
        Some(shown::local(at, viewer.zone).time())
    };
    let of = |row: &Vec<Value>| {
        let same = other.rows.iter().find(|past| clock(past) == clock(row));
        millis(cell(other, same, "p50_s"))
    };
    table.rows.iter().map(of).collect()
}

/// Gives the start of a row's interval.
pub(super) fn at(row: Option<&Vec<Value>>) -> Option<Time> {
    match row?.first()? {
        Value::Time(at) => Some(*at),
        _ => None,
    }
}

fn millis(value: &Value) -> Option<i64> {
    match value {
        Value::Millis(ms) => Some(*ms),
        _ => None,
    }
}

pub(super) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    match ask(asked, viewer, source).await {
        Ok(answer) => render(&shown(&answer, asked, viewer)),
        Err(missing) => notice(&missing),
    }
}

fn shown(answer: &Answer, asked: &Asked, viewer: &Viewer) -> Shown {
    let table = &answer.table;
    let question = asked.of(REPORT);
    let starts: Vec<Time> = table.rows.iter().filter_map(|row| at(Some(row))).collect();
    let rows_of = |place: usize| {
        let end = starts.get(place + 1).copied().unwrap_or(table.to);
        question.between(starts[place], end).rows("count")
    };
    let hours = interval(asked) == "hour";
    let format = if hours { "%a %H:%M" } else { "%a %d %b %Y" };
    let row = |place: usize| {
        let row = table.rows.get(place);
        let figure = |name| shown::value(cell(table, row, name), viewer.zone);
        let start = shown::local(starts[place], viewer.zone);
        Row {
            label: start.format(format).to_string(),
            href: rows_of(place),
            count: figure("count"),
            median: figure("p50_s"),
            p90: figure("p90_s"),
            before: answer.before[place].map_or_else(|| shown::NONE.to_owned(), shown::span),
        }
    };
    let seconds = |ms: Option<i64>| ms.map(|ms| ms as f64 / 1_000.0);
    let column = |name: &str| -> Vec<Option<f64>> {
        let values = table.rows.iter().map(|row| cell(table, Some(row), name));
        values.map(|value| seconds(millis(value))).collect()
    };
    let against = against(asked, viewer);
    let chart = Chart {
        tz: viewer.zone.name(),
        axis: answer.axis.map(|at| at.0 / 1_000),
        hours,
        at: starts.iter().map(|at| at.0 / 1_000).collect(),
        median: column("p50_s"),
        p90: column("p90_s"),
        before: answer.before.iter().map(|ms| seconds(*ms)).collect(),
        rows: (0..starts.len()).map(rows_of).collect(),
        against: &against,
    };
    // Of a day that is not over only what has begun is listed.
    let begun = starts.iter().filter(|start| **start <= viewer.now).count();
    Shown {
        chart: serde_json::to_string(&chart).unwrap_or_default(),
        rows: (0..begun).map(row).collect(),
        any: chart
            .median
            .iter()
            .chain(&chart.before)
            .any(Option::is_some),
        against,
    }
}

/// Says of when the grey line is.
pub(super) fn against(asked: &Asked, viewer: &Viewer) -> String {
    match asked.before(viewer) {
        Before::Week(from, _) => {
            let from = shown::local(from, viewer.zone);
            from.format("last %A").to_string()
        }
        Before::Previous => asked.told(viewer),
    }
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let mut question = question(asked);
    if let Before::Week(..) = asked.before(viewer) {
        let (from, to) = day(viewer, 0);
        question = question.between(from, to);
    } else {
        question = question.and("compare", "previous");
    }
    source.report(REPORT, &question.pairs).await
}
