//! Episodes as SQL: a contact's missed calls, cut where somebody talked with him or wrote to him, and where the
//! time to recover ran out.
//!
//! How: a *chain* is a contact's missed calls of which none is later than the one before by the
//! whole time to recover. No episode reaches over the end of a chain, so only chains that reach into the
//! period are read, and what happened since the first of them began. Within a chain the first missed
//! call begins an episode; it ends at the first contact after it, at the latest when its time has run out;
//! what is missed before that end is in it, and the next begins another.
//!
//! Who a caller is and who a message is to are the same person where they are of one contact: by the
//! contact that the number, or the id on the channel, belongs to; else by an id that is a phone
//! number itself; else by the id. A caller without a number is a person of its own in each call.

use crate::calls::counted::{MISSED, counted, held, legs, of_people};
use crate::request::Request;
use crate::statement::{Views, WITHIN, with_team};
use trunkline_warehouse::hdr;

/// How long before the first missed call a call may have begun in which the contact is talked with after
/// it, in milliseconds.
const LONGEST_CALL_MS: i64 = 86_400_000;

/// All samples.
pub(super) fn samples(request: &Request, views: Views<'_>) -> String {
    list(request, views, request.names_team())
}

/// The same, for rows, which show teams.
pub(super) fn listed(request: &Request, views: Views<'_>) -> String {
    list(request, views, true)
}

fn list(request: &Request, views: Views<'_>, crews: bool) -> String {
    let bucket = hdr::index_sql("e.ms");
    format!(
        "SELECT e.*, {bucket} AS bucket, sample.1 AS what, \
         CAST(nullIf(sample.2, ''), 'Nullable(String)') AS manager, sample.3 AS crew, \
         CAST(NULL, 'Nullable(String)') AS source FROM (\
         SELECT *, arrayJoin(arrayConcat([('episode', alone, crew_of)], \
         if(status = 'recovered', [('recovery', recovered_by, recovered_by)], []))) AS sample \
         FROM ({episodes})) AS e",
        episodes = with_first(request, views, crews),
    )
}

/// The episodes that begin in the period, with what their first call says.
fn with_first(request: &Request, views: Views<'_>, crews: bool) -> String {
    let first = counted(request, views, &format!("{WITHIN} AND {MISSED}"));
    let legs = legs(&first, views);
    let (crew, legs) = if crews {
        let crew =
            "multiIf(length(rung) = 1, rung[1], uniqExact(ifNull(team, '')) = 1, rung[1], '')";
        (crew, with_team(views, &legs, "manager", true))
    } else {
        ("if(length(rung) = 1, rung[1], '')", legs)
    };
    format!(
        "SELECT f.at AS at, f.call AS call, f.number AS number, f.caller AS caller, \
         f.contact AS contact, f.origin AS origin, f.integrity AS integrity, f.tags AS tags, \
         r.alone AS alone, r.crew_of AS crew_of, e.many AS many, \
         fromUnixTimestamp64Milli(e.last_ms, 'UTC') AS last_at, e.status AS status, e.ms AS ms, \
         e.how AS how, e.recovered_by AS recovered_by, e.attempt_ms AS attempt_ms \
         FROM ({first}) AS f INNER JOIN ({episodes}) AS e ON f.call = e.call LEFT JOIN (\
         SELECT call, groupUniqArray(manager) AS rung, if(length(rung) = 1, rung[1], '') AS alone, \
         {crew} AS crew_of FROM ({legs}) GROUP BY call) AS r ON f.call = r.call",
        first = of_people(&first, views),
        episodes = episodes(request, views),
    )
}

/// The episodes that begin in the period: first `call`, how `many` calls and until when, `status`,
/// and after how many `ms`, `how` and by whom recovered; null, empty and 0 where it was not.
fn episodes(request: &Request, views: Views<'_>) -> String {
    let chains = chains(request, views);
    let window = "{window_ms:Int64}";
    format!(
        "SELECT first.2 AS call, length(own) AS many, arrayMax(own) AS last_ms, \
         multiIf(is_recovered, 'recovered', {{as_of:Int64}} >= first.1 + {window}, 'lost', 'open') \
         AS status, if(is_recovered, reached.1 - first.1, 0) AS ms, \
         if(is_recovered, reached.2, '') AS how, if(is_recovered, reached.3, '') AS recovered_by, \
         if(attempt = 0, NULL, attempt - first.1) AS attempt_ms FROM (\
         SELECT chain[place] AS first, ends[place] AS until, \
         arrayFilter(ms -> ms >= first.1 AND ms < until, times) AS own, \
         arrayFirst(one -> one.1 > first.1, contacts) AS reached, \
         reached.1 > 0 AND reached.1 <= first.1 + {window} AS is_recovered, \
         arrayFirst(ms -> ms > first.1 AND ms <= until, attempts) AS attempt FROM (\
         SELECT chain, contacts, attempts, arrayMap(one -> one.1, chain) AS times, \
         arrayMap(ms -> arrayMin(arrayPushBack(arrayFilter(next -> next > ms, \
         arrayMap(one -> one.1, contacts)), ms + {window})), times) AS ends, \
         arrayJoin(arrayFold((done, ms, until, place) -> if(ms < done.2, done, \
         (arrayPushBack(done.1, toInt64(place)), until)), times, ends, arrayEnumerate(times), \
         (CAST([], 'Array(Int64)'), toInt64(0))).1) AS place \
         FROM ({chains}) AS c LEFT JOIN ({reached}) AS r ON c.person = r.person)) \
         WHERE first.1 >= {{from:Int64}} AND first.1 < {{to:Int64}}",
        reached = reached(request, views, &chains),
    )
}

