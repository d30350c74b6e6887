//! `scope=contact` of `response-times`: what is pending in any conversation of a contact is also
//! cleared by a manager's message in another, and by an answered call (`metrics.md` 1.1).
//!
//! The definition. A conversation's contact is that of `v_conversations`: the author of its first
//! contact message, and who that belongs to by what was told of identities, as in the reports of calls; an
//! id that is a phone number is that of who calls from it. All conversations of a contact are one timeline in the order of `metrics.md` §1,
//! equal places by channel and conversation. Each conversation keeps a clock of its own, started by
//! its contact's messages and hand-offs and cleared by its bot and its closings as ever; a manager's
//! message clears the clocks of all. It gives at most one sample, credited to who sent it and to the
//! channel he sent it on:
//!
//! - `wait` since the first of what it clears was pending,
//! - `turn` since the last contact message, or the last start of a clock, of what it clears,
//! - `assigned` since the later of that of `wait` and the latest assignment to this manager of any
//!   conversation of the contact.
//!
//! A call in which a person talked with the contact, whichever of them called, clears the clocks of all
//! at its answer, the last in its instant. It is no message: it gives no sample and answers no cycle; and what a
//! manager writes afterwards gives a sample only of what came after the call. Internal calls, spam and of twins the
//! tracker's clear nothing; nor does the call of a number that belongs to no contact who writes.
//!
//! A cycle is `answered` if a manager's message cleared what was pending in it, wherever he wrote;
//! `awaiting` and `closed_unanswered` are what was still pending then. Where a conversation overlaps
//! in time with no other of its contact, and no such call lies in it, every figure is that of `scope=conversation`, so only the
//! others are worked out, from the facts, at reading; late events mend them by themselves. What `kommo` and `first`
//! measure is not what is pending, so there is no such scope of theirs.
//!
//! How: a *stretch* is what happens to a contact up to a manager's message or a call and with it, a *part* of
//! it what happens in one conversation up to a bot's reply or a closing and with it. What is pending
//! at its end has begun within a part.

use crate::calls::counted::{TALKED, held, of_people as of_people_called};
use crate::missed_calls::episodes::of_persons;
use crate::request::Request;
use crate::response_times::verdict;
use crate::statement::{Views, WITHIN, of_managers};
use trunkline_warehouse::hdr;

/// The parameter.
pub(crate) const NAME: &str = "scope";

/// Its word for this.
pub(crate) const CONTACT: &str = "contact";

/// Whether a question has this scope.
pub(crate) fn is_contact(request: &Request) -> bool {
    request.choice(NAME) == Some(CONTACT)
}

/// Works out once for a statement what stands in several places of it: `overlapping`, a list of [`groups`], and
/// `stretched`, a list of [`stretches`]. ClickHouse analyses a subquery anew wherever it stands; these it does not.
pub(crate) fn with_groups(request: &Request, which: Which, views: Views<'_>, sql: &str) -> String {
    if !is_contact(request) {
        return sql.to_owned();
    }
    format!(
        "WITH (SELECT groupArray((person, threads, talks, begins_at, ends_at)) FROM ({groups})) \
         AS overlapping, \
         (SELECT groupArray((contact, is_answered, is_cleared, reply, parts, given)) \
         FROM ({stretches})) AS stretched SELECT * FROM ({sql})",
        groups = groups(request, which, views),
        stretches = stretches(views),
    )
}

/// Replies that gave a sample.
pub(crate) fn replies(request: &Request, views: Views<'_>) -> String {
    // The words are among those of the choices: text of ours.
    let definition = request.choice("definition").unwrap_or("wait");
    let responder = request.choice("responder").unwrap_or("manager");
    let worked_out = match responder {
        "bot" => of_bots(),
        _ => of_people(definition),
    };
    format!(
        "SELECT at, manager, channel, conversation, contact, message, 0 AS cycle, 'reply' AS what, \
         ms, {bucket} AS bucket, queue, CAST(NULL, 'Nullable(Int64)') AS from_start, \
         0 AS answered, 0 AS outside, within, toInt64(-1) AS age FROM (\
         SELECT at, manager, channel, conversation, contact, message, \
         assumeNotNull({definition}_ms) AS ms, wait_ms - assigned_ms AS queue, \
         bitTest(within_target, {bit}) AS within FROM {messages} \
         WHERE account = {{account:String}} AND {WITHIN} AND author = '{responder}' \
         AND {definition}_ms IS NOT NULL{managers} \
         AND (channel, conversation) NOT IN ({SEVERAL}) UNION ALL SELECT *, ms <= {target} AS within FROM ({worked_out}))",
        bit = verdict(definition),
        target = request.target.sql(),
        bucket = hdr::index_sql("ms"),
        messages = views.named("v_messages"),
        managers = of_managers(request),
    )
}

