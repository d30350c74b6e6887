//! Contacts, and what happened with one: calls, messages and visits, those of all its numbers and ids.

use serde_json::{Map, Value as Json};

use super::Field::{self, Plain, Seconds, Time};
use super::{Page, shape, visits};
use crate::calls::counted::{every, legs, of_people};
use crate::missed_calls::episodes::of_persons;
use crate::request::{Context, Restricted};
use crate::statement::{Parameter, Source, Statement, Views, with_team};

/// The lists, for the positions of their pages.
pub(super) const LIST: &str = "contacts";
pub(super) const TIMELINE: &str = "timeline";

/// What stands in a contact.
pub(super) const CONTACT: &[(&str, Field)] = &[
    ("contact", Plain),
    ("phones", Plain),
    ("emails", Plain),
    ("ids", Plain),
    ("calls", Plain),
    ("messages", Plain),
    ("first_at", Time),
    ("last_at", Time),
];

/// What stands in what happened; what does not apply is null.
pub(super) const EVENT: &[(&str, Field)] = &[
    ("at", Time),
    ("what", Plain),
    ("id", Plain),
    ("manager", Plain),
    ("direction", Plain),
    ("number", Plain),
    ("disposition", Plain),
    ("wait_s", Seconds),
    ("talk_s", Seconds),
    ("channel", Plain),
    ("conversation", Plain),
    ("author", Plain),
    ("kind", Plain),
    ("certainty", Plain),
    ("weight", Plain),
    ("visit", Plain),
];

/// Writes the statement for a page of contacts.
pub(super) fn list(page: &Page<'_>, source: Source<'_>, context: &Context<'_>) -> Statement {
    let after = match page.after {
        Some(_) => "r.contact > {after_0:String}",
        None => "1",
    };
    let mut statement = contacts(after, source, context);
    statement.parameters.extend(page.parameters());
    statement
}

/// Writes the statement for one contact.
pub(super) fn one(id: &str, source: Source<'_>, context: &Context<'_>) -> Statement {
    let is = format!("r.contact = {}", survivor(source.views));
    let mut statement = contacts(&is, source, context);
    statement
        .parameters
        .push(("rows".into(), Parameter::Whole(1)));
    statement
        .parameters
        .push(("id".into(), Parameter::Text(id.to_owned())));
    statement
}

fn contacts(condition: &str, source: Source<'_>, context: &Context<'_>) -> Statement {
    let views = source.views;
    let identities = views.named("identities");
    let named = format!(
        "SELECT concat('=', contact) AS person, 0 AS ms, 'identity' AS what FROM {identities} FINAL \
         WHERE account = {{account:String}}"
    );
    let seen = format!(
        "SELECT person, ms, what FROM ({}) WHERE {}",
        events(views, context),
        kept(context)
    );
    let all = match context.restriction.restricted() {
        Some(_) => seen,
        None => format!("{seen} UNION ALL {named}"),
    };
    let of_kind = |kind: &str| format!("arraySort(groupArrayIf(identity, kind = '{kind}'))");
    let sql = format!(
        "SELECT r.contact, i.phones, i.emails, i.ids, r.calls, r.messages, r.first, r.last FROM (\
         SELECT substring(person, 2) AS contact, countIf(what = 'call') AS calls, \
         countIf(what = 'message') AS messages, minIf(toNullable(ms), what != 'identity') AS first, \
         maxIf(toNullable(ms), what != 'identity') AS last FROM ({all}) GROUP BY person) AS r \
         LEFT JOIN (SELECT contact, {phones} AS phones, {emails} AS emails, \
         arraySort(groupArrayIf(map('channel', toString(channel), 'id', identity), \
         kind = 'channel')) AS ids FROM {identities} FINAL WHERE account = {{account:String}} \
         GROUP BY contact) AS i ON r.contact = i.contact \
         WHERE {condition} ORDER BY r.contact LIMIT {{rows:Int64}}",
        phones = of_kind("phone"),
        emails = of_kind("email"),
    );
    Statement {
        sql,
        parameters: parameters(source, context),
    }
}

/// Writes the statement for a page of what happened with a contact.
pub(super) fn timeline(
    id: &str,
    page: &Page<'_>,
    source: Source<'_>,
    context: &Context<'_>,
) -> Statement {
    let after = match page.after {
        Some(_) => {
            "AND (ms, what, ifNull(channel, ''), ifNull(conversation, ''), id) < \
             ({after_at:Int64}, {after_0:String}, {after_1:String}, {after_2:String}, \
             {after_3:String})"
        }
        None => "",
    };
    let sql = format!(
        "SELECT ms, what, id, manager, direction, number, disposition, wait_ms, talk_ms, channel, \
         conversation, author, kind, certainty, weight, visited FROM ({happened}) \
         WHERE 1 {after} ORDER BY ms DESC, what DESC, \
         ifNull(channel, '') DESC, ifNull(conversation, '') DESC, id DESC LIMIT {{rows:Int64}}",
        happened = happened(source.views, context),
    );
    let mut parameters = parameters(source, context);
    parameters.extend(page.parameters());
    parameters.push(("id".into(), Parameter::Text(id.to_owned())));
    Statement { sql, parameters }
}

