//! Whom to call back now: contacts who called in vain and were not reached since, the oldest first.

use askama::Template;
use trunkline_reports::{Page, Table, Value};

use crate::asked::{Asked, day};
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
    rows: Vec<Row>,
    more: bool,
    all: String,
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

async fn ask(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> Result<Page, Missing> {
    let question = question(asked, viewer)
        .and("figure", OPEN)
        .and("limit", ASKED);
    let Opened { mut page, .. } = source.rows(REPORT, &question.pairs).await?;
    page.rows.reverse();
    Ok(page)
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let page = match ask(asked, viewer, source).await {
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
        more: page.rows.len() > LISTED,
        rows,
        all: question(asked, viewer).rows(OPEN),
    })
}

impl Row {
    fn of(page: &Page, row: &[Value], asked: &Asked, viewer: &Viewer) -> Option<Self> {
        let value = |name: &str| {
            let place = page.columns.iter().position(|column| column.name == name);
            place
                .and_then(|place| row.get(place))
                .unwrap_or(&Value::Null)
        };
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
            tried: matches!(value("first_attempt_s"), Value::Millis(_)),
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
