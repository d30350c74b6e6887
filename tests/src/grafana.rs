//! A dashboard's queries as Grafana sends them to ClickHouse: with its variables and the macros of
//! the plugin `grafana-clickhouse-datasource` 4.20 expanded, as its documentation says.
//!
//! The browser goes first: `$__conditionalAll(condition, $variable)` from the last one to the first,
//! then the variables. The plugin's server expands what is left. What neither knows is a panic, and
//! so is a variable of which all values are chosen outside of `$__conditionalAll`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// What a variable with `includeAll` holds when all is chosen.
pub const ALL: &str = "$__all";

/// One query of a dashboard.
#[derive(Clone, Debug)]
pub struct Query {
    /// The panel's title, or the variable's name.
    pub of: String,
    /// Whether it makes lines over time.
    pub is_series: bool,
    /// The text, unexpanded.
    pub sql: String,
}

/// What is chosen at the top of a dashboard.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The period in milliseconds since 1970; both ends are in it.
    pub period: [i64; 2],
    /// The length of the parts of a line, in seconds: Grafana's choice.
    pub interval: i64,
    /// The dashboard's time zone, as `$__timezone` gives it.
    pub zone: String,
    /// The values of each variable.
    pub values: BTreeMap<&'static str, Vec<String>>,
}

impl Chosen {
    /// Chooses a variable's values.
    #[must_use]
    pub fn with(mut self, variable: &'static str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        self.values.insert(variable, values);
        self
    }

    /// Expands a query.
    #[track_caller]
    pub fn expand(&self, sql: &str) -> String {
        let expanded = self.macros(&self.variables(&self.conditions(sql)));
        assert!(!expanded.contains("$__"), "not expanded: {expanded}");
        expanded
    }

    /// Keeps the conditions on what is chosen; the others become `1=1`.
    fn conditions(&self, sql: &str) -> String {
        const MACRO: &str = "$__conditionalAll";
        let mut sql = sql.to_owned();
        while let Some(begin) = sql.rfind(MACRO) {
            let (arguments, rest) = arguments(&sql[begin + MACRO.len()..]);
            let [condition, variable] = arguments.as_slice() else {
                panic!("{MACRO} takes a condition and a variable: {arguments:?}");
            };
            let name = variable.trim().trim_start_matches('$');
            let values = self.of(name.trim_matches(['{', '}']));
            let is_open = values.iter().all(|value| value.is_empty() || value == ALL);
            let kept = if is_open { "1=1" } else { condition };
            sql = format!("{}{kept}{rest}", &sql[..begin]);
        }
        sql
    }

    /// Puts in the values of `${name:singlequote}` and of `${__timezone}`.
    fn variables(&self, sql: &str) -> String {
        let mut parts = sql.split("${");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("an end of the variable");
            let value = match name.split_once(':') {
                None if name == "__timezone" => self.zone.clone(),
                Some((name, "singlequote")) => quoted(self.of(name)),
                _ => panic!("no such variable, or no such format: {name}"),
            };
            out = out + &value + rest;
        }
        out
    }

    #[track_caller]
    fn of(&self, name: &str) -> &[String] {
        let values = self.values.get(name);
        values.unwrap_or_else(|| panic!("no variable {name}"))
    }

    fn macros(&self, sql: &str) -> String {
        let mut parts = sql.split("$__");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, rest) = part.split_at(end.unwrap_or(part.len()));
            if let Some(plain) = self.plain(name) {
                out = out + &plain + rest;
                continue;
            }
            let (arguments, rest) = arguments(rest);
            let [column] = arguments.as_slice() else {
                panic!("$__{name} takes one column: {arguments:?}");
            };
            out = out + &self.of_column(name, column) + rest;
        }
        out
    }

    /// A macro without arguments.
    fn plain(&self, name: &str) -> Option<String> {
        let [from, to] = self.period;
        let seconds = |ms: i64| format!("toDateTime({})", ms.div_euclid(1000));
        let millis = |ms: i64| format!("fromUnixTimestamp64Milli({ms})");
        Some(match name {
            "fromTime" => seconds(from),
            "toTime" => seconds(to),
            "fromTime_ms" => millis(from),
            "toTime_ms" => millis(to),
            "interval_s" => self.interval.max(1).to_string(),
            _ => return None,
        })
    }

    /// A macro of a column.
    fn of_column(&self, name: &str, column: &str) -> String {
        let between = |ends: [&str; 2]| {
            let [from, to] = ends.map(|end| self.plain(end).expect("a macro"));
            format!("{column} >= {from} AND {column} <= {to}")
        };
        match name {
            "timeFilter" => between(["fromTime", "toTime"]),
            "timeFilter_ms" => between(["fromTime_ms", "toTime_ms"]),
            "timeInterval" => format!(
                "toStartOfInterval(toDateTime({column}), INTERVAL {} second)",
                self.interval.max(1)
            ),
            _ => panic!("no macro $__{name}"),
        }
    }
}

/// Reads the queries of a dashboard's variables and panels.
#[track_caller]
pub fn queries(board: &Value) -> Vec<Query> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let variables = list(&board["templating"]["list"]).into_iter();
    let asked = variables.filter(|variable| variable["type"] == "query");
    let mut queries: Vec<_> = asked
        .map(|variable| Query {
            of: text(&variable["name"]),
            is_series: false,
            sql: text(&variable["query"]),
        })
        .collect();
    for panel in list(&board["panels"]) {
        queries.extend(list(&panel["targets"]).iter().map(|target| Query {
            of: text(&panel["title"]) + " (" + panel["type"].as_str().unwrap_or_default() + ")",
            is_series: target["format"] == 0,
            sql: text(&target["rawSql"]),
        }));
    }
    queries
}

/// Reads a dashboard of `grafana/dashboards`.
#[track_caller]
pub fn dashboard(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grafana/dashboards");
    let text = std::fs::read_to_string(folder.join(name)).expect("the dashboard");
    serde_json::from_str(&text).expect("JSON")
}

/// Splits a macro's arguments in brackets from what follows; brackets within belong to them.
#[track_caller]
fn arguments(text: &str) -> (Vec<&str>, &str) {
    assert!(text.starts_with('('), "no arguments: {text}");
    let (mut depth, mut begin, mut found) = (0, 1, Vec::new());
    for (place, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (c == ',' && depth == 1) {
            found.push(&text[begin..place]);
            begin = place + 1;
        }
        if depth == 0 {
            return (found, &text[begin..]);
        }
    }
    panic!("no end of the arguments: {text}");
}

/// Writes values as `${name:singlequote}` does.
#[track_caller]
fn quoted(values: &[String]) -> String {
    let quoted = values.iter().map(|value| {
        assert_ne!(value, ALL, "all values, outside of $__conditionalAll");
        format!("'{}'", value.replace('\'', "\\'"))
    });
    quoted.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