/// Managers' replies in conversations that overlap.
fn of_people(definition: &str) -> String {
    format!(
        "SELECT fromUnixTimestamp64Milli(reply.1, 'UTC') AS at, nullIf(reply.2, '') AS manager, \
         reply.3 AS channel, reply.4 AS conversation, contact, reply.5 AS message, \
         reply.1 - since_{definition} AS ms, \
         CAST(since_assigned - since_wait, 'Nullable(Int64)') AS queue FROM (\
         SELECT contact, reply, arrayFilter(part -> part.6.1 = '', parts) AS cleared, \
         arrayMin(arrayMap(part -> part.3, cleared)) AS since_wait, \
         arrayMax(arrayMap(part -> greatest(part.3, part.5), cleared)) AS since_turn, \
         arrayMax(arrayPushBack(arrayMap(to -> if(to.1 = reply.2, to.2, 0), given), since_wait)) \
         AS since_assigned FROM ({STRETCHES}) \
         WHERE if(is_answered, if(reply.1 >= {{from:Int64}}, if(reply.1 < {{to:Int64}}, \
         arrayExists(part -> part.6.1 = '', parts), 0), 0), 0))"
    )
}

/// Bots' replies in conversations that overlap.
fn of_bots() -> String {
    format!(
        "SELECT fromUnixTimestamp64Milli(part.6.2, 'UTC') AS at, \
         CAST(NULL, 'Nullable(String)') AS manager, part.1 AS channel, part.2 AS conversation, \
         contact, part.6.3 AS message, part.6.2 - part.3 AS ms, \
         CAST(NULL, 'Nullable(Int64)') AS queue FROM ({STRETCHES}) ARRAY JOIN parts AS part \
         WHERE if(part.6.1 = 'bot', \
         if(part.6.2 >= {{from:Int64}}, part.6.2 < {{to:Int64}}, 0), 0)"
    )
}

/// Conversations, with what is pending in them.
pub(crate) fn conversations(views: Views<'_>) -> String {
    format!(
        "(SELECT account, channel, conversation, contact, assignee, last_manager, last_at, \
         if((channel, conversation) IN ({SEVERAL}), \
         if(p.is_open, fromUnixTimestamp64Milli(p.since, 'UTC'), NULL), c.pending_at) \
         AS pending_at FROM {conversations} AS c LEFT JOIN (\
         SELECT part.1 AS channel, part.2 AS conversation, part.3 AS since, 1 AS is_open \
         FROM ({STRETCHES}) ARRAY JOIN parts AS part WHERE if(is_cleared, 0, part.6.1 = '')) AS p \
         USING (channel, conversation) WHERE account = {{account:String}})",
        conversations = views.named("v_conversations"),
    )
}

/// Cycles, with whether they were answered and whether a reply was owed at their closing. Which are of several is asked in a
/// list of its own: ClickHouse works a name out anew wherever it stands.
pub(crate) fn cycles(views: Views<'_>) -> String {
    format!(
        "(SELECT account, channel, conversation, contact, cycle, started_at, closed_at, owed_by, \
         last_at, if(of_several, m.is_answered, c.answered) AS answered, \
         if(of_several, m.is_dropped, c.pending_at_close) AS pending_at_close FROM (\
         SELECT *, (channel, conversation) IN ({SEVERAL}) AS of_several FROM {cycles} \
         WHERE account = {{account:String}}) AS c LEFT JOIN (\
         SELECT p.channel AS channel, p.conversation AS conversation, s.started_at AS started_at, \
         max(p.is_answered) AS is_answered, max(p.is_dropped) AS is_dropped FROM (\
         SELECT part.1 AS channel, part.2 AS conversation, \
         fromUnixTimestamp64Milli(part.4, 'UTC') AS at, \
         if(is_answered, part.6.1 = '', 0) AS is_answered, part.6.1 = 'closed' AS is_dropped \
         FROM ({STRETCHES}) ARRAY JOIN parts AS part) AS p ASOF INNER JOIN (\
         SELECT channel, conversation, started_at FROM {cycles} \
         WHERE account = {{account:String}}) AS s \
         ON p.channel = s.channel AND p.conversation = s.conversation AND p.at >= s.started_at \
         GROUP BY channel, conversation, started_at) AS m \
         USING (channel, conversation, started_at))",
        cycles = views.named("v_cycles"),
    )
}

