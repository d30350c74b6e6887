//! The calls that count, as they stand at `as_of`, and who talked in them (`metrics.md` §2).
//!
//! Here is said once, for all reports of calls, which calls are in none: internal ones, those of a
//! dialler and spam unless asked for, and of twins the tracker's. Names are resolved when read:
//! whose a leg is tell its alias, else its extension at the call's start; and who a caller is, the
//! contact that the number belongs to.
//!
//! Phone numbers must be whole here, so the tables are read and not the views, which mask them.

use super::spans::with_values;
use crate::dimension::Dimension;
use crate::request::Request;
use crate::statement::{Views, WITHIN};

/// How long after its last phase arrived a call without an end has timed out, in milliseconds.
const TIMED_OUT_MS: i64 = 4 * 3_600_000;

/// How far apart the beginnings of twins may be, in milliseconds.
const TWINS_MS: i64 = 15_000;

/// Inbound calls that nobody took, but those that gave up at once.
pub(crate) const MISSED: &str = "direction = 'inbound' \
     AND disposition IN ('missed', 'abandoned', 'voicemail') \
     AND ifNull(wait_ms, {short_ms:Int64}) >= {short_ms:Int64}";

/// Calls in which a person talked, or talks.
pub(crate) const TALKED: &str = "(disposition = 'answered' OR ms_answered IS NOT NULL \
     AND NOT ghost AND disposition IN ('', 'timed_out'))";

/// The `SELECT` of all calls that count, so far as `within` holds for their columns.
///
/// A callback is an inbound inquiry whichever way it was dialled; `dialled` keeps that way.
pub(crate) fn counted(request: &Request, views: Views<'_>, within: &str) -> String {
    if request.asks_for(Dimension::Origin, "dialler") {
        return held(request, views, within);
    }
    held(request, views, &format!("{within} AND origin != 'dialler'"))
}

/// The same with those of a dialler: in those too a contact talks with a person.
pub(crate) fn held(request: &Request, views: Views<'_>, within: &str) -> String {
    let mut conditions = vec![within.to_owned()];
    if !request.asks_for(Dimension::Direction, "internal") {
        conditions.push("direction != 'internal'".to_owned());
    }
    if request.choice("spam").is_none() {
        conditions.push("NOT spam".to_owned());
    }
    if request.rules.may_be_twins() {
        conditions.push(without_twins(views));
    }
    format!(
        "SELECT * FROM ({all}) WHERE {conditions}",
        all = every(views),
        conditions = conditions.join(" AND "),
    )
}

/// All calls, with what they are worked out to be.
pub(crate) fn every(views: Views<'_>) -> String {
    format!(
        "SELECT c.call AS call, c.started_at AS at, toUnixTimestamp64Milli(c.started_at) AS ms_at, \
         toString(c.hook) AS hook, toString(c.direction) AS dialled, \
         if(c.origin = 'callback', 'inbound', toString(c.direction)) AS direction, \
         toString(c.origin) AS origin, c.caller AS caller, c.known AS known, \
         toString(c.number) AS number, toUnixTimestamp64Milli(c.answered_at) AS ms_answered, \
         multiIf(c.disposition != '', toString(c.disposition), c.ended_at IS NULL \
         AND {{as_of:Int64}} > toUnixTimestamp64Milli(c.last_received_at) + {TIMED_OUT_MS}, \
         'timed_out', '') AS disposition, c.ghost AS ghost, c.wait_ms AS wait_ms, \
         c.talk_ms AS talk_ms, c.hold_ms AS hold_ms, c.tags AS tags, c.spam AS spam, \
         toString(c.integrity) AS integrity, c.`legs.manager` AS told, \
         c.`legs.extension` AS extensions, c.`legs.answered_at` AS answers, \
         c.`legs.talk_ms` AS talks, c.`legs.hold_ms` AS holds, \
         c.`legs.transferred_out` AS outs, c.`legs.transferred_in` AS ins \
         FROM {calls} AS c FINAL WHERE c.account = {{account:String}}",
        calls = views.named("calls"),
    )
}

/// The condition that leaves of twins the PBX's call alone.
pub(crate) fn without_twins(views: Views<'_>) -> String {
    format!(
        "(hook NOT IN {{trackers:Array(String)}} OR call NOT IN (SELECT tracked FROM ({})))",
        twin_pairs(views)
    )
}

/// The calls that a tracker told of and a PBX told of too, of the same caller, begun at nearly the
/// same time, one forwarded to the other's number: `tracked` and `switched`.
pub(crate) fn twin_pairs(views: Views<'_>) -> String {
    let calls = views.named("calls");
    let of = |role: &str| {
        format!(
            "SELECT call, caller, number, toUnixTimestamp64Milli(started_at) AS ms, \
             `legs.extension` AS forwarded FROM {calls} FINAL WHERE account = {{account:String}} \
             AND hook IN {{{role}:Array(String)}} AND known AND direction = 'inbound'"
        )
    };
    format!(
        "SELECT t.call AS tracked, p.call AS switched FROM ({tracked}) AS t INNER JOIN ({switched}) AS p ON t.caller = p.caller \
         WHERE abs(t.ms - p.ms) <= {TWINS_MS} \
         AND (has(t.forwarded, toString(p.number)) OR has(p.forwarded, toString(t.number)))",
        tracked = of("trackers"),
        switched = of("pbxs"),
    )
}

