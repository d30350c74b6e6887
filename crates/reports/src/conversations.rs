//! `conversations`: who took part in how many, and what was begun and closed (`metrics.md` 1.2;
//! S30, S31).
//!
//! One list of samples serves all figures; the column `what` says which each belongs to: a
//! manager's `message`, a cycle `begun` (with `again` when it is not the conversation's first), a
//! `contact` new to the account, a cycle `closed`, with what it took in `ms`. What no manager can be
//! given is left out of the list where managers are told apart, so that it makes no row there. The
//! rows behind a figure are those of the same list that it counts, by the same condition.

use crate::dimension::Dimension;
use crate::distribution::{Level, mean, of_some, quantile};
use crate::report::{Figure, Listed, Opened, Report};
use crate::request::Request;
use crate::statement::{NOT_OVER, Views, WITHIN, of_managers, vouched};
use crate::value::Unit;
use trunkline_warehouse::hdr;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "conversations",
    title: "Conversations",
    about: "Conversations that managers took part in, and what was begun and closed",
    by: &[Dimension::Channel],
    filters: &[],
    of_calls: false,
    of_managers: true,
    choices: &[],
    figures: &[
        Figure::count(
            "participations",
            |_| format!("uniqExactIf((ifNull(manager, ''), channel, conversation), {WRITTEN})"),
            "sum over managers of the conversations in which each wrote; all unknown managers \
             count as one",
        ),
        Figure::count(
            "conversations",
            |_| format!("uniqExactIf((channel, conversation), {WRITTEN})"),
            "conversations in which at least one manager wrote",
        ),
        Figure::undivided(
            "received",
            |_| format!("countIf({BEGUN})"),
            "cycles with a contact message, at their first; by its definition every cycle has one \
             today, so this equals new",
        ),
        Figure::undivided(
            "new",
            |_| format!("countIf({BEGUN})"),
            "cycles begun; equals received by definition today",
        ),
        Figure::undivided(
            "new_contacts",
            |_| format!("countIf({NEW_CONTACT})"),
            "contacts whose first cycle ever began in the period",
        ),
        Figure::undivided(
            "reopened",
            |_| format!("countIf({AGAIN})"),
            "cycles begun after the first of their conversation",
        ),
        Figure::undivided(
            "closed",
            |_| format!("countIf({CLOSED})"),
            "cycles closed, but those that went on within 24 hours",
        ),
        Figure::count(
            "closed_by",
            |_| format!("countIf({CLOSED_BY})"),
            "a count of closings by managers: of those closed, the ones a known manager closed",
        ),
        of_some(
            "resolution_mean_s",
            |request| mean(request.rows, CLOSED),
            "from a cycle's first message to its closing, of those closed: the mean; by manager, \
             of those he closed",
        ),
        of_some(
            "resolution_p50_s",
            |request| quantile(request.rows, CLOSED, Level::P50),
            "half of those closed took at most this",
        ),
        of_some(
            "resolution_p90_s",
            |request| quantile(request.rows, CLOSED, Level::P90),
            "nine in ten of those closed took at most this",
        ),
    ],
    samples,
    cells: None,
    opened: &[
        Opened {
            figures: &["participations"],
            about: "the conversations in which each manager wrote",
            samples: written,
            only: WRITTEN,
            gathered: &["manager", "channel", "conversation"],
            columns: &[
                Listed::new("last_at", Unit::Time, "max(at)"),
                Listed::new("first_at", Unit::Time, "min(at)"),
                Listed::text("manager"),
                Listed::new("team", Unit::Text, "argMax(tuple(team), at).1"),
                Listed::text("channel"),
                Listed::text("conversation"),
                LAST_CONTACT,
                Listed::new("messages", Unit::Count, "count()"),
            ],
            key: &["channel", "conversation", "manager"],
        },
        Opened {
            figures: &["conversations"],
            about: "the conversations in which a manager wrote",
            samples: written,
            only: WRITTEN,
            gathered: &["channel", "conversation"],
            columns: &[
                Listed::new("last_at", Unit::Time, "max(at)"),
                Listed::new("first_at", Unit::Time, "min(at)"),
                Listed::text("channel"),
                Listed::text("conversation"),
                LAST_CONTACT,
                Listed::new("managers", Unit::Count, "uniqExact(ifNull(manager, ''))"),
                Listed::new("messages", Unit::Count, "count()"),
            ],
            key: &["channel", "conversation"],
        },
        Opened {
            figures: &["received", "new"],
            about: "the cycles, at their first message",
            samples: cycles,
            only: BEGUN,
            gathered: &[],
            columns: CYCLE,
            key: CYCLE_KEY,
        },
        Opened {
            figures: &["new_contacts"],
            about: "the contacts, at their very first message",
            samples: contacts,
            only: NEW_CONTACT,
            gathered: &[],
            columns: &[
                Listed::new("at", Unit::Time, "at"),
                Listed::text("contact"),
                Listed::text("channel"),
                Listed::text("conversation"),
            ],
            key: &["contact"],
        },
        Opened {
            figures: &["reopened"],
            about: "the cycles after the first of their conversation, at their first message",
            samples: cycles,
            only: AGAIN,
            gathered: &[],
            columns: CYCLE,
            key: CYCLE_KEY,
        },
        Opened {
            figures: &["closed"],
            about: "the closings, and who closed",
            samples: cycles,
            only: CLOSED,
            gathered: &[],
            columns: CLOSING,
            key: CYCLE_KEY,
        },
        Opened {
            figures: &["closed_by"],
            about: "the closings by known managers",
            samples: cycles,
            only: CLOSED_BY,
            gathered: &[],
            columns: CLOSING,
            key: CYCLE_KEY,
        },
    ],
};

