//! The six tiles of calls: how the day goes on the phone, each figure beside the one of the period
//! before. Inbound calls are shown unless another direction is chosen.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::{back, now};
use crate::asked::Asked;
use crate::panels::compared::{Asking, Described, Shown, ask, ask_alone, described, tiles};
use crate::panels::live::table_of;
use crate::panels::{render, told};
use crate::question::{first, pair};
use crate::shown::Better;
use crate::source::{Missing, Source, Viewer};

/// The reports of the questions, in their order: calls of the direction chosen, outbound ones, and
/// episodes of missed calls: those of the period, and all that are open.
const REPORTS: [&str; 4] = ["calls", "calls", "missed-calls", "missed-calls"];

const CALLS: (&str, &str) = ("calls", "Calls");
const ANSWERED: (&str, &str) = ("answered", "Answered");
const WAIT: (&str, &str) = ("wait", "Wait");
const BACK: (&str, &str) = ("back", "Call back now");

static IN: Described = described(CALLS, (0, "calls", "calls"), "in", Better::Neither);
static CHOSEN: Described = described(CALLS, (0, "calls", "calls"), "", Better::Neither);
static OUT: Described = described(CALLS, (1, "calls", "calls"), "out", Better::Neither);
static TAKEN: Described = described(ANSWERED, (0, "answer_rate", "answered"), "", Better::More);
static CONNECTED: Described = described(
    ("answered", "Connected"),
    (0, "connect_rate", "answered"),
    "",
    Better::More,
);
static REST: [Described; 5] = [
    described(
        ("level", "Service level"),
        (0, "service_level", "answered"),
        "",
        Better::More,
    ),
    described(WAIT, (0, "wait_p50_s", "calls"), "median", Better::Less),
    described(WAIT, (0, "wait_p90_s", "calls"), "p90", Better::Less),
    described(BACK, (3, "open", "open"), "", Better::Less),
    described(BACK, (2, "lost", "lost"), "lost", Better::Less),
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
        None => vec![&IN, &OUT, &TAKEN],
        Some("outbound") => vec![&CHOSEN, &CONNECTED],
        Some(_) => vec![&CHOSEN, &TAKEN],
    };
    figures.extend(&REST);
    figures
}

async fn ask_all(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<[Asking; 4], Missing> {
    let out = match asked.filter("direction") {
        None => asked.of("calls").and("direction", "outbound"),
        // Not shown: the same question again costs nothing.
        Some(_) => asked.of_direction(),
    };
    let (chosen, out, missed, open) = tokio::join!(
        ask(asked.of_direction(), asked, viewer, source),
        ask(out, asked, viewer, source),
        ask(asked.of("missed-calls"), asked, viewer, source),
        ask_alone(back::question(asked, viewer), source),
    );
    Ok([chosen?, out?, missed?, open?])
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let (answers, live) = tokio::join!(ask_all(asked, viewer, source), now::ask(asked, source));
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
    let made = answers.ok().map(<[Asking; 4]>::as_slice);
    let tiles = tiles(figures(asked), &REPORTS, made, &against);
    render(&Shown {
        notice: answers.err().map(told),
        at: tiles.len(),
        tiles,
        live: now::tile(&live, viewer, false),
        against,
    })
}

/// Whether no call has ever arrived; asked only while the period is empty.
async fn has_nothing(answers: &[Asking; 4], source: &dyn Source) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Count(0));
    let mut calls = answers[..2].iter();
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
    let going = Value::Count(live.calls.len() as u64);
    rows.push(vec![text("in_progress"), going, Value::Null]);
    let columns = [
        ("figure", Unit::Text),
        ("value", Unit::Text),
        ("before", Unit::Text),
    ];
    Ok(table_of("calls-tiles", viewer, &columns, rows))
}
