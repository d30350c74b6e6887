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

use crate::calls::counted::{MISSED, TALKED, counted, held, of_people, with_legs};
use crate::calls::sourced::sourced;
use crate::dimension::Dimension;
use crate::request::Request;
use crate::statement::Views;
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
    let list = format!(
        "SELECT e.*, {bucket} AS bucket, sample.1 AS what, \
         CAST(nullIf(sample.2, ''), 'Nullable(String)') AS manager, sample.3 AS crew FROM (\
         SELECT *, arrayJoin(arrayConcat([('episode', alone, crew_of)], \
         if(status = 'recovered', [('recovery', recovered_by, recovered_by)], []))) AS sample \
         FROM ({episodes})) AS e",
        episodes = episodes(request, views, crews),
    );
    sourced(request, views, &list, false)
}

/// The episodes that begin in the period: their first call, how `many` calls and until when, `status`,
/// and after how many `ms`, `how` and by whom recovered; null, empty and 0 where it was not.
fn episodes(request: &Request, views: Views<'_>, crews: bool) -> String {
    let window = "{window_ms:Int64}";
    format!(
        "SELECT fromUnixTimestamp64Milli(first.1, 'UTC') AS at, first.2 AS call, {said}, \
         length(own) AS many, fromUnixTimestamp64Milli(arrayMax(own), 'UTC') AS last_at, \
         multiIf(is_recovered, 'recovered', {{as_of:Int64}} >= first.1 + {window}, 'lost', 'open') \
         AS status, if(is_recovered, reached.1 - first.1, 0) AS ms, \
         if(is_recovered, reached.2, '') AS how, if(is_recovered, reached.3, '') AS recovered_by, \
         if(attempt = 0, NULL, attempt - first.1) AS attempt_ms FROM (\
         SELECT chain[place] AS first, ends[place] AS until, \
         arrayFilter(ms -> if(ms >= first.1, ms < until, 0), times) AS own, \
         arrayFirst(one -> one.1 > first.1, contacts) AS reached, \
         if(reached.1 > 0, reached.1 <= first.1 + {window}, 0) AS is_recovered, \
         arrayFirst(ms -> if(ms > first.1, ms <= until, 0), attempts) AS attempt FROM (\
         SELECT chain, contacts, attempts, arrayMap(one -> one.1, chain) AS times, \
         arrayMap(ms -> arrayMin(arrayPushBack(arrayFilter(next -> next > ms, \
         arrayMap(one -> one.1, contacts)), ms + {window})), times) AS ends, \
         arrayJoin(arrayFold((done, ms, until, place) -> if(ms < done.2, done, \
         (arrayPushBack(done.1, toInt64(place)), until)), times, ends, arrayEnumerate(times), \
         (CAST([], 'Array(Int64)'), toInt64(0))).1) AS place FROM ({chains}))) \
         WHERE if(first.1 >= {{from:Int64}}, first.1 < {{to:Int64}}, 0)",
        said = SAID
            .iter()
            .zip(3..)
            .map(|(name, place)| format!("first.{place} AS {name}"))
            .collect::<Vec<_>>()
            .join(", "),
        chains = with_contacts(request, views, crews),
    )
}

/// What an episode says of its first call, beside when it was and which.
const SAID: [&str; 8] = [
    "number",
    "caller",
    "contact",
    "origin",
    "integrity",
    "tags",
    "alone",
    "crew_of",
];

/// Cuts a person's missed calls, in the order of time, into chains of which one is left that reaches into
/// the period.
const CHAINED: &str = "arrayFilter(chain -> arrayExists(one -> one.1 >= {from:Int64}, chain), \
     arraySplit((one, apart) -> apart, missed, \
     arrayMap((one, before) -> toUInt8(one.1 - before.1 >= {window_ms:Int64}), \
     missed, arrayPushFront(arrayPopBack(missed), missed[1]))))";

