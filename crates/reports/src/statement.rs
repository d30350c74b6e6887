//! Statements for ClickHouse out of a report's description and a question.
//!
//! Invariants: text from outside is never part of a statement, only of its parameters; every
//! statement names the account; every answer has a full order, so that equal data gives equal
//! bytes. Statements read the views `v_*` alone, the contract for everyone's SQL.
//!
//! Layers, from the inside: a report's *samples* (one row per thing that happened in the period),
//! joined with the managers' teams at that time; *kept* by filters and restriction; then either
//! grouped to figures, or listed as a page of rows; the managers' names come last.

mod figures;
mod page;
mod parts;

use trunkline_model::time::Time;

use crate::aliases;
use crate::dimension::Dimension;
use crate::open_waits::OpenWaits;
use crate::request::{Request, Restricted};
pub(crate) use figures::figures;
pub(crate) use page::page;

/// A statement with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// The text, with `{name:Type}` where parameters stand.
    pub(crate) sql: String,
    /// The parameters, of any length; a statement need not use them all.
    pub(crate) parameters: Vec<(String, Parameter)>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// `String`
    Text(String),
    /// `Int64`
    Whole(i64),
    /// `Array(String)`
    Texts(Vec<String>),
    /// `Array(Int64)`
    Wholes(Vec<i64>),
}

/// Where an account's figures are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The views.
    pub(crate) views: Views<'a>,
    /// The account's id.
    pub(crate) account: &'a str,
}

/// The database that holds the views; its name is a plain identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Views<'a> {
    pub(crate) database: &'a str,
    /// Whether the account has aliases.
    pub(crate) aliased: bool,
}

impl Views<'_> {
    /// Returns a view's full name, or a table in its place in which managers are resolved. Where a view
    /// masks contacts, what it masks is read: reports tell contacts apart, and the doors mask.
    pub(crate) fn named(self, view: &str) -> String {
        let name = format!("{}.{}", self.database, whole(view));
        if self.aliased {
            aliases::resolved(view, &name)
        } else {
            name
        }
    }

    /// The manager of a row of `v_messages`, empty for none: the key itself where that will do.
    pub(crate) fn manager_key(self) -> String {
        if self.aliased {
            aliases::resolved_sql("manager_key")
        } else {
            "manager_key".to_owned()
        }
    }
}

/// Gives what has the rows of a view with their contacts whole.
fn whole(view: &str) -> &str {
    match view {
        "v_messages" => "whole_messages",
        "v_conversations" => "whole_conversations",
        "v_cycles" => "whole_cycles",
        "v_timeline" => "whole_timeline",
        view => view,
    }
}

/// Condition on `at` that keeps samples to the period.
pub(crate) const WITHIN: &str = "at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') \
     AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";

/// Leaves out conversations that were over before the period, with all that is in them.
pub(crate) const NOT_OVER: &str = "last_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')";

/// Who owes a reply: the assignee, else the last participant.
pub(crate) const OWED_BY: &str = "CAST(ifNull(assignee, last_manager), 'Nullable(String)')";

/// Conditions on `manager_key`, which reach the primary key where those on `manager` cannot, that
/// leave all messages of the managers asked for: the same ones as [`kept`] keeps, or more.
pub(crate) fn of_managers(request: &Request) -> String {
    let mut conditions = String::new();
    if request
        .filters
        .iter()
        .any(|(dimension, _)| *dimension == Dimension::Manager)
    {
        conditions.push_str(" AND manager_key IN {keys_of_manager:Array(String)}");
    }
    // Managers of a team are told by their membership alone, so a list of teams leaves all.
    if request
        .restriction
        .as_ref()
        .is_some_and(|only| only.teams.is_empty())
    {
        conditions.push_str(" AND manager_key IN {keys_of_managers:Array(String)}");
    }
    conditions
}

/// Gives rows with how far they are vouched for in a column `integrity`, if that is told apart: as the
/// messages of their conversation at the time in the column `at`. What has none is verified.
pub(crate) fn vouched(request: &Request, views: Views<'_>, at: &str, rows: &str) -> String {
    if !request.tells(Dimension::Integrity) {
        return format!("(SELECT *, 'verified' AS integrity FROM {rows})");
    }
    format!(
        "(SELECT r.*, if(i.found = '', 'verified', i.found) AS integrity FROM {rows} AS r LEFT JOIN (\
         SELECT channel AS of_channel, conversation AS of_conversation, at AS of_at, \
         min(toString(integrity)) AS found FROM {messages} \
         WHERE account = {{account:String}} AND integrity != 'verified' \
         GROUP BY channel, conversation, at) AS i ON r.channel = i.of_channel \
         AND r.conversation = i.of_conversation AND r.{at} = i.of_at)",
        messages = views.named("v_messages"),
    )
}

