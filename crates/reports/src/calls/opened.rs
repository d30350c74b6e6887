//! The rows behind the figures of `calls`: calls, or what they were to a manager.

use super::figures::{AWAY, OFFER, OFFER_NOT_TAKEN, OFFER_TAKEN, TALK, TOOK};
use super::samples::listed;
use crate::report::{Listed, Opened};
use crate::value::Unit;

/// How they open.
pub(super) static OPENED: &[Opened] = &[
    calls(&["calls"], "the calls", "what = 'call'"),
    calls(
        &["answered"],
        "the calls in which a person answered",
        "what = 'call' AND disposition = 'answered'",
    ),
    calls(
        &["missed"],
        "the calls that nobody took",
        "what = 'call' AND disposition = 'missed'",
    ),
    calls(
        &["abandoned"],
        "the calls given up in the queue",
        "what = 'call' AND disposition = 'abandoned'",
    ),
    calls(
        &["voicemail"],
        "the calls that a voicemail took",
        "what = 'call' AND disposition = 'voicemail'",
    ),
    calls(
        &["menu"],
        "the calls that ended in the menu",
        "what = 'call' AND disposition = 'menu'",
    ),
    calls(
        &["short"],
        "the calls that nobody took and that hardly waited",
        "what = 'call' AND disposition IN ('missed', 'abandoned', 'voicemail') \
         AND ifNull(wait_ms < {short_ms:Int64}, 0)",
    ),
    calls(
        &["failed"],
        "the calls that failed",
        "what = 'call' AND disposition = 'failed'",
    ),
    calls(
        &["anonymous"],
        "the inbound calls whose caller showed no phone number",
        ANONYMOUS_CALL,
    ),
    calls(
        &["first_time_calls"],
        "the inbound calls of callers without an earlier one",
        "what = 'call' AND is_first",
    ),
    calls(
        &["unique_calls"],
        "the inbound calls of callers without one in the days before",
        "what = 'call' AND is_unique",
    ),
    calls(
        &["target_calls"],
        "the target calls",
        "what = 'call' AND is_target",
    ),
    calls(
        &["unique_target_calls"],
        "the target calls of callers without one in the days before",
        "what = 'call' AND is_unique_target",
    ),
    parts(
        &["participations"],
        "the managers' parts in answered calls",
        TALK,
    ),
    parts(&["transferred_out"], "the legs that were given away", AWAY),
    parts(&["transferred_in"], "the legs that were taken over", TOOK),
    parts(&["offered"], "the calls that rang at a manager", OFFER),
    parts(&["taken"], "those in which he talked", OFFER_TAKEN),
    parts(&["not_taken"], "those in which he did not", OFFER_NOT_TAKEN),
];

const ANONYMOUS_CALL: &str = "what = 'call' AND direction = 'inbound' AND NOT known";

/// Rows that are calls.
const fn calls(
    figures: &'static [&'static str],
    about: &'static str,
    only: &'static str,
) -> Opened {
    Opened {
        figures,
        about,
        samples: listed,
        only,
        gathered: &[],
        columns: CALL,
        key: &["call"],
    }
}

/// Rows that are what calls were to managers.
const fn parts(
    figures: &'static [&'static str],
    about: &'static str,
    only: &'static str,
) -> Opened {
    Opened {
        columns: PART,
        key: &["call", "manager", "leg"],
        ..calls(figures, about, only)
    }
}

const CALL: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("manager"),
    Listed::text("team"),
    Listed::text("direction"),
    Listed::new("disposition", Unit::Text, "nullIf(disposition, '')"),
    Listed::new("number", Unit::Text, "nullIf(number, '')"),
    Listed::new("caller", Unit::Text, "nullIf(caller, '')"),
    Listed::new("contact", Unit::Text, "nullIf(contact, '')"),
    Listed::new("wait_s", Unit::S, "wait_ms"),
    Listed::new("talk_s", Unit::S, "talk"),
    Listed::text("call"),
];

const PART: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("manager"),
    Listed::text("team"),
    Listed::text("direction"),
    Listed::new("disposition", Unit::Text, "nullIf(disposition, '')"),
    Listed::new("number", Unit::Text, "nullIf(number, '')"),
    Listed::new("caller", Unit::Text, "nullIf(caller, '')"),
    Listed::new("contact", Unit::Text, "nullIf(contact, '')"),
    Listed::new("talk_s", Unit::S, "talk"),
    Listed::new("leg", Unit::Number, "nth"),
    Listed::text("call"),
];
