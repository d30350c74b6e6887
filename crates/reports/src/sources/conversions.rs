//! Conversions: inquiries (calls, cycles begun by a contact, forms), leads, and what was won
//! (`metrics.md` §3).
//!
//! Each has its moment, which its source is sought at: a call's start, a cycle's or form's first event, a
//! lead's creation. A win keeps that of its lead, so the source of a lead is that of its deal (S48).

use trunkline_model::settings::LeadBasis;

use super::touches::{of_forms, persons};
use super::{is_closed, spend};
use crate::calls::counted::{TARGET, counted, earlier};
use crate::request::Request;
use crate::statement::{Views, WITHIN};

use super::attributed::{Detail, attributed};

/// How much later than a lead what brought it may be told, in milliseconds.
const ALLOWANCE_MS: i64 = 10 * 60_000;

/// The `SELECT` of those of the period, with their `person`: `what`, `id`, `at`, `ms`, `allowance`,
/// `on_channel`, of calls how they count, of wins the `money`.
pub(super) fn conversions(request: &Request, views: Views<'_>) -> String {
    let by_contacts = by_contacts(request, views);
    let inquiries = [calls(request, views), chats(views), forms(views)].join(" UNION ALL ");
    let inquiries = persons(&inquiries, views);
    // A contact's first inquiry, or the first after some days, is a lead beside what it is itself;
    // a caller without a number is never a first one (`metrics.md` §2).
    let inquiries = format!(
        "SELECT * REPLACE (one AS what, if(one = 'lead', {ALLOWANCE_MS}, 0) AS allowance) FROM (\
         SELECT *, arrayJoin(if({by_contacts} \
         AND NOT (what = 'call' AND is_nobody) AND (before = 0 OR ms - before > {{unique_ms:Int64}}), \
         [what, 'lead'], [what])) AS one FROM (\
         SELECT *, lagInFrame(ms) OVER (PARTITION BY person ORDER BY ms, what, id \
         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before FROM ({inquiries} \
         WHERE {WITHIN} OR {by_contacts}))) WHERE {WITHIN}"
    );
    let leads = persons(&leads(request, views, &by_contacts), views);
    format!(
        "SELECT {COLUMNS} FROM ({inquiries}) UNION ALL SELECT {COLUMNS} FROM ({leads}) WHERE {WITHIN}"
    )
}

const COLUMNS: &str = "what, id, at, ms, allowance, on_channel, person, is_unique, is_target, \
                       is_unique_target, is_ambiguous, money, is_unconverted, number, tags, pipeline";

/// Whether leads are counted from contacts: as the account says, else while there are no lead events.
fn by_contacts(request: &Request, views: Views<'_>) -> String {
    match request.tracking.lead_basis {
        Some(LeadBasis::Crm) => "0".to_owned(),
        Some(LeadBasis::Contacts) => "1".to_owned(),
        None => format!(
            "(SELECT count() = 0 FROM {} WHERE account = {{account:String}})",
            views.named("whole_leads")
        ),
    }
}

/// What is no call, or brought nothing.
const PLAIN: &str = "toUInt8(0) AS is_unique, toUInt8(0) AS is_target, \
                     toUInt8(0) AS is_unique_target, toUInt8(0) AS is_ambiguous, \
                     toInt256(0) AS money, toUInt8(0) AS is_unconverted, '' AS number, \
                     CAST([], 'Array(String)') AS tags, '' AS pipeline";

/// Inbound calls.
fn calls(request: &Request, views: Views<'_>) -> String {
    let until = "at < fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND direction = 'inbound'";
    format!(
        "SELECT 'call' AS what, c.call AS id, c.at AS at, c.ms_at AS ms, toInt64(0) AS allowance, \
         '' AS channel, if(c.known, c.caller, '') AS contact, \
         toUInt8(c.known AND ifNull(c.ms_at - h.before > {{unique_ms:Int64}}, 1)) AS is_unique, \
         toUInt8(c.is_target) AS is_target, toUInt8(c.known AND c.is_target \
         AND ifNull(c.ms_at - h.target_before > {{unique_ms:Int64}}, 1)) AS is_unique_target, \
         toUInt8(a.certainty = 'ambiguous') AS is_ambiguous, toInt256(0) AS money, \
         toUInt8(0) AS is_unconverted, c.number AS number, c.tags AS tags, '' AS pipeline \
         FROM (SELECT *, {TARGET} AS is_target FROM ({counted})) AS c \
         LEFT JOIN ({earlier}) AS h ON c.call = h.call \
         LEFT JOIN ({attributed}) AS a ON c.call = a.call",
        counted = counted(request, views, until),
        earlier = earlier(request, views),
        attributed = attributed(request.rules.may_be_twins(), Detail::Source, views),
    )
}

/// Cycles.
fn chats(views: Views<'_>) -> String {
    format!(
        "SELECT 'chat' AS what, concat(conversation, '/', toString(cycle)) AS id, started_at AS at, \
         toUnixTimestamp64Milli(started_at) AS ms, toInt64(0) AS allowance, \
         toString(channel) AS channel, contact, {PLAIN} FROM {cycles} \
         WHERE account = {{account:String}} \
         AND started_at < fromUnixTimestamp64Milli({{to:Int64}}, 'UTC')",
        cycles = views.named("v_cycles"),
    )
}

fn forms(views: Views<'_>) -> String {
    format!(
        "SELECT 'form' AS what, form AS id, at, toUnixTimestamp64Milli(at) AS ms, \
         toInt64(0) AS allowance, '' AS channel, contact, {PLAIN} FROM ({forms}) \
         WHERE at < fromUnixTimestamp64Milli({{to:Int64}}, 'UTC')",
        forms = of_forms(views),
    )
}

/// Leads at their creation, if those are what a lead is counted from, and those that are won, at the time
/// that the wins belong to.
fn leads(request: &Request, views: Views<'_>, by_contacts: &str) -> String {
    let won = if is_closed(request) {
        "assumeNotNull(l.won_at)"
    } else {
        "l.created_at"
    };
    let money = spend::in_account("l.amount", "l.currency");
    format!(
        "SELECT sample.1 AS what, lead AS id, sample.2 AS at, ms, \
         toInt64({ALLOWANCE_MS}) AS allowance, channel, contact, toUInt8(0) AS is_unique, \
         toUInt8(0) AS is_target, toUInt8(0) AS is_unique_target, toUInt8(0) AS is_ambiguous, \
         if(what = 'won', money, toInt256(0)) AS money, \
         toUInt8(if(what = 'won', is_unconverted, 0)) AS is_unconverted, '' AS number, \
         CAST([], 'Array(String)') AS tags, pipeline FROM (\
         SELECT l.lead AS lead, toUnixTimestamp64Milli(l.created_at) AS ms, \
         ifNull(toString(l.pipeline), '') AS pipeline, ifNull(toString(l.channel), '') AS channel, ifNull(l.contact, '') AS contact, \
         {money} AS money, l.amount IS NOT NULL AND {lacking} AS is_unconverted, \
         arrayJoin(arrayConcat(if({by_contacts}, [], [('lead', l.created_at)]), \
         if(l.kind = 'won', [('won', {won})], []))) AS sample FROM (\
         SELECT *, toDate(ifNull(won_at, created_at), {{zone:String}}) AS day FROM {leads} \
         WHERE account = {{account:String}} AND NOT removed AND merged_into IS NULL) AS l {rates})",
        lacking = spend::lacks_rate("l.currency"),
        leads = views.named("whole_leads"),
        rates = spend::rates_joined(views, "l.currency", "l.day"),
    )
}
