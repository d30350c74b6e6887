//! The touches of each person: what is known of where he came from, and when (`metrics.md` §3).
//!
//! A touch is a call that was attributed; a message, a form or a lead that tells a source; a tag of a
//! card that names one; a visit. Whose a visit is, tell the calls that were certainly attributed to one of
//! its visitor, and the messages, forms and leads that name it or its visitor, whenever they came: so
//! what links is read of all time, what touches since `since`.
//!
//! A call to a number that nobody knows says nothing by itself: its touch is *weak* and counts where there
//! is no other. Direct and unattributed touches are *faint*.

use super::attributed::{CLICKS, Detail, attributed};
use crate::missed_calls::episodes::of_persons;
use crate::statement::Views;

/// What touches are read of.
#[derive(Clone, Copy)]
pub(crate) struct Touched<'a> {
    /// The inbound calls that count, of all time: `call`, `ms_at`, `known`, `caller`.
    pub(crate) calls: &'a str,
    /// Whether some of them may be twins.
    pub(crate) may_be_twins: bool,
    /// What is told of each candidate.
    pub(crate) detail: Detail,
    /// The views.
    pub(crate) views: Views<'a>,
}

/// The `SELECT` of `person` and `touch`, a row for each: a tuple of instant in milliseconds, rank among those of the
/// instant, id, weak, faint, candidates. A candidate is a tuple of the columns of a source, empty where not told,
/// its weight, and what [`Detail`] adds.
///
/// The visits of a visitor are joined with each of his persons once, not with all that was told of them.
pub(crate) fn touched(of: Touched<'_>) -> String {
    let views = of.views;
    format!(
        "SELECT t.person AS person, \
         arrayJoin(arrayDistinct(arrayConcat(t.owns, v.visited))) AS touch FROM (\
         SELECT person, visitor, groupArrayIf((ms, rank, id, weak, faint, candidates), \
         notEmpty(candidates)) AS owns FROM ({told}) GROUP BY person, visitor) AS t \
         LEFT JOIN ({visited}) AS v ON t.visitor = v.visitor",
        told = persons(&of_visitors(&told(of), views), views),
        visited = visited(of),
    )
}

/// The same as `person` and `touches`, in their order.
pub(crate) fn touches(of: Touched<'_>) -> String {
    format!(
        "SELECT person, arraySort(touch -> (touch.1, touch.2, touch.3), groupArray(touch)) AS touches \
         FROM ({}) GROUP BY person",
        touched(of)
    )
}

/// Joins rows of `channel`, `contact`, `what` and `id` with who that is: `person`. Of a contact that
/// nobody knows each row is a person of its own, a win the one of its lead.
pub(crate) fn persons(rows: &str, views: Views<'_>) -> String {
    let rows = format!("SELECT *, contact = '' AS is_nobody FROM ({rows})");
    format!(
        "SELECT * REPLACE (if(is_nobody, \
         concat('?', if(what = 'won', 'lead', what), ':', id), person) AS person) FROM ({})",
        of_persons(&rows, views)
    )
}

/// What was told of contacts: a touch, a visit or a visitor of theirs, or several of these.
fn told(of: Touched<'_>) -> String {
    let views = of.views;
    let others = [messages(views), cards(views), forms(views), leads(views)];
    let others = others.map(|told| told.sql(of.detail));
    format!("{} UNION ALL {}", calls(of), others.join(" UNION ALL "))
}

/// What tells a source in columns of its own, as told: the names of its columns are those of sources.
struct Told<'a> {
    what: &'a str,
    /// Its place among touches of the same instant.
    rank: u8,
    id: &'a str,
    at: &'a str,
    channel: &'a str,
    contact: &'a str,
    visit: &'a str,
    visitor: &'a str,
    from: String,
}

impl Told<'_> {
    fn sql(&self, detail: Detail) -> String {
        let Self {
            what, rank, id, at, ..
        } = self;
        let Self {
            channel,
            contact,
            visit,
            visitor,
            from,
            ..
        } = self;
        let candidates = candidates(detail, visit);
        format!(
            "SELECT '{what}' AS what, toString({id}) AS id, toUnixTimestamp64Milli({at}) AS ms, \
             toUInt8({rank}) AS rank, {channel} AS channel, {contact} AS contact, \
             {visit} AS visit, {visitor} AS visitor, toUInt8(0) AS weak, \
             toUInt8(ifNull(toString(source), '') = 'direct') AS faint, {candidates} AS candidates \
             FROM {from} WHERE account = {{account:String}}"
        )
    }
}

/// The one candidate of what tells a source, of a visit if it names one; none of what tells none.
fn candidates(detail: Detail, visit: &str) -> String {
    let text = |name| format!("ifNull(toString({name}), '')");
    let all = ["source", "medium", "campaign", "content", "term", "origin"].map(text);
    let [source, medium, campaign, ..] = &all;
    let clicks = match detail {
        Detail::Source => String::new(),
        Detail::Click => format!(", {visit}, {}", CLICKS.map(text).join(", ")),
    };
    format!(
        "if(concat({source}, {medium}, {campaign}) = '', [], [({}, toFloat64(1){clicks})])",
        all.join(", ")
    )
}

