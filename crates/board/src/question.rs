//! One question to a report, and the addresses at which its answer, its rows and its CSV are found.

use trunkline_model::time::Time;
use trunkline_reports::{Table, Value};
use url::form_urlencoded::Serializer;

use crate::source::Pair;

/// A question to a report.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) report: &'static str,
    pub(crate) pairs: Vec<Pair>,
}

impl Question {
    pub(crate) fn new(report: &'static str, pairs: Vec<Pair>) -> Self {
        Self { report, pairs }
    }

    /// Adds a parameter.
    pub(crate) fn and(&self, name: &str, value: impl ToString) -> Self {
        let mut more = self.clone();
        more.pairs.push(pair(name, value));
        more
    }

    /// Asks about other times.
    pub(crate) fn between(&self, from: Time, to: Time) -> Self {
        let of_time = |(name, _): &Pair| ["period", "from", "to"].contains(&name.as_str());
        let kept = self.pairs.iter().filter(|pair| !of_time(pair)).cloned();
        let times = [pair("from", from), pair("to", to)];
        Self::new(self.report, times.into_iter().chain(kept).collect())
    }

    /// Gives the address of the rows behind a figure.
    pub(crate) fn rows(&self, figure: &str) -> String {
        let mut pairs = vec![pair("figure", figure)];
        let leads =
            |(name, _): &&Pair| !["by", "interval", "order", "compare"].contains(&name.as_str());
        pairs.extend(self.pairs.iter().filter(leads).cloned());
        format!("/board/rows/{}?{}", self.report, written(&pairs))
    }
}

/// Makes a pair.
#[expect(clippy::needless_pass_by_value, reason = "values and references alike")]
pub(crate) fn pair(name: &str, value: impl ToString) -> Pair {
    (name.to_owned(), value.to_string())
}

/// Writes pairs as a query.
pub(crate) fn written(pairs: &[Pair]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs);
    query.finish()
}

/// Reads a value of an answer; what is not there is null.
pub(crate) fn cell<'a>(table: &'a Table, row: Option<&'a Vec<Value>>, name: &str) -> &'a Value {
    let place = table.columns.iter().position(|column| column.name == name);
    let value = place.and_then(|place| row?.get(place));
    value.unwrap_or(&Value::Null)
}

/// Reads a value of an answer's first row.
pub(crate) fn first<'a>(table: &'a Table, name: &str) -> &'a Value {
    cell(table, table.rows.first(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_asked_with_the_same_filters_and_nothing_that_only_cuts() {
        let question = Question::new(
            "response-times",
            vec![pair("period", "today"), pair("by", "manager")],
        );
        let rows = question.and("manager", "a&b=c").rows("count");
        assert_eq!(
            rows,
            "/board/rows/response-times?figure=count&period=today&manager=a%26b%3Dc"
        );
        let between = question.between(Time(0), Time(60_000)).rows("count");
        assert!(!between.contains("period"), "{between}");
        assert!(
            between.contains("from=1970-01-01T00%3A00%3A00.000Z&to=1970"),
            "{between}"
        );
    }
}
