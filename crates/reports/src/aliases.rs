//! What managers are called at providers, resolved when read (`metrics.md` §0, settings in time): an
//! alias added today mends the past.
//!
//! Facts name a manager as he was told. Where an account has aliases, each view that a statement
//! reads is put behind a list of its columns in which the managers are resolved
//! ([`Views::named`](crate::statement::Views::named)): filters, dimensions, distinct counts, teams,
//! names and restrictions then know of no aliases. Without aliases nothing is put there.
//! `manager_key` stays as stored, for the primary key's sake: conditions on it name a manager by all
//! that he is called.

use std::collections::BTreeMap;

use trunkline_model::settings::Account;

use crate::statement::Parameter;

/// Bytes of texts that one parameter holds: ClickHouse refuses a longer one than 128 KiB, escapes
/// included.
const BYTES_A_PARAMETER: usize = 48 * 1024;

/// The aliases of an account: what a manager is called, and his id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    managers: BTreeMap<String, String>,
    /// Pairs that go into one parameter each.
    parts: Vec<Vec<(String, String)>>,
}

impl Aliases {
    /// Of an account that has none.
    pub const NONE: &'static Self = &Self {
        managers: BTreeMap::new(),
        parts: Vec::new(),
    };

    /// Reads the aliases that an account's settings name.
    pub fn of(account: &Account) -> Self {
        let managers = account.aliases();
        let mut parts: Vec<Vec<(String, String)>> = Vec::new();
        let mut bytes = BYTES_A_PARAMETER;
        for (alias, manager) in &managers {
            bytes += alias.len().max(manager.len()) + 8;
            if bytes > BYTES_A_PARAMETER {
                parts.push(Vec::new());
                bytes = 0;
            }
            if let Some(part) = parts.last_mut() {
                part.push((alias.clone(), manager.clone()));
            }
        }
        Self { managers, parts }
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.managers.is_empty()
    }

    /// Gives the id of a manager by any name.
    pub fn resolved<'a>(&'a self, manager: &'a str) -> &'a str {
        self.managers.get(manager).map_or(manager, String::as_str)
    }

    /// Gives all that some managers are called.
    pub(crate) fn keys(&self, managers: &[String]) -> Vec<String> {
        let aliases = self.managers.iter();
        let theirs = aliases.filter(|(_, manager)| managers.contains(manager));
        let theirs = theirs.map(|(alias, _)| alias.clone());
        managers.iter().cloned().chain(theirs).collect()
    }

    /// How many parameters they take.
    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The parameters of a statement that say them.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (String, Parameter)> {
        let parts = self.parts.iter().enumerate();
        parts.flat_map(|(place, part)| {
            let (aliases, managers) = part.iter().cloned().unzip();
            [
                (format!("aliases_{place}"), Parameter::Texts(aliases)),
                (format!("aliased_{place}"), Parameter::Texts(managers)),
            ]
        })
    }
}

/// Says with which columns a view names managers.
pub(crate) const fn managers_of(view: &str) -> &'static [&'static str] {
    match view.as_bytes() {
        b"v_messages" | b"v_answers" | b"v_responses" => &["manager"],
        b"v_conversations" => &["assignee", "last_manager"],
        b"v_cycles" => &["assignee", "last_manager", "closed_by", "owed_by"],
        _ => &[],
    }
}

/// A view with its managers resolved by aliases that stand in so many parameters.
pub(crate) fn resolved(view: &str, name: &str, parts: usize) -> String {
    let replaced: Vec<_> = match view {
        "v_timeline" => vec![format!(
            "toLowCardinality({}) AS manager",
            resolved_sql("manager", parts)
        )],
        _ => managers_of(view)
            .iter()
            .map(|column| {
                let text = resolved_sql(&format!("ifNull(toString({column}), '')"), parts);
                format!("toLowCardinality(nullIf({text}, '')) AS {column}")
            })
            .collect(),
    };
    if replaced.is_empty() {
        return name.to_owned();
    }
    format!("(SELECT * REPLACE ({}) FROM {name})", replaced.join(", "))
}

/// The id of the manager whom a text names.
pub(crate) fn resolved_sql(text: &str, parts: usize) -> String {
    if parts == 0 {
        return text.to_owned();
    }
    let all = |name: &str| {
        let parts = (0..parts).map(|part| format!("{{{name}_{part}:Array(String)}}"));
        format!("arrayConcat({})", parts.collect::<Vec<_>>().join(", "))
    };
    format!(
        "transform(toString({text}), {}, {}, toString({text}))",
        all("aliases"),
        all("aliased")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_of_many_managers_go_into_several_parameters() {
        let managers: Vec<_> = (0..3_000)
            .map(|number| {
                serde_json::json!({
                    "id": format!("manager-{number:030}"), "aliases": {"crm": number.to_string()}
                })
            })
            .collect();
        let account = serde_json::json!({"id": "a", "timezone": "UTC", "manager": managers});
        let aliases = Aliases::of(&serde_json::from_value(account).expect("an account"));
        assert_eq!(aliases.parts(), 3);
        let told: usize = aliases.parts.iter().map(Vec::len).sum();
        assert_eq!(told, 3_000);
        let seven = format!("manager-{:030}", 7);
        assert_eq!(aliases.resolved("crm:7"), seven);
        assert_eq!(aliases.resolved("crm:3000"), "crm:3000");
        let keys = aliases.keys(&["luis".to_owned(), seven.clone()]);
        assert_eq!(keys, ["luis".to_owned(), seven, "crm:7".to_owned()]);
    }
}
