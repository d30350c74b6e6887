//! The rows behind the figures of `sources`: visits, conversions with what brought them, spend.
//!
//! A conversion that several brought has a row for each, with its `weight`: a figure is the sum of the
//! weights of its rows.

use super::samples::samples;
use crate::report::{Listed, Opened};
use crate::value::Unit;

/// How they open.
pub(super) static OPENED: &[Opened] = &[
    opened(
        &["inquiries"],
        "the calls, chats and forms",
        "what IN ('call', 'chat', 'form')",
    ),
    opened(&["visits"], "the visits", "what = 'visit'"),
    opened(&["calls"], "the inbound calls", "what = 'call'"),
    opened(
        &["unique_calls"],
        "the unique calls",
        "what = 'call' AND is_unique",
    ),
    opened(
        &["target_calls"],
        "the target calls",
        "what = 'call' AND is_target",
    ),
    opened(
        &["unique_target_calls"],
        "the unique target calls",
        "what = 'call' AND is_unique_target",
    ),
    opened(&["chats"], "the cycles", "what = 'chat'"),
    opened(&["forms"], "the forms", "what = 'form'"),
    opened(&["leads"], "the leads", "what = 'lead'"),
    opened(
        &["won", "revenue"],
        "the leads that are won",
        "what = 'won'",
    ),
    opened(&["spend"], "what was spent on each day", "what = 'spend'"),
    opened(
        &["spend_unmatched"],
        "what was spent on sources of which nothing else is in the period",
        "what = 'spend' AND NOT is_matched",
    ),
];

const fn opened(
    figures: &'static [&'static str],
    about: &'static str,
    only: &'static str,
) -> Opened {
    Opened {
        figures,
        about,
        samples,
        only,
        gathered: &[],
        columns: COLUMNS,
        key: &[
            "what", "id", "source", "medium", "campaign", "content", "term", "origin",
        ],
    }
}

const COLUMNS: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("what"),
    Listed::text("source"),
    Listed::text("medium"),
    Listed::text("campaign"),
    Listed::text("content"),
    Listed::text("term"),
    Listed::text("origin"),
    Listed::text("channel"),
    Listed::new("contact", Unit::Text, "nullIf(contact, '')"),
    Listed::new("id", Unit::Text, "nullIf(id, '')"),
    Listed::new("weight", Unit::Ratio, "weight"),
    Listed::new("amount", Unit::Money, AMOUNT),
];

/// The money of a row in minor units; of a part of a win its part.
const AMOUNT: &str = "if(what NOT IN ('spend', 'won'), NULL, \
     toInt64(round(toFloat64(money) * weight / 1e25 * {minor:Int64})))";
