//! `conversations`: who took part in how many, and what was begun and closed (`metrics.md` 1.2;
//! S30, S31).
//!
//! One list of samples serves all figures; the column `what` says which each belongs to: a
//! manager's `message`, a cycle `begun` (with `again` when it is not the conversation's first), a
//! `contact` new to the account, a cycle `closed`. What no manager can be given is left out of the
//! list where managers are told apart, so that it makes no row there.

use crate::dimension::Dimension;
use crate::report::{Figure, Listed, Opened, Report};
use crate::request::Request;
use crate::statement::{Views, WITHIN, of_managers};
use crate::value::Unit;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "conversations",
    title: "Conversations",
    about: "Conversations that managers took part in, and what was begun and closed",
    by: &[
        Dimension::Manager,
        Dimension::Team,
        Dimension::Channel,
        Dimension::Hour,
        Dimension::Weekday,
    ],
    choices: &[],
    figures: &[
        Figure::count(
            "participations",
            || "uniqExactIf((ifNull(manager, ''), channel, conversation), what = 'message')".into(),
            "sum over managers of the conversations in which each wrote; all unknown managers \
             count as one",
        ),
        Figure::count(
            "conversations",
            || "uniqExactIf((channel, conversation), what = 'message')".into(),
            "conversations in which at least one manager wrote",
        ),
        Figure::undivided(
            "received",
            || "countIf(what = 'begun')".into(),
            "cycles with a contact message, at their first; by its definition every cycle has one \
             today, so this equals new",
        ),
        Figure::undivided(
            "new",
            || "countIf(what = 'begun')".into(),
            "cycles begun; equals received by definition today",
        ),
        Figure::undivided(
            "new_contacts",
            || "countIf(what = 'contact')".into(),
            "contacts whose first cycle ever began in the period",
        ),
        Figure::undivided(
            "reopened",
            || "countIf(what = 'begun' AND again)".into(),
            "cycles begun after the first of their conversation",
        ),
        Figure::undivided(
            "closed",
            || "countIf(what = 'closed')".into(),
            "cycles closed, but those that went on within 24 hours",
        ),
        Figure::count(
            "closed_by",
            || "countIf(what = 'closed' AND manager IS NOT NULL)".into(),
            "a count of closings by managers: of those closed, the ones a known manager closed",
        ),
    ],
    samples,
    opened: Opened {
        about: "the conversations in which each manager wrote",
        samples: participations,
        gathered: &["manager", "channel", "conversation"],
        columns: &[
            Listed {
                name: "last_at",
                unit: Unit::Time,
                sql: "max(at)",
            },
            Listed {
                name: "first_at",
                unit: Unit::Time,
                sql: "min(at)",
            },
            Listed {
                name: "manager",
                unit: Unit::Text,
                sql: "manager",
            },
            Listed {
                name: "team",
                unit: Unit::Text,
                sql: "argMax(tuple(team), at).1",
            },
            Listed {
                name: "channel",
                unit: Unit::Text,
                sql: "channel",
            },
            Listed {
                name: "conversation",
                unit: Unit::Text,
                sql: "conversation",
            },
            Listed {
                name: "contact",
                unit: Unit::Text,
                sql: "argMax(contact, (at, message))",
            },
            Listed {
                name: "messages",
                unit: Unit::Count,
                sql: "count()",
            },
        ],
        key: &["channel", "conversation", "manager"],
    },
};

fn participations(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT at, manager, channel, conversation, contact, message FROM {messages} \
         WHERE account = {{account:String}} AND {WITHIN} AND author = 'manager'{managers}",
        managers = of_managers(request),
        messages = views.named("v_messages"),
    )
}

fn samples(request: &Request, views: Views<'_>) -> String {
    let written = format!(
        "SELECT at, manager, channel, conversation, 'message' AS what, 0 AS again \
         FROM {messages} WHERE account = {{account:String}} AND {WITHIN} \
         AND author = 'manager'{managers}",
        managers = of_managers(request),
        messages = views.named("v_messages"),
    );
    let mut parts = vec![written];
    if request.is_of_people() {
        parts.push(closed(views));
    } else {
        parts.extend([begun_and_closed(views), contacts(views)]);
    }
    parts.join(" UNION ALL ")
}

/// A closing that counts: one after which the conversation did not go on within 24 hours.
const CLOSED: &str = "closed_at IS NOT NULL \
     AND least(ifNull(reopened_at, toDateTime64('2299-01-01 00:00:00', 3, 'UTC')), \
     ifNull(next_started_at, toDateTime64('2299-01-01 00:00:00', 3, 'UTC'))) \
     > closed_at + INTERVAL 24 HOUR";

/// Leaves out conversations that were over before the period, with all that is in them.
const NOT_OVER: &str = "last_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')";

/// What known managers closed, at the closing.
fn closed(views: Views<'_>) -> String {
    format!(
        "SELECT assumeNotNull(closed_at) AS at, closed_by AS manager, channel, conversation, \
         'closed' AS what, 0 AS again FROM {cycles} \
         WHERE account = {{account:String}} AND {CLOSED} AND {WITHIN} AND manager IS NOT NULL \
         AND {NOT_OVER}",
        cycles = views.named("v_cycles"),
    )
}

/// Cycles at their first message and closings at their time, from one reading of the cycles.
fn begun_and_closed(views: Views<'_>) -> String {
    format!(
        "SELECT sample.1 AS at, sample.2 AS manager, channel, conversation, sample.3 AS what, \
         sample.4 AS again FROM (SELECT channel, conversation, arrayJoin(arrayConcat(\
         if({begun}, [(started_at, CAST(NULL, 'Nullable(String)'), 'begun', cycle > 1)], []), \
         if({CLOSED} AND {closed}, [(assumeNotNull(closed_at), closed_by, 'closed', 0)], [])\
         )) AS sample FROM {cycles} WHERE account = {{account:String}} AND {NOT_OVER})",
        begun = WITHIN.replace("at ", "started_at "),
        closed = WITHIN.replace("at ", "closed_at "),
        cycles = views.named("v_cycles"),
    )
}

/// Contacts, at the start of the first cycle each ever had, on whichever channel that was: for this
/// all cycles are read. To gather the period's cycles by contact here as well, in place of a reading
/// of their own, takes more memory and time than it saves.
fn contacts(views: Views<'_>) -> String {
    format!(
        "SELECT first.1 AS at, CAST(NULL, 'Nullable(String)') AS manager, first.2 AS channel, \
         first.3 AS conversation, 'contact' AS what, 0 AS again FROM (\
         SELECT min((started_at, channel, conversation)) AS first \
         FROM {cycles} WHERE account = {{account:String}} GROUP BY contact) WHERE {WITHIN}",
        cycles = views.named("v_cycles"),
    )
}
