//! The service's answers against the reference: counts and sums exactly, quantiles within one per
//! cent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::doors::Door;
use crate::events::Author;
use crate::reference::{DEFINITIONS, Reference, ResponseFigures, Span};
use crate::table::Table;

/// Asserts that every figure of every report, of every manager and all together, equals the
/// reference's over `span`.
#[track_caller]
pub fn assert_equal(door: &Door, reference: &Reference, span: Span) {
    let mut found = Differences::default();
    responses(door, reference, span, &mut found);
    conversations(door, reference, span, &mut found);
    messages(door, reference, span, &mut found);
    found.assert_none();
}

/// What differs, in words.
#[derive(Debug, Default)]
pub struct Differences {
    list: Vec<String>,
    compared: usize,
}

impl Differences {
    /// Notes two values that should be one.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, want: &T) {
        self.compared += 1;
        if got != want {
            self.list
                .push(format!("{what}: got {got:?}, want {want:?}"));
        }
    }

    /// Notes two times that should be within one per cent of each other.
    pub fn close(&mut self, what: &str, got: Option<i64>, want: Option<i64>) {
        self.compared += 1;
        let close = match (got, want) {
            (Some(got), Some(want)) => (got - want).abs() * 100 <= want.abs(),
            (got, want) => got == want,
        };
        if !close {
            self.list
                .push(format!("{what}: got {got:?}, want {want:?} within 1 %"));
        }
    }

    /// Panics with the first differences, if there are any.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.compared > 0, "nothing was compared");
        let shown = self
            .list
            .iter()
            .take(25)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n  ");
        let (wrong, all) = (self.list.len(), self.compared);
        assert!(
            self.list.is_empty(),
            "{wrong} of {all} figures differ:\n  {shown}"
        );
    }
}

/// Returns the parameters of a span.
pub fn period(span: Span) -> [(&'static str, String); 2] {
    [("from", rfc3339(span.from)), ("to", rfc3339(span.to))]
}

/// Asks for a report over a span.
#[track_caller]
pub fn report(door: &Door, name: &str, span: Span, more: &[(&str, &str)]) -> Table {
    let period = period(span);
    let mut parameters: Vec<(&str, &str)> = vec![("limit", "100000")];
    parameters.extend(period.iter().map(|(name, value)| (*name, value.as_str())));
    parameters.extend_from_slice(more);
    door.report(name, &parameters)
}

fn responses(door: &Door, reference: &Reference, span: Span, found: &mut Differences) {
    for definition in DEFINITIONS {
        let word = definition.word();
        let table = report(
            door,
            "response-times",
            span,
            &[("definition", word), ("by", "manager")],
        );
        let want = reference.by_manager(definition, span);
        let mut seen = 0;
        for row in 0..table.len() {
            let manager = table.value(row, "manager").as_str().map(str::to_owned);
            let figures = want.get(&manager);
            seen += usize::from(figures.is_some());
            let figures = figures.cloned().unwrap_or_default();
            response_row(&format!("{word} {manager:?}"), &table, row, &figures, found);
        }
        found.same(
            &format!("{word}: managers with samples"),
            &seen,
            &want.len(),
        );

        let table = report(door, "response-times", span, &[("definition", word)]);
        let want = reference.responses(|sample| {
            sample.definition == definition
                && sample.author == Author::Manager
                && span.has(sample.at)
        });
        found.same(&format!("{word}: rows without `by`"), &table.len(), &1);
        response_row(&format!("{word} of all"), &table, 0, &want, found);
    }
}

fn response_row(
    what: &str,
    table: &Table,
    row: usize,
    want: &ResponseFigures,
    found: &mut Differences,
) {
    found.same(
        &format!("{what} count"),
        &table.count(row, "count"),
        &want.count(),
    );
    found.same(
        &format!("{what} sum_s"),
        &table.millis(row, "sum_s"),
        &Some(want.sum()),
    );
    found.same(
        &format!("{what} min_s"),
        &table.millis(row, "min_s"),
        &want.min(),
    );
    found.same(
        &format!("{what} max_s"),
        &table.millis(row, "max_s"),
        &want.max(),
    );
    let mean = table.value(row, "mean_s").as_f64();
    let near = match (mean, want.mean()) {
        (Some(got), Some(want)) => (got * 1e3 - want).abs() < 1.0,
        (got, want) => got.is_none() && want.is_none(),
    };
    found.same(
        &format!("{what} mean_s {mean:?} for {:?}", want.mean()),
        &near,
        &true,
    );
    for percent in [50, 90, 95, 99] {
        let column = format!("p{percent}_s");
        let got = table.millis(row, &column);
        found.close(&format!("{what} {column}"), got, want.quantile(percent));
    }
}

fn conversations(door: &Door, reference: &Reference, span: Span, found: &mut Differences) {
    let table = report(door, "conversations", span, &[]);
    let want = reference.conversation_figures(span);
    for (column, want) in [
        ("participations", want.participations),
        ("conversations", want.conversations),
        ("received", want.received),
        ("new", want.received),
        ("new_contacts", want.new_contacts),
        ("reopened", want.reopened),
        ("closed", want.closed),
    ] {
        found.same(
            &format!("conversations: {column}"),
            &table.count(0, column),
            &want,
        );
    }

    let table = report(door, "conversations", span, &[("by", "manager")]);
    let want = reference.participations(span);
    let got = counted(&table, "manager", "participations");
    let want: BTreeMap<String, u64> = want
        .iter()
        .map(|(k, v)| (json!(k).to_string(), *v))
        .collect();
    found.same("participations by manager", &got, &want);
}

fn messages(door: &Door, reference: &Reference, span: Span, found: &mut Differences) {
    let want = reference.message_figures(span);
    let table = report(door, "messages", span, &[]);
    found.same("messages", &table.count(0, "messages"), &want.all);
    let mut by = |dimension: &str, want: BTreeMap<String, u64>| {
        let table = report(door, "messages", span, &[("by", dimension)]);
        let got = counted(&table, dimension, "messages");
        found.same(&format!("messages by {dimension}"), &got, &want);
    };
    by("author", keys(&want.author));
    by("direction", keys(&want.direction));
    by("kind", keys(&want.kind));
    by("channel", keys(&want.channel));
    by("manager", keys(&want.manager));
}

fn keys<K: Clone + Into<Value>>(counts: &BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    counts
        .iter()
        .map(|(key, count)| (key.clone().into().to_string(), *count))
        .collect()
}

/// Returns a column of counts by a dimension, without the zeros.
#[track_caller]
pub fn counted(table: &Table, dimension: &str, column: &str) -> BTreeMap<String, u64> {
    let rows = (0..table.len()).map(|row| {
        (
            table.value(row, dimension).to_string(),
            table.count(row, column),
        )
    });
    rows.filter(|(_, count)| *count > 0).collect()
}
