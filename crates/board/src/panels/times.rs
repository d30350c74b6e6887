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
const DAY: i64 = 86_400_000;

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

fn interval(asked: &Asked) -> &'static str {
    let days = asked
        .dates
        .map(|(from, to)| (to.date() - from.date()).num_days() + 1);
    match (days, asked.period) {
        (None, "today") => "hour",
        (None, "week" | "month") => "day",
        (None, "quarter") => "week",
        (None, _) => "month",
        (Some(..=2), _) => "hour",
        (Some(..=92), _) => "day",
        (Some(..=366), _) => "week",
        (Some(_), _) => "month",
    }
}

fn question(asked: &Asked) -> Question {
    asked.of(REPORT).and("interval", interval(asked))
}

async fn ask(asked: &Asked, viewer: &Viewer, source: &impl Source) -> Result<Answer, Missing> {
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

fn at(row: Option<&Vec<Value>>) -> Option<Time> {
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

pub(super) async fn html(asked: &Asked, viewer: &Viewer, source: &impl Source) -> String {
    let answer = match ask(asked, viewer, source).await {
        Ok(answer) => answer,
        Err(missing) => return notice(&missing),
    };
    let Answer {
        table,
        before,
        axis,
    } = &answer;
    let question = asked.of(REPORT);
    let starts: Vec<Time> = table.rows.iter().filter_map(|row| at(Some(row))).collect();
    let rows_of = |place: usize| {
        let end = starts.get(place + 1).copied().unwrap_or(table.to);
        question.between(starts[place], end).rows("count")
    };
    let hours = interval(asked) == "hour";
    let format = if hours { "%a %H:%M" } else { "%a %d %b %Y" };
    let row = |(place, row): (usize, &Vec<Value>)| Row {
        label: shown::local(starts[place], viewer.zone)
            .format(format)
            .to_string(),
        href: rows_of(place),
        count: shown::value(cell(table, Some(row), "count"), viewer.zone),
        median: shown::value(cell(table, Some(row), "p50_s"), viewer.zone),
        p90: shown::value(cell(table, Some(row), "p90_s"), viewer.zone),
        before: before[place].map_or_else(|| shown::NONE.to_owned(), shown::span),
    };
    let seconds = |ms: Option<i64>| ms.map(|ms| ms as f64 / 1_000.0);
    let column = |name: &str| -> Vec<Option<f64>> {
        let values = table.rows.iter().map(|row| cell(table, Some(row), name));
        values.map(|value| seconds(millis(value))).collect()
    };
    let against = match asked.before(viewer) {
        Before::Week(from, _) => {
            let from = shown::local(from, viewer.zone);
            from.format("last %A").to_string()
        }
        Before::Previous => asked.told(viewer),
    };
    let chart = Chart {
        tz: viewer.zone.name(),
        axis: axis.map(|at| at.0 / 1_000),
        hours,
        at: starts.iter().map(|at| at.0 / 1_000).collect(),
        median: column("p50_s"),
        p90: column("p90_s"),
        before: before.iter().map(|ms| seconds(*ms)).collect(),
        rows: (0..starts.len()).map(rows_of).collect(),
        against: &against,
    };
    let any = chart.median.iter().chain(&chart.before).any(Option::is_some);
    // Of a day that is not over only what has begun is listed.
    let listed = table.rows.iter().enumerate();
    let listed = listed.filter(|(place, _)| starts[*place] <= viewer.now);
    render(&Shown {
        chart: serde_json::to_string(&chart).unwrap_or_default(),
        rows: listed.map(row).collect(),
        against: against.clone(),
        any,
    })
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &impl Source,
) -> Result<Table, Missing> {
    let mut question = question(asked);
    if let Before::Week(..) = asked.before(viewer) {
        let (from, to) = day(viewer, 0);
        debug_assert!(to.since(from) <= DAY + 2 * 3_600_000);
        question = question.between(from, to);
    } else {
        question = question.and("compare", "previous");
    }
    source.report(REPORT, &question.pairs).await
}
