//! Calls over time by how they ended, one on top of the other, and how many there were in the period
//! before in grey. The page draws it from the numbers beside it, which are a table too.

use askama::Template;
use serde::Serialize;
use trunkline_model::time::Time;
use trunkline_reports::{Table, Value};

use crate::asked::{Asked, Before, day};
use crate::panels::times::{against, at, interval};
use crate::panels::{notice, render};
use crate::question::{Question, cell};
use crate::shown;
use crate::source::{Missing, Source, Viewer};

const REPORT: &str = "calls";

/// How many ways to end are told apart; the last is any other.
const APART: usize = 5;
/// The figures of inbound calls, and their titles.
const INBOUND: [(&str, &str); APART] = [
    ("answered", "answered"),
    ("missed", "missed"),
    ("abandoned", "abandoned"),
    ("voicemail", "voicemail"),
    ("", "other"),
];
/// The same of others, which ring in vain or are busy.
const OTHERS: [(&str, &str); APART] = [
    ("answered", "answered"),
    ("failed", "failed"),
    ("abandoned", "abandoned"),
    ("voicemail", "voicemail"),
    ("", "not reached"),
];

fn ends_of(asked: &Asked) -> &'static [(&'static str, &'static str); APART] {
    match asked.filter("direction") {
        None | Some("inbound") => &INBOUND,
        Some(_) => &OTHERS,
    }
}

#[derive(Template)]
#[template(path = "calls_times.html")]
struct Shown {
    chart: String,
    ends: Vec<&'static str>,
    rows: Vec<Row>,
    against: String,
    any: bool,
}

struct Row {
    label: String,
    href: String,
    all: String,
    ends: Vec<String>,
    before: String,
}

/// What the chart is drawn from: counts, and addresses of the rows behind each bar.
#[derive(Serialize)]
struct Chart<'a> {
    tz: &'static str,
    /// The ends of the axis of time, in epoch seconds.
    axis: [i64; 2],
    hours: bool,
    /// Starts of the intervals, in epoch seconds, and where the last ends.
    at: Vec<i64>,
    /// For each end, its title and how many calls had it.
    stack: Vec<(&'static str, Vec<u64>)>,
    before: Vec<Option<u64>>,
    rows: Vec<String>,
    against: &'a str,
}

/// Calls by the start of their interval.
struct Answer {
    starts: Vec<Time>,
    ends: [Time; 2],
    counts: Vec<[u64; APART]>,
    before: Vec<Option<u64>>,
}

fn question(asked: &Asked) -> Question {
    asked.of_direction().and("interval", interval(asked))
}

async fn ask(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> Result<Answer, Missing> {
    let question = question(asked);
    let (span, past) = match asked.before(viewer) {
        Before::Week(..) => {
            let (today, past) = (day(viewer, 0), day(viewer, 7));
            (
                Some(question.between(today.0, today.1)),
                question.between(past.0, past.1),
            )
        }
        Before::Previous => (None, question.and("compare", "previous")),
    };
    let (all, past) = if let Some(span) = span {
        tokio::join!(
            source.report(REPORT, &span.pairs),
            source.report(REPORT, &past.pairs),
        )
    } else {
        let compared = source.report(REPORT, &past.pairs).await;
        (compared.clone(), compared)
    };
    let (all, past) = (all?, past?);
    let starts: Vec<Time> = all.rows.iter().filter_map(|row| at(Some(row))).collect();
    let ends = ends_of(asked);
    Ok(Answer {
        counts: all.rows.iter().map(|row| counts(&all, row, ends)).collect(),
        before: before(&all, &past, viewer),
        ends: [all.from, all.to],
        starts,
    })
}

fn count(table: &Table, row: Option<&Vec<Value>>, figure: &str) -> Option<u64> {
    match cell(table, row, figure) {
        Value::Count(count) => Some(*count),
        _ => None,
    }
}

/// Gives how many calls of an interval had each end.
fn counts(table: &Table, row: &Vec<Value>, ends: &[(&str, &str); APART]) -> [u64; APART] {
    let of = |figure: &str| count(table, Some(row), figure).unwrap_or(0);
    let mut counts = ends.map(|(figure, _)| of(figure));
    let known: u64 = counts.iter().sum();
    counts[APART - 1] = of("calls").saturating_sub(known);
    counts
}

/// Finds how many calls there were in the same interval of the period before: of another day by the
/// local clock, else in the same place.
fn before(all: &Table, past: &Table, viewer: &Viewer) -> Vec<Option<u64>> {
    if let Some(compared) = &past.compared {
        let places = 0..all.rows.len();
        return places
            .map(|place| count(past, compared.previous.get(place), "calls"))
            .collect();
    }
    let clock = |row: &Vec<Value>| Some(shown::local(at(Some(row))?, viewer.zone).time());
    let same = |row: &Vec<Value>| {
        let other = past.rows.iter().find(|other| clock(other) == clock(row));
        count(past, other, "calls")
    };
    all.rows.iter().map(same).collect()
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    match ask(asked, viewer, source).await {
        Ok(answer) => render(&shown(&answer, asked, viewer)),
        Err(missing) => notice(&missing),
    }
}

fn shown(answer: &Answer, asked: &Asked, viewer: &Viewer) -> Shown {
    let Answer {
        starts,
        ends,
        counts,
        before,
    } = answer;
    let question = asked.of_direction();
    let end = |place: usize| starts.get(place + 1).copied().unwrap_or(ends[1]);
    let rows_of = |place: usize| question.between(starts[place], end(place)).rows("calls");
    let hours = interval(asked) == "hour";
    let format = if hours { "%a %H:%M" } else { "%a %d %b %Y" };
    let row = |place: usize| Row {
        label: shown::local(starts[place], viewer.zone)
            .format(format)
            .to_string(),
        href: rows_of(place),
        all: shown::grouped(counts[place].iter().sum()),
        ends: counts[place]
            .iter()
            .map(|count| shown::grouped(*count))
            .collect(),
        before: before[place].map_or_else(|| shown::NONE.to_owned(), shown::grouped),
    };
    let of_end = |place: usize| counts.iter().map(|counts| counts[place]).collect();
    let against = against(asked, viewer);
    let titles = ends_of(asked).iter().map(|(_, title)| *title);
    let seconds = |at: Time| at.0 / 1_000;
    let chart = Chart {
        tz: viewer.zone.name(),
        axis: [
            starts.first().copied().map_or(seconds(ends[0]), seconds),
            seconds(ends[1]),
        ],
        hours,
        at: starts.iter().copied().map(seconds).collect(),
        stack: titles
            .clone()
            .enumerate()
            .map(|(place, title)| (title, of_end(place)))
            .collect(),
        before: before.clone(),
        rows: (0..starts.len()).map(rows_of).collect(),
        against: &against,
    };
    let begun = starts.iter().filter(|start| **start <= viewer.now).count();
    Shown {
        chart: serde_json::to_string(&chart).unwrap_or_default(),
        ends: titles.collect(),
        rows: (0..begun).map(row).collect(),
        any: counts.iter().flatten().any(|count| *count > 0)
            || before.iter().flatten().any(|count| *count > 0),
        against,
    }
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let mut question = question(asked).and("by", "disposition");
    if let Before::Week(..) = asked.before(viewer) {
        let (from, to) = day(viewer, 0);
        question = question.between(from, to);
    }
    source.report(REPORT, &question.pairs).await
}
