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

/// The aliases of an account: what a manager is called, and his id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    managers: BTreeMap<String, String>,
}

impl Aliases {
    /// Of an account that has none.
    pub const NONE: &'static Self = &Self {
        managers: BTreeMap::new(),
    };

    /// Reads the aliases that an account's settings name.
    pub fn of(account: &Account) -> Self {
        Self {
            managers: account.aliases(),
        }
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

    /// The parameters of a statement that say them.
    pub(crate) fn parameters(&self) -> [(String, Parameter); 2] {
        let (aliases, managers) = self.managers.clone().into_iter().unzip();
        [
            ("aliases".to_owned(), Parameter::Texts(aliases)),
            ("aliased".to_owned(), Parameter::Texts(managers)),
        ]
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

/// A view with its managers resolved.
pub(crate) fn resolved(view: &str, name: &str) -> String {
    let replaced: Vec<_> = match view {
        "v_timeline" => vec![format!(
            "toLowCardinality({}) AS manager",
            resolved_sql("manager")
        )],
        _ => managers_of(view)
            .iter()
            .map(|column| {
                let text = resolved_sql(&format!("ifNull(toString({column}), '')"));
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
pub(crate) fn resolved_sql(text: &str) -> String {
    format!(
        "transform(toString({text}), {{aliases:Array(String)}}, {{aliased:Array(String)}}, \
         toString({text}))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manager_has_all_the_names_of_his_aliases() {
        let managers: Vec<_> = (0..3_000)
            .map(|number| {
                serde_json::json!({
                    "id": format!("manager-{number:030}"), "aliases": {"crm": number.to_string()}
                })
            })
            .collect();
        let account = serde_json::json!({"id": "a", "timezone": "UTC", "manager": managers});
        let aliases = Aliases::of(&serde_json::from_value(account).expect("an account"));
        let seven = format!("manager-{:030}", 7);
        assert_eq!(aliases.resolved("crm:7"), seven);
        assert_eq!(aliases.resolved("crm:3000"), "crm:3000");
        let keys = aliases.keys(&["luis".to_owned(), seven.clone()]);
        assert_eq!(keys, ["luis".to_owned(), seven, "crm:7".to_owned()]);
    }
}