const WRITTEN: &str = "what = 'message'";
const BEGUN: &str = "what = 'begun'";
const AGAIN: &str = "what = 'begun' AND cycle > 1";
const NEW_CONTACT: &str = "what = 'contact'";
const CLOSED: &str = "what = 'closed'";
const CLOSED_BY: &str = "what = 'closed' AND manager IS NOT NULL";

/// The contact of the last of several messages.
const LAST_CONTACT: Listed = Listed::new("contact", Unit::Text, "argMax(contact, (at, message))");

const CYCLE: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("channel"),
    Listed::text("conversation"),
    Listed::new("cycle", Unit::Number, "cycle"),
    Listed::text("contact"),
];

const CLOSING: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("manager"),
    Listed::text("team"),
    Listed::text("channel"),
    Listed::text("conversation"),
    Listed::new("cycle", Unit::Number, "cycle"),
    Listed::text("contact"),
    Listed::new("resolution_s", Unit::S, "ms"),
];

const CYCLE_KEY: &[&str] = &["channel", "conversation", "cycle"];

fn samples(request: &Request, views: Views<'_>) -> String {
    let mut parts = vec![written(request, views), cycles(request, views)];
    if !request.is_of_people() {
        parts.push(contacts(request, views));
    }
    parts.join(" UNION ALL ")
}

/// What managers wrote.
fn written(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT at, manager, channel, conversation, contact, message, 0 AS cycle, \
         'message' AS what, toInt64(0) AS ms, toInt64(0) AS bucket, toString(integrity) AS integrity \
         FROM {messages} WHERE account = {{account:String}} AND {WITHIN} \
         AND author = 'manager'{managers}",
        managers = of_managers(request),
        messages = views.named("v_messages"),
    )
}

/// A closing that counts: one after which the conversation did not go on within 24 hours.
const STAYED_CLOSED: &str = "closed_at IS NOT NULL \
     AND least(ifNull(reopened_at, toDateTime64('2299-01-01 00:00:00', 3, 'UTC')), \
     ifNull(next_started_at, toDateTime64('2299-01-01 00:00:00', 3, 'UTC'))) \
     > closed_at + INTERVAL 24 HOUR";

/// Cycles at their first message and closings at their time, from one reading of the cycles. Where
/// managers are told apart only what known ones closed.
fn cycles(request: &Request, views: Views<'_>) -> String {
    let (begun, by_whom) = if request.is_of_people() {
        ("0".to_owned(), "closed_by IS NOT NULL")
    } else {
        (WITHIN.replace("at ", "started_at "), "1")
    };
    format!(
        "SELECT sample.1 AS at, sample.2 AS manager, channel, conversation, contact, \
         '' AS message, cycle, sample.3 AS what, sample.4 AS ms, {bucket} AS bucket, integrity FROM (\
         SELECT channel, conversation, contact, cycle, integrity, arrayJoin(arrayConcat(\
         if({begun}, [(started_at, CAST(NULL, 'Nullable(String)'), 'begun', toInt64(0))], []), \
         if({STAYED_CLOSED} AND {by_whom} AND {closed}, \
         [(assumeNotNull(closed_at), closed_by, 'closed', {took})], [])\
         )) AS sample FROM {cycles} WHERE account = {{account:String}} AND {NOT_OVER})",
        bucket = hdr::index_sql("ms"),
        closed = WITHIN.replace("at ", "closed_at "),
        took = "greatest(toInt64(0), toUnixTimestamp64Milli(assumeNotNull(closed_at)) \
                - toUnixTimestamp64Milli(started_at))",
        cycles = vouched(request, views, "started_at", &views.named("v_cycles")),
    )
}

/// Contacts, at the start of the first cycle each ever had, on whichever channel that was: for this
/// all cycles are read. To gather the period's cycles by contact here as well, in place of a reading
/// of their own, takes more memory and time than it saves.
fn contacts(request: &Request, views: Views<'_>) -> String {
    let first = format!(
        "(SELECT first.1 AS at, CAST(NULL, 'Nullable(String)') AS manager, first.2 AS channel, \
         first.3 AS conversation, contact, '' AS message, 0 AS cycle, 'contact' AS what, \
         toInt64(0) AS ms, toInt64(0) AS bucket FROM (\
         SELECT contact, min((started_at, channel, conversation)) AS first \
         FROM {cycles} WHERE account = {{account:String}} GROUP BY contact) WHERE {WITHIN})",
        cycles = views.named("v_cycles"),
    );
    format!("SELECT * FROM {}", vouched(request, views, "at", &first))
}
