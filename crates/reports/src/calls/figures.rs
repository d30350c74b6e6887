//! The figures of `calls`, in the order of their columns.
//!
//! Rates are of inbound calls that a person took or should have: answered, missed, abandoned or
//! voicemail, without the short ones. Waits are those of the same calls, the short ones too. Where managers
//! are told apart, each has the talk and the hold of his own legs; else a call has that of its own.

use super::counted::UNANSWERED;
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
            let given_up = format!("{ABANDONED} AND direction = 'inbound' AND NOT ({SHORT})");
            share_sql(&count(&given_up), &demand())
        },
        "inbound: abandoned that were not short / the same",
    ),
    share(
        "service_level",
        |request| {
            let soon = format!("{TAKEN} AND wait_ms <= {}", request.target.sql());
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
pub(super) const ANSWERED: &str = "what = 'call' AND disposition = 'answered'";
pub(super) const MISSED: &str = "what = 'call' AND disposition = 'missed'";
pub(super) const ABANDONED: &str = "what = 'call' AND disposition = 'abandoned'";
pub(super) const VOICEMAIL: &str = "what = 'call' AND disposition = 'voicemail'";
pub(super) const MENU: &str = "what = 'call' AND disposition = 'menu'";
/// Calls that nobody took, and that did not wait to be.
pub(super) const SHORT: &str = "what = 'call' AND disposition IN ('missed', 'abandoned', 'voicemail') \
     AND ifNull(wait_ms < {short_ms:Int64}, 0)";
pub(super) const FAILED: &str = "what = 'call' AND disposition = 'failed'";
pub(super) const ANONYMOUS: &str = "what = 'call' AND direction = 'inbound' AND NOT known";
pub(super) const FIRST: &str = "what = 'call' AND is_first";
pub(super) const UNIQUE: &str = "what = 'call' AND is_unique";
pub(super) const TARGET: &str = "what = 'call' AND is_target";
pub(super) const UNIQUE_TARGET: &str = "what = 'call' AND is_unique_target";
pub(super) const TALK: &str = "what = 'talk'";
pub(super) const AWAY: &str = "what = 'away'";
pub(super) const TOOK: &str = "what = 'took'";
pub(super) const OFFER: &str = "what = 'offer'";
pub(super) const OFFER_TAKEN: &str = "what = 'offer' AND taken";
pub(super) const OFFER_NOT_TAKEN: &str = "what = 'offer' AND NOT taken";

/// Inbound calls that were answered.
const TAKEN: &str = "what = 'call' AND direction = 'inbound' AND disposition = 'answered'";

/// Outbound calls that were answered.
const CONNECTED: &str = "what = 'call' AND direction = 'outbound' AND disposition = 'answered'";

/// Outbound calls of which it is known how they ended.
const ATTEMPTS: &str = "what = 'call' AND direction = 'outbound' \
     AND disposition NOT IN ('', 'timed_out')";

/// Inbound calls that a person answered or should have, and how long they waited is known.
const WAITED: &str = "what = 'call' AND direction = 'inbound' AND wait_ms IS NOT NULL \
     AND disposition IN ('answered', 'missed', 'abandoned', 'voicemail')";

fn count(of: &str) -> String {
    format!("countIf({of})")
}

/// How many inbound calls a person answered or should have: what rates are of.
fn demand() -> String {
    let unanswered = format!("direction = 'inbound' AND {UNANSWERED} AND NOT ({SHORT})");
    count(&format!("{TAKEN} OR {CALL} AND {unanswered}"))
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
