//! The six tiles of sources: what advertising brought and cost, each figure beside the one of the
//! period before; below them what keeps the figures from being whole.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::warnings;
use crate::asked::Asked;
use crate::panels::compared::{Asking, Described, Shown, ask, described, tiles};
use crate::panels::live::table_of;
use crate::panels::{render, told};
use crate::question::{first, pair};
use crate::shown::Better;
use crate::source::{Missing, Source, Viewer};

/// The report that the tiles ask.
pub(super) const REPORT: &str = "sources";
const REPORTS: [&str; 1] = [REPORT];

const INQUIRIES: (&str, &str) = ("inquiries", "Inquiries");
const CALLS: (&str, &str) = ("calls", "Calls");
const LEADS: (&str, &str) = ("leads", "Leads");
const REVENUE: (&str, &str) = ("revenue", "Revenue");
const SPEND: (&str, &str) = ("spend", "Spend");
const COST: (&str, &str) = ("cost", "Cost");

static FIGURES: [Described; 10] = [
    described(
        INQUIRIES,
        (0, "inquiries", "inquiries"),
        "",
        Better::Neither,
    ),
    described(CALLS, (0, "calls", "calls"), "", Better::Neither),
    described(
        CALLS,
        (0, "ambiguous_share", "calls"),
        "ambiguous",
        Better::Less,
    ),
    described(LEADS, (0, "leads", "leads"), "", Better::More),
    described(LEADS, (0, "won", "won"), "won", Better::More),
    described(REVENUE, (0, "revenue", "revenue"), "", Better::More),
    described(REVENUE, (0, "roi", "revenue"), "ROI", Better::More),
    described(SPEND, (0, "spend", "spend"), "", Better::Neither),
    described(COST, (0, "cost_per_lead", "spend"), "a lead", Better::Less),
    described(COST, (0, "cost_per_call", "spend"), "a call", Better::Less),
];

/// What is shown while nothing that has a source ever happened.
#[derive(Template)]
#[template(path = "first_source.html")]
struct First<'a> {
    address: &'a str,
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let answer = ask(asked.of(REPORT), asked, viewer, source).await;
    if let Ok(answer) = &answer
        && asked.filters.is_empty()
        && has_nothing(answer, source).await
    {
        let address = &viewer.address;
        return render(&First { address });
    }
    let against = asked.told(viewer);
    let notice = answer.as_ref().err().map(told);
    let answers = answer.ok().map(|answer| [answer]);
    let warned = answers.as_ref().map_or_else(String::new, |[answer]| {
        warnings::html(answer, &asked.of(REPORT), viewer)
    });
    let tiles = tiles(
        &FIGURES,
        &REPORTS,
        answers.as_ref().map(<[Asking; 1]>::as_slice),
        &against,
    );
    warned
        + &render(&Shown {
            notice,
            at: tiles.len(),
            tiles,
            live: String::new(),
            against,
        })
}

/// Whether nothing has ever come from anywhere; asked only while the period is empty.
async fn has_nothing(answer: &Asking, source: &dyn Source) -> bool {
    // What may not be seen is null.
    let nothing = |value: &Value| matches!(value, Value::Count(0) | Value::Ratio(0));
    let all = |of: &dyn Fn(&str) -> bool| ["visits", "inquiries", "leads"].into_iter().all(of);
    if !all(&|figure| nothing(answer.value(figure))) || !is_free(answer.value("spend")) {
        return false;
    }
    let ever = [pair("from", "1970-01-02")];
    let ever = source.report(REPORT, &ever).await;
    ever.is_ok_and(|ever| {
        all(&|figure| nothing(first(&ever, figure))) && is_free(first(&ever, "spend"))
    })
}

/// Whether it is an amount of nothing.
pub(super) fn is_free(value: &Value) -> bool {
    matches!(value, Value::Money(0, _))
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let answer = ask(asked.of(REPORT), asked, viewer, source).await?;
    let shown = FIGURES.iter().map(|of| of.figure);
    let rows = shown.chain(warnings::FIGURES).map(|figure| {
        vec![
            Value::Text(figure.to_owned()),
            answer.value(figure).clone(),
            answer.before(figure).clone(),
        ]
    });
    let columns = [
        ("figure", Unit::Text),
        ("value", Unit::Text),
        ("before", Unit::Text),
    ];
    Ok(table_of("sources-tiles", viewer, &columns, rows.collect()))
}
