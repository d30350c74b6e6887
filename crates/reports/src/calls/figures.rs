//! The figures of `calls`, in the order of their columns.
//!
//! Rates are of inbound calls that a person took or should have: answered, missed, abandoned or
//! voicemail, without the short ones. Waits are those of the same calls, the short ones too. Where managers
//! are told apart, each has the talk and the hold of his own legs; else a call has that of its own.
//!
//! Conditions are nested in `if` where they might be joined by `AND`: of these ClickHouse compares the
//! parts, each with all that it is made from, and for thirty of them that takes 0.4 s, whatever there
//! is to count.

use crate::distribution::{Level, mean, of_some, quantile, ratio, share, share_sql};
use crate::report::{Empty, Figure};
use crate::request::Request;
use crate::value::Unit;

/// The figures.
pub(super) static FIGURES: &[Figure] = &[
    Figure::count("calls", |_| count(CALL), "calls"),
    Figure::count(
        "answered",
        |_| count(ANSWERED),
        "those in which a person answered",
    ),
    Figure::count(
        "missed",
        |_| count(MISSED),
        "those that rang and nobody took",
    ),
    Figure::count(
        "abandoned",
        |_| count(ABANDONED),
        "those given up in the queue",
    ),
    Figure::count(
        "voicemail",
        |_| count(VOICEMAIL),
        "those that a voicemail took",
    ),
    Figure::count("menu", |_| count(MENU), "those that ended in the menu"),
    Figure::count(
        "short",
        |_| count(SHORT),
        "of those missed, abandoned or in the voicemail, the ones that waited less than \
         short_abandon_s (5 s)",
    ),
    Figure::count("failed", |_| count(FAILED), "those that failed"),
    Figure::count(
        "anonymous",
        |_| count(ANONYMOUS),
        "inbound calls whose caller showed no phone number",
    ),
    share(
        "answer_rate",
        |_| share_sql(&count(TAKEN), &demand()),
        "inbound: answered / (answered + missed + abandoned + voicemail - short)",
    ),
    share(
        "abandon_rate",
        |_| {
            let given_up = "if(what = 'call', if(direction = 'inbound', \
                 if(disposition = 'abandoned', ifNull(wait_ms >= {short_ms:Int64}, 1), 0), 0), 0)";
            share_sql(&count(given_up), &demand())
        },
        "inbound: abandoned that were not short / the same",
    ),
    share(
        "service_level",
        |request| {
            let soon = format!("if({TAKEN}, wait_ms <= {}, 0)", request.target.sql());
            share_sql(&count(&soon), &demand())
        },
        "inbound: answered within the target (call_s: the team's, else the account's, 20 s) / the same",
    ),
    share(
        "connect_rate",
        |_| share_sql(&count(CONNECTED), &count(ATTEMPTS)),
        "outbound: answered / those that ended",
    ),
    Figure {
        unit: Unit::S,
        ..Figure::count(
            "talk_sum_s",
            |request| format!("sumIf(talk, {})", talked(request)),
            "what was talked in answered calls, without hold; by manager in his own legs",
        )
    },
    of_some(
        "talk_mean_s",
        |request| mean_of("talk", talked(request)),
        "the same a call; by manager, a call in which he talked",
    ),
    of_some(
        "wait_mean_s",
        |request| mean(request.rows, WAITED),
        "how long inbound calls waited, from the queue (else the ringing, else the start) to the \
         answer or the end: those answered, missed, abandoned or in the voicemail",
    ),
    of_some(
        "wait_p50_s",
        |request| quantile(request.rows, WAITED, Level::P50),
        "half of them waited at most this",
    ),
    of_some(
        "wait_p90_s",
        |request| quantile(request.rows, WAITED, Level::P90),
        "nine in ten waited at most this",
    ),
    of_some(
        "wait_p99_s",
        |request| quantile(request.rows, WAITED, Level::P99),
        "99 in 100 waited at most this",
    ),
    of_some(
        "hold_mean_s",
        |request| mean_of("hold", talked(request)),
        "how long answered calls were on hold; by manager, his own legs of those in which he talked",
    ),
    Figure::count(
        "participations",
        |_| count(TALK),
        "sum over managers of the answered calls in which each talked; all unknown managers of a \
         call count as one",
    ),
    Figure::count(
        "transferred_out",
        |_| count(AWAY),
        "how often a manager gave a call to another",
    ),
    Figure::count(
        "transferred_in",
        |_| count(TOOK),
        "how often a manager was given a call by another",
    ),
    Figure::count(
        "offered",
        |_| count(OFFER),
        "sum over managers of the inbound calls that rang at each and are over",
    ),
    Figure::count(
        "taken",
        |_| count(OFFER_TAKEN),
        "of those offered, the ones in which he talked",
    ),
    Figure::count(
        "not_taken",
        |_| count(OFFER_NOT_TAKEN),
        "of those offered, the ones in which he did not",
    ),
    share(
        "take_rate",
        |_| share_sql(&count(OFFER_TAKEN), &count(OFFER)),
        "taken / offered",
    ),
    Figure {
        parted: true,
        empty: Empty::Null,
        ..share(
            "share",
            |_| count(CALL),
            "its part of all calls of the table; the parts of all rows make 1",
        )
    },
    Figure::count(
        "first_time_calls",
        |_| count(FIRST),
        "inbound calls of a caller without an earlier one",
    ),
    Figure::count(
        "unique_calls",
        |_| count(UNIQUE),
        "inbound calls of a caller without one in the unique_call_days (30) before",
    ),
    Figure::count(
        "target_calls",
        |_| count(TARGET),
        "inbound calls in which was talked for at least target_call_s (60 s)",
    ),
    Figure::count(
        "unique_target_calls",
        |_| count(UNIQUE_TARGET),
        "target calls of a caller without one in the unique_call_days (30) before",
    ),
];

