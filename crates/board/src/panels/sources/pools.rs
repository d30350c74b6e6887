//! Whether the pools of tracking numbers have enough of them: what was, beside what Erlang's formula
//! predicts, and how many numbers it takes.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use crate::asked::Asked;
use crate::meaning;
use crate::panels::sheet::{Cell, Described, cells, described};
use crate::panels::{notice, render};
use crate::question::{Question, cell, first, pair};
use crate::source::{Missing, Source, Viewer};

const REPORT: &str = "pools";
const OWN: Option<&str> = Some(REPORT);

static COLUMNS: [Described; 11] = [
    described(OWN, "numbers", "Numbers", "", Unit::Count),
    described(OWN, "in_service", "In service", "", Unit::Count),
    described(OWN, "leased", "Leased now", "", Unit::Count),
    described(OWN, "visits", "Visits", "visits", Unit::Count),
    described(OWN, "unserved_rate", "Unserved", "unserved", Unit::Share),
    described(OWN, "predicted_blocking", "Predicted", "", Unit::Share),
    described(OWN, "served_late", "Served late", "", Unit::Count),
    described(OWN, "ambiguous_share", "Ambiguous", "", Unit::Share),
    described(OWN, "numbers_for_1pct", "For 1 %", "", Unit::Count),
    described(OWN, "numbers_for_0.1pct", "For 0.1 %", "", Unit::Count),
    described(OWN, "reuse_p1_s", "Rest (1 %)", "", Unit::S),
];

#[derive(Template)]
#[template(path = "sources_pools.html")]
struct Shown<'a> {
    address: &'a str,
    heads: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    /// Whether no page of a site has ever asked for a number.
    silent: bool,
}

struct Row {
    name: String,
    cells: Vec<Cell>,
    /// How many numbers are lacking for 1 %.
    lacking: Option<u64>,
}

fn question(asked: &Asked) -> Question {
    asked.of(REPORT).and("by", "pool")
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let table = match source.report(REPORT, &question(asked).pairs).await {
        Ok(table) => table,
        Err(missing) => return notice(&missing),
    };
    let rows: Vec<Row> = table
        .rows
        .iter()
        .map(|row| Row::of(&table, row, asked))
        .collect();
    let heads = COLUMNS
        .iter()
        .map(|column| (column.title, meaning::of(REPORT, column.figure)));
    render(&Shown {
        address: &viewer.address,
        heads: heads.collect(),
        silent: !rows.is_empty() && is_silent(&table, source).await,
        rows,
    })
}

/// Whether no visit of a pool was ever told; asked only while the period has none.
async fn is_silent(table: &Table, source: &dyn Source) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Count(0));
    let mut rows = table.rows.iter();
    if !rows.all(|row| nothing(cell(table, Some(row), "visits"))) {
        return false;
    }
    let ever = [pair("from", "1970-01-02")];
    let ever = source.report(REPORT, &ever).await;
    ever.is_ok_and(|ever| nothing(first(&ever, "visits")))
}

impl Row {
    fn of(table: &Table, values: &Vec<Value>, asked: &Asked) -> Self {
        let value = |figure: &str| cell(table, Some(values), figure);
        let name = match value("pool") {
            Value::Text(name) => name.clone(),
            _ => String::new(),
        };
        let lacking = match (value("numbers_for_1pct"), value("in_service")) {
            (Value::Count(needed), Value::Count(some)) => needed.checked_sub(*some),
            _ => None,
        };
        let figures: Vec<Value> = COLUMNS
            .iter()
            .map(|column| value(column.figure).clone())
            .collect();
        let questions = [asked.of(REPORT)];
        let mut cells = cells(&COLUMNS, &figures, &questions, Some(("pool", &name)));
        for (cell, column) in cells.iter_mut().zip(&COLUMNS) {
            if column.opens.is_empty() {
                cell.href.clear();
            }
        }
        Self {
            name,
            cells,
            lacking: lacking.filter(|lacking| *lacking > 0),
        }
    }
}

pub(in crate::panels) async fn table(asked: &Asked, source: &dyn Source) -> Result<Table, Missing> {
    source.report(REPORT, &question(asked).pairs).await
}
