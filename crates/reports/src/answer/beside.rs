//! The rows of the period before beside those of a question.

use std::collections::BTreeMap;

use super::empty;
use crate::report::Report;
use crate::request::{Before, Request};
use crate::value::Value;

/// Puts beside each row of an answer, in the same place, the row of the period before: that of the
/// same dimensions and of the interval at the same offset, or one of nothing. What occurred only
/// before comes after them, by time and dimensions.
///
/// Time and figures of an interval that the period before lacks (29 to 31 February, the hour that
/// a clock skips) are all `null`.
pub(crate) fn beside(
    report: &Report,
    request: &Request,
    before: &Before,
    rows: &[Vec<Value>],
    earlier: Vec<Vec<Value>>,
) -> Vec<Vec<Value>> {
    let figures = report.figures.len();
    let key = |row: &[Value]| row[..row.len().saturating_sub(figures)].to_vec();
    let mut earlier: BTreeMap<_, _> = earlier.into_iter().map(|row| (key(&row), row)).collect();
    let mut beside: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut key = key(row);
            if let Some(Value::Time(start)) = key.first() {
                let place = request.span.starts.binary_search(start).ok();
                let Some(start) = place.and_then(|place| before.part(place)) else {
                    key[0] = Value::Null;
                    key.extend(std::iter::repeat_n(Value::Null, figures));
                    return key;
                };
                key[0] = Value::Time(start);
            }
            let found = earlier.remove(&key);
            found.unwrap_or_else(|| empty(report, request, key))
        })
        .collect();
    beside.extend(earlier.into_values());
    beside
}
