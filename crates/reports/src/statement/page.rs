//! The statement for one page of the rows behind a figure: samples listed, newest first.

use super::{Parameter, Source, Statement, kept, name_sql, names_joined, parameters, with_team};
use crate::after::After;
use crate::report::{Listed, Opened, Report};
use crate::request::Request;
use crate::value::Unit;

/// Writes the statement for one page of the rows behind the figures, newest first.
pub(crate) fn page(report: &Report, request: &Request, source: Source<'_>, rows: u64) -> Statement {
    let Opened {
        columns,
        gathered,
        key,
        samples,
        only,
        ..
    } = request.opened;
    let group = match gathered {
        [] => String::new(),
        gathered => format!(" GROUP BY {}", gathered.join(", ")),
    };
    // Aliases are not names of the samples' columns, which conditions on samples mean.
    let listed = columns
        .iter()
        .map(|column| format!("{} AS row_{}", column.sql, column.name));
    let listed: Vec<_> = listed.collect();
    let mut parameters = parameters(request, source.account, rows);
    let older = older(request.after.as_ref(), &mut parameters);
    let listed_columns = request.opened.listed();
    let outer: Vec<_> = listed_columns
        .iter()
        .map(|column| listed_sql(column.name, column.unit))
        .collect();
    let has = |name| listed_columns.iter().any(|column| column.name == name);
    let names = if has("manager") {
        names_joined(source.views, "g.row_manager")
    } else {
        String::new()
    };
    // What no manager can be given is not listed where managers are told apart, as it is no figure.
    let nobodys = report.is_undivided(request.figure) && request.is_of_people();
    let sql = format!(
        "SELECT {outer} FROM (SELECT *, ({position}) AS position FROM (\
         SELECT {listed} FROM ({samples}) WHERE {only} AND {kept}{group}){older} \
         ORDER BY position DESC LIMIT {{rows:Int64}}) AS g {names} ORDER BY g.position DESC",
        outer = outer.join(", "),
        position = position(columns, key),
        listed = listed.join(", "),
        samples = with_team(
            source.views,
            &samples(request, source.views),
            report.member(),
            has("team") || request.names_team()
        ),
        only = if nobodys { "0" } else { only },
        kept = kept(request),
    );
    Statement { sql, parameters }
}

/// What the rows are ordered by: their instant, then what tells those of one instant apart.
fn position(columns: &[Listed], key: &[&str]) -> String {
    let at = columns.first().map_or("at", |column| column.name);
    let key = key
        .iter()
        .map(|name| format!(", ifNull(toString(row_{name}), '')"));
    format!(
        "toUnixTimestamp64Milli(row_{at}){}",
        key.collect::<String>()
    )
}

/// The condition that leaves what follows a position.
fn older(after: Option<&After>, parameters: &mut Vec<(String, Parameter)>) -> String {
    let Some(after) = after else {
        return String::new();
    };
    let mut given = vec!["{after_at:Int64}".to_owned()];
    parameters.push(("after_at".into(), Parameter::Whole(after.at)));
    for (place, text) in after.key.iter().enumerate() {
        given.push(format!("{{after_{place}:String}}"));
        parameters.push((format!("after_{place}"), Parameter::Text(text.clone())));
    }
    format!(" WHERE position < ({})", given.join(", "))
}

/// The value of a column of the list.
fn listed_sql(column: &str, unit: Unit) -> String {
    match (column, unit) {
        ("manager_name", _) => name_sql("g.row_manager"),
        (_, Unit::Money) => {
            format!("concat(toString(g.row_{column}), 'e', toString({{digits:Int64}}))")
        }
        (_, Unit::Time) => format!("toUnixTimestamp64Milli(g.row_{column})"),
        _ => format!("g.row_{column}"),
    }
}
