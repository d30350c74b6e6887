//! Whom to call back now: contacts who called in vain and were not reached since, the oldest first.

use askama::Template;
use trunkline_reports::{Column, Page, Table, Value};

use crate::asked::{Asked, day};
use crate::meaning;
use crate::panels::live::Since;
use crate::panels::{notice, render};
use crate::question::{Question, pair};
use crate::shown;
use crate::source::{Missing, Opened, Source, Viewer};

const REPORT: &str = "missed-calls";
/// The figure, whose rows are the list.
const OPEN: &str = "open";
/// Contacts that are listed on the page, and those that are asked for: a page of rows at its largest.
const LISTED: usize = 50;
const ASKED: usize = 1_000;
/// How many days ago an episode that is still open may have begun.
const DAYS: u64 = 31;

#[derive(Template)]
#[template(path = "calls_back.html")]
struct Shown {
    tile: String,
    rows: Vec<Row>,
    more: bool,
    all: String,
}

/// The tile that counts them.
#[derive(Template)]
#[template(path = "tile_back.html")]
struct Tile {
    meaning: &'static str,
    count: String,
    tried: String,
    longest: Option<Since>,
    missing: Option<String>,
    apart: bool,
}

struct Row {
    caller: String,
    contact: Option<String>,
    href: String,
    number: String,
    calls: String,
    tried: bool,
    since: Since,
}

/// Asks about all that may be open, whatever the period.
pub(super) fn question(asked: &Asked, viewer: &Viewer) -> Question {
    let from = day(viewer, DAYS).0;
    let question = asked.of(REPORT);
    let of_time = |name: &str| ["period", "from", "to"].contains(&name);
    let kept = question
        .pairs
        .into_iter()
        .filter(|(name, _)| !of_time(name));
    let pairs = [pair("from", from)].into_iter().chain(kept);
    Question::new(REPORT, pairs.collect())
}

pub(super) async fn ask(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Page, Missing> {
    let question = question(asked, viewer)
        .and("figure", OPEN)
        .and("limit", ASKED);
    let Opened { mut page, .. } = source.rows(REPORT, &question.pairs).await?;
    page.rows.reverse();
    Ok(page)
}

/// Makes the tile; `apart` from the tiles it takes its place among them.
pub(super) fn tile(page: &Result<Page, Missing>, viewer: &Viewer, apart: bool) -> String {
    let of_nobody = (shown::NONE.to_owned(), String::new(), None);
    let (count, tried, longest) = page.as_ref().map_or(of_nobody, |page| {
        let many = |count: usize| shown::grouped(count as u64);
        let more = if page.next.is_some() { "+" } else { "" };
        let tried = page.rows.iter().filter(|row| is_tried(page, row)).count();
        let oldest = page.rows.first().map(|row| cell(&page.columns, row, "at"));
        let oldest = match oldest {
            Some(Value::Time(at)) => Some(Since::new(*at, viewer)),
            _ => None,
        };
        let tried = if tried > 0 {
            many(tried)
        } else {
            String::new()
        };
        (format!("{}{more}", many(page.rows.len())), tried, oldest)
    });
    render(&Tile {
        meaning: meaning::of(REPORT, OPEN),
        count,
        tried,
        longest,
        missing: page.as_ref().err().map(|missing| missing.detail.clone()),
        apart,
    })
}

fn cell<'a>(columns: &[Column], row: &'a [Value], name: &str) -> &'a Value {
    let place = columns.iter().position(|column| column.name == name);
    let value = place.and_then(|place| row.get(place));
    value.unwrap_or(&Value::Null)
}

fn is_tried(page: &Page, row: &[Value]) -> bool {
    matches!(
        cell(&page.columns, row, "first_attempt_s"),
        Value::Millis(_)
    )
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let page = ask(asked, viewer, source).await;
    let tile = tile(&page, viewer, true);
    let page = match page {
        Ok(page) => page,
        Err(missing) => return notice(&missing),
    };
    let rows: Vec<Row> = page
        .rows
        .iter()
        .take(LISTED)
        .filter_map(|row| Row::of(&page, row, asked, viewer))
        .collect();
    render(&Shown {
        tile,
        more: page.rows.len() > LISTED,
        rows,
        all: question(asked, viewer).rows(OPEN),
    })
}

impl Row {
    fn of(page: &Page, row: &[Value], asked: &Asked, viewer: &Viewer) -> Option<Self> {
        let value = |name: &str| cell(&page.columns, row, name);
        let text = |name: &str| match value(name) {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let Value::Time(at) = *value("at") else {
            return None;
        };
        let calls = match value("calls") {
            Value::Count(calls) => *calls,
            _ => 1,
        };
        let (caller, contact) = (text("caller"), text("contact"));
        let episode = question(asked, viewer).between(at, at.plus(1));
        Some(Self {
            contact: contact.filter(|contact| Some(contact) != caller.as_ref()),
            caller: caller.unwrap_or_else(|| "unknown".to_owned()),
            href: episode.rows(OPEN),
            number: text("number").unwrap_or_default(),
            calls: if calls > 1 {
                shown::grouped(calls)
            } else {
                String::new()
            },
            tried: is_tried(page, row),
            since: Since::new(at, viewer),
        })
    }
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let Page {
        columns,
        rows,
        from,
        to,
        tz,
        as_of,
        next,
        ..
    } = ask(asked, viewer, source).await?;
    Ok(Table {
        report: "calls-back",
        from,
        to,
        tz,
        columns,
        rows,
        compared: None,
        as_of,
        truncated: next.is_some(),
    })
}