/// What happened with the contact asked for, so far as the asker may see it. Visits are nobody's work.
fn happened(views: Views<'_>, context: &Context<'_>) -> String {
    let person = format!("concat('=', {})", survivor(views));
    let events = format!(
        "SELECT ms, what, id, manager, direction, number, disposition, wait_ms, talk_ms, channel, \
         conversation, author, kind, CAST(NULL, 'Nullable(String)') AS certainty, \
         CAST(NULL, 'Nullable(Float64)') AS weight, [] AS visited FROM ({events}) \
         WHERE person = {person} AND {kept}",
        events = events(views, context),
        kept = kept(context),
    );
    if context.restriction.restricted().is_some() {
        return events;
    }
    let fields: Vec<_> = visits::FIELDS.iter().map(|(name, _)| *name).collect();
    let visits = format!(
        "SELECT ms, 'visit' AS what, visit AS id, NULL AS manager, NULL AS direction, number, \
         NULL AS disposition, NULL AS wait_ms, NULL AS talk_ms, NULL AS channel, \
         NULL AS conversation, NULL AS author, NULL AS kind, toNullable(sure) AS certainty, \
         toNullable(share) AS weight, [tuple({fields})] AS visited FROM ({visits})",
        fields = fields.join(", "),
        visits = visits::of_person(&person, views),
    );
    format!("{events} UNION ALL {visits}")
}

/// Gives the visit that something that happened is its form; nothing else has one.
pub(super) fn with_visit(event: &mut Map<String, Json>) {
    if let Some(visit) = event.get_mut("visit") {
        let row = visit.as_array_mut().and_then(Vec::pop);
        *visit = match row {
            Some(Json::Array(row)) => Json::Object(visits::shaped(shape(visits::FIELDS, row))),
            _ => Json::Null,
        };
    }
}

/// Whom an id stands for: who survived the merges, whose the number is, or itself.
fn survivor(views: Views<'_>) -> String {
    let known = |kind: &str| {
        format!(
            "nullIf((SELECT max(contact) FROM {identities} FINAL \
             WHERE account = {{account:String}} AND kind = '{kind}' AND identity = {{id:String}}), '')",
            identities = views.named("identities"),
        )
    };
    format!(
        "ifNull(coalesce({}, {}), {{id:String}})",
        known("contact"),
        known("phone")
    )
}

/// Calls and messages of everybody, each with the person it is of and with the team of its manager
/// if that decides who may see it.
fn events(views: Views<'_>, context: &Context<'_>) -> String {
    let restricted = context.restriction.restricted().is_some();
    let all = format!("{} UNION ALL {}", calls(views), messages(views));
    with_team(views, &all, "manager", restricted)
}

/// Calls of known callers; whose is said as in the report of calls.
fn calls(views: Views<'_>) -> String {
    let outside = format!(
        "SELECT * FROM ({}) WHERE known AND direction != 'internal'",
        every(views)
    );
    format!(
        "SELECT c.person AS person, c.at AS at, c.ms_at AS ms, 'call' AS what, c.call AS id, \
         nullIf(if(l.talker != '' OR length(l.rung) != 1, l.talker, l.rung[1]), '') AS manager, \
         toNullable(c.direction) AS direction, nullIf(c.number, '') AS number, \
         nullIf(c.disposition, '') AS disposition, c.wait_ms AS wait_ms, \
         toNullable(c.talk_ms) AS talk_ms, CAST(NULL, 'Nullable(String)') AS channel, \
         CAST(NULL, 'Nullable(String)') AS conversation, CAST(NULL, 'Nullable(String)') AS author, \
         CAST(NULL, 'Nullable(String)') AS kind FROM ({people}) AS c LEFT JOIN (\
         SELECT call, argMinIf(manager, (answered_ms, nth), answered_ms > 0) AS talker, \
         groupUniqArray(manager) AS rung FROM ({legs}) GROUP BY call) AS l ON c.call = l.call",
        people = of_people(&outside, views),
        legs = legs(&outside, views),
    )
}

fn messages(views: Views<'_>) -> String {
    let all = format!(
        "SELECT channel, conversation, contact, message, author, manager, kind, at \
         FROM {} WHERE account = {{account:String}}",
        views.named("v_messages")
    );
    format!(
        "SELECT person, at, toUnixTimestamp64Milli(at) AS ms, 'message' AS what, message AS id, \
         CAST(manager, 'Nullable(String)') AS manager, \
         toNullable(if(author = 'contact', 'inbound', 'outbound')) AS direction, \
         CAST(NULL, 'Nullable(String)') AS number, CAST(NULL, 'Nullable(String)') AS disposition, \
         CAST(NULL, 'Nullable(Int64)') AS wait_ms, CAST(NULL, 'Nullable(Int64)') AS talk_ms, \
         toNullable(on_channel) AS channel, toNullable(conversation) AS conversation, \
         toNullable(toString(author)) AS author, toNullable(toString(kind)) AS kind \
         FROM ({})",
        of_persons(&all, views)
    )
}

/// The condition that leaves what the asker may see.
pub(super) fn kept(context: &Context<'_>) -> &'static str {
    match context.restriction.restricted() {
        Some(_) => {
            "(ifNull(manager IN {only_managers:Array(String)}, 0) \
             OR ifNull(team IN {only_teams:Array(String)}, 0))"
        }
        None => "1",
    }
}

fn parameters(source: Source<'_>, context: &Context<'_>) -> Vec<(String, Parameter)> {
    let mut parameters = vec![
        (
            "account".to_owned(),
            Parameter::Text(source.account.to_owned()),
        ),
        ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
    ];
    let only = context.restriction.restricted();
    parameters.extend(only.into_iter().flat_map(Restricted::parameters));
    parameters.extend(context.account.aliases.parameters());
    parameters
}
