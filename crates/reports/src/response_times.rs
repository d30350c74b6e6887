//! `response-times`: how long contacts waited for managers' replies, and how many wait
//! (`metrics.md` 1.1; S2, S3, S33 to S38).
//!
//! A sample belongs to the time of the reply and to the manager who sent it. Because only answers
//! give samples, one list holds beside them what was received and what was not answered; the column
//! `what` says which each is: a `reply`, a cycle `begun`, a pending message `awaiting` an answer,
//! one that was `dropped` when its cycle was closed. The latter two belong to the assignee, else
//! the last participant, of now or of the closing; what was received to no manager, so it is left
//! out of the list where managers are told apart.

use crate::dimension::Dimension;
use crate::distribution::{Level, mean, of_some, quantile, ratio, share, share_sql, some};
use crate::report::{Choice, Figure, Listed, Opened, Report};
use crate::request::{Request, Rows};
use crate::scope::{self, Which};
use crate::statement::{NOT_OVER, OWED_BY, Views, WITHIN, of_managers, vouched};
use crate::value::Unit;
use trunkline_warehouse::hdr;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "response-times",
    title: "Response times",
    about: "How long contacts waited for a reply, counted at the reply, and how many still wait",
    by: &[Dimension::Channel],
    filters: &[],
    of_calls: false,
    of_managers: true,
    choices: &[DEFINITION, HOURS, RESPONDER, SCOPE, EXCLUDE],
    figures: &[
        Figure::count(
            "count",
            |request| request.rows.count(REPLY),
            "replies that gave a sample",
        ),
        Figure {
            unit: Unit::S,
            ..Figure::count("sum_s", |_| format!("sumIf(ms, {REPLY})"), "their sum")
        },
        of_some(
            "mean_s",
            |request| mean(request.rows, REPLY),
            "their sum over their number",
        ),
        of_some(
            "p50_s",
            |request| quantile(request.rows, REPLY, Level::P50),
            "half of the replies took at most this",
        ),
        of_some(
            "p90_s",
            |request| quantile(request.rows, REPLY, Level::P90),
            "nine in ten replies took at most this",
        ),
        of_some(
            "p95_s",
            |request| quantile(request.rows, REPLY, Level::P95),
            "95 in 100 replies took at most this",
        ),
        of_some(
            "p99_s",
            |request| quantile(request.rows, REPLY, Level::P99),
            "99 in 100 replies took at most this",
        ),
        of_some(
            "min_s",
            |request| some(REPLY, &request.rows.least(REPLY)),
            "the fastest reply",
        ),
        of_some(
            "max_s",
            |request| some(REPLY, &request.rows.greatest(REPLY)),
            "the slowest reply",
        ),
        of_some(
            "queue_s",
            |request| mean_of(request.rows, "queue"),
            "what routing took: the mean of wait less assigned, of the replies that have both",
        ),
        of_some(
            "first_from_start_s",
            |request| mean_of(request.rows, "from_start"),
            "of definition=first: the mean since the cycle's first message also where a bot spoke first",
        ),
        Figure::count(
            "within_target",
            within_target,
            "replies within the target: the channel's, else the team's, else the account's; for \
             first its own (300 s), for all other definitions that of wait (900 s)",
        ),
        share(
            "within_target_share",
            |request| {
                let late = format!("countIf({AWAITING} AND age > {})", request.target.sql());
                let all = format!("({} + {late})", request.rows.count(REPLY));
                share_sql(&within_target(request), &all)
            },
            "their share of all replies and of what awaits one for longer than the target: of first, \
             where no manager has written in the cycle yet, since first would measure from; for \
             hours=business inside the schedule of whose it is, else the account's",
        ),
        Figure {
            withheld: Some((scope::NAME, scope::CONTACT)),
            ..Figure::count(
                "outside_hours",
                |request| request.rows.count_those(REPLY, "outside"),
                "of the replies, those to a wait wholly outside the schedule: 0 s in business hours; \
                 null for scope=contact, which knows calendar time alone",
            )
        },
        Figure::undivided(
            "received",
            |_| format!("countIf({BEGUN})"),
            "cycles with a contact message, at their first",
        ),
        Figure::undivided(
            "answered",
            |_| format!("countIf({ANSWERED})"),
            "of those received, the ones in which a manager answered what was pending",
        ),
        Figure {
            undivided: true,
            ..share(
                "answered_share",
                |_| {
                    let all = format!("countIf({BEGUN})");
                    share_sql(&format!("countIf({ANSWERED})"), &all)
                },
                "answered of received",
            )
        },
        Figure::count(
            "awaiting",
            |_| format!("countIf({AWAITING})"),
            "conversations in which a reply is owed as of as_of, at the first message that awaits \
             it; the assignee's, else the last participant's",
        ),
        Figure::count(
            "closed_unanswered",
            |_| format!("countIf({DROPPED})"),
            "closings while a reply was owed; the assignee's at that time, else the last participant's",
        ),
        of_some(
            "longest_wait_s",
            |_| {
                let known = format!("{AWAITING} AND ms >= 0");
                some(&known, &format!("maxIf(ms, {known})"))
            },
            "of those awaiting a reply, how long the longest has; for hours=business inside the \
             schedule of whose it is, else the account's",
        ),
    ],
    samples,
    cells: Some(cells),
    opened: &[
        Opened {
            figures: &["count"],
            about: "the replies that gave a sample",
            samples: replies_listed,
            only: REPLY,
            gathered: &[],
            columns: &[
                Listed::new("at", Unit::Time, "at"),
                Listed::text("manager"),
                Listed::text("team"),
                Listed::text("channel"),
                Listed::text("conversation"),
                Listed::text("contact"),
                Listed::text("message"),
                Listed::new("response_s", Unit::S, "ms"),
            ],
            key: &["channel", "conversation", "message"],
        },
        Opened {
            figures: &["received"],
            about: "the cycles, at their first message",
            samples: cycles_listed,
            only: BEGUN,
            gathered: &[],
            columns: CYCLE,
            key: CYCLE_KEY,
        },
        Opened {
            figures: &["answered"],
            about: "the cycles that were answered, at their first message",
            samples: cycles_listed,
            only: ANSWERED,
            gathered: &[],
            columns: CYCLE,
            key: CYCLE_KEY,
        },
        Opened {
            figures: &["awaiting"],
            about: "the conversations in which a reply is owed, and for how long",
            samples: awaiting_listed,
            only: AWAITING,
            gathered: &[],
            columns: &[
                Listed::new("at", Unit::Time, "at"),
                Listed::text("manager"),
                Listed::text("team"),
                Listed::text("channel"),
                Listed::text("conversation"),
                Listed::text("contact"),
                Listed::new("wait_s", Unit::S, "nullIf(ms, -1)"),
                Listed::new("handled_by_call", Unit::Time, "handled_at"),
            ],
            key: &["channel", "conversation"],
        },
        Opened {
            figures: &["closed_unanswered"],
            about: "the closings while a reply was owed",
            samples: cycles_listed,
            only: DROPPED,
            gathered: &[],
            columns: &[
                Listed::new("at", Unit::Time, "at"),
                Listed::text("manager"),
                Listed::text("team"),
                Listed::text("channel"),
                Listed::text("conversation"),
                Listed::new("cycle", Unit::Number, "cycle"),
                Listed::text("contact"),
            ],
            key: CYCLE_KEY,
        },
    ],
};