/// Inbound calls with what they may have been, and the visit that one was certainly of.
fn calls(of: Touched<'_>) -> String {
    format!(
        "SELECT 'call' AS what, c.call AS id, c.ms_at AS ms, toUInt8(4) AS rank, '' AS channel, \
         if(c.known, c.caller, '') AS contact, \
         if(a.certainty = 'certain', arrayElement(a.visits, 1), '') AS visit, '' AS visitor, \
         toUInt8(a.reason = 'unknown_number') AS weak, \
         toUInt8(a.certainty = 'unattributed' \
         OR arrayAll(one -> one.1 = 'direct', a.candidates)) AS faint, if(c.ms_at >= {{since:Int64}}, a.candidates, []) AS candidates \
         FROM ({calls}) AS c INNER JOIN ({attributed}) AS a ON c.call = a.call",
        calls = of.calls,
        attributed = attributed(of.may_be_twins, of.detail, of.views),
    )
}

fn messages(views: Views<'_>) -> Told<'static> {
    Told {
        what: "chat",
        rank: 3,
        id: "id",
        at: "at",
        channel: "ifNull(toString(channel), '')",
        contact: "contact",
        visit: "ifNull(visit, '')",
        visitor: "ifNull(visitor, '')",
        from: format!(
            "(SELECT * FROM {} WHERE kind = 'chat')",
            views.named("whole_touches")
        ),
    }
}

fn cards(views: Views<'_>) -> Told<'static> {
    Told {
        what: "card",
        rank: 1,
        id: "id",
        at: "at",
        channel: "''",
        contact: "contact",
        visit: "''",
        visitor: "''",
        from: format!(
            "(SELECT * FROM {} WHERE kind = 'card')",
            views.named("whole_touches")
        ),
    }
}

fn forms(views: Views<'_>) -> Told<'static> {
    Told {
        what: "form",
        rank: 2,
        id: "form",
        at: "at",
        channel: "''",
        contact: "contact",
        visit: "visit",
        visitor: "visitor",
        from: format!("({})", of_forms(views)),
    }
}

/// Leads, once for each of their contacts.
fn leads(views: Views<'_>) -> Told<'static> {
    Told {
        what: "lead",
        rank: 5,
        id: "lead",
        at: "created_at",
        channel: "''",
        contact: "one",
        visit: "ifNull(visit, '')",
        visitor: "ifNull(visitor, '')",
        from: format!(
            "(SELECT *, arrayJoin(if(empty(contacts), [''], contacts)) AS one FROM {} WHERE NOT removed)",
            views.named("whole_leads")
        ),
    }
}

/// Forms with who sent them: the contact told, else the phone number, else whose the address is.
pub(crate) fn of_forms(views: Views<'_>) -> String {
    format!(
        "SELECT f.* REPLACE (multiIf(f.contact != '', f.contact, f.known, f.phone, e.contact) \
         AS contact) FROM {forms} AS f FINAL LEFT JOIN (\
         SELECT identity, contact FROM {identities} FINAL \
         WHERE account = {{account:String}} AND kind = 'email') AS e ON f.email = e.identity \
         WHERE f.account = {{account:String}}",
        forms = views.named("forms"),
        identities = views.named("identities"),
    )
}

/// The messages, forms and leads that name a visitor, or a visit of his, with whom they are of, as rows for
/// [`persons`]; a lead once for each of its contacts.
pub(crate) fn named_visitors(views: Views<'_>) -> String {
    let all = [messages(views), forms(views), leads(views)].map(|told| {
        let told = told.sql(Detail::Source);
        format!(
            "SELECT what, id, channel, contact, visit, visitor FROM ({told}) \
             WHERE visit != '' OR visitor != ''"
        )
    });
    let named = all.join(" UNION ALL ");
    of_visitors(&named, views)
}

/// Gives what was told the visitor of the visit that it names.
fn of_visitors(told: &str, views: Views<'_>) -> String {
    format!(
        "SELECT t.* REPLACE (if(t.visitor = '', v.visitor, t.visitor) AS visitor) FROM ({told}) AS t \
         LEFT JOIN (SELECT visit, visitor FROM {visits} FINAL WHERE account = {{account:String}}) AS v \
         ON t.visit = v.visit",
        visits = views.named("visits"),
    )
}

/// The visits of each visitor, as touches.
fn visited(of: Touched<'_>) -> String {
    format!(
        "SELECT visitor, groupArray((toUnixTimestamp64Milli(started_at), toUInt8(0), visit, \
         toUInt8(0), toUInt8(source = 'direct'), {candidates} AS told)) AS visited \
         FROM {visits} FINAL WHERE account = {{account:String}} AND visitor != '' AND notEmpty(told) \
         AND started_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') GROUP BY visitor",
        candidates = candidates(of.detail, "visit"),
        visits = of.views.named("visits"),
    )
}