/// The chains of missed calls that reach into the period, with what reached their people: `contacts`
/// (when, how, by whom), and `attempts` to.
fn with_contacts(request: &Request, views: Views<'_>, crews: bool) -> String {
    format!(
        "SELECT arrayJoin({CHAINED}) AS chain, \
         arraySort(arrayConcat(c.talks, m.written)) AS contacts, \
         arraySort(arrayConcat(c.tries, arrayMap(one -> one.1, m.written))) AS attempts FROM (\
         SELECT person, arraySort(groupArrayIf((ms_at, call, {said}), is_missed)) AS missed, \
         groupArrayIf((toInt64(ifNull(ms_answered, ms_at)), how, by), is_contact) AS talks, \
         groupArrayIf(ms_at, is_try) AS tries FROM ({calls}) GROUP BY person \
         HAVING arrayMax(arrayMap(one -> one.1, missed)) >= {{from:Int64}}) AS c LEFT JOIN (\
         SELECT person, groupArrayArray(written) AS written FROM ({messages}) GROUP BY person) AS m \
         ON c.person = m.person",
        said = SAID.join(", "),
        calls = calls(request, views, crews),
        messages = messages(request, views),
    )
}

/// Since when something can be of an episode, in milliseconds: the begin of the first chain; without a
/// chain nothing can, and it is null.
fn begin(request: &Request, views: Views<'_>) -> String {
    let within = format!("at < fromUnixTimestamp64Milli({{to:Int64}}, 'UTC') AND {MISSED}");
    let missed = counted(request, views, &within);
    format!(
        "(SELECT minOrNull(arrayMin(arrayMap(chain -> chain[1].1, chains))) FROM (\
         SELECT {CHAINED} AS chains FROM (\
         SELECT arraySort(groupArray(tuple(ms_at))) AS missed FROM ({people}) \
         GROUP BY person HAVING max(ms_at) >= {{from:Int64}})))",
        people = of_people(&missed, views),
    )
}

/// The condition that keeps to what can be of an episode.
fn lasting(request: &Request, views: Views<'_>, before: i64) -> String {
    format!(
        "at >= fromUnixTimestamp64Milli({begin} - {before}, 'UTC') \
         AND at < fromUnixTimestamp64Milli({{to:Int64}} + {{window_ms:Int64}} + 1, 'UTC')",
        begin = begin(request, views),
    )
}

/// Missed calls (`is_missed`), calls in which a person talked (`is_contact`), and those from us (`is_try`).
fn calls(request: &Request, views: Views<'_>, crews: bool) -> String {
    // A dialler's calls are talks too, but none is missed unless they are asked for.
    let counts = if request.asks_for(Dimension::Origin, "dialler") {
        "1"
    } else {
        "origin != 'dialler'"
    };
    let within = lasting(request, views, LONGEST_CALL_MS);
    let legs = with_legs(&held(request, views, &within), views, crews);
    let crew = if crews {
        "multiIf(length(rung) = 1, rung[1], length(arrayDistinct(teams)) = 1, rung[1], '')"
    } else {
        "alone"
    };
    format!(
        "SELECT *, arrayDistinct(whose) AS rung, if(length(rung) = 1, rung[1], '') AS alone, \
         {crew} AS crew_of, \
         arraySort(leg -> (leg.3, leg.1), arrayFilter(leg -> leg.3 > 0, legs))[1].2 AS by, \
         if(dialled = 'outbound', 'called_back', 'called_again') AS how FROM ({people}) \
         WHERE is_missed OR is_contact OR is_try",
        people = of_people(
            &format!(
                "SELECT *, {counts} AND {MISSED} AND ms_at < {{to:Int64}} AS is_missed, \
                 known AND {TALKED} AS is_contact, known AND dialled = 'outbound' AS is_try \
                 FROM ({legs})"
            ),
            views
        ),
    )
}

/// What managers wrote, by whom it is to.
fn messages(request: &Request, views: Views<'_>) -> String {
    let messages = format!(
        "SELECT channel, contact, groupArray((toUnixTimestamp64Milli(at), 'chat', \
         ifNull(toString(manager), ''))) AS written FROM {messages} \
         WHERE account = {{account:String}} AND author = 'manager' AND {lasting} \
         GROUP BY channel, contact",
        messages = views.named("v_messages"),
        lasting = lasting(request, views, 0),
    );
    of_persons(&messages, views)
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
