//! From what ClickHouse sent to the rows of an answer: decoding, empty intervals, order, limit.

mod beside;

use serde_json::Value as Json;
use trunkline_model::time::Time;

use crate::after::After;
use crate::error::Error;
use crate::report::{Empty, Opened, Report};
use crate::request::Request;
use crate::value::{Column, Unit, Value};
pub(crate) use beside::beside;

/// Reads the rows of an answer.
pub(crate) fn decode(columns: &[Column], rows: Vec<Vec<Json>>) -> Result<Vec<Vec<Value>>, Error> {
    rows.into_iter()
        .map(|fields| row(columns, fields))
        .collect()
}

fn row(columns: &[Column], fields: Vec<Json>) -> Result<Vec<Value>, Error> {
    if fields.len() != columns.len() {
        let (has, want) = (fields.len(), columns.len());
        return Err(Error::Failed(format!(
            "a row has {has} columns instead of {want}"
        )));
    }
    columns
        .iter()
        .zip(fields)
        .map(|(column, field)| value(*column, field))
        .collect()
}

fn value(column: Column, field: Json) -> Result<Value, Error> {
    let value = match (&column.unit, field) {
        (_, Json::Null) => Some(Value::Null),
        (Unit::Text, Json::String(text)) => Some(Value::Text(text)),
        (Unit::Time, field) => whole(&field).map(|millis| Value::Time(Time(millis))),
        (Unit::S, field) => whole(&field).map(Value::Millis),
        (Unit::Count | Unit::Number, field) => whole(&field)
            .and_then(|count| count.try_into().ok())
            .map(Value::Count),
        (Unit::Share, field) => whole(&field)
            .and_then(|parts| parts.try_into().ok())
            .map(Value::Share),
        (Unit::Ratio, field) => whole(&field).map(Value::Ratio),
        (Unit::Money, Json::String(text)) => money(&text),
        (Unit::Text | Unit::Money, _) => None,
    };
    value.ok_or_else(|| {
        Error::Failed(format!(
            "column `{}` of its answer is no {:?}",
            column.name, column.unit
        ))
    })
}

/// Reads a whole number; ClickHouse quotes those of 64 bits if it is so configured.
fn whole(field: &Json) -> Option<i64> {
    field.as_i64().or_else(|| field.as_str()?.parse().ok())
}

/// Reads money as statements write it: minor units, `e`, and how many decimals they have.
fn money(text: &str) -> Option<Value> {
    let (units, digits) = text.split_once('e')?;
    Some(Value::Money(units.parse().ok()?, digits.parse().ok()?))
}

/// Gives every interval a row, also those in which nothing happened.
///
/// The rows must begin with their `time`, ascend by it, and be told apart by nothing else; a row
/// that finds no interval is a mistake of ours, never a figure left out.
pub(crate) fn fill(
    report: &Report,
    request: &Request,
    rows: Vec<Vec<Value>>,
) -> Result<Vec<Vec<Value>>, Error> {
    let mut rows = rows.into_iter().peekable();
    let mut filled = Vec::with_capacity(request.span.starts.len());
    for start in &request.span.starts {
        let time = Value::Time(*start);
        let counted = rows.next_if(|row| row.first() == Some(&time));
        filled.push(counted.unwrap_or_else(|| empty(report, request, vec![time])));
    }
    match rows.next() {
        None => Ok(filled),
        Some(row) => Err(Error::Failed(format!(
            "a row of its answer is of no interval, or out of turn: {:?}",
            row.first()
        ))),
    }
}

/// The row of nothing behind its time and dimensions.
fn empty(report: &Report, request: &Request, key: Vec<Value>) -> Vec<Value> {
    let figures = report
        .figures
        .iter()
        .map(|figure| match (figure.empty, figure.unit) {
            _ if figure.is_withheld(request) => Value::Null,
            (Empty::Null, _) => Value::Null,
            (Empty::Zero, Unit::S) => Value::Millis(0),
            (Empty::Zero, Unit::Ratio) => Value::Ratio(0),
            (Empty::Zero, Unit::Money) => Value::Money(0, request.tracking.digits),
            (Empty::Zero, _) => Value::Count(0),
        });
    key.into_iter().chain(figures).collect()
}

/// Puts filled rows, which are in order of time, into the order asked for, as the statement would.
pub(crate) fn sort(columns: &[Column], request: &Request, rows: &mut [Vec<Value>]) {
    let Some(order) = &request.order else { return };
    let Some(place) = columns
        .iter()
        .position(|column| column.name == order.column)
    else {
        return;
    };
    rows.sort_by(|left, right| {
        let ascending = left.get(place).cmp(&right.get(place));
        if order.descending {
            ascending.reverse()
        } else {
            ascending
        }
    });
}

/// Cuts rows to the limit; says whether there were more.
pub(crate) fn cut(rows: &mut Vec<Vec<Value>>, limit: u32) -> bool {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// Returns the position behind the last row of a page.
pub(crate) fn position(opened: &Opened, columns: &[Column], rows: &[Vec<Value>]) -> Option<After> {
    let last = rows.last()?;
    let Some(Value::Time(Time(at))) = last.first() else {
        return None;
    };
    let text = |name: &&str| {
        let place = columns.iter().position(|column| column.name == *name)?;
        last.get(place).map(Value::to_string)
    };
    let key = opened.key.iter().map(text).collect::<Option<_>>()?;
    Some(After { at: *at, key })
}

#[cfg(test)]
mod tests;
