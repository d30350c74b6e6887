//! The six tiles of calls: how the day goes on the phone, each figure beside the one of the period
//! before. Inbound calls are shown unless another direction is chosen.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::{back, now};
use crate::asked::Asked;
use crate::panels::compared::{Asking, Described, Shown, ask, described, tiles};
use crate::panels::live::table_of;
use crate::panels::{render, told};
use crate::question::{first, pair};
use crate::shown::Better;
use crate::source::{Missing, Source, Viewer};

/// The reports of the questions: calls of the direction chosen, and outbound ones.
const REPORTS: [&str; 2] = ["calls", "calls"];

const CALLS: (&str, &str) = ("calls", "Calls");
const ANSWERED: (&str, &str) = ("answered", "Answered");
const CONNECTED: (&str, &str) = ("answered", "Connected");
const LEVEL: (&str, &str) = ("level", "Service level");
const WAIT: (&str, &str) = ("wait", "Wait");

static IN: Described = described(CALLS, (0, "calls", "calls"), "in", Better::Neither);
static CHOSEN: Described = described(CALLS, (0, "calls", "calls"), "", Better::Neither);
static OUT: Described = described(CALLS, (1, "calls", "calls"), "out", Better::Neither);
static RATE: Described = described(ANSWERED, (0, "answer_rate", "answered"), "", Better::More);
static OUT_RATE: Described =
    described(CONNECTED, (0, "connect_rate", "answered"), "", Better::More);
static REST: [Described; 3] = [
    described(LEVEL, (0, "service_level", "answered"), "", Better::More),
    described(WAIT, (0, "wait_p50_s", "calls"), "median", Better::Less),
    described(WAIT, (0, "wait_p90_s", "calls"), "p90", Better::Less),
];

/// What is shown while no call has ever arrived.
#[derive(Template)]
#[template(path = "first_call.html")]
struct First<'a> {
    address: &'a str,
}

/// Chooses the figures that mean something in the direction chosen.
fn figures(asked: &Asked) -> Vec<&'static Described> {
    let mut figures = match asked.filter("direction") {
        None => vec![&IN, &OUT, &RATE],
        Some("outbound") => vec![&CHOSEN, &OUT_RATE],
        Some(_) => vec![&CHOSEN, &RATE],
    };
    figures.extend(&REST);
    figures
}

async fn ask_all(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<[Asking; 2], Missing> {
    let question = asked.of("calls");
    if asked.filter("direction").is_some() {
        let chosen = ask(question, asked, viewer, source).await?;
        return Ok([chosen.clone(), chosen]);
    }
    let both = ask(question.and("by", "direction"), asked, viewer, source).await?;
    Ok(["inbound", "outbound"].map(|way| both.only("direction", way)))
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let (answers, back, live) = tokio::join!(
        ask_all(asked, viewer, source),
        back::ask(asked, viewer, source),
        now::ask(asked, source)
    );
    let silent = live.as_ref().is_ok_and(|live| live.calls.is_empty());
    if let Ok(answers) = &answers
        && silent
        && asked.filters.is_empty()
        && has_nothing(answers, source).await
    {
        let address = &viewer.address;
        return render(&First { address });
    }
    let against = asked.told(viewer);
    let answers = answers.as_ref();
    let made = answers.ok().map(<[Asking; 2]>::as_slice);
    let tiles = tiles(figures(asked), &REPORTS, made, &against);
    render(&Shown {
        notice: answers.err().map(told),
        at: tiles.len(),
        tiles,
        live: back::tile(&back, viewer, false) + &now::tile(&live, viewer, false),
        against,
    })
}

/// Whether no call has ever arrived; asked only while the period is empty.
async fn has_nothing(answers: &[Asking; 2], source: &dyn Source) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Count(0));
    let mut calls = answers.iter();
    if !calls.all(|asking| nothing(asking.value("calls"))) {
        return false;
    }
    let ever = [pair("from", "1970-01-02")];
    let calls = source.report("calls", &ever).await;
    calls.is_ok_and(|table| nothing(first(&table, "calls")))
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let answers = ask_all(asked, viewer, source).await?;
    let live = now::ask(asked, source).await?;
    let text = |text: &str| Value::Text(text.to_owned());
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for of in figures(asked) {
        let asking = &answers[of.asks];
        let name = match of.label {
            "out" => "calls_outbound",
            _ => of.figure,
        };
        rows.push(vec![
            text(name),
            asking.value(of.figure).clone(),
            asking.before(of.figure).clone(),
        ]);
    }
    let open = back::ask(asked, viewer, source).await?.rows.len();
    rows.push(vec![text("open"), Value::Count(open as u64), Value::Null]);
    let going = Value::Count(live.calls.len() as u64);
    rows.push(vec![text("in_progress"), going, Value::Null]);
    let columns = [
        ("figure", Unit::Text),
        ("value", Unit::Text),
        ("before", Unit::Text),
    ];
    Ok(table_of("calls-tiles", viewer, &columns, rows))
}