const REPLY: &str = "what = 'reply'";
const BEGUN: &str = "what = 'begun'";
const ANSWERED: &str = "what = 'begun' AND answered";
const AWAITING: &str = "what = 'awaiting'";
const DROPPED: &str = "what = 'dropped'";

const CYCLE: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("channel"),
    Listed::text("conversation"),
    Listed::new("cycle", Unit::Number, "cycle"),
    Listed::text("contact"),
];

const CYCLE_KEY: &[&str] = &["channel", "conversation", "cycle"];

const DEFINITION: Choice = Choice {
    name: "definition",
    about: "what a sample is and where it is measured from",
    values: &["kommo", "turn", "wait", "assigned", "first"],
    needs: &[],
    default: Some("wait"),
};

const HOURS: Choice = Choice {
    name: "hours",
    about: "whether all time counts, or only that inside the schedule of the manager, his team or the \
            account; without a schedule there is no sample then",
    values: &["calendar", "business"],
    needs: &[],
    default: Some("calendar"),
};

const RESPONDER: Choice = Choice {
    name: "responder",
    about: "whose replies; those of bots have definition=wait alone",
    values: &["manager", "bot"],
    needs: &[
        ("bot", "definition", &["wait"]),
        ("bot", "hours", &["calendar"]),
    ],
    default: Some("manager"),
};

const SCOPE: Choice = Choice {
    name: scope::NAME,
    about: "what a reply answers: what is pending in its conversation, or in all of its contact's, \
            in calendar time, where an answered call clears too and gives no sample; a \
            conversation's contact is the author of its first contact message, or whom the account \
            linked that to",
    values: &["conversation", scope::CONTACT],
    needs: &[
        (scope::CONTACT, "definition", &["wait", "turn", "assigned"]),
        (scope::CONTACT, "hours", &["calendar"]),
    ],
    default: Some("conversation"),
};

