//! The managers' calls side by side: those credited to each, those he talked in and was offered.

use std::collections::BTreeMap;

use trunkline_reports::{Table, Unit, Value};

use crate::asked::Asked;
use crate::panels::sheet::{
    Described, Line, Shown, cells, described, fill, heads, rows, sort, table_of_lines,
};
use crate::panels::{notice, render};
use crate::question::{Question, first};
use crate::source::{Missing, Source, Viewer};

const REPORT: &str = "calls";
const CALLS: Option<&str> = Some(REPORT);

static COLUMNS: [Described; 9] = [
    described(CALLS, "calls", "Calls", "calls", Unit::Count),
    described(CALLS, "share", "Share", "calls", Unit::Share),
    described(
        CALLS,
        "participations",
        "Talked in",
        "participations",
        Unit::Count,
    ),
    described(CALLS, "talk_sum_s", "Talk", "participations", Unit::S),
    described(CALLS, "talk_mean_s", "Mean talk", "participations", Unit::S),
    described(CALLS, "wait_mean_s", "Mean wait", "calls", Unit::S),
    described(CALLS, "taken", "Taken", "taken", Unit::Count),
    described(CALLS, "not_taken", "Not taken", "not_taken", Unit::Count),
    described(CALLS, "take_rate", "Take rate", "offered", Unit::Share),
];

struct Answered {
    question: Question,
    lines: Vec<Line>,
    all: Vec<Value>,
}

async fn ask(asked: &Asked, source: &dyn Source) -> Result<Answered, Missing> {
    let question = asked.of(REPORT);
    let by = question.and("by", "manager");
    let (by, all) = tokio::join!(
        source.report(REPORT, &by.pairs),
        source.report(REPORT, &question.pairs),
    );
    let (by, all) = (by?, all?);
    let mut lines = BTreeMap::new();
    fill(&COLUMNS, &mut lines, &by, REPORT);
    let all = COLUMNS.iter().map(|column| first(&all, column.figure));
    let mut lines: Vec<Line> = lines.into_values().filter(Line::has_something).collect();
    sort(&COLUMNS, &mut lines, &asked.sort);
    Ok(Answered {
        question,
        lines,
        all: all.cloned().collect(),
    })
}

pub(in crate::panels) async fn html(asked: &Asked, source: &dyn Source) -> String {
    let Answered {
        question,
        lines,
        all,
    } = match ask(asked, source).await {
        Ok(answered) => answered,
        Err(missing) => return notice(&missing),
    };
    let questions = [question];
    render(&Shown {
        none: "There are no calls in this period.",
        notice: None,
        heads: heads(&COLUMNS, "whose the calls are", asked),
        rows: rows(&COLUMNS, &lines, &questions, asked),
        all: cells(&COLUMNS, &all, &questions, None),
    })
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let lines = ask(asked, source).await?.lines;
    Ok(table_of_lines(&COLUMNS, &lines, "calls-managers", viewer))
}
