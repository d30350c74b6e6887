//! Extensions, and providers' names of managers, that are nobody's: calls with them are in no
//! manager's figures until the configuration says whose they are.

use serde_json::Value as Json;
use trunkline_model::time::Time;

use crate::request::Context;
use crate::statement::{Parameter, Source, Statement};

/// How far back is looked, in milliseconds.
const DAYS_MS: i64 = 7 * 86_400_000;
/// How many are listed at most.
const MOST: u32 = 200;

/// An extension, or a provider's name of a manager, that is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// The hook that told of it first; `api` if none did.
    pub hook: String,
    /// The extension, else the name: the provider, a colon and the manager's id there.
    pub name: String,
    /// In how many calls of the last 7 days it was.
    pub calls: u64,
    /// When the last of these began.
    pub last: Time,
}

/// Writes the statement: hook, name, calls, and the last one in milliseconds.
pub(super) fn statement(source: Source<'_>, context: &Context<'_>) -> Statement {
    let views = source.views;
    let sql = format!(
        "SELECT l.hook, if(l.extension != '', l.extension, l.name) AS unmapped, \
         uniqExact(l.call) AS many, max(toUnixTimestamp64Milli(l.at)) AS last FROM (\
         SELECT n.*, a.manager AS known_as FROM (\
         SELECT toString(hook) AS hook, call, started_at AS at, name, extension FROM {calls} FINAL \
         ARRAY JOIN `legs.manager` AS name, `legs.extension` AS extension \
         WHERE account = {{account:String}} \
         AND started_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')) AS n \
         LEFT JOIN (SELECT alias, manager FROM {aliases} FINAL \
         WHERE account = {{account:String}}) AS a ON n.name = a.alias) AS l \
         ASOF LEFT JOIN (SELECT extension, valid_from, valid_until, manager FROM {extensions} FINAL \
         WHERE account = {{account:String}}) AS e \
         ON l.extension = e.extension AND l.at >= e.valid_from \
         WHERE l.known_as = '' AND (l.name = '' OR position(l.name, ':') > 0) \
         AND NOT (e.manager != '' AND l.at < e.valid_until) AND unmapped != '' \
         GROUP BY l.hook, unmapped ORDER BY many DESC, unmapped, l.hook LIMIT {MOST}",
        calls = views.named("calls"),
        aliases = views.named("aliases"),
        extensions = views.named("extensions"),
    );
    let account = Parameter::Text(source.account.to_owned());
    let since = Parameter::Whole(context.now.0 - DAYS_MS);
    Statement {
        sql,
        parameters: vec![("account".to_owned(), account), ("since".to_owned(), since)],
    }
}

/// Reads a row of the statement.
pub(super) fn read(row: &[Json]) -> Option<Unmapped> {
    let [hook, name, calls, last] = row else {
        return None;
    };
    Some(Unmapped {
        hook: hook.as_str()?.to_owned(),
        name: name.as_str()?.to_owned(),
        calls: calls.as_u64()?,
        last: Time(last.as_i64()?),
    })
}
