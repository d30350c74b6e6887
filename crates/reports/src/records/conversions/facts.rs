//! What conversions are made of: moments of persons, their touches, their calls.

use std::ops::RangeInclusive;

use super::super::Field::{self, Flag, Plain, Seconds, Time};
use crate::calls::counted::{every, twin_pairs, without_twins};
use crate::sources::attributed::{Detail, attributed};
use crate::sources::touches::{of_forms, persons};
use crate::statement::Views;

/// Where in a candidate its click ids stand: behind the columns of a source, the weight, and the visit.
pub(super) const CLICKS: RangeInclusive<usize> = 9..=12;
/// How much is told of a call.
pub(super) const TOLD: usize = 9;

/// What stands in a row.
pub(super) const ROW: &[(&str, Field)] = &[
    ("id", Plain),
    ("kind", Plain),
    ("at", Time),
    ("phone", Plain),
    ("value", Plain),
    ("currency", Plain),
    ("gclid", Plain),
    ("gbraid", Plain),
    ("wbraid", Plain),
    ("yclid", Plain),
    ("clicked_at", Time),
    ("page", Plain),
    ("ga_client_id", Plain),
    ("ym_client_id", Plain),
    ("consent", Flag),
    ("has_call", Flag),
    ("call_at", Time),
    ("call_ended_at", Time),
    ("call_talk_s", Seconds),
    ("call_hold_s", Seconds),
    ("call_missed", Flag),
    ("call_first", Flag),
    ("call_tags", Plain),
    ("call_is_static", Flag),
    ("twins", Plain),
];

/// The columns that are of the call.
pub(super) const CALL: [&str; 8] = [
    "call_at",
    "call_ended_at",
    "call_talk_s",
    "call_hold_s",
    "call_missed",
    "call_first",
    "call_tags",
    "call_is_static",
];

/// Names the parts of a tuple.
pub(super) fn unpacked(tuple: &str, parts: RangeInclusive<usize>) -> String {
    let parts: Vec<_> = parts.map(|part| format!("{tuple}.{part}")).collect();
    parts.join(", ")
}

/// Inbound calls that count, of twins the PBX's: those of [`every`], over or not.
pub(in crate::records) fn inbound(views: Views<'_>, may_be_twins: bool) -> String {
    let single = if may_be_twins {
        format!("AND {}", without_twins(views))
    } else {
        String::new()
    };
    format!(
        "SELECT * FROM ({}) WHERE direction = 'inbound' AND origin != 'dialler' AND NOT spam {single}",
        every(views)
    )
}

/// Those of [`inbound`] that are over, with who called: `call`, `ms`, `person`, `phone`, `value`,
/// whether it is a target call, and what is told of it in `told`: number, start, end, talk, hold, missed,
/// first, tags, whether the number was static; and `others`: the calls that trackers told of that are this one.
pub(super) fn calls(views: Views<'_>, may_be_twins: bool) -> String {
    let (others, paired) = if may_be_twins {
        let paired = format!(
            "LEFT JOIN (SELECT switched, arraySort(groupArray(tracked)) AS others FROM ({}) \
             GROUP BY switched) AS o ON c.call = o.switched",
            twin_pairs(views)
        );
        ("o.others", paired)
    } else {
        (NO_OTHERS, String::new())
    };
    let over = format!(
        "SELECT *, 'call' AS what, call AS id, '' AS channel, if(known, caller, '') AS contact \
         FROM ({}) WHERE disposition != ''",
        inbound(views, may_be_twins)
    );
    format!(
        "SELECT c.call AS call, c.ms_at AS ms, c.person AS person, if(c.known, c.caller, '') AS phone, \
         f.worth AS value, c.disposition = 'answered' AND c.talk_ms >= {{target_talk_ms:Int64}} AS target, \
         tuple(phone, ms, f.ended, c.talk_ms, \
         c.hold_ms, c.disposition != 'answered', row_number() OVER (PARTITION BY c.person \
         ORDER BY c.ms_at, c.call) = 1, c.tags, a.is_static) AS told, {others} AS others \
         FROM ({people}) AS c INNER JOIN (\
         SELECT call, toUnixTimestamp64Milli(ended_at) AS ended, toString(value) AS worth \
         FROM {calls} FINAL WHERE account = {{account:String}}) AS f ON c.call = f.call \
         LEFT JOIN ({attributed}) AS a ON c.call = a.call {paired}",
        people = persons(&over, views),
        calls = views.named("calls"),
        attributed = attributed(may_be_twins, Detail::Source, views),
    )
}

/// No calls.
const NO_OTHERS: &str = "CAST([], 'Array(String)')";

/// The moments of the kinds asked for: `kind`, `entity`, `ms`, the `moment` it is attributed to, and how
/// much later a touch may be (`slack`), `person`, `phone`, `value`, `currency`, the call that it is, and its `others`.
pub(super) fn moments(kinds: &[&str], calls: &str, views: Views<'_>) -> String {
    let one = |kind: &&str| match *kind {
        "call" => of_calls("call", "1", calls),
        "target_call" => of_calls("target_call", "target", calls),
        kind => format!(
            "SELECT what AS kind, id AS entity, ms, moment, slack, person, typed AS phone, value, \
             toString(currency) AS currency, '' AS own, {NO_OTHERS} AS others FROM ({rows})",
            rows = persons(&told(kind, views), views),
        ),
    };
    kinds
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(" UNION ALL ")
}

fn of_calls(kind: &str, which: &str, calls: &str) -> String {
    format!(
        "SELECT '{kind}' AS kind, call AS entity, ms, ms AS moment, toInt64(0) AS slack, person, phone, \
         value, '' AS currency, call AS own, others FROM ({calls}) WHERE {which}"
    )
}

/// Forms, leads, or what was won, as rows for [`persons`].
fn told(kind: &str, views: Views<'_>) -> String {
    match kind {
        "won" => told_leads("won", "won_at", views),
        "lead" => told_leads("lead", "created_at", views),
        _ => format!(
            "SELECT 'form' AS what, form AS id, toUnixTimestamp64Milli(at) AS ms, ms AS moment, \
             toInt64(0) AS slack, '' AS channel, contact, if(known, phone, '') AS typed, \
             CAST(NULL, 'Nullable(String)') AS value, '' AS currency FROM ({})",
            of_forms(views)
        ),
    }
}

fn told_leads(kind: &str, at: &str, views: Views<'_>) -> String {
    format!(
        "SELECT '{kind}' AS what, lead AS id, toUnixTimestamp64Milli(assumeNotNull({at})) AS ms, \
         toUnixTimestamp64Milli(created_at) AS moment, {{lead:Int64}} AS slack, '' AS channel, \
         ifNull(contact, '') AS contact, '' AS typed, toString(amount) AS value, \
         ifNull(toString(currency), '') AS currency FROM {leads} WHERE account = {{account:String}} AND NOT removed \
         AND merged_into IS NULL AND {at} IS NOT NULL",
        leads = views.named("whole_leads"),
    )
}

/// What is known of the visits that clicks were of: `visit`, when it `began`, its first `page`, what Analytics and
/// Metrica know the visitor by, and whether he agreed.
pub(super) fn visits(views: Views<'_>) -> String {
    format!(
        "SELECT visit, toUnixTimestamp64Milli(started_at) AS began, \
         arrayElement(`pages.url`, 1) AS page, ga_client_id, ym_client_id, consent \
         FROM {} FINAL WHERE account = {{account:String}}",
        views.named("visits")
    )
}