/// The conversations that overlap in time with others of their contact, or with a call with him, so far
/// as something of them may lie in the period: by `person`, contact and number, the `threads` that
/// overlap (begin, end, channel, conversation) and when in them he was talked with (`talks`).
///
/// A conversation lasts from its first event to its last, and on while a reply is owed in it. What
/// a manager writes while it does not last, or a call then, clears nothing in it.
fn groups(request: &Request, which: Which, views: Views<'_>) -> String {
    let last = match which {
        Which::All => "{from:Int64}".to_owned(),
        Which::Owed => ON.to_owned(),
    };
    let threads = format!(
        "SELECT channel, conversation, contact, first_at, last_at, pending_at FROM {} \
         WHERE account = {{account:String}} AND contact != ''",
        views.named("v_conversations")
    );
    format!(
        "SELECT (who, number) AS person, \
         arrayFilter((one, of) -> of = number, all, numbers) AS threads, \
         threads[1].1 AS begins_at, arrayMax(arrayMap(one -> one.2, threads)) AS ends_at, \
         arrayFilter(ms -> if(ms >= begins_at, ms <= ends_at, 0), taken) AS talks FROM (\
         SELECT c.person AS who, c.all AS all, c.numbers AS numbers, t.taken AS taken, \
         arrayJoin(arrayDistinct(numbers)) AS number FROM (\
         SELECT person, arraySort(groupArray((toUnixTimestamp64Milli(first_at), \
         if(pending_at IS NULL, toUnixTimestamp64Milli(last_at), {ON}), on_channel, conversation))) \
         AS all, arrayMap(one -> one.1, all) AS begins, arrayMap(one -> one.2, all) AS ends, \
         arrayCumSum(arrayMap((begin, place) -> \
         place = 1 OR begin > arrayMax(arraySlice(ends, 1, place - 1)), \
         begins, arrayEnumerate(begins))) AS numbers FROM ({threads}) GROUP BY person) AS c \
         LEFT JOIN (SELECT person, groupArray(ms) AS taken FROM ({talks}) GROUP BY person) AS t \
         ON c.person = t.person) \
         WHERE if(length(threads) + length(talks) > 1, \
         if(ends_at >= {last}, begins_at < {{to:Int64}}, 0), 0)",
        threads = of_persons(&threads, views),
        talks = talks(request, views),
    )
}

/// When somebody talked with whom.
fn talks(request: &Request, views: Views<'_>) -> String {
    let within = format!("known AND direction != 'internal' AND {TALKED}");
    format!(
        "SELECT person, toInt64(ifNull(ms_answered, ms_at)) AS ms FROM ({})",
        of_people_called(&held(request, views, &within), views)
    )
}

/// The conversations in which a reply is owed whose contact was talked with since: `on_channel`,
/// `thread`, and when first (`handled_at`).
pub(crate) fn handled(request: &Request, views: Views<'_>) -> String {
    let owed = format!(
        "SELECT channel, conversation AS thread, contact, pending_at FROM {} \
         WHERE account = {{account:String}} AND pending_at IS NOT NULL AND contact != ''",
        views.named("v_conversations"),
    );
    format!(
        "SELECT w.on_channel AS on_channel, w.thread AS thread, \
         toNullable(fromUnixTimestamp64Milli(min(t.ms), 'UTC')) AS handled_at \
         FROM ({owed}) AS w INNER JOIN ({talks}) AS t ON w.person = t.person \
         WHERE t.ms >= toUnixTimestamp64Milli(assumeNotNull(w.pending_at)) \
         GROUP BY on_channel, thread",
        owed = of_persons(&owed, views),
        talks = talks(request, views),
    )
}

/// Which of the conversations that overlap are asked for.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// Those that reach into the period.
    All,
    /// Those of them with which a reply is owed somewhere.
    Owed,
}

/// How long a conversation lasts in which a reply is owed: longer than any other.
const ON: &str = "toInt64(10000000000000)";

/// Those conversations as (channel, conversation).
const SEVERAL: &str = "SELECT thread.3 AS channel, thread.4 AS conversation \
     FROM (SELECT arrayJoin(arrayFlatten(overlapping.2)) AS thread)";

/// What [`stretches`] gives.
const STRETCHES: &str = "SELECT one.1 AS contact, one.2 AS is_answered, one.3 AS is_cleared, \
     one.4 AS reply, one.5 AS parts, one.6 AS given FROM (SELECT arrayJoin(stretched) AS one)";

