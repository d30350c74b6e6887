//! The managers side by side: three reports and the live view joined by manager, sorted as asked.

use std::collections::BTreeMap;

use trunkline_reports::{Table, Unit, Value};

use super::live::stand;
use super::sheet::{
    Described, Line, Shown, cells, described, fill, heads, line, rows, sort, table_of_lines,
};
use super::{render, told};
use crate::asked::Asked;
use crate::question::{Question, first};
use crate::source::{Live, Missing, Source, Viewer};

const REPORTS: [&str; 3] = ["response-times", "conversations", "messages"];
const TIMES: Option<&str> = Some(REPORTS[0]);
const CONVERSATIONS: Option<&str> = Some(REPORTS[1]);
const MESSAGES: Option<&str> = Some(REPORTS[2]);
const WAITING: &str = "waiting";

pub(super) static COLUMNS: [Described; 8] = [
    described(TIMES, "count", "Replies", "count", Unit::Count),
    described(TIMES, "mean_s", "Mean", "count", Unit::S),
    described(TIMES, "p50_s", "Median", "count", Unit::S),
    described(TIMES, "p90_s", "p90", "count", Unit::S),
    described(
        TIMES,
        "within_target_share",
        "In target",
        "count",
        Unit::Share,
    ),
    described(
        CONVERSATIONS,
        "participations",
        "Conversations",
        "participations",
        Unit::Count,
    ),
    described(
        MESSAGES,
        "messages",
        "Messages out",
        "messages",
        Unit::Count,
    ),
    described(None, WAITING, "Waiting now", "awaiting", Unit::Count),
];

struct Joined {
    questions: [Question; 3],
    lines: Vec<Line>,
    all: Vec<Value>,
}

fn questions(asked: &Asked) -> [Question; 3] {
    REPORTS.map(|report| {
        let question = asked.of(report);
        if report == "messages" {
            question.and("author", "manager")
        } else {
            question
        }
    })
}

async fn ask(asked: &Asked, source: &dyn Source) -> Result<Joined, Missing> {
    let questions = questions(asked);
    let ask = async |question: &Question| {
        let by = question.and("by", "manager");
        let (by, all) = tokio::join!(
            source.report(question.report, &by.pairs),
            source.report(question.report, &question.pairs),
        );
        Ok::<_, Missing>((by?, all?))
    };
    let (times, conversations, messages, live) = tokio::join!(
        ask(&questions[0]),
        ask(&questions[1]),
        ask(&questions[2]),
        stand(asked, source, 1),
    );
    let answers = [times?, conversations?, messages?];
    let live = live.ok();
    let all = COLUMNS.iter().map(|column| match column.report {
        Some(report) => {
            let place = REPORTS.iter().position(|known| *known == report);
            place.map_or(Value::Null, |place| {
                first(&answers[place].1, column.figure).clone()
            })
        }
        None => live
            .as_ref()
            .map_or(Value::Null, |live| Value::Count(live.waiting.count)),
    });
    let all = all.collect();
    let [times, conversations, messages] = answers.map(|(by, _)| by);
    Ok(Joined {
        questions,
        lines: join(&[times, conversations, messages], live.as_ref()),
        all,
    })
}

/// Puts the figures of a manager, each of another report, on one line.
fn join(tables: &[Table; 3], live: Option<&Live>) -> Vec<Line> {
    let mut lines: BTreeMap<Option<String>, Line> = BTreeMap::new();
    for (report, table) in REPORTS.iter().zip(tables) {
        fill(&COLUMNS, &mut lines, table, report);
    }
    if let Some(live) = live.filter(|live| live.waiting.unassigned > 0) {
        let nobodys = line(&COLUMNS, &mut lines, None);
        if let Some(waiting) = nobodys.values.last_mut() {
            *waiting = Value::Count(live.waiting.unassigned);
        }
    }
    let managers = live.map_or(&[][..], |live| &live.managers).iter();
    for of in managers.filter(|of| of.manager.is_some()) {
        let line = line(&COLUMNS, &mut lines, of.manager.clone());
        line.name = line.name.take().or_else(|| of.manager_name.clone());
        if let Some(waiting) = line.values.last_mut() {
            *waiting = Value::Count(of.waiting);
        }
    }
    lines.into_values().filter(Line::has_something).collect()
}

pub(super) async fn html(asked: &Asked, _: &Viewer, source: &dyn Source) -> String {
    let (joined, notice) = match ask(asked, source).await {
        Ok(joined) => (joined, None),
        Err(missing) => (live_alone(asked, source).await, Some(told(&missing))),
    };
    let Joined {
        questions,
        mut lines,
        all,
    } = joined;
    sort(&COLUMNS, &mut lines, &asked.sort);
    render(&Shown {
        none: "No manager has written in this period.",
        notice,
        heads: heads(&COLUMNS, "who wrote", asked),
        rows: rows(&COLUMNS, &lines, &questions, asked),
        all: cells(&COLUMNS, &all, &questions, None),
    })
}

/// What is known of today without ClickHouse, by the definition `wait`.
async fn live_alone(asked: &Asked, source: &dyn Source) -> Joined {
    let usual = asked.is_today() && asked.definition == "wait" && asked.hours == "calendar";
    let live = stand(asked, source, 1).await.ok().filter(|_| usual);
    let seconds = |value: Option<f64>| {
        value.map_or(Value::Null, |value| Value::Millis((value * 1_000.0) as i64))
    };
    let of = |of: &crate::source::Manager| Line {
        manager: of.manager.clone(),
        name: of.manager_name.clone(),
        values: vec![
            Value::Count(of.wait.count),
            seconds(of.wait.mean_s),
            seconds(of.wait.p50_s),
            seconds(of.wait.p90_s),
            Value::Null,
            Value::Null,
            Value::Count(of.outbound),
            Value::Count(of.waiting),
        ],
    };
    let lines = live.iter().flat_map(|live| &live.managers).map(of);
    Joined {
        questions: questions(asked),
        lines: lines.collect(),
        all: vec![Value::Null; COLUMNS.len()],
    }
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let mut lines = ask(asked, source).await?.lines;
    sort(&COLUMNS, &mut lines, &asked.sort);
    Ok(table_of_lines(&COLUMNS, &lines, "managers", viewer))
}
