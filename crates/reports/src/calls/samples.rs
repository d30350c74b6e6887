//! What the report of calls counts: a list in which each call stands as itself and as what it was to
//! each manager. The column `what` says which a sample is: the `call`, credited to one manager or to
//! none; a manager's `talk` in it; an `offer` of it to a manager, taken or not; a leg that was given
//! `away`, or taken over (`took`).
//!
//! Whose a call is: of those who talked, the first, the last or who talked longest, as asked. Of a
//! call in which nobody talked: who alone was rung; of an outbound one, who called. Where several
//! were rung it is nobody's, and their team's if they were all of one: `crew` is one of them then.

use super::counted::{TARGET, counted, earlier, of_people, with_legs};
use super::sourced::sourced;
use crate::request::Request;
use crate::statement::{Views, WITHIN};
use trunkline_warehouse::hdr;

/// All samples.
pub(super) fn samples(request: &Request, views: Views<'_>) -> String {
    list(request, views, Told::Figures)
}

/// The same, for rows.
pub(super) fn listed(request: &Request, views: Views<'_>) -> String {
    list(request, views, Told::Rows)
}

/// What the samples are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Figures, which name no contact, and teams only if asked for.
    Figures,
    /// Rows, which name both.
    Rows,
}

fn list(request: &Request, views: Views<'_>, told: Told) -> String {
    let list = format!(
        "SELECT f.*, sample.1 AS what, CAST(nullIf(sample.2, ''), 'Nullable(String)') AS manager, \
         multiIf(sample.1 != 'call', sample.2, sample.2 != '', sample.2, shared) AS crew, \
         sample.3 AS talk, sample.4 AS hold, sample.5 AS taken, sample.6 AS nth \
         FROM (SELECT *, arrayJoin({samples}) AS sample FROM ({talked})) AS f",
        samples = of_a_call(),
        talked = who_talked(request, views, told),
    );
    sourced(request, views, &list, told == Told::Rows)
}

/// The calls with who talked in them and whose they are: `credit`, empty for nobody; and one who was
/// rung if all who were are of one team: `shared`.
fn who_talked(request: &Request, views: Views<'_>, told: Told) -> String {
    // The word is among those of the choice: text of ours.
    let talker = match request.choice("credit") {
        Some("last") => "talkers[-1].2",
        Some("longest") => {
            "arrayElement(talked, indexOf(arrayMap(who -> {TALK}, talked), \
             arrayMax(arrayMap(who -> {TALK}, talked))))"
        }
        _ => "talked[1]",
    };
    format!(
        "SELECT *, arraySort(leg -> (leg.3, leg.1), \
         arrayFilter(leg -> if(is_talk, leg.3 > 0, 0), legs)) AS talkers, \
         arrayDistinct(arrayMap(leg -> leg.2, talkers)) AS talked, \
         arrayDistinct(arrayMap(leg -> leg.2, legs)) AS rung, \
         multiIf(notEmpty(talked), {talker}, \
         direction = 'outbound', arrayFirst(who -> who != '', rung), \
         length(rung) = 1, rung[1], '') AS credit, \
         if(length(arrayDistinct(teams)) = 1, rung[1], '') AS shared FROM ({measured})",
        talker = talker.replace("{TALK}", &summed("4")),
        measured = measured(request, views, told),
    )
}

/// The calls with their legs in the order of ringing, who they are from and what came before.
///
/// An answered call of which no leg was told had one, nobody knows whose.
fn measured(request: &Request, views: Views<'_>, told: Told) -> String {
    let crews = told == Told::Rows || request.names_team();
    let counted = with_legs(&counted(request, views, WITHIN), views, crews);
    let counted = match told {
        Told::Figures => format!("SELECT *, '' AS contact FROM ({counted})"),
        Told::Rows => of_people(&counted, views),
    };
    let wait = "greatest(toInt64(0), ifNull(c.wait_ms, 0))";
    format!(
        "SELECT c.call AS call, c.at AS at, c.direction AS direction, c.dialled AS dialled, \
         c.disposition AS disposition, c.number AS number, c.origin AS origin, \
         c.integrity AS integrity, c.tags AS tags, c.caller AS caller, c.known AS known, \
         c.contact AS contact, c.wait_ms AS wait_ms, {wait} AS ms, {bucket} AS bucket, \
         c.talk_ms AS talk_ms, c.hold_ms AS hold_ms, if({inbound}, h.before IS NULL, 0) AS is_first, \
         if({inbound}, ifNull(c.ms_at - h.before > {{unique_ms:Int64}}, 1), 0) AS is_unique, \
         c.is_target AS is_target, if(c.known, if(c.is_target, \
         ifNull(c.ms_at - h.target_before > {{unique_ms:Int64}}, 1), 0), 0) AS is_unique_target, \
         c.disposition IN ('answered', 'timed_out', '') AS is_talk, c.teams AS teams, \
         if(if(empty(c.legs), c.disposition = 'answered', 0), \
         [(toUInt32(1), '', toInt64(1), c.talk_ms, c.hold_ms, toUInt8(0), toUInt8(0))], c.legs) \
         AS legs FROM (SELECT *, {TARGET} AS is_target FROM ({counted})) AS c \
         LEFT JOIN ({earlier}) AS h ON c.call = h.call",
        inbound = "if(c.direction = 'inbound', c.known, 0)",
        bucket = hdr::index_sql(wait),
        earlier = earlier(request, views),
    )
}

/// The sum over the legs of `who` that talked.
fn summed(part: &str) -> String {
    format!("arraySum(leg -> if(leg.2 = who, leg.{part}, toInt64(0)), talkers)")
}

/// What a call is to whom: what, manager, talk, hold, taken, and which leg if it is one.
fn of_a_call() -> String {
    let none = "toInt64(0), toInt64(0)";
    let [talk, hold] = ["4", "5"].map(summed);
    format!(
        "arrayConcat([('call', credit, talk_ms, hold_ms, toUInt8(0), toUInt32(0))], \
         if(disposition = 'answered', \
         arrayMap(who -> ('talk', who, {talk}, {hold}, toUInt8(1), toUInt32(0)), talked), []), \
         if(if(direction = 'inbound', disposition NOT IN ('', 'timed_out'), 0), \
         arrayMap(who -> ('offer', who, {none}, toUInt8(has(talked, who)), toUInt32(0)), rung), []), \
         arrayMap(leg -> ('away', leg.2, {none}, toUInt8(0), leg.1), arrayFilter(leg -> leg.6 > 0, legs)), \
         arrayMap(leg -> ('took', leg.2, {none}, toUInt8(0), leg.1), arrayFilter(leg -> leg.7 > 0, legs)))"
    )
}