/// The stretches of their timelines: the contact, whether a manager's message ends one (`is_answered`),
/// or a call too (`is_cleared`), this `reply`
/// (when, who, channel, conversation, message), the `parts` in which a clock was started
/// (channel, conversation, since when it is pending, the last start, the last contact message, what
/// ended it: bot or closed, when, message), and what was `given` to whom (manager, when).
fn stretches(views: Views<'_>) -> String {
    const START: &str = "what IN ('contact', 'people')";
    const END: &str = "what IN ('bot', 'closed')";
    const CLEARED: &str = "what IN ('manager', 'call')";
    let part = format!(
        "SELECT person, stretch, channel, conversation, countIf({START}) AS starts, \
         minIf(ms, {START}) AS since, maxIf(ms, {START}) AS latest, \
         maxIf(ms, what = 'contact') AS spoke, \
         anyIf((toString(what), ms, place.3), {END}) AS ended, \
         countIf(what = 'manager') AS replies, countIf({CLEARED}) AS clears, \
         anyIf((ms, toString(manager), channel, conversation, place.3), what = 'manager') AS reply, \
         groupArrayIf((toString(manager), ms), what IN ('assigned', 'handed_off') AND manager != '') \
         AS given \
         FROM (SELECT *, countIf({END}) OVER (\
         PARTITION BY person, stretch, channel, conversation ORDER BY ms, change, place \
         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - ({END}) AS part FROM (\
         SELECT *, countIf({CLEARED}) OVER (\
         PARTITION BY person ORDER BY ms, change, place, channel, conversation \
         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - ({CLEARED}) AS stretch \
         FROM ({events}))) GROUP BY person, stretch, channel, conversation, part",
        events = events(views),
    );
    format!(
        "SELECT substring(person.1, 2) AS contact, max(replies) > 0 AS is_answered, \
         max(clears) > 0 AS is_cleared, \
         anyIf(reply, replies > 0) AS reply, \
         groupArrayIf((channel, conversation, since, latest, spoke, ended), starts > 0) AS parts, \
         groupArrayArray(given) AS given FROM ({part}) GROUP BY person, stretch"
    )
}

/// What happened in those conversations, so far as it moves a clock: their messages that expect a reply,
/// managers' messages, replies of bots, closings, assignments; `people` is where a clock was started
/// by a hand-off, the first of its instant.
fn events(views: Views<'_>) -> String {
    const PLACE: &str = "if(match(id, '^[0-9]+$'), (0, length(id), id), (1, 0, id))";
    let timeline = views.named("v_timeline");
    // Between the bounds of all of them is read: a day needs no look at all the months before.
    let lasting = "at >= fromUnixTimestamp64Milli(arrayMin(overlapping.4), 'UTC') \
                   AND at <= fromUnixTimestamp64Milli(arrayMax(overlapping.5), 'UTC')";
    let happened = format!(
        "SELECT toString(channel) AS channel, conversation, toUnixTimestamp64Milli(at) AS ms, \
         change, {PLACE} AS place, what, manager FROM {timeline} \
         WHERE account = {{account:String}} AND {lasting} \
         AND (channel, conversation) IN ({SEVERAL}) \
         AND (what IN ('manager', 'closed', 'assigned', 'handed_off') \
         OR what = 'contact' AND expects_reply OR what = 'bot' AND wait_ms IS NOT NULL)"
    );
    // In a list of its own: what is given a name there means that name everywhere in it.
    let handed_off = format!(
        "SELECT toString(channel) AS channel, conversation, toUnixTimestamp64Milli(at) AS ms, \
         toUInt8(1) AS change, place, toLowCardinality('people') AS what, \
         toLowCardinality('') AS manager FROM (\
         SELECT channel, conversation, at, min({PLACE}) AS place \
         FROM {timeline} WHERE account = {{account:String}} AND {lasting} \
         AND change = 1 AND what = 'handed_off' AND (channel, conversation, at) IN (\
         SELECT channel, conversation, assumeNotNull(handed_off_at) FROM {cycles} \
         WHERE account = {{account:String}} AND handed_off_at IS NOT NULL) \
         GROUP BY channel, conversation, at)",
        cycles = views.named("v_cycles"),
    );
    // A call comes after the messages and the changes of its instant.
    format!(
        "SELECT m.person AS person, m.one.1 AS channel, m.one.2 AS conversation, \
         m.one.3 > 0 AS is_call, if(is_call, m.one.3, e.ms) AS ms, \
         if(is_call, toUInt8(2), e.change) AS change, e.place AS place, \
         if(is_call, 'call', toString(e.what)) AS what, toString(e.manager) AS manager FROM (\
         SELECT group.1 AS person, arrayJoin(arrayConcat(\
         arrayMap(thread -> (thread.3, thread.4, toInt64(0)), group.2), \
         arrayMap(ms -> ('', '', ms), group.3))) AS one \
         FROM (SELECT arrayJoin(overlapping) AS group)) AS m \
         LEFT JOIN ({happened} UNION ALL {handed_off}) AS e \
         ON m.one.1 = e.channel AND m.one.2 = e.conversation WHERE if(is_call, 1, e.what != '')"
    )
}