/// Joins the names of managers, to stand beside the ids in `key`.
fn names_joined(views: Views<'_>, key: &str) -> String {
    format!(
        "LEFT JOIN (SELECT manager, name FROM {managers} \
         WHERE account = {{account:String}}) AS n ON {key} = n.manager",
        managers = views.named("v_managers"),
    )
}

/// The name of the manager in `key`, else his id, else nothing.
fn name_sql(key: &str) -> String {
    format!("ifNull(nullIf(n.name, ''), {key})")
}

/// Joins samples with the team that `member` of them was in at their time, if that is needed.
///
/// `ASOF` finds at most one membership, the latest begun, so a sample never becomes two.
pub(crate) fn with_team(views: Views<'_>, samples: &str, member: &str, needed: bool) -> String {
    if !needed {
        return samples.to_owned();
    }
    format!(
        "SELECT f.*, if(f.at < m.valid_until, nullIf(m.team, ''), NULL) AS team \
         FROM ({samples}) AS f ASOF LEFT JOIN (\
         SELECT manager AS member, team, valid_from, valid_until FROM {team_members} \
         WHERE account = {{account:String}}) AS m \
         ON f.{member} = m.member AND f.at >= m.valid_from",
        team_members = views.named("v_team_members"),
    )
}

/// The condition that filters and restriction make.
fn kept(request: &Request) -> String {
    let mut conditions: Vec<_> = request
        .filters
        .iter()
        .map(|(dimension, _)| wanted(*dimension))
        .collect();
    if request.restriction.is_some() {
        conditions.push(
            "(ifNull(manager IN {only_managers:Array(String)}, 0) \
             OR ifNull(team IN {only_teams:Array(String)}, 0))"
                .into(),
        );
    }
    match conditions.as_slice() {
        [] => "1".into(),
        conditions => conditions.join(" AND "),
    }
}

/// The condition of one filter; `null` is asked for as the empty text.
fn wanted(dimension: Dimension) -> String {
    let (sql, name) = (dimension.sql(), dimension.name());
    let text = match dimension {
        Dimension::Tag => return format!("hasAny({sql}, {{only_{name}:Array(String)}})"),
        Dimension::Manager
        | Dimension::Team
        | Dimension::Disposition
        | Dimension::Number
        | Dimension::Source
        | Dimension::Medium
        | Dimension::Campaign
        | Dimension::Content
        | Dimension::Term
        | Dimension::Channel
        | Dimension::Pipeline
        | Dimension::Origin => format!("ifNull({sql}, '')"),
        Dimension::Hour | Dimension::Weekday => format!("toString({sql})"),
        _ => sql.to_owned(),
    };
    format!("{text} IN {{only_{name}:Array(String)}}")
}

/// The parameters that any statement may use.
pub(crate) fn parameters(request: &Request, account: &str, rows: u64) -> Vec<(String, Parameter)> {
    let Time(from) = request.span.from;
    let Time(to) = request.span.to;
    let mut parameters = vec![
        ("account".to_owned(), Parameter::Text(account.to_owned())),
        ("from".to_owned(), Parameter::Whole(from)),
        ("to".to_owned(), Parameter::Whole(to)),
        (
            "tz".to_owned(),
            Parameter::Text(request.span.zone.name().to_owned()),
        ),
        ("rows".to_owned(), Parameter::Whole(rows as i64)),
        ("as_of".to_owned(), Parameter::Whole(request.as_of.0)),
        ("since".to_owned(), Parameter::Whole(request.since())),
    ];
    parameters.extend(request.target.parameters());
    parameters.extend(request.rules.parameters());
    parameters.extend(request.tracking.parameters());
    parameters.extend(request.open.iter().flat_map(OpenWaits::parameters));
    for (dimension, values) in &request.filters {
        let name = format!("only_{}", dimension.name());
        parameters.push((name, Parameter::Texts(values.clone())));
        if *dimension == Dimension::Manager {
            let keys = Parameter::Texts(request.aliases.keys(values));
            parameters.push(("keys_of_manager".to_owned(), keys));
        }
    }
    if let Some(only) = &request.restriction {
        let keys = Parameter::Texts(request.aliases.keys(&only.managers));
        parameters.push(("keys_of_managers".to_owned(), keys));
    }
    parameters.extend(request.aliases.parameters());
    let only = request.restriction.clone();
    parameters.extend(only.into_iter().flat_map(Restricted::parameters));
    parameters
}
