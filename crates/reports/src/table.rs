//! The shape of an answer: a table of figures, or a page of the rows behind one.
//!
//! `Table` and `Page` serialise to the JSON of `contract.md` §4 and write themselves as CSV; the
//! same question over the same data gives the same bytes, but for `as_of`.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::time::Time;

use crate::value::{Column, Unit, Value};

/// The answer of `GET /v1/reports/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Table {
    /// The report's name.
    pub report: &'static str,
    /// Start of the period, inclusive.
    pub from: Time,
    /// End of the period, exclusive.
    pub to: Time,
    /// The zone that days and other intervals follow (IANA name).
    pub tz: &'static str,
    /// The columns: `time` with an interval, the dimensions, then the figures.
    pub columns: Vec<Column>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// The period compared with and its rows, if that is asked for.
    #[serde(flatten)]
    pub compared: Option<Compared>,
    /// The instant that all figures are at least as new as, as the asker's context says.
    pub as_of: Time,
    /// Whether rows beyond `limit` were left out; absent when none were.
    #[serde(skip_serializing_if = "is_false")]
    pub truncated: bool,
}

/// What a table is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Compared {
    /// Start of the period before, inclusive.
    pub previous_from: Time,
    /// End of the period before, exclusive.
    pub previous_to: Time,
    /// Its rows: first, in the places of the table's rows, those of the same dimensions and of the
    /// same offset; then what occurred only then. `time` is their own, and with all figures `null`
    /// where the period before lacks the interval: a 31st, the hour that a clock skips.
    pub previous: Vec<Vec<Value>>,
}

/// The answer of `GET /v1/reports/{name}/rows`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Rows")]
pub struct Page {
    /// The report's name.
    pub report: &'static str,
    /// Start of the period, inclusive.
    pub from: Time,
    /// End of the period, exclusive.
    pub to: Time,
    /// The zone that days and other intervals follow (IANA name).
    pub tz: &'static str,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, newest first, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// What to give as `after` to get the rows that follow; `null` at the end.
    pub next: Option<String>,
    /// The instant that all figures are at least as new as, as the asker's context says.
    pub as_of: Time,
}

impl Table {
    /// Writes the table as CSV (RFC 4180): a head line with the column names, then the rows. Texts
    /// that a spreadsheet would take for a formula begin with a single quote. Of a comparison the
    /// rows of both periods follow each other, told apart by a first column `period`.
    pub fn to_csv(&self) -> String {
        let Some(compared) = &self.compared else {
            return csv(&self.columns, &self.rows);
        };
        let period = Column {
            name: "period",
            unit: Unit::Text,
        };
        let of = |period: &str, rows: &[Vec<Value>]| -> Vec<Vec<Value>> {
            let period = Value::Text(period.to_owned());
            let row = |row: &Vec<Value>| [std::slice::from_ref(&period), row.as_slice()].concat();
            rows.iter().map(row).collect()
        };
        let columns = [&[period], self.columns.as_slice()].concat();
        let rows = [
            of("current", &self.rows),
            of("previous", &compared.previous),
        ]
        .concat();
        csv(&columns, &rows)
    }
}

impl Page {
    /// Writes the page as CSV, as [`Table::to_csv`] does.
    pub fn to_csv(&self) -> String {
        csv(&self.columns, &self.rows)
    }
}

fn csv(columns: &[Column], rows: &[Vec<Value>]) -> String {
    let mut out = String::new();
    line(
        &mut out,
        columns.iter().map(|column| column.name.to_owned()),
    );
    for row in rows {
        line(&mut out, row.iter().map(cell));
    }
    out
}

/// Writes a value for a spreadsheet. Ids and names come from outside: one that begins as formulas
/// do, or with white space that hides it, gets a single quote before it, and stays a text. Numbers stay as they are.
fn cell(value: &Value) -> String {
    match value {
        Value::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => {
            format!("'{text}")
        }
        value => value.to_string(),
    }
}

fn line(out: &mut String, fields: impl Iterator<Item = String>) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            out.push(',');
        }
        if field.contains(['"', ',', '\r', '\n']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a field by reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            report: "response-times",
            from: Time(0),
            to: Time(86_400_000),
            tz: "UTC",
            columns: vec![
                Column {
                    name: "manager",
                    unit: Unit::Text,
                },
                Column {
                    name: "mean_s",
                    unit: Unit::S,
                },
            ],
            rows: vec![
                vec![Value::Null, Value::Null],
                vec![Value::Text("Ana, \"A\"".into()), Value::Millis(740_000)],
            ],
            compared: None,
            as_of: Time(86_400_000),
            truncated: false,
        }
    }

    #[test]
    fn a_table_is_the_contracts_json() {
        assert_eq!(
            serde_json::to_string(&table()).expect("a table is JSON"),
            concat!(
                r#"{"report":"response-times","from":"1970-01-01T00:00:00.000Z","#,
                r#""to":"1970-01-02T00:00:00.000Z","tz":"UTC","#,
                r#""columns":[{"name":"manager","unit":"text"},{"name":"mean_s","unit":"s"}],"#,
                r#""rows":[[null,null],["Ana, \"A\"",740.000]],"#,
                r#""as_of":"1970-01-02T00:00:00.000Z"}"#
            )
        );
    }

    #[test]
    fn truncated_is_there_only_when_true() {
        let cut = Table {
            truncated: true,
            ..table()
        };
        let json = serde_json::to_string(&cut).expect("a table is JSON");
        assert!(json.ends_with(r#""truncated":true}"#), "{json}");
    }

    #[test]
    fn a_text_in_csv_is_no_formula_and_a_number_stays_one() {
        let texts = ["=1+1", "+34600", "-x", "@sum(a,b)", "a=b", "'=", ""];
        let text = |text: &str| vec![Value::Text(text.into()), Value::Millis(-1_500)];
        let table = Table {
            rows: texts.map(text).to_vec(),
            ..table()
        };
        assert_eq!(
            table.to_csv(),
            "manager,mean_s\r\n'=1+1,-1.500\r\n'+34600,-1.500\r\n'-x,-1.500\r\n\
             \"'@sum(a,b)\",-1.500\r\na=b,-1.500\r\n'=,-1.500\r\n,-1.500\r\n"
        );
        // JSON says texts as they are.
        let json = serde_json::to_string(&table).expect("a table is JSON");
        assert!(json.contains(r#"["=1+1",-1.500]"#), "{json}");
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(
            table().to_csv(),
            "manager,mean_s\r\n,\r\n\"Ana, \"\"A\"\"\",740.000\r\n"
        );
    }
}
