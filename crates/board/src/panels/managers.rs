//! The managers side by side: three reports and the live view joined by manager, sorted as asked.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::live::{stand, table_of};
use super::{render, told};
use crate::asked::Asked;
use crate::meaning;
use crate::question::{Question, cell, first, pair};
use crate::shown;
use crate::source::{Live, Missing, Source, Viewer};

/// A column: the report (none: the live view), the figure, its title and the figure that it opens.
struct Described {
    report: Option<usize>,
    figure: &'static str,
    title: &'static str,
    opens: &'static str,
    unit: Unit,
}

const fn described(
    report: Option<usize>,
    figure: &'static str,
    title: &'static str,
    opens: &'static str,
    unit: Unit,
) -> Described {
    Described {
        report,
        figure,
        title,
        opens,
        unit,
    }
}

const REPORTS: [&str; 3] = ["response-times", "conversations", "messages"];
const WAITING: &str = "waiting";

static COLUMNS: [Described; 8] = [
    described(Some(0), "count", "Replies", "count", Unit::Count),
    described(Some(0), "mean_s", "Mean", "count", Unit::S),
    described(Some(0), "p50_s", "Median", "count", Unit::S),
    described(Some(0), "p90_s", "p90", "count", Unit::S),
    described(
        Some(0),
        "within_target_share",
        "In target",
        "count",
        Unit::Share,
    ),
    described(
        Some(1),
        "participations",
        "Conversations",
        "participations",
        Unit::Count,
    ),
    described(Some(2), "messages", "Messages out", "messages", Unit::Count),
    described(None, WAITING, "Waiting now", "awaiting", Unit::Count),
];

#[derive(Template)]
#[template(path = "managers.html")]
struct Shown {
    notice: Option<String>,
    heads: Vec<Head>,
    rows: Vec<Row>,
    all: Vec<Cell>,
}

struct Head {
    title: &'static str,
    meaning: &'static str,
    href: String,
    /// `ascending`, `descending` or nothing.
    sorted: &'static str,
}

struct Row {
    name: String,
    href: Option<String>,
    cells: Vec<Cell>,
}

struct Cell {
    value: String,
    exact: String,
    href: String,
}

/// A manager's figures in the order of the columns; `None` is an unknown manager.
#[derive(Clone, Debug)]
pub(super) struct Line {
    manager: Option<String>,
    name: Option<String>,
    pub(super) values: Vec<Value>,
}

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
        Some(report) => first(&answers[report].1, column.figure).clone(),
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
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    for (place, column) in COLUMNS.iter().enumerate() {
        let Some(table) = column.report.map(|report| &tables[report]) else {
            continue;
        };
        for row in &table.rows {
            let manager = text(cell(table, Some(row), "manager"));
            let line = lines
                .entry(manager)
                .or_insert_with_key(|manager| Line::empty(manager.clone()));
            line.name = line
                .name
                .take()
                .or_else(|| text(cell(table, Some(row), "manager_name")));
            line.values[place] = cell(table, Some(row), column.figure).clone();
        }
    }
    if let Some(live) = live.filter(|live| live.waiting.unassigned > 0) {
        let line = lines
            .entry(None)
            .or_insert_with_key(|manager| Line::empty(manager.clone()));
        if let Some(waiting) = line.values.last_mut() {
            *waiting = Value::Count(live.waiting.unassigned);
        }
    }
    let managers = live.map_or(&[][..], |live| &live.managers).iter();
    for of in managers.filter(|of| of.manager.is_some()) {
        let line = lines
            .entry(of.manager.clone())
            .or_insert_with_key(|manager| Line::empty(manager.clone()));
        line.name = line.name.take().or_else(|| of.manager_name.clone());
        if let Some(waiting) = line.values.last_mut() {
            *waiting = Value::Count(of.waiting);
        }
    }
    lines.into_values().filter(Line::has_something).collect()
}

impl Line {
    pub(super) fn empty(manager: Option<String>) -> Self {
        let values = COLUMNS.iter().map(|column| match column.unit {
            Unit::Count => Value::Count(0),
            _ => Value::Null,
        });
        Self {
            manager,
            name: None,
            values: values.collect(),
        }
    }

    fn has_something(&self) -> bool {
        let mut values = self.values.iter();
        values.any(|value| !matches!(value, Value::Null | Value::Count(0) | Value::Share(0)))
    }

