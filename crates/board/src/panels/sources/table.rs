//! Sources side by side, and below a source its media, below a medium its campaigns, and so on.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::tiles::REPORT;
use crate::asked::{Asked, SOURCE_BYS, SOURCE_FILTERS};
use crate::meaning;
use crate::panels::compared::ask;
use crate::panels::sheet::{Cell, Described, Head, Row, cells, described, head};
use crate::panels::{notice, render};
use crate::question::{Question, cell};
use crate::source::{Missing, Source, Viewer};

const OWN: Option<&str> = Some(REPORT);
/// Rows of the page; the CSV has all.
const LIMIT: &str = "200";
/// What a row of nothing is called.
const NOTHING: &str = "not known";

static COLUMNS: [Described; 13] = [
    described(OWN, "visits", "Visits", "visits", Unit::Count),
    described(OWN, "inquiries", "Inquiries", "inquiries", Unit::Ratio),
    described(OWN, "calls", "Calls", "calls", Unit::Ratio),
    described(OWN, "ambiguous_share", "Ambiguous", "calls", Unit::Share),
    described(OWN, "chats", "Chats", "chats", Unit::Ratio),
    described(OWN, "forms", "Forms", "forms", Unit::Ratio),
    described(OWN, "leads", "Leads", "leads", Unit::Ratio),
    described(OWN, "won", "Won", "won", Unit::Ratio),
    described(OWN, "revenue", "Revenue", "revenue", Unit::Money),
    described(OWN, "spend", "Spend", "spend", Unit::Money),
    described(OWN, "cost_per_lead", "A lead", "spend", Unit::Money),
    described(OWN, "cost_per_call", "A call", "spend", Unit::Money),
    described(OWN, "roi", "ROI", "revenue", Unit::Ratio),
];

#[derive(Template)]
#[template(path = "sources_table.html")]
struct Shown<'a> {
    /// The way down to what is shown: what each step is called, and its address.
    way: Vec<(String, String)>,
    bys: Vec<By>,
    currency: &'a str,
    heads: Vec<Head>,
    rows: Vec<Row>,
    all: Vec<Cell>,
    more: bool,
}

/// What the figures can be told apart by.
struct By {
    name: &'static str,
    href: String,
    chosen: bool,
}

fn question(asked: &Asked) -> Question {
    let question = asked.of(REPORT).and("by", asked.by());
    question.and("order", &asked.sort)
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let by = question(asked).and("limit", LIMIT);
    let whole = asked.of(REPORT);
    // The tiles ask for the same sums, so they are added up once.
    let (table, all) = tokio::join!(
        source.report(REPORT, &by.pairs),
        ask(whole.clone(), asked, viewer, source),
    );
    let (table, all) = match (table, all) {
        (Ok(table), Ok(all)) => (table, all),
        (Err(missing), _) | (_, Err(missing)) => return notice(&missing),
    };
    let all = COLUMNS.iter().map(|column| all.value(column.figure));
    let all: Vec<Value> = all.cloned().collect();
    let questions = [whole];
    let rows = table.rows.iter();
    render(&Shown {
        way: way(asked),
        bys: bys(asked),
        currency: &viewer.currency,
        heads: heads(asked),
        rows: rows
            .map(|row| line(&table, row, &questions, asked))
            .collect(),
        all: cells(&COLUMNS, &all, &questions, None),
        more: table.truncated,
    })
}

/// A row, which leads to what it is made of.
fn line(table: &Table, values: &Vec<Value>, questions: &[Question], asked: &Asked) -> Row {
    let by = asked.by();
    let value = match cell(table, Some(values), by) {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let level = SOURCE_FILTERS.iter().position(|level| *level == by);
    let deeper = level.is_some_and(|level| level + 1 < SOURCE_FILTERS.len());
    let href = value.filter(|_| deeper).map(|value| {
        let deeper = asked.with(by, value).told_by("");
        format!("{}?{}#sources", asked.board.path(), deeper.query())
    });
    let figures: Vec<Value> = COLUMNS
        .iter()
        .map(|column| cell(table, Some(values), column.figure).clone())
        .collect();
    // What the page is filtered by already needs no second filter.
    let only = (by, value.unwrap_or_default());
    let only = Some(only).filter(|(by, _)| asked.filter(by).is_none());
    Row {
        name: value.unwrap_or(NOTHING).to_owned(),
        href,
        cells: cells(&COLUMNS, &figures, questions, only),
    }
}

fn heads(asked: &Asked) -> Vec<Head> {
    let (by, title) = titled(asked.by());
    let mut heads = vec![head(by, title, "", asked)];
    for column in &COLUMNS {
        let mut head = head(column.figure, column.title, "-", asked);
        head.meaning = meaning::of(REPORT, column.figure);
        heads.push(head);
    }
    for head in &mut heads {
        head.href.push_str("#sources");
    }
    heads
}

fn titled(by: &str) -> (&'static str, &'static str) {
    let mut bys = SOURCE_BYS.iter();
    let found = bys.find(|(name, _)| *name == by);
    found.copied().unwrap_or(SOURCE_BYS[0])
}

fn bys(asked: &Asked) -> Vec<By> {
    let by = |(by, name): &(&'static str, &'static str)| By {
        name,
        href: format!(
            "{}?{}#sources",
            asked.board.path(),
            asked.told_by(by).query()
        ),
        chosen: asked.by() == *by,
    };
    SOURCE_BYS.iter().map(by).collect()
}

/// The filters from the widest, each a step back to it; the last is here.
fn way(asked: &Asked) -> Vec<(String, String)> {
    let step = |(level, name): (usize, &&str)| {
        let value = asked.filter(name)?;
        let there = asked.widened(level + 1).query();
        Some((
            value.to_owned(),
            format!("{}?{there}#sources", asked.board.path()),
        ))
    };
    let steps: Vec<_> = SOURCE_FILTERS.iter().enumerate().filter_map(step).collect();
    if steps.is_empty() {
        return steps;
    }
    let all = asked.widened(0).query();
    let all = format!("{}?{all}#sources", asked.board.path());
    let first = ("All sources".to_owned(), all);
    [first].into_iter().chain(steps).collect()
}

pub(in crate::panels) async fn table(asked: &Asked, source: &dyn Source) -> Result<Table, Missing> {
    let question = question(asked);
    source.report(REPORT, &question.pairs).await
}
