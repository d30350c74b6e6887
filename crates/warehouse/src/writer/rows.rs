//! Rows of the tables of facts, borrowed from the facts: nothing but cycles is copied.
//!
//! Field names are column names. Times are milliseconds since 1970, as `DateTime64(3)` holds them.

use clickhouse::Row;
use serde::Serialize;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{ConversationFact, Cycle, MessageFact};

#[derive(Row, Serialize)]
pub(super) struct MessageRow<'a> {
    account: &'a str,
    channel: &'a str,
    conversation: &'a str,
    contact: &'a str,
    at: i64,
    message: &'a str,
    author: &'a str,
    manager: &'a str,
    kind: &'a str,
    chars: Option<u32>,
    kommo_ms: Option<i64>,
    turn_ms: Option<i64>,
    wait_ms: Option<i64>,
    assigned_ms: Option<i64>,
    first_ms: Option<i64>,
    received_at: i64,
    version: u64,
    deleted: u8,
}

impl<'a> MessageRow<'a> {
    pub(super) fn of(fact: &'a MessageFact) -> Self {
        Self {
            account: &fact.account,
            channel: &fact.channel,
            conversation: &fact.conversation,
            contact: &fact.contact,
            at: fact.at.millis(),
            message: &fact.message,
            author: fact.author.as_str(),
            manager: or_empty(fact.manager.as_deref()),
            kind: fact.kind.as_str(),
            chars: fact.chars,
            kommo_ms: fact.samples.kommo,
            turn_ms: fact.samples.turn,
            wait_ms: fact.samples.wait,
            assigned_ms: fact.samples.assigned,
            first_ms: fact.samples.first,
            received_at: fact.received_at.millis(),
            version: fact.version,
            deleted: 0,
        }
    }
}

#[derive(Row, Serialize)]
pub(super) struct ConversationRow<'a> {
    account: &'a str,
    channel: &'a str,
    conversation: &'a str,
    contact: &'a str,
    first_at: i64,
    last_at: i64,
    assignee: &'a str,
    last_manager: &'a str,
    pending_at: Option<i64>,
    #[serde(rename = "cycles.started_at")]
    started_at: Vec<i64>,
    #[serde(rename = "cycles.contact")]
    cycle_contact: Vec<&'a str>,
    #[serde(rename = "cycles.answered")]
    answered: Vec<u8>,
    #[serde(rename = "cycles.closed_at")]
    closed_at: Vec<Option<i64>>,
    #[serde(rename = "cycles.closed_by")]
    closed_by: Vec<&'a str>,
    #[serde(rename = "cycles.pending_at_close")]
    pending_at_close: Vec<u8>,
    #[serde(rename = "cycles.reopened_at")]
    reopened_at: Vec<Option<i64>>,
    received_at: i64,
    version: u64,
    deleted: u8,
}

impl<'a> ConversationRow<'a> {
    pub(super) fn of(fact: &'a ConversationFact) -> Self {
        let cycles = fact.cycles.as_slice();
        Self {
            account: &fact.account,
            channel: &fact.channel,
            conversation: &fact.conversation,
            contact: &fact.contact,
            first_at: fact.first_at.millis(),
            last_at: fact.last_at.millis(),
            assignee: or_empty(fact.assignee.as_deref()),
            last_manager: or_empty(fact.last_manager.as_deref()),
            pending_at: fact.pending_at.map(Time::millis),
            started_at: each(cycles, |cycle| cycle.started_at.millis()),
            cycle_contact: each(cycles, |cycle| &*cycle.contact),
            answered: each(cycles, |cycle| u8::from(cycle.answered)),
            closed_at: each(cycles, |cycle| cycle.closed_at.map(Time::millis)),
            closed_by: each(cycles, |cycle| or_empty(cycle.closed_by.as_deref())),
            pending_at_close: each(cycles, |cycle| u8::from(cycle.pending_at_close)),
            reopened_at: each(cycles, |cycle| cycle.reopened_at.map(Time::millis)),
            received_at: fact.received_at.millis(),
            version: fact.version,
            deleted: 0,
        }
    }
}

fn each<'a, T>(cycles: &'a [Cycle], part: impl Fn(&'a Cycle) -> T) -> Vec<T> {
    cycles.iter().map(part).collect()
}

fn or_empty(name: Option<&str>) -> &str {
    name.unwrap_or_default()
}
