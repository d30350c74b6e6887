//! Calls read back, as they were written.

use clickhouse::Row;
use serde::Deserialize;
use trunkline_model::amount::Decimal;
use trunkline_model::event::{Direction, Integrity};
use trunkline_model::time::Time;
use trunkline_model::word::Word;
use trunkline_rollup::facts::{CallFact, LegFact, Rows};

use crate::client::{Client, Fault};

#[expect(clippy::struct_field_names, reason = "fields are named as columns")]
#[derive(Row, Deserialize)]
struct Call {
    account: String,
    call: String,
    hook: String,
    direction: String,
    origin: String,
    caller: String,
    known: u8,
    number: String,
    started_at: i64,
    queued_at: Option<i64>,
    ringing_at: Option<i64>,
    answered_at: Option<i64>,
    ended_at: Option<i64>,
    disposition: String,
    ghost: u8,
    menu_ms: i64,
    queue_ms: i64,
    ring_ms: i64,
    hold_ms: i64,
    wait_ms: Option<i64>,
    talk_ms: i64,
    tags: Vec<String>,
    spam: u8,
    value: Option<i128>,
    recording: String,
    integrity: String,
    #[serde(rename = "legs.leg")]
    leg: Vec<String>,
    #[serde(rename = "legs.manager")]
    manager: Vec<String>,
    #[serde(rename = "legs.extension")]
    extension: Vec<String>,
    #[serde(rename = "legs.ringing_at")]
    leg_ringing_at: Vec<Option<i64>>,
    #[serde(rename = "legs.answered_at")]
    leg_answered_at: Vec<Option<i64>>,
    #[serde(rename = "legs.ended_at")]
    leg_ended_at: Vec<Option<i64>>,
    #[serde(rename = "legs.ring_ms")]
    leg_ring_ms: Vec<i64>,
    #[serde(rename = "legs.talk_ms")]
    leg_talk_ms: Vec<i64>,
    #[serde(rename = "legs.hold_ms")]
    leg_hold_ms: Vec<i64>,
    #[serde(rename = "legs.transferred_out")]
    transferred_out: Vec<u8>,
    #[serde(rename = "legs.transferred_in")]
    transferred_in: Vec<u8>,
    last_received_at: i64,
    received_at: i64,
    version: u64,
}

/// Shows all calls that ClickHouse holds, as they stand, in no order.
pub(super) async fn calls(client: &Client, rows: &mut impl Rows) -> Result<(), Fault> {
    let sql = format!("SELECT ?fields FROM {}.calls FINAL", client.database());
    let mut calls = client.http().query(&sql).fetch::<Call>()?;
    while let Some(row) = calls.next().await? {
        let (legs, tags) = (row.legs(), row.tags());
        rows.call(&row.fact(&legs, &tags));
    }
    Ok(())
}

impl Call {
    fn tags(&self) -> Vec<&str> {
        self.tags.iter().map(String::as_str).collect()
    }

    fn legs(&self) -> Vec<LegFact<'_>> {
        let leg = |place: usize| LegFact {
            leg: &self.leg[place],
            manager: &self.manager[place],
            extension: &self.extension[place],
            ringing_at: self.leg_ringing_at[place].map(Time),
            answered_at: self.leg_answered_at[place].map(Time),
            ended_at: self.leg_ended_at[place].map(Time),
            ring_ms: self.leg_ring_ms[place],
            talk_ms: self.leg_talk_ms[place],
            hold_ms: self.leg_hold_ms[place],
            transferred_out: self.transferred_out[place] != 0,
            transferred_in: self.transferred_in[place] != 0,
        };
        // The lists of a nested column are of one length; ClickHouse sees to it.
        (0..self.leg.len()).map(leg).collect()
    }

    fn fact<'a>(&'a self, legs: &'a [LegFact<'a>], tags: &'a [&'a str]) -> CallFact<'a> {
        CallFact {
            account: &self.account,
            call: &self.call,
            hook: &self.hook,
            direction: Direction::find(&self.direction).unwrap_or(Direction::Inbound),
            origin: &self.origin,
            caller: &self.caller,
            known: self.known != 0,
            number: &self.number,
            started_at: Time(self.started_at),
            queued_at: self.queued_at.map(Time),
            ringing_at: self.ringing_at.map(Time),
            answered_at: self.answered_at.map(Time),
            ended_at: self.ended_at.map(Time),
            disposition: &self.disposition,
            ghost: self.ghost != 0,
            menu_ms: self.menu_ms,
            queue_ms: self.queue_ms,
            ring_ms: self.ring_ms,
            hold_ms: self.hold_ms,
            wait_ms: self.wait_ms,
            talk_ms: self.talk_ms,
            tags,
            spam: self.spam != 0,
            value: self.value.and_then(amount),
            recording: &self.recording,
            integrity: Integrity::find(&self.integrity).unwrap_or(Integrity::Unverified),
            legs,
            last_received_at: Time(self.last_received_at),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

/// Reads billionths.
pub(super) fn amount(billionths: i128) -> Option<Decimal> {
    let sign = if billionths < 0 { "-" } else { "" };
    let size = billionths.unsigned_abs();
    let (whole, part) = (size / 1_000_000_000, size % 1_000_000_000);
    Decimal::parse(&format!("{sign}{whole}.{part:09}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_was_written() {
        for text in ["12.5", "-0.000000001", "999999999999999999", "0"] {
            let amount_of = Decimal::parse(text).expect("an amount");
            let billionths = 10_i128.pow(9 - u32::from(amount_of.scale()));
            let read = amount(i128::from(amount_of.units()) * billionths);
            assert_eq!(read, Some(amount_of), "{text}");
        }
    }
}