const EXCLUDE: Choice = Choice {
    name: "exclude",
    about: "which samples are left out",
    values: &["outside_hours"],
    needs: &[("outside_hours", scope::NAME, &["conversation"])],
    default: None,
};

/// The first bit of the verdicts in business hours; those in calendar time begin at 0.
const BUSINESS_BITS: usize = 8;

const NO_SAMPLE: &str = "CAST(NULL, 'Nullable(Int64)')";

/// What owes no reply has not owed it for long.
const NO_AGE: &str = "toInt64(-1)";

fn within_target(request: &Request) -> String {
    request.rows.count_those(REPLY, "within")
}

/// The mean of a column over the samples that have it.
fn mean_of(rows: Rows, column: &str) -> String {
    let many = match rows {
        Rows::Samples => format!("toInt64(count({column}))"),
        Rows::Cells => format!("toInt64(sum({column}_n))"),
    };
    let mean = ratio(&format!("ifNull(sum({column}), 0)"), &many, 1);
    format!("if({many} = 0, NULL, {mean})")
}

/// Replies by cell, manager and channel, and one by one what is not in cells.
fn cells(request: &Request, views: Views<'_>) -> String {
    let [definition, responder, hours] = [DEFINITION, RESPONDER, HOURS].map(|choice| {
        // The words are among those of the choices: text of ours.
        request.choice(choice.name).unwrap_or_default()
    });
    let nothing = "toUInt64(0) AS within, toUInt64(0) AS outside, toUInt64(0) AS queue_n, \
                   toInt64(0) AS queue, toUInt64(0) AS from_start_n, toInt64(0) AS from_start, \
                   CAST(map(), 'Map(UInt16, UInt64)') AS buckets";
    let others = [awaiting, cycles].map(|part| {
        format!(
            "SELECT at, manager, channel, what, ms, answered, age, toUInt64(1) AS n, ms AS least, \
             ms AS greatest, {nothing} FROM ({})",
            part(request, views)
        )
    });
    format!(
        "SELECT at, manager, channel, 'reply' AS what, sum_ms AS ms, 0 AS answered, {NO_AGE} AS age, count AS n, \
         min_ms AS least, max_ms AS greatest, within_target AS within, outside_hours AS outside, \
         queue_count AS queue_n, queue_ms AS queue, from_start_count AS from_start_n, \
         from_start_ms AS from_start, buckets \
         FROM {answers} WHERE account = {{account:String}} AND definition = '{definition}' \
         AND hours = '{hours}' AND author = '{responder}' AND {WITHIN}{managers} UNION ALL {others}",
        managers = of_managers(request),
        answers = views.named("v_answers"),
        others = others.join(" UNION ALL "),
    )
}

fn samples(request: &Request, views: Views<'_>) -> String {
    let parts = [replies, awaiting, cycles].map(|part| part(request, views));
    scope::with_groups(request, Which::All, views, &parts.join(" UNION ALL "))
}

fn replies_listed(request: &Request, views: Views<'_>) -> String {
    scope::with_groups(request, Which::All, views, &replies(request, views))
}

fn cycles_listed(request: &Request, views: Views<'_>) -> String {
    scope::with_groups(request, Which::All, views, &cycles(request, views))
}

/// The bit of `within_target` that holds a definition's verdict in calendar time.
pub(crate) fn verdict(definition: &str) -> usize {
    let place = DEFINITION
        .values
        .iter()
        .position(|word| *word == definition);
    place.unwrap_or_default()
}

