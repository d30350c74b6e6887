//! The values of a dimension, for choosing filters (`contract.md` §4: `GET /v1/dimensions/{dimension}`).
//!
//! What occurred and what the configuration names, with the names to show. Who may see only some
//! managers is shown these, their teams, the channels on which they wrote, and what is of the calls
//! that they were in or of their leads; no pools, for visits are the whole account's. Dimensions of few words list all of them.

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

/// All dimensions.
const LISTED: [Dimension; 20] = [
    Dimension::Manager,
    Dimension::Team,
    Dimension::Channel,
    Dimension::Number,
    Dimension::Source,
    Dimension::Medium,
    Dimension::Campaign,
    Dimension::Content,
    Dimension::Term,
    Dimension::Origin,
    Dimension::Pool,
    Dimension::Pipeline,
    Dimension::Direction,
    Dimension::Author,
    Dimension::Kind,
    Dimension::Disposition,
    Dimension::Tag,
    Dimension::Integrity,
    Dimension::Hour,
    Dimension::Weekday,
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
pub fn listed() -> [&'static str; LISTED.len()] {
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
         GROUP BY value ORDER BY {order} LIMIT {{rows:Int64}}",
        order = match dimension {
            Dimension::Hour | Dimension::Weekday => "toUInt8(value)",
            _ => "value",
        },
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

/// Every place that a dimension's values occur in, or the words that they are among.
fn occurred(dimension: Dimension, views: Views<'_>) -> String {
    let places: Vec<(&str, &str)> = match dimension {
        Dimension::Manager => vec![
            ("v_managers", "manager"),
            ("v_team_members", "manager"),
            ("v_messages", "manager_key"),
            ("v_conversations", "ifNull(assignee, '')"),
        ],
        Dimension::Team => vec![("v_teams", "team"), ("v_team_members", "team")],
        Dimension::Channel => vec![("v_channels", "channel"), ("v_conversations", "channel")],
        Dimension::Number => vec![("v_calls", "ifNull(number, '')")],
        Dimension::Pool => vec![("v_pool_numbers", "pool"), ("v_visits", "ifNull(pool, '')")],
        Dimension::Pipeline => vec![
            ("v_stages", "pipeline"),
            ("v_leads", "ifNull(pipeline, '')"),
        ],
        Dimension::Tag => vec![("v_calls", "arrayJoin(tags)")],
        // Of calls as they stand; one without an end times out.
        Dimension::Disposition => vec![("v_calls", "ifNull(disposition, 'timed_out')")],
        Dimension::Origin => of_sources(
            "origin",
            &["v_visits", "v_forms", "v_leads", "v_touches", "v_calls"],
        ),
        Dimension::Source => of_sources("source", &SOURCED),
        Dimension::Medium => of_sources("medium", &SOURCED),
        Dimension::Campaign => of_sources("campaign", &SOURCED),
        Dimension::Content => of_sources("content", &SOURCED[..6]),
        Dimension::Term => of_sources("term", &SOURCED[..6]),
        Dimension::Direction
        | Dimension::Author
        | Dimension::Kind
        | Dimension::Integrity
        | Dimension::Hour
        | Dimension::Weekday => return words(dimension),
    };
    let places = places.into_iter().map(|(view, value)| {
        let value = match value {
            "manager_key" => views.manager_key(),
            value => value.to_owned(),
        };
        let view = views.named(view);
        format!(
            "SELECT DISTINCT ifNull(toString({value}), '') AS value FROM {view} \
             WHERE account = {{account:String}}"
        )
    });
    let mut places: Vec<_> = places.collect();
    if dimension == Dimension::Origin {
        // That of what brought a call is said nowhere else.
        places.push(format!(
            "SELECT DISTINCT 'calltracking' AS value FROM {} WHERE account = {{account:String}}",
            views.named("v_attributions")
        ));
    }
    places.join(" UNION ALL ")
}

/// The views that name sources; those that name no variants and search terms at the end.
const SOURCED: [&str; 7] = [
    "v_visits",
    "v_attributions",
    "v_forms",
    "v_leads",
    "v_touches",
    "v_spend",
    "v_static_numbers",
];

fn of_sources<'v>(column: &'v str, views: &[&'v str]) -> Vec<(&'v str, &'v str)> {
    views.iter().map(|view| (*view, column)).collect()
}

/// The words that a dimension's values are among.
fn words(dimension: Dimension) -> String {
    let words: &[&str] = match dimension {
        Dimension::Direction => &["inbound", "outbound", "internal"],
        Dimension::Author => &["contact", "manager", "bot", "system", "campaign"],
        Dimension::Kind => &[
            "text", "image", "audio", "video", "file", "location", "sticker", "other",
        ],
        Dimension::Hour => return numbers("0, 24"),
        Dimension::Weekday => return numbers("1, 8"),
        _ => &["verified", "weak", "unverified"],
    };
    format!("SELECT arrayJoin(['{}']) AS value", words.join("', '"))
}

fn numbers(range: &str) -> String {
    format!("SELECT toString(arrayJoin(range({range}))) AS value")
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
    let of_calls = |value: &str| {
        format!(
            "SELECT {value} FROM ({calls}) WHERE hasAny(whose, \
             (SELECT groupArray(toString(manager)) FROM ({managers})))",
            calls = with_legs(&every(views), views, false),
        )
    };
    match dimension {
        Dimension::Manager => format!("value IN ({managers})"),
        Dimension::Team => format!(
            "(value IN {{only_teams:Array(String)}} OR value IN (\
             SELECT team FROM {members} WHERE account = {{account:String}} \
             AND manager IN {{only_managers:Array(String)}}))"
        ),
        Dimension::Number => format!("value IN ({})", of_calls("number")),
        Dimension::Disposition => format!("value IN ({})", of_calls("disposition")),
        Dimension::Tag => format!("value IN ({})", of_calls("arrayJoin(tags)")),
        Dimension::Channel => format!(
            "value IN (SELECT toString(channel) FROM {messages} \
             WHERE account = {{account:String}} AND {key} IN ({managers}))",
            key = views.manager_key(),
        ),
        Dimension::Source
        | Dimension::Medium
        | Dimension::Campaign
        | Dimension::Content
        | Dimension::Term => format!(
            "value IN (SELECT ifNull(toString({column}), '') FROM {attributions} \
             WHERE account = {{account:String}} AND call IN ({calls}) \
             UNION ALL SELECT ifNull(toString({column}), '') FROM {leads} \
             WHERE account = {{account:String}} AND manager IN ({managers}))",
            column = dimension.name(),
            attributions = views.named("v_attributions"),
            leads = views.named("v_leads"),
            calls = of_calls("call"),
        ),
        Dimension::Origin => format!("value IN ({})", of_calls("origin")),
        Dimension::Pipeline => format!(
            "value IN (SELECT ifNull(toString(pipeline), '') FROM {leads} \
             WHERE account = {{account:String}} AND manager IN ({managers}))",
            leads = views.named("v_leads"),
        ),
        // Visits are the whole account's.
        Dimension::Pool => "0".to_owned(),
        Dimension::Direction
        | Dimension::Author
        | Dimension::Kind
        | Dimension::Integrity
        | Dimension::Hour
        | Dimension::Weekday => "1".to_owned(),
    }
}
