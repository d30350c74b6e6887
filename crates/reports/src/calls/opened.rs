//! The rows behind the figures of `calls`: calls, or what they were to a manager.

use super::figures::{
    ABANDONED, ANONYMOUS, ANSWERED, AWAY, CALL, FAILED, FIRST, MENU, MISSED, OFFER,
    OFFER_NOT_TAKEN, OFFER_TAKEN, SHORT, TALK, TARGET, TOOK, UNIQUE, UNIQUE_TARGET, VOICEMAIL,
};
use super::samples::listed;
use crate::report::{Listed, Opened};
use crate::value::Unit;

/// How they open.
pub(super) static OPENED: &[Opened] = &[
    calls(&["calls"], "the calls", CALL),
    calls(
        &["answered"],
        "the calls in which a person answered",
        ANSWERED,
    ),
    calls(&["missed"], "the calls that nobody took", MISSED),
    calls(&["abandoned"], "the calls given up in the queue", ABANDONED),
    calls(&["voicemail"], "the calls that a voicemail took", VOICEMAIL),
    calls(&["menu"], "the calls that ended in the menu", MENU),
    calls(
        &["short"],
        "the calls that nobody took and that hardly waited",
        SHORT,
    ),
    calls(&["failed"], "the calls that failed", FAILED),
    calls(
        &["anonymous"],
        "the inbound calls whose caller showed no phone number",
        ANONYMOUS,
    ),
    calls(
        &["first_time_calls"],
        "the inbound calls of callers without an earlier one",
        FIRST,
    ),
    calls(
        &["unique_calls"],
        "the inbound calls of callers without one in the days before",
        UNIQUE,
    ),
    calls(&["target_calls"], "the target calls", TARGET),
    calls(
        &["unique_target_calls"],
        "the target calls of callers without one in the days before",
        UNIQUE_TARGET,
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
        columns: CALL_COLUMNS,
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
        columns: PART_COLUMNS,
        key: &["call", "manager", "leg"],
        ..calls(figures, about, only)
    }
}

const CALL_COLUMNS: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("manager"),
    Listed::text("team"),
    Listed::text("direction"),
    Listed::new("disposition", Unit::Text, "nullIf(disposition, '')"),
    Listed::new("number", Unit::Text, "nullIf(number, '')"),
    Listed::new("caller", Unit::Text, "nullIf(caller, '')"),
    Listed::new("contact", Unit::Text, "nullIf(contact, '')"),
    Listed::text("source"),
    Listed::text("medium"),
    Listed::text("campaign"),
    Listed::text("certainty"),
    Listed::new("wait_s", Unit::S, "wait_ms"),
    Listed::new("talk_s", Unit::S, "talk"),
    Listed::text("call"),
];

const PART_COLUMNS: &[Listed] = &[
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
