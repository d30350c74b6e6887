//! The values of a dimension, for choosing filters (`contract.md` §4: `GET /v1/dimensions/{dimension}`).
//!
//! What occurred and what the configuration names, with the names to show. Who may see only some
//! managers is shown these, their teams, the channels on which they wrote and the numbers of the calls
//! that they were in.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::time::Time;

use crate::calls::counted::{every, with_legs};
use crate::dimension::Dimension;
use crate::error::{Error, nearest};
use crate::request::{Context, Restricted};
use crate::statement::{Parameter, Statement, Views};

/// The most values that are listed.
pub(crate) const MOST: usize = 100_000;

/// The dimensions whose values are ids.
const LISTED: [Dimension; 4] = [
    Dimension::Manager,
    Dimension::Team,
    Dimension::Channel,
    Dimension::Number,
];

/// The answer of `GET /v1/dimensions/{dimension}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Values {
    /// The dimension.
    pub dimension: &'static str,
    /// Its values, by their ids ascending.
    pub values: Vec<Named>,
    /// The instant that they are at least as new as, as the asker's context says.
    pub as_of: Time,
    /// Whether there are more than 100,000; absent when there are not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// A value and its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    /// What a filter takes.
    pub value: String,
    /// What people call it; the value where the configuration gives no name.
    pub name: String,
}

/// Names the dimensions whose values can be listed.
pub fn listed() -> [&'static str; 4] {
    LISTED.map(Dimension::name)
}

/// Finds a dimension whose values can be listed.
pub(crate) fn find(name: &str) -> Result<Dimension, Error> {
    let found = LISTED
        .into_iter()
        .find(|dimension| dimension.name() == name);
    found.ok_or_else(|| Error::UnknownDimension {
        name: name.to_owned(),
        known: listed().join(", "),
        suggestion: nearest(name, listed()),
    })
}

/// Writes the statement that lists the values with their names, one more than the most.
pub(crate) fn statement(
    dimension: Dimension,
    views: Views<'_>,
    context: &Context<'_>,
) -> Statement {
    let only = context.restriction.restricted();
    let named = named(dimension, views);
    let sql = format!(
        "SELECT value, any(name) FROM (\
         SELECT v.value AS value, ifNull(nullIf(n.name, ''), v.value) AS name \
         FROM (SELECT DISTINCT value FROM ({occurred}) WHERE value != '' AND {kept}) AS v \
         LEFT JOIN ({named}) AS n ON v.value = n.value) \
         GROUP BY value ORDER BY value LIMIT {{rows:Int64}}",
        occurred = occurred(dimension, views),
        kept = if only.is_some() {
            kept(dimension, views)
        } else {
            "1".into()
        },
    );
    let mut parameters = vec![
        (
            "account".to_owned(),
            Parameter::Text(context.account.id.to_owned()),
        ),
        ("rows".to_owned(), Parameter::Whole(MOST as i64 + 1)),
        ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
    ];
    parameters.extend(context.account.aliases.parameters());
    parameters.extend(only.into_iter().flat_map(Restricted::parameters));
    Statement { sql, parameters }
}

/// What names a dimension's values: value and name.
fn named(dimension: Dimension, views: Views<'_>) -> String {
    let view = match dimension {
        Dimension::Manager => "v_managers",
        Dimension::Team => "v_teams",
        Dimension::Channel => "v_channels",
        _ => return "SELECT '' AS value, '' AS name WHERE 0".to_owned(),
    };
    format!(
        "SELECT {key} AS value, name FROM {view} WHERE account = {{account:String}}",
        key = dimension.name(),
        view = views.named(view),
    )
}

/// Every place that a dimension's values occur in.
fn occurred(dimension: Dimension, views: Views<'_>) -> String {
    let places: &[(&str, &str)] = match dimension {
        Dimension::Manager => &[
            ("v_managers", "manager"),
            ("v_team_members", "manager"),
            ("v_messages", "manager_key"),
            ("v_conversations", "ifNull(assignee, '')"),
        ],
        Dimension::Team => &[("v_teams", "team"), ("v_team_members", "team")],
        Dimension::Channel => &[("v_channels", "channel"), ("v_conversations", "channel")],
        _ => &[("v_calls", "ifNull(number, '')")],
    };
    let places = places.iter().map(|(view, value)| {
        let value = match *value {
            "manager_key" => views.manager_key(),
            value => value.to_owned(),
        };
        let view = views.named(view);
        format!(
            "SELECT DISTINCT toString({value}) AS value FROM {view} \
             WHERE account = {{account:String}}"
        )
    });
    places.collect::<Vec<_>>().join(" UNION ALL ")
}

/// The condition that leaves what the asker may see.
fn kept(dimension: Dimension, views: Views<'_>) -> String {
    let members = views.named("v_team_members");
    let messages = views.named("v_messages");
    let managers = format!(
        "SELECT manager FROM {members} WHERE account = {{account:String}} \
         AND team IN {{only_teams:Array(String)}} \
         UNION ALL SELECT arrayJoin({{only_managers:Array(String)}})"
    );
    match dimension {
        Dimension::Manager => format!("value IN ({managers})"),
        Dimension::Team => format!(
            "(value IN {{only_teams:Array(String)}} OR value IN (\
             SELECT team FROM {members} WHERE account = {{account:String}} \
             AND manager IN {{only_managers:Array(String)}}))"
        ),
        Dimension::Number => format!(
            "value IN (SELECT number FROM ({calls}) WHERE hasAny(whose, \
             (SELECT groupArray(toString(manager)) FROM ({managers}))))",
            calls = with_legs(&every(views), views, false),
        ),
        _ => format!(
            "value IN (SELECT toString(channel) FROM {messages} \
             WHERE account = {{account:String}} AND {key} IN ({managers}))",
            key = views.manager_key(),
        ),
    }
}
