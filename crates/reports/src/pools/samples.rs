//! What the report of pools counts: `what` says what a sample is: a `pool` of the settings, a `visit` of
//! a pool, a `call` to one of its numbers, a `lease` that lives, how long a number had its `rest`, and what a
//! visit would hold of a quarter of an hour if there were numbers enough (`load`). How much, says `n`.
//!
//! What stands now, and the load, which looks back over 30 days, belong to the end of the period.

use crate::calls::SPAM;
use crate::calls::counted::{every, twin_pairs};
use crate::request::Request;
use crate::statement::{Views, WITHIN};

/// How far the load looks back, in milliseconds.
const LOOK_BACK_MS: i64 = 30 * 86_400_000;

/// A quarter of an hour, in milliseconds.
const QUARTER_MS: i64 = 900_000;

/// All samples.
pub(super) fn samples(request: &Request, views: Views<'_>) -> String {
    let list = [
        pools(),
        visits(views),
        leases(views),
        load(views),
        rests(views),
        calls(request, views),
    ];
    format!(
        "SELECT *, CAST(NULL, 'Nullable(String)') AS manager FROM ({}) \
         WHERE pool IN {{pools:Array(String)}}",
        list.join(" UNION ALL ")
    )
}

/// The last instant of the period.
const END: &str = "fromUnixTimestamp64Milli({to:Int64} - 1, 'UTC')";

/// The columns of what is no visit.
const PLAIN: &str = "'' AS number, '' AS visit, toUInt8(0) AS served, toUInt8(0) AS is_late, \
                     toUInt8(0) AS is_ambiguous, toInt64(0) AS quarter";

fn pools() -> String {
    format!(
        "SELECT {END} AS at, 'pool' AS what, one.1 AS pool, toInt64(one.2) AS n, \
         toInt64(one.3) AS free, {PLAIN} FROM (SELECT arrayJoin(arrayZip({{pools:Array(String)}}, \
         {{pool_numbers:Array(Int64)}}, {{pool_in_service:Array(Int64)}})) AS one)"
    )
}

/// Visits of pools that hold for `condition`, `number` that of theirs alone.
fn of_pools(views: Views<'_>, condition: &str) -> String {
    format!(
        "SELECT started_at AS at, toString(pool) AS pool, if(served, toString(number), '') AS number, \
         visit, visit_key, served, toUInt8(ifNull(served_at > started_at, 0)) AS is_late, \
         toUnixTimestamp64Milli(started_at) AS begin, \
         toUnixTimestamp64Milli(ifNull(served_at, started_at)) AS leased, \
         toUnixTimestamp64Milli(expires_at) AS end FROM {visits} FINAL \
         WHERE account = {{account:String}} AND pool != '' AND NOT doubled AND {condition}",
        visits = views.named("visits"),
    )
}

fn visits(views: Views<'_>) -> String {
    format!(
        "SELECT at, 'visit' AS what, pool, toInt64(1) AS n, toInt64(0) AS free, number, \
         visit_key AS visit, served, is_late, toUInt8(0) AS is_ambiguous, toInt64(0) AS quarter \
         FROM ({}) WHERE {WITHIN}",
        of_pools(views, "1"),
    )
}

fn leases(views: Views<'_>) -> String {
    let live = "served AND served_at <= fromUnixTimestamp64Milli({as_of:Int64}, 'UTC') \
                AND expires_at > fromUnixTimestamp64Milli({as_of:Int64}, 'UTC')";
    format!(
        "SELECT {END} AS at, 'lease' AS what, pool, toInt64(1) AS n, toInt64(0) AS free, {PLAIN} FROM ({})",
        of_pools(views, live),
    )
}

/// What visits would hold of each quarter, in milliseconds.
fn load(views: Views<'_>) -> String {
    let since = format!("({{to:Int64}} - {LOOK_BACK_MS})");
    let lasting = format!(
        "expires_at > fromUnixTimestamp64Milli({since}, 'UTC') \
         AND started_at < fromUnixTimestamp64Milli({{to:Int64}}, 'UTC')"
    );
    format!(
        "SELECT {END} AS at, 'load' AS what, pool, \
         least(end, quarter + {QUARTER_MS}) - greatest(begin, quarter) AS n, toInt64(0) AS free, \
         '' AS number, '' AS visit, toUInt8(0) AS served, toUInt8(0) AS is_late, \
         toUInt8(0) AS is_ambiguous, quarter FROM (\
         SELECT pool, begin, end, arrayJoin(range(intDiv(begin, {QUARTER_MS}) * {QUARTER_MS}, end, \
         {QUARTER_MS})) AS quarter FROM (\
         SELECT pool, greatest(begin, {since}) AS begin, least(end, {{to:Int64}}) AS end FROM ({own}))) \
         WHERE end > begin",
        own = of_pools(views, &lasting),
    )
}

/// How long numbers were free before each lease of the period.
fn rests(views: Views<'_>) -> String {
    let leased = "served AND started_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
    format!(
        "SELECT at, 'rest' AS what, pool, greatest(toInt64(0), leased - before) AS n, \
         toInt64(0) AS free, {PLAIN} FROM (SELECT at, pool, leased, \
         max(toNullable(end)) OVER (PARTITION BY pool, number ORDER BY leased, visit \
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended, assumeNotNull(ended) AS before \
         FROM ({own})) WHERE ended IS NOT NULL AND {WITHIN}",
        own = of_pools(views, leased),
    )
}

/// Calls to its numbers, without spam unless asked for; of twins the tracker's, which knows the number that was called.
fn calls(request: &Request, views: Views<'_>) -> String {
    let twice = if request.rules.may_be_twins() {
        format!(
            "AND call NOT IN (SELECT switched FROM ({}))",
            twin_pairs(views)
        )
    } else {
        String::new()
    };
    let counts = match request.choice(SPAM.name) {
        Some(_) => "1",
        None => "NOT spam",
    };
    format!(
        "SELECT at, 'call' AS what, pool, toInt64(1) AS n, toInt64(0) AS free, '' AS number, \
         '' AS visit, toUInt8(0) AS served, toUInt8(0) AS is_late, is_ambiguous, \
         toInt64(0) AS quarter FROM (SELECT started_at AS at, \
         transform(toString(number), {{numbers:Array(String)}}, {{number_pools:Array(String)}}, '') \
         AS pool, toUInt8(certainty = 'ambiguous') AS is_ambiguous FROM {attributions} FINAL \
         WHERE account = {{account:String}} AND call IN (SELECT call FROM ({every}) \
         WHERE direction = 'inbound' AND origin != 'dialler' AND {counts}) {twice}) WHERE {WITHIN}",
        attributions = views.named("attributions"),
        every = every(views),
    )
}
