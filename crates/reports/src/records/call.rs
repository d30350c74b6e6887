//! One call, with its legs.

use serde_json::{Map, Value as Json};

use super::Field::{self, Flag, Plain, Seconds, Time};
use super::{shape, zipped};
use crate::calls::counted::{every, legs, of_people};
use crate::request::{Context, Restricted};
use crate::statement::{Parameter, Source, Statement, with_team};

/// What stands in a call.
const CALL: &[(&str, Field)] = &[
    ("call", Plain),
    ("hook", Plain),
    ("direction", Plain),
    ("origin", Plain),
    ("caller", Plain),
    ("contact", Plain),
    ("number", Plain),
    ("at", Time),
    ("queued_at", Time),
    ("ringing_at", Time),
    ("answered_at", Time),
    ("ended_at", Time),
    ("disposition", Plain),
    ("ghost", Flag),
    ("menu_s", Seconds),
    ("queue_s", Seconds),
    ("ring_s", Seconds),
    ("hold_s", Seconds),
    ("wait_s", Seconds),
    ("talk_s", Seconds),
    ("tags", Plain),
    ("spam", Flag),
    ("value", Plain),
    ("recording", Plain),
    ("integrity", Plain),
    ("attribution", Plain),
];

/// What stands in what brought it.
const BROUGHT: &[(&str, Field)] = &[
    ("certainty", Plain),
    ("reason", Plain),
    ("rule", Plain),
    ("visit", Plain),
    ("weight", Plain),
    ("source", Plain),
    ("medium", Plain),
    ("campaign", Plain),
];

/// What stands in each of its legs, beside each other in lists.
const LEG: &[(&str, Field)] = &[
    ("leg", Plain),
    ("manager", Plain),
    ("extension", Plain),
    ("ringing_at", Time),
    ("answered_at", Time),
    ("ended_at", Time),
    ("ring_s", Seconds),
    ("talk_s", Seconds),
    ("hold_s", Seconds),
    ("transferred_out", Flag),
    ("transferred_in", Flag),
];

/// Writes the statement for a call; its row is that of [`CALL`], then [`LEG`].
pub(super) fn statement(id: &str, source: Source<'_>, context: &Context<'_>) -> Statement {
    let views = source.views;
    let only = context.restriction.restricted();
    let one = format!(
        "SELECT * FROM ({}) WHERE call = {{call:String}}",
        every(views)
    );
    let seen = match only {
        Some(_) => {
            "WHERE notEmpty(arrayIntersect(l.managers, {only_managers:Array(String)})) \
             OR notEmpty(arrayIntersect(l.teams, {only_teams:Array(String)}))"
        }
        None => "",
    };
    let time = |name: &str| format!("toUnixTimestamp64Milli(f.{name})");
    let times = |name: &str| format!("arrayMap(at -> toUnixTimestamp64Milli(at), f.`legs.{name}`)");
    let sql = format!(
        "SELECT c.call, c.hook, c.direction, nullIf(c.origin, ''), nullIf(c.caller, ''), \
         nullIf(c.contact, ''), nullIf(c.number, ''), c.ms_at, {queued}, {ringing}, {answered}, \
         {ended}, nullIf(c.disposition, ''), c.ghost, f.menu_ms, f.queue_ms, f.ring_ms, \
         c.hold_ms, c.wait_ms, c.talk_ms, c.tags, c.spam, toString(f.value), \
         nullIf(f.recording, ''), c.integrity, a.brought, f.`legs.leg`, l.managers, c.extensions, \
         {rung}, {taken}, {over}, f.`legs.ring_ms`, c.talks, c.holds, c.outs, c.ins \
         FROM ({people}) AS c INNER JOIN (SELECT * FROM {calls} FINAL \
         WHERE account = {{account:String}} AND call = {{call:String}}) AS f ON c.call = f.call \
         LEFT JOIN (SELECT call, [tuple(toString(certainty), nullIf(toString(reason), ''), rule, \
         visit_keys, `candidates.weight`, `candidates.source`, `candidates.medium`, \
         `candidates.campaign`)] AS brought FROM {attributions} FINAL \
         WHERE account = {{account:String}} AND call = {{call:String}}) AS a ON c.call = a.call \
         LEFT JOIN (SELECT call, arrayMap(leg -> leg.2, arraySort(groupArray((nth, manager)))) \
         AS managers, groupUniqArray(ifNull(team, '')) AS teams FROM ({legs}) GROUP BY call) AS l \
         ON c.call = l.call {seen}",
        queued = time("queued_at"),
        ringing = time("ringing_at"),
        answered = time("answered_at"),
        ended = time("ended_at"),
        rung = times("ringing_at"),
        taken = times("answered_at"),
        over = times("ended_at"),
        people = of_people(&one, views),
        calls = views.named("calls"),
        attributions = views.named("attributions"),
        legs = with_team(views, &legs(&one, views), "manager", true),
    );
    let mut parameters = vec![
        (
            "account".to_owned(),
            Parameter::Text(source.account.to_owned()),
        ),
        ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
        ("call".to_owned(), Parameter::Text(id.to_owned())),
    ];
    parameters.extend(only.into_iter().flat_map(Restricted::parameters));
    Statement { sql, parameters }
}

