//! What conversions are made of: moments of persons, their touches, their calls.

use std::ops::RangeInclusive;

use super::super::Field::{self, Flag, Plain, Seconds, Time};
use crate::calls::counted::{every, of_people, twin_pairs, twins};
use crate::missed_calls::episodes::of_persons;
use crate::statement::Views;

/// How many click ids a touch has.
pub(super) const CLICKS: usize = 4;
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

/// Inbound calls that are over, with who called and what brought them: `call`, `ms`, `person`, `phone`,
/// `value`, whether it is a target call, the attribution's `a.certainty` and its candidates, and what is told of
/// it in `told`: number, start, end, talk, hold, missed, first, tags, whether the number was static; and `others`: the
/// calls that trackers told of that are this one.
pub(super) fn calls(views: Views<'_>, may_be_twins: bool) -> String {
    let (single, others, paired) = if may_be_twins {
        let single = format!(
            "AND (hook NOT IN {{trackers:Array(String)}} OR call NOT IN ({}))",
            twins(views)
        );
        let paired = format!(
            "LEFT JOIN (SELECT switched, arraySort(groupArray(tracked)) AS others FROM ({}) \
             GROUP BY switched) AS o ON c.call = o.switched",
            twin_pairs(views)
        );
        (single, "o.others", paired)
    } else {
        (String::new(), NO_OTHERS, String::new())
    };
    let over = format!(
        "SELECT * FROM ({}) WHERE direction = 'inbound' AND origin != 'dialler' AND NOT spam \
         AND disposition != '' {single}",
        every(views)
    );
    format!(
        "SELECT c.call AS call, c.ms_at AS ms, c.person AS person, if(c.known, c.caller, '') AS phone, \
         f.worth AS value, c.disposition = 'answered' AND c.talk_ms >= {{target_talk_ms:Int64}} AS target, \
         a.certainty AS certainty, a.candidates AS candidates, tuple(phone, ms, f.ended, c.talk_ms, \
         c.hold_ms, c.disposition != 'answered', row_number() OVER (PARTITION BY c.person \
         ORDER BY c.ms_at, c.call) = 1, c.tags, a.is_static) AS told, {others} AS others \
         FROM ({people}) AS c INNER JOIN (\
         SELECT call, toUnixTimestamp64Milli(ended_at) AS ended, toString(value) AS worth \
         FROM {calls} FINAL WHERE account = {{account:String}}) AS f ON c.call = f.call \
         LEFT JOIN ({attributed}) AS a ON c.call = a.call {paired}",
        people = of_people(&over, views),
        calls = views.named("calls"),
        attributed = attributed(views, may_be_twins),
    )
}

/// No calls.
const NO_OTHERS: &str = "CAST([], 'Array(String)')";

/// What brought each call: visit, source and click ids of each candidate. Of twins the call of the PBX has what is
/// known of the tracker's (`metrics.md` §2).
fn attributed(views: Views<'_>, may_be_twins: bool) -> String {
    let own = format!(
        "SELECT call, toString(certainty) AS certainty, rule = 0 AS is_static, \
         arrayZip(`candidates.visit`, `candidates.source`, `candidates.gclid`, `candidates.gbraid`, \
         `candidates.wbraid`, `candidates.yclid`) AS candidates \
         FROM {} FINAL WHERE account = {{account:String}}",
        views.named("attributions")
    );
    if !may_be_twins {
        return own;
    }
    format!(
        "SELECT if(t.switched != '', t.switched, a.call) AS call, certainty, is_static, candidates \
         FROM ({own}) AS a LEFT JOIN ({twins}) AS t ON a.call = t.tracked \
         ORDER BY t.switched = '' LIMIT 1 BY call",
        twins = twin_pairs(views),
    )
}

/// The moments of the kinds asked for: `kind`, `entity`, `ms`, the `moment` it is attributed to, and how
/// much later a touch may be (`slack`), `person`, `phone`, `value`, `currency`, the call that it is, and its `others`.
pub(super) fn moments(kinds: &[&str], calls: &str, views: Views<'_>) -> String {
    let one = |kind: &&str| match *kind {
        "call" => of_calls("call", "1", calls),
        "target_call" => of_calls("target_call", "target", calls),
        kind => format!(
            "SELECT what AS kind, id AS entity, ms, moment, slack, {PERSON}, typed AS phone, value, \
             toString(currency) AS currency, '' AS own, {NO_OTHERS} AS others FROM ({rows})",
            rows = of_persons(&told(kind, views), views),
        ),
    };
    kinds
        .iter()
        .map(one)
        .collect::<Vec<_>>()
        .join(" UNION ALL ")
}

/// Who it is, of rows from [`of_persons`]: what nobody knows the contact of is a person of its own.
const PERSON: &str =
    "if(named, person, concat('?', if(what = 'won', 'lead', what), ':', id)) AS person";

fn of_calls(kind: &str, which: &str, calls: &str) -> String {
    format!(
        "SELECT '{kind}' AS kind, call AS entity, ms, ms AS moment, toInt64(0) AS slack, person, phone, \
         value, '' AS currency, call AS own, others FROM ({calls}) WHERE {which}"
    )
}

