//! The statement for one page of the rows behind a table: samples listed, newest first.

use super::{Parameter, Source, Statement, kept, name_sql, names_joined, parameters, with_team};
use crate::report::{Opened, Report};
use crate::request::Request;
use crate::value::Unit;

/// Writes the statement for one page of the rows behind the figures, newest first.
pub(crate) fn page(report: &Report, request: &Request, source: Source<'_>, rows: u64) -> Statement {
    let Opened {
        columns,
        gathered,
        key,
        samples,
        ..
    } = &report.opened;
    let group = match gathered {
        [] => String::new(),
        gathered => format!(" GROUP BY {}", gathered.join(", ")),
    };
    // Aliases are not names of the samples' columns, which conditions on samples mean.
    let listed = columns
        .iter()
        .map(|column| format!("{} AS row_{}", column.sql, column.name));
    let listed: Vec<_> = listed.collect();
    let at = columns.first().map_or("at", |column| column.name);
    let mut position = vec![format!("toUnixTimestamp64Milli(row_{at})")];
    position.extend(
        key.iter()
            .map(|name| format!("ifNull(toString(row_{name}), '')")),
    );
    let mut parameters = parameters(request, source.account, rows);
    let older = match &request.after {
        None => String::new(),
        Some(after) => {
            let mut given = vec!["{after_at:Int64}".to_owned()];
            parameters.push(("after_at".into(), Parameter::Whole(after.at)));
            for (place, text) in after.key.iter().enumerate() {
                given.push(format!("{{after_{place}:String}}"));
                parameters.push((format!("after_{place}"), Parameter::Text(text.clone())));
            }
            format!(" WHERE position < ({})", given.join(", "))
        }
    };
    let outer: Vec<_> = report
        .listed()
        .iter()
        .map(|column| listed_sql(column.name, column.unit))
        .collect();
    let sql = format!(
        "SELECT {outer} FROM (SELECT *, ({position}) AS position FROM (\
         SELECT {listed} FROM ({samples}) WHERE {kept}{group}){older} \
         ORDER BY position DESC LIMIT {{rows:Int64}}) AS g {names} ORDER BY g.position DESC",
        outer = outer.join(", "),
        position = position.join(", "),
        listed = listed.join(", "),
        names = names_joined(source.views, "g.row_manager"),
        samples = with_team(source.views, &samples(request, source.views), true),
        kept = kept(request),
    );
    Statement { sql, parameters }
}

/// The value of a column of the list.
fn listed_sql(column: &str, unit: Unit) -> String {
    match (column, unit) {
        ("manager_name", _) => name_sql("g.row_manager"),
        (_, Unit::Time) => format!("toUnixTimestamp64Milli(g.row_{column})"),
        _ => format!("g.row_{column}"),
    }
}