/// Gives the row its shape: the call, and its legs in a list.
pub(super) fn shaped(mut row: Vec<Json>) -> Json {
    let lists = row.split_off(CALL.len().min(row.len()));
    let mut call = shape(CALL, row);
    let lists = shape(LEG, lists);
    let many = lists
        .get("leg")
        .and_then(Json::as_array)
        .map_or(0, Vec::len);
    let leg = |nth: usize| {
        let of = |(name, list): (&String, &Json)| {
            let value = list.get(nth).cloned().unwrap_or(Json::Null);
            let empty = value.as_str().is_some_and(str::is_empty);
            (name.clone(), if empty { Json::Null } else { value })
        };
        Json::Object(lists.iter().map(of).collect::<Map<_, _>>())
    };
    call.insert("legs".to_owned(), (0..many).map(leg).collect());
    let brought = call.get_mut("attribution").map(attribution);
    let brought = brought.unwrap_or_default();
    for (name, value) in told(&brought) {
        call.insert(name.to_owned(), value);
    }
    call.insert("attribution".to_owned(), brought);
    Json::Object(call)
}

/// Gives the certainty, and of the source what all candidates agree in, as lists of calls do. Of a number that nobody knows
/// the contact's touches would tell, and of those a call alone knows nothing.
fn told(brought: &Json) -> [(&'static str, Json); 4] {
    let candidates = brought["candidates"].as_array();
    let known = candidates.filter(|_| brought["reason"] != "unknown_number");
    let agreed = |names: &[&str]| {
        let (first, rest) = known.and_then(|all| all.split_first())?;
        let same = |other: &Json| names.iter().all(|name| other[*name] == first[*name]);
        let last = names.last().filter(|_| rest.iter().all(same))?;
        Some(first[*last].clone())
    };
    let agreed = |names: &[&str]| agreed(names).unwrap_or_default();
    let [source, medium, campaign] = ["source", "medium", "campaign"];
    [
        (source, agreed(&[source])),
        (medium, agreed(&[source, medium])),
        (campaign, agreed(&[source, medium, campaign])),
        ("certainty", brought["certainty"].clone()),
    ]
}

/// Gives what brought a call its shape; none of what is not from outside, or not tracked.
fn attribution(rows: &mut Json) -> Json {
    let Some(Json::Array(row)) = rows.as_array_mut().and_then(Vec::pop) else {
        return Json::Null;
    };
    let mut brought = shape(BROUGHT, row);
    let lists = ["visit", "weight", "source", "medium", "campaign"];
    let candidates = zipped(&mut brought, &lists.map(|name| (name, name)));
    brought.insert("candidates".to_owned(), candidates);
    Json::Object(brought)
}