/// Replies that gave a sample, at their own time.
fn replies(request: &Request, views: Views<'_>) -> String {
    if scope::is_contact(request) {
        let replies = format!("({})", scope::replies(request, views));
        return format!("SELECT * FROM {}", vouched(request, views, "at", &replies));
    }
    // The words are among those of the choices: text of ours.
    let definition = request.choice(DEFINITION.name).unwrap_or("wait");
    let responder = request.choice(RESPONDER.name).unwrap_or("manager");
    let hours = match request.choice(HOURS.name) {
        Some("business") => "_business",
        _ => "",
    };
    let measured = format!("{definition}{hours}_ms");
    // A wait of no length is outside no schedule.
    let outside = format!("ifNull({definition}_business_ms = 0 AND {definition}_ms > 0, 0)");
    let exclude = match request.choice(EXCLUDE.name) {
        Some(_) => format!(" AND NOT {outside}"),
        None => String::new(),
    };
    let bit = verdict(definition) + if hours.is_empty() { 0 } else { BUSINESS_BITS };
    let from_start = match definition {
        "first" => format!("first_from_start{hours}_ms"),
        _ => NO_SAMPLE.to_owned(),
    };
    format!(
        "SELECT at, manager, channel, conversation, contact, message, 0 AS cycle, \
         'reply' AS what, assumeNotNull({measured}) AS ms, {bucket} AS bucket, \
         wait{hours}_ms - assigned{hours}_ms AS queue, {from_start} AS from_start, 0 AS answered, {outside} AS outside, \
         bitTest(within_target, {bit}) AS within, {NO_AGE} AS age, toString(integrity) AS integrity \
         FROM {messages} \
         WHERE account = {{account:String}} AND {WITHIN} AND author = '{responder}' \
         AND {measured} IS NOT NULL{exclude}{managers}",
        managers = of_managers(request),
        bucket = hdr::index_sql(&format!("assumeNotNull({measured})")),
        messages = views.named("v_messages"),
    )
}

/// Conversations in which a reply is owed, at the message that has been pending since.
fn awaiting(request: &Request, views: Views<'_>) -> String {
    let elapsed = |since: &str| {
        let since = format!("toUnixTimestamp64Milli({since})");
        match &request.open {
            Some(open) => open.elapsed_sql(&since),
            None => format!("greatest(toInt64(0), {{as_of:Int64}} - {since})"),
        }
    };
    let age = match request.choice(DEFINITION.name) {
        Some("first") => {
            let age = elapsed("assumeNotNull(unserved_at)");
            format!("if(unserved_at IS NULL, {NO_AGE}, {age})")
        }
        _ => "ms".to_owned(),
    };
    format!(
        "SELECT assumeNotNull(pending_at) AS at, {OWED_BY} AS manager, channel, conversation, \
         contact, '' AS message, 0 AS cycle, 'awaiting' AS what, \
         {ms} AS ms, toInt64(0) AS bucket, {NO_SAMPLE} AS queue, {NO_SAMPLE} AS from_start, \
         0 AS answered, 0 AS outside, 0 AS within, {age} AS age, integrity \
         FROM {conversations} WHERE account = {{account:String}} AND pending_at IS NOT NULL \
         AND {WITHIN} AND {NOT_OVER}",
        ms = elapsed("at"),
        conversations = vouched(
            request,
            views,
            "pending_at",
            &if scope::is_contact(request) {
                scope::conversations(views)
            } else {
                views.named("v_conversations")
            }
        ),
    )
}

/// The same for rows, which say by which call the contact was talked with since (`metrics.md` 1.2).
fn awaiting_listed(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT a.*, h.handled_at AS handled_at FROM ({awaiting}) AS a LEFT JOIN ({handled}) AS h \
         ON toString(a.channel) = h.on_channel AND a.conversation = h.thread",
        awaiting = scope::with_groups(request, Which::Owed, views, &awaiting(request, views)),
        handled = scope::handled(request, views),
    )
}

/// Cycles at their first message and those closed without the reply that was owed at their closing,
/// from one reading of the cycles.
fn cycles(request: &Request, views: Views<'_>) -> String {
    let begun = if request.is_of_people() {
        "0".to_owned()
    } else {
        WITHIN.replace("at ", "started_at ")
    };
    format!(
        "SELECT sample.1 AS at, sample.2 AS manager, channel, conversation, contact, \
         '' AS message, cycle, sample.3 AS what, toInt64(0) AS ms, toInt64(0) AS bucket, \
         {NO_SAMPLE} AS queue, {NO_SAMPLE} AS from_start, answered, 0 AS outside, 0 AS within, {NO_AGE} AS age, integrity FROM (\
         SELECT channel, conversation, contact, cycle, answered, integrity, arrayJoin(arrayConcat(\
         if({begun}, [(started_at, CAST(NULL, 'Nullable(String)'), 'begun')], []), \
         if(if(pending_at_close, ifNull({closed}, 0), 0), \
         [(assumeNotNull(closed_at), CAST(owed_by, 'Nullable(String)'), 'dropped')], [])\
         )) AS sample FROM {cycles} WHERE account = {{account:String}} AND {NOT_OVER})",
        closed = WITHIN.replace("at ", "closed_at "),
        cycles = vouched(
            request,
            views,
            "started_at",
            &if scope::is_contact(request) {
                scope::cycles(views)
            } else {
                views.named("v_cycles")
            }
        ),
    )
}
