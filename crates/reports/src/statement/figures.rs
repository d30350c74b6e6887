//! The statement for a table: samples grouped by interval and dimensions.

use super::{
    Parameter, Source, Statement, Views, kept, name_sql, names_joined, parameters, with_team,
};
use crate::dimension::Dimension;
use crate::report::Report;
use crate::request::{Request, Rows};
use crate::value::Unit;

/// Writes the statement for the table of figures: at most `rows` rows, in order.
pub(crate) fn figures(
    report: &Report,
    request: &Request,
    source: Source<'_>,
    rows: u64,
) -> Statement {
    let interval = request.span.interval.is_some();
    let columns = report.columns(interval, &request.by);
    let outer: Vec<_> = columns
        .iter()
        .map(
            |column| match (outer_sql(request, column.name), column.unit) {
                (sql, Unit::Money) => {
                    format!("concat(toString({sql}), 'e', toString({{digits:Int64}}))")
                }
                (sql, _) => sql,
            },
        )
        .collect();
    let names = if request.by.contains(&Dimension::Manager) {
        names_joined(source.views, "g.by_manager")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT {outer} FROM ({grouped}) AS g {names}{order} LIMIT {{rows:Int64}}",
        outer = outer.join(", "),
        grouped = parted(report, request, grouped(report, request, source)),
        order = order(request),
    );
    let mut parameters = parameters(request, source.account, rows);
    let starts = request.span.starts.iter();
    let starts = starts.map(|start| start.0.div_euclid(1000)).collect();
    parameters.push(("starts".to_owned(), Parameter::Wholes(starts)));
    Statement { sql, parameters }
}

/// The figures of each interval and each combination of dimensions.
fn grouped(report: &Report, request: &Request, source: Source<'_>) -> String {
    let mut keys = Vec::new();
    if request.span.interval.is_some() {
        keys.push((start_sql(request), "time"));
    }
    let by = request.by.iter();
    keys.extend(by.map(|dimension| (dimension.sql().into(), dimension.name())));

    // Aliases are not names of the samples' columns, which conditions on samples mean.
    let mut list: Vec<_> = keys
        .iter()
        .map(|(sql, name)| format!("{sql} AS by_{name}"))
        .collect();
    list.extend(report.figures.iter().map(|figure| {
        let sql = if figure.is_withheld(request) {
            NOTHING.into()
        } else {
            (figure.sql)(request)
        };
        format!("{sql} AS {}", figure_alias(figure.name))
    }));
    // Without it figures that are all withheld would be no aggregates, and not one row.
    list.push("count() AS counted".to_owned());
    let names: Vec<_> = keys.iter().map(|(_, name)| format!("by_{name}")).collect();
    let group = if names.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", names.join(", "))
    };
    format!(
        "SELECT {list} FROM ({samples}) WHERE {kept}{group}",
        list = list.join(", "),
        samples = with_team(
            source.views,
            &samples(report, request)(request, source.views),
            report.member(),
            request.names_team()
        ),
        kept = kept(request),
    )
}

/// Makes parts of 1 of a figure that is one's part in all rows: ten-thousandths by the largest
/// remainder, of equal ones the first in the usual order, so that they make exactly 1.
fn parted(report: &Report, request: &Request, grouped: String) -> String {
    let Some(figure) = report.figures.iter().find(|figure| figure.parted) else {
        return grouped;
    };
    let mut ties = Vec::new();
    if request.span.interval.is_some() {
        ties.push(", by_time".to_owned());
    }
    let by = request.by.iter();
    ties.extend(by.map(|dimension| format!(", by_{} ASC NULLS FIRST", dimension.name())));
    let one = "intDiv(10000 * own, greatest(whole, 1))";
    let left = "10000 * own % greatest(whole, 1)";
    format!(
        "SELECT * REPLACE (if(whole = 0, NULL, {one} + (row_number() OVER (\
         ORDER BY {left} DESC{ties}) <= 10000 - sum({one}) OVER ())) AS figure_{name}) FROM (\
         SELECT *, toInt64(figure_{name}) AS own, sum(own) OVER () AS whole FROM ({grouped}))",
        name = figure.name,
        ties = ties.concat(),
    )
}

/// What the figures are added up from.
fn samples(report: &Report, request: &Request) -> fn(&Request, Views<'_>) -> String {
    match (request.rows, report.cells) {
        (Rows::Cells, Some(cells)) => cells,
        _ => report.samples,
    }
}

/// A figure that cannot be given.
const NOTHING: &str = "CAST(NULL, 'Nullable(Int64)')";

/// The start of the interval that a sample falls into, in seconds. No zone has changed its clock within a
/// second, so every start is a whole one.
fn start_sql(request: &Request) -> String {
    if request.span.starts.is_empty() {
        // An empty period: no sample falls into it.
        return "toInt64(0)".into();
    }
    "roundDown(toInt64(toUnixTimestamp(at)), {starts:Array(Int64)})".into()
}

/// The value of a column of the table over the grouped samples.
fn outer_sql(request: &Request, column: &str) -> String {
    match column {
        "manager_name" => name_sql("g.by_manager"),
        "time" => "g.by_time * 1000".into(),
        _ if request
            .by
            .iter()
            .any(|dimension| dimension.name() == column) =>
        {
            format!("g.by_{column}")
        }
        _ => format!("g.{}", figure_alias(column)),
    }
}

/// What a figure is called in a statement, where no name has a point in it.
fn figure_alias(name: &str) -> String {
    format!("figure_{}", name.replace('.', "_"))
}

/// The order asked for, then the usual one: by time, then the dimensions, `null` first. Rows that
/// are yet to be filled come in the usual order alone.
fn order(request: &Request) -> String {
    let mut keys = Vec::new();
    let asked = request.order.filter(|_| !request.is_filled());
    if let Some(order) = asked {
        let way = if order.descending {
            "DESC NULLS LAST"
        } else {
            "ASC NULLS FIRST"
        };
        keys.push(format!("{} {way}", outer_sql(request, order.column)));
    }
    if request.span.interval.is_some() {
        keys.push("g.by_time ASC".into());
    }
    let by = request.by.iter().map(|dimension| dimension.name());
    keys.extend(by.map(|name| format!("g.by_{name} ASC NULLS FIRST")));
    match keys.as_slice() {
        [] => String::new(),
        keys => format!(" ORDER BY {}", keys.join(", ")),
    }
}