/// Forms, leads, or what was won, as rows for [`of_persons`].
fn told(kind: &str, views: Views<'_>) -> String {
    match kind {
        "won" => told_leads("won", "won_at", views),
        "lead" => told_leads("lead", "created_at", views),
        _ => format!(
            "SELECT 'form' AS what, form AS id, toUnixTimestamp64Milli(at) AS ms, ms AS moment, \
             toInt64(0) AS slack, '' AS channel, contact, contact != '' AS named, if(known, number, '') AS typed, \
             CAST(NULL, 'Nullable(String)') AS value, '' AS currency, {CLICK_IDS}, source, visit FROM ({})",
            forms(views)
        ),
    }
}

fn told_leads(kind: &str, at: &str, views: Views<'_>) -> String {
    format!(
        "SELECT '{kind}' AS what, lead AS id, toUnixTimestamp64Milli(assumeNotNull({at})) AS ms, \
         toUnixTimestamp64Milli(created_at) AS moment, {{lead:Int64}} AS slack, '' AS channel, \
         ifNull(contact, '') AS contact, contact != '' AS named, '' AS typed, toString(amount) AS value, \
         ifNull(toString(currency), '') AS currency, {CLICK_IDS}, \
         ifNull(toString(source), '') AS source, ifNull(visit, '') AS visit \
         FROM {leads} WHERE account = {{account:String}} AND NOT removed \
         AND merged_into IS NULL AND {at} IS NOT NULL",
        leads = views.named("v_leads"),
    )
}

/// The click ids of a row, none as the empty text.
const CLICK_IDS: &str = "ifNull(toString(gclid), '') AS gclid, ifNull(toString(gbraid), '') AS gbraid, \
     ifNull(toString(wbraid), '') AS wbraid, ifNull(toString(yclid), '') AS yclid";

/// Forms with whom they are of: the contact told, else the phone number, else whose the address is.
fn forms(views: Views<'_>) -> String {
    format!(
        "SELECT f.form AS form, f.at AS at, f.known AS known, f.phone AS number, \
         multiIf(f.contact != '', f.contact, f.known, f.phone, e.contact) AS contact, \
         f.gclid AS gclid, f.gbraid AS gbraid, f.wbraid AS wbraid, f.yclid AS yclid, \
         toString(f.source) AS source, f.visit AS visit FROM {forms} AS f FINAL LEFT JOIN (\
         SELECT identity, contact FROM {identities} FINAL \
         WHERE account = {{account:String}} AND kind = 'email') AS e ON f.email = e.identity \
         WHERE f.account = {{account:String}}",
        forms = views.named("forms"),
        identities = views.named("identities"),
    )
}

/// What touched persons: `person`, `ms`, `id`, whether it says little (`faint`), and `clicks`: the ids,
/// when the visit began that had them, and its first page. What names a visit and no source has the
/// visit's. Of a call that several visits may have brought no click is told.
pub(super) fn touches(calls: &str, views: Views<'_>) -> String {
    let one =
        "if(length(candidates) = 1, candidates[1], tuple('', candidates[1].2, '', '', '', ''))";
    let of_calls = format!(
        "SELECT person, ms, call AS id, one.1 AS visit, one.3 AS gclid, one.4 AS gbraid, \
         one.5 AS wbraid, one.6 AS yclid, if(certainty = 'unattributed', 'direct', one.2) AS source \
         FROM (SELECT person, ms, call, certainty, {one} AS one FROM ({calls}) WHERE certainty != '')"
    );
    let of_others = format!(
        "SELECT {PERSON}, ms, id, visit, gclid, gbraid, wbraid, yclid, source FROM ({rows})",
        rows = of_persons(&others(views), views),
    );
    let ids = ["gclid", "gbraid", "wbraid", "yclid"];
    let told = ids.map(|id| format!("if(own, t.{id}, v.{id})")).join(", ");
    format!(
        "SELECT t.person AS person, t.ms AS ms, t.id AS id, \
         concat(t.source, t.gclid, t.gbraid, t.wbraid, t.yclid) != '' AS own, \
         if(own, t.source, v.source) AS told_source, told_source = 'direct' AS faint, \
         tuple({told}, v.began, v.page) AS clicks FROM ({of_calls} UNION ALL {of_others}) AS t \
         LEFT JOIN ({visits}) AS v ON t.visit = v.visit WHERE own OR v.visit != ''",
        visits = visits(views),
    )
}

fn visits(views: Views<'_>) -> String {
    format!(
        "SELECT visit, toString(source) AS source, gclid, gbraid, wbraid, yclid, \
         toUnixTimestamp64Milli(started_at) AS began, arrayElement(`pages.url`, 1) AS page \
         FROM {} FINAL WHERE account = {{account:String}}",
        views.named("visits")
    )
}

/// Chats, forms and leads, as rows for [`of_persons`].
fn others(views: Views<'_>) -> String {
    let chats = format!(
        "SELECT 'chat' AS what, id, toUnixTimestamp64Milli(at) AS ms, \
         ifNull(toString(channel), '') AS channel, contact, contact != '' AS named, {CLICK_IDS}, \
         ifNull(toString(source), '') AS source, ifNull(visit, '') AS visit \
         FROM {} WHERE account = {{account:String}}",
        views.named("v_touches")
    );
    let columns =
        "what, id, ms, channel, contact, named, gclid, gbraid, wbraid, yclid, source, visit";
    let parts = [chats, told("form", views), told("lead", views)];
    let parts = parts.map(|part| format!("SELECT {columns} FROM ({part})"));
    parts.join(" UNION ALL ")
}