/// The chains of missed calls that reach into the period: instants in milliseconds, and calls.
fn chains(request: &Request, views: Views<'_>) -> String {
    let missed = |within: &str| {
        let within = format!("{within} AND {MISSED}");
        of_people(&counted(request, views, &within), views)
    };
    format!(
        "SELECT person, chain FROM (SELECT person, arrayJoin(arraySplit((one, apart) -> apart, \
         missed, arrayMap((one, before) -> toUInt8(one.1 - before.1 >= {{window_ms:Int64}}), \
         missed, arrayPushFront(arrayPopBack(missed), missed[1])))) AS chain FROM (\
         SELECT person, arraySort(groupArray((ms_at, call))) AS missed FROM ({until}) \
         WHERE person IN (SELECT person FROM ({within})) GROUP BY person)) \
         WHERE arrayExists(one -> one.1 >= {{from:Int64}}, chain)",
        until = missed("at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"),
        within = missed(WITHIN),
    )
}

/// What reached the people of the chains: `contacts` (when, how, by whom), and `attempts` to.
fn reached(request: &Request, views: Views<'_>, chains: &str) -> String {
    format!(
        "SELECT person, arraySort(groupArrayIf((ms, how, by), is_contact)) AS contacts, \
         arraySort(groupArrayIf(tried, tried > 0)) AS attempts FROM (\
         {calls} UNION ALL {messages}) \
         WHERE person IN (SELECT person FROM ({chains})) GROUP BY person",
        calls = calls(request, views, chains),
        messages = messages(views, chains),
    )
}

/// The condition that keeps to what can be of an episode; without a chain nothing can.
fn lasting(chains: &str, before: i64) -> String {
    let begin = format!("(SELECT minOrNull(chain[1].1) FROM ({chains})) - {before}");
    format!(
        "at >= fromUnixTimestamp64Milli({begin}, 'UTC') \
         AND at < fromUnixTimestamp64Milli({{to:Int64}} + {{window_ms:Int64}} + 1, 'UTC')"
    )
}

/// Calls in which a person talked, and those from us. The condition comes after the calls are read:
/// it names calls itself.
fn calls(request: &Request, views: Views<'_>, chains: &str) -> String {
    let talked = "(disposition = 'answered' OR ms_answered IS NOT NULL AND NOT ghost \
                  AND disposition IN ('', 'timed_out'))";
    let within = format!(
        "{} AND known AND ({talked} OR dialled = 'outbound')",
        lasting(chains, LONGEST_CALL_MS)
    );
    let held = held(request, views, &within);
    format!(
        "SELECT c.person AS person, toInt64(ifNull(c.ms_answered, c.ms_at)) AS ms, \
         if(c.dialled = 'outbound', 'called_back', 'called_again') AS how, t.manager AS by, \
         toUInt8({talked}) AS is_contact, if(c.dialled = 'outbound', c.ms_at, 0) AS tried \
         FROM ({people}) AS c LEFT JOIN (\
         SELECT call, argMin(manager, (answered_ms, nth)) AS manager FROM ({legs}) \
         WHERE answered_ms > 0 GROUP BY call) AS t ON c.call = t.call",
        talked = talked
            .replace("disposition", "c.disposition")
            .replace("ms_answered", "c.ms_answered")
            .replace("ghost", "c.ghost"),
        people = of_people(&held, views),
        legs = legs(&held, views),
    )
}

/// What managers wrote.
fn messages(views: Views<'_>, chains: &str) -> String {
    let messages = format!(
        "SELECT channel, contact, manager, at FROM {messages} \
         WHERE account = {{account:String}} AND author = 'manager' AND {lasting}",
        messages = views.named("v_messages"),
        lasting = lasting(chains, 0),
    );
    format!(
        "SELECT person, toUnixTimestamp64Milli(at) AS ms, 'chat' AS how, \
         ifNull(toString(manager), '') AS by, toUInt8(1) AS is_contact, ms AS tried \
         FROM ({of_persons})",
        of_persons = of_persons(&messages, views),
    )
}

/// Joins messages with whom they are to, in the words of [`of_people`].
pub(crate) fn of_persons(messages: &str, views: Views<'_>) -> String {
    let known = |kind: &str| {
        format!(
            "(SELECT toString(channel) AS channel, identity, contact FROM {identities} FINAL \
             WHERE account = {{account:String}} AND kind = '{kind}')",
            identities = views.named("identities"),
        )
    };
    format!(
        "SELECT m.*, concat('=', multiIf(c.contact != '', c.contact, k.contact != '', k.contact, \
         p.contact != '', p.contact, m.phone != '', m.phone, m.contact)) AS person FROM (\
         SELECT *, toString(channel) AS on_channel, {phone} AS phone FROM ({messages})) AS m \
         LEFT JOIN {channel} AS c ON m.on_channel = c.channel AND m.contact = c.identity \
         LEFT JOIN {contact} AS k ON m.contact = k.identity \
         LEFT JOIN {phones} AS p ON m.phone = p.identity",
        phone = phone_of("contact"),
        channel = known("channel"),
        contact = known("contact"),
        phones = known("phone"),
    )
}

/// The phone number that an id is, in E.164: with a `+`, or as WhatsApp writes it; else empty. Digits
/// alone may be anything.
fn phone_of(id: &str) -> String {
    format!(
        "multiIf(match({id}, '^\\\\+[1-9][0-9]{{6,14}}$'), {id}, \
         match({id}, '^[1-9][0-9]{{6,14}}@(c\\\\.us|s\\\\.whatsapp\\\\.net)$'), \
         concat('+', substringIndex({id}, '@', 1)), '')"
    )
}