    pub(super) fn name(&self) -> String {
        let known = self.name.clone().or_else(|| self.manager.clone());
        known.unwrap_or_else(|| "unassigned or unknown".to_owned())
    }
}

/// Sorts by the column asked for; who has no value comes last either way.
pub(super) fn sort(lines: &mut [Line], sort: &str) {
    let (name, descending) = sort
        .strip_prefix('-')
        .map_or((sort, false), |name| (name, true));
    let place = COLUMNS.iter().position(|column| column.figure == name);
    lines.sort_by(|a, b| {
        let order = match place {
            None if name == "manager" => a.name().to_lowercase().cmp(&b.name().to_lowercase()),
            None => Ordering::Equal,
            Some(place) => match (&a.values[place], &b.values[place]) {
                (Value::Null, Value::Null) => Ordering::Equal,
                (Value::Null, _) => return Ordering::Greater,
                (_, Value::Null) => return Ordering::Less,
                (a, b) => a.cmp(b),
            },
        };
        let order = if descending { order.reverse() } else { order };
        order.then_with(|| a.manager.cmp(&b.manager))
    });
}

fn heads(asked: &Asked) -> Vec<Head> {
    let head = |figure: &'static str, title, meaning, usual: &str| {
        let falling = format!("-{figure}");
        let (sorted, next) = if asked.sort == falling {
            ("descending", figure.to_owned())
        } else if asked.sort == figure {
            ("ascending", falling)
        } else {
            ("", format!("{usual}{figure}"))
        };
        let other = Asked {
            sort: next,
            ..asked.clone()
        };
        Head {
            title,
            meaning,
            href: format!("/?{}#managers", other.query()),
            sorted,
        }
    };
    let mut heads = vec![head("manager", "Manager", "who wrote", "")];
    heads.extend(COLUMNS.iter().map(|column| {
        let meaning = match column.report {
            Some(report) => meaning::of(REPORTS[report], column.figure),
            None => meaning::of(REPORTS[0], column.opens),
        };
        head(column.figure, column.title, meaning, "-")
    }));
    heads
}

fn cells(values: &[Value], questions: &[Question; 3], manager: Option<&str>) -> Vec<Cell> {
    let zone = chrono_tz::UTC;
    let cell = |(column, value): (&Described, &Value)| {
        let question = match column.report {
            Some(report) => &questions[report],
            // Who waits may have written before the period: all of the account's time.
            None => &ever(&questions[0]),
        };
        let question = match manager {
            Some(manager) => &question.and("manager", manager),
            None => question,
        };
        Cell {
            value: shown::value(value, zone),
            exact: shown::exact(value),
            href: match value {
                Value::Null => String::new(),
                _ => question.rows(column.opens),
            },
        }
    };
    COLUMNS.iter().zip(values).map(cell).collect()
}

/// Asks the same about all time.
fn ever(question: &Question) -> Question {
    let of_time = |name: &str| ["period", "from", "to"].contains(&name);
    let pairs = question.pairs.iter().filter(|(name, _)| !of_time(name));
    let pairs = [pair("from", "1970-01-02")]
        .into_iter()
        .chain(pairs.cloned());
    Question::new(question.report, pairs.collect())
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
    sort(&mut lines, &asked.sort);
    // One manager asked for is given by the filters already.
    let filtered = asked.filter("manager").is_some();
    let row = |line: &Line| {
        let manager = line.manager.as_deref();
        // The empty text asks for what is no known manager's.
        let of = manager.or(Some("")).filter(|_| !filtered);
        Row {
            name: line.name(),
            href: manager.map(|manager| format!("/?{}", asked.with_manager(manager).query())),
            cells: cells(&line.values, &questions, of),
        }
    };
    let shown = Shown {
        notice,
        heads: heads(asked),
        rows: lines.iter().map(row).collect(),
        all: cells(&all, &questions, None),
    };
    render(&shown)
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
    sort(&mut lines, &asked.sort);
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    let rows = lines.iter().map(|line| {
        let mut row = vec![text(&line.manager), text(&line.name)];
        row.extend(line.values.iter().cloned());
        row
    });
    let mut columns = vec![("manager", Unit::Text), ("manager_name", Unit::Text)];
    columns.extend(COLUMNS.iter().map(|column| (column.figure, column.unit)));
    let rows = rows.collect();
    Ok(table_of("managers", viewer, &columns, rows))
}