/// The people in calls, a row each: `manager`, when his `leg` was answered (0 if never), its `talk`
/// and `hold`, whether it gave the call `away` or `took` it over, in the order of `nth`.
pub(crate) fn legs(counted: &str, views: Views<'_>) -> String {
    format!(
        "SELECT call, at, leg.1 AS nth, leg.2 AS manager, leg.3 AS answered_ms, leg.4 AS talk, \
         leg.5 AS hold, leg.6 AS away, leg.7 AS took FROM ({}) ARRAY JOIN legs AS leg",
        with_legs(counted, views, false)
    )
}

/// The calls with their `legs`, each as the columns of [`legs`] from `nth` on; with `crews`
/// also with the teams of their managers, in the same order and empty for none.
pub(crate) fn with_legs(counted: &str, views: Views<'_>, crews: bool) -> String {
    let aliased = format!(
        "WITH (SELECT arraySort(arrayPushBack(groupArray((alias, manager)), ('', ''))) \
         FROM {aliases} FINAL WHERE account = {{account:String}}) AS aliased \
         SELECT *, arrayMap(name -> transform(name, aliased.1, aliased.2, ''), told) AS known_as \
         FROM ({counted})",
        aliases = views.named("aliases"),
    );
    let extended = format!(
        "SELECT extension AS key, valid_from AS begins, valid_until AS ends, manager AS value \
         FROM {} FINAL WHERE account = {{account:String}}",
        views.named("extensions"),
    );
    let told = format!(
        "SELECT *, arrayMap((name, alias, own) -> {WHOSE}, told, known_as, owners) AS whose \
         FROM ({})",
        with_values(&aliased, "owners", "extensions", &extended)
    );
    let told = if crews {
        let members = format!(
            "SELECT manager AS key, valid_from AS begins, valid_until AS ends, team AS value \
             FROM {} WHERE account = {{account:String}}",
            views.named("v_team_members"),
        );
        with_values(&told, "teams", "whose", &members)
    } else {
        format!("SELECT *, CAST([], 'Array(String)') AS teams FROM ({told})")
    };
    format!(
        "SELECT *, arrayMap((nth, manager, answered, talk, hold, away, took) -> (toUInt32(nth), \
         manager, ifNull(toUnixTimestamp64Milli(answered), 0), talk, hold, away, took), \
         arrayEnumerate(told), whose, answers, talks, holds, outs, ins) AS legs FROM ({told})"
    )
}

/// Whose a leg is: whom the `alias` names; else the manager told, if that is an id of ours; else whose
/// the extension was (`own`); else the name as told, a provider's.
const WHOSE: &str = "multiIf(alias != '', alias, name != '' AND position(name, ':') = 0, name, \
     own != '', own, name)";

/// Joins calls with the contacts that their numbers belong to: `contact` is empty where none is
/// known, and `person` tells people apart: the contact, else the number, else the call itself.
pub(crate) fn of_people(counted: &str, views: Views<'_>) -> String {
    format!(
        "SELECT c.*, i.contact AS contact, multiIf(i.contact != '', concat('=', i.contact), \
         c.known, concat('=', c.caller), concat('?', c.call)) AS person \
         FROM ({counted}) AS c LEFT JOIN (SELECT identity, contact FROM {identities} FINAL \
         WHERE account = {{account:String}} AND kind = 'phone') AS i \
         ON if(c.known, c.caller, '') = i.identity",
        identities = views.named("identities"),
    )
}

/// What came before each inbound call of the period from the same person: when the last one came
/// (`before`), and the last target call (`target_before`), in milliseconds; null if never.
///
/// Of calls before the period only the last of each caller is needed.
pub(crate) fn earlier(request: &Request, views: Views<'_>) -> String {
    let inbound = |within: &str| {
        let within = format!("{within} AND direction = 'inbound' AND known");
        counted(request, views, &within)
    };
    let last = "max(toNullable(ms_at)) AS before, \
                max(if({TARGET}, toNullable(ms_at), NULL)) AS target_before"
        .replace("{TARGET}", TARGET);
    let history = format!(
        "SELECT caller, known, '' AS call, {last} FROM ({all}) GROUP BY caller, known",
        all = inbound("at < fromUnixTimestamp64Milli({from:Int64}, 'UTC')"),
    );
    format!(
        "SELECT e.call AS call, ifNull(e.before, h.before) AS before, \
         ifNull(e.target_before, h.target_before) AS target_before FROM (\
         SELECT call, person, max(toNullable(ms_at)) OVER w AS before, \
         max(if({TARGET}, toNullable(ms_at), NULL)) OVER w AS target_before FROM ({period}) \
         WINDOW w AS (PARTITION BY person ORDER BY ms_at, call \
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS e LEFT JOIN (\
         SELECT person, max(before) AS before, max(target_before) AS target_before \
         FROM ({history}) GROUP BY person) AS h ON e.person = h.person",
        period = of_people(&inbound(WITHIN), views),
        history = of_people(&history, views),
    )
}

/// Target calls, of inbound ones.
pub(crate) const TARGET: &str =
    "direction = 'inbound' AND disposition = 'answered' AND talk_ms >= {target_talk_ms:Int64}";