pub(super) const CALL: &str = "what = 'call'";
pub(super) const ANSWERED: &str = "if(what = 'call', disposition = 'answered', 0)";
pub(super) const MISSED: &str = "if(what = 'call', disposition = 'missed', 0)";
pub(super) const ABANDONED: &str = "if(what = 'call', disposition = 'abandoned', 0)";
pub(super) const VOICEMAIL: &str = "if(what = 'call', disposition = 'voicemail', 0)";
pub(super) const MENU: &str = "if(what = 'call', disposition = 'menu', 0)";
/// Calls that nobody took, and that did not wait to be.
pub(super) const SHORT: &str = "if(what = 'call', \
     if(disposition IN ('missed', 'abandoned', 'voicemail'), \
     ifNull(wait_ms < {short_ms:Int64}, 0), 0), 0)";
pub(super) const FAILED: &str = "if(what = 'call', disposition = 'failed', 0)";
pub(super) const ANONYMOUS: &str = "if(what = 'call', if(direction = 'inbound', NOT known, 0), 0)";
pub(super) const FIRST: &str = "if(what = 'call', is_first, 0)";
pub(super) const UNIQUE: &str = "if(what = 'call', is_unique, 0)";
pub(super) const TARGET: &str = "if(what = 'call', is_target, 0)";
pub(super) const UNIQUE_TARGET: &str = "if(what = 'call', is_unique_target, 0)";
pub(super) const TALK: &str = "what = 'talk'";
pub(super) const AWAY: &str = "what = 'away'";
pub(super) const TOOK: &str = "what = 'took'";
pub(super) const OFFER: &str = "what = 'offer'";
pub(super) const OFFER_TAKEN: &str = "if(what = 'offer', taken, 0)";
pub(super) const OFFER_NOT_TAKEN: &str = "if(what = 'offer', NOT taken, 0)";

/// Inbound calls that were answered.
const TAKEN: &str = "if(what = 'call', if(direction = 'inbound', disposition = 'answered', 0), 0)";

/// Outbound calls that were answered.
const CONNECTED: &str =
    "if(what = 'call', if(direction = 'outbound', disposition = 'answered', 0), 0)";

/// Outbound calls of which it is known how they ended.
const ATTEMPTS: &str = "if(what = 'call', if(direction = 'outbound', \
     disposition NOT IN ('', 'timed_out'), 0), 0)";

/// Inbound calls that a person answered or should have, and how long they waited is known.
const WAITED: &str = "if(what = 'call', if(direction = 'inbound', if(wait_ms IS NOT NULL, \
     disposition IN ('answered', 'missed', 'abandoned', 'voicemail'), 0), 0), 0)";

fn count(of: &str) -> String {
    format!("countIf({of})")
}

/// How many inbound calls a person answered or should have: what rates are of.
fn demand() -> String {
    count(
        "if(what = 'call', if(direction = 'inbound', multiIf(disposition = 'answered', 1, \
         disposition IN ('missed', 'abandoned', 'voicemail'), \
         ifNull(wait_ms >= {short_ms:Int64}, 1), 0), 0), 0)",
    )
}

/// The samples that have the talk.
fn talked(request: &Request) -> &'static str {
    if request.is_of_people() {
        TALK
    } else {
        ANSWERED
    }
}

/// The mean of a column over some samples, in whole milliseconds.
fn mean_of(column: &str, of: &str) -> String {
    let many = format!("toInt64(countIf({of}))");
    let mean = ratio(&format!("sumIf({column}, {of})"), &many, 1);
    format!("if({many} = 0, NULL, {mean})")
}
