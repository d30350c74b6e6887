//! Facts read back, one by one, as they were written: for the audit.

use clickhouse::Row;
use serde::Deserialize;
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::time::Time;
use trunkline_model::word::Word;
use trunkline_rollup::facts::{ConversationFact, Cycle, MessageFact, Rows, Samples, Within};

use crate::client::{Client, Fault};

#[expect(clippy::struct_field_names, reason = "fields are named as columns")]
#[derive(Row, Deserialize)]
struct Message {
    account: String,
    channel: String,
    conversation: String,
    contact: String,
    at: i64,
    message: String,
    author: String,
    manager: String,
    kind: String,
    chars: Option<u32>,
    assignee: String,
    expects_reply: u8,
    run: String,
    kommo_ms: Option<i64>,
    turn_ms: Option<i64>,
    wait_ms: Option<i64>,
    assigned_ms: Option<i64>,
    first_ms: Option<i64>,
    first_from_start_ms: Option<i64>,
    kommo_business_ms: Option<i64>,
    turn_business_ms: Option<i64>,
    wait_business_ms: Option<i64>,
    assigned_business_ms: Option<i64>,
    first_business_ms: Option<i64>,
    first_from_start_business_ms: Option<i64>,
    within_target: u16,
    received_at: i64,
    version: u64,
}

#[expect(clippy::struct_field_names, reason = "fields are named as columns")]
#[derive(Row, Deserialize)]
struct Conversation {
    account: String,
    channel: String,
    conversation: String,
    contact: String,
    first_at: i64,
    last_at: i64,
    assignee: String,
    last_manager: String,
    pending_at: Option<i64>,
    #[serde(rename = "cycles.started_at")]
    started_at: Vec<i64>,
    #[serde(rename = "cycles.contact")]
    cycle_contact: Vec<String>,
    #[serde(rename = "cycles.answered")]
    answered: Vec<u8>,
    #[serde(rename = "cycles.closed_at")]
    closed_at: Vec<Option<i64>>,
    #[serde(rename = "cycles.closed_by")]
    closed_by: Vec<String>,
    #[serde(rename = "cycles.pending_at_close")]
    pending_at_close: Vec<u8>,
    #[serde(rename = "cycles.reopened_at")]
    reopened_at: Vec<Option<i64>>,
    received_at: i64,
    version: u64,
}

/// Shows all messages and conversations that ClickHouse holds, as they stand, in no order.
pub async fn facts(client: &Client, rows: &mut impl Rows) -> Result<(), Fault> {
    let database = client.database();
    let messages = format!("SELECT ?fields FROM {database}.messages FINAL");
    let mut messages = client.http().query(&messages).fetch::<Message>()?;
    while let Some(row) = messages.next().await? {
        rows.message(&row.fact());
    }
    let conversations = format!("SELECT ?fields FROM {database}.conversations FINAL");
    let mut conversations = client
        .http()
        .query(&conversations)
        .fetch::<Conversation>()?;
    while let Some(row) = conversations.next().await? {
        rows.conversation(&row.fact());
    }
    Ok(())
}

impl Message {
    fn fact(&self) -> MessageFact<'_> {
        MessageFact {
            account: &self.account,
            channel: &self.channel,
            conversation: &self.conversation,
            contact: &self.contact,
            at: Time(self.at),
            message: &self.message,
            author: Author::find(&self.author).unwrap_or(Author::System),
            manager: some(&self.manager),
            kind: MessageKind::find(&self.kind).unwrap_or(MessageKind::Other),
            chars: self.chars,
            assignee: some(&self.assignee),
            expects_reply: self.expects_reply != 0,
            run: some(&self.run),
            samples: Samples {
                kommo: self.kommo_ms,
                turn: self.turn_ms,
                wait: self.wait_ms,
                assigned: self.assigned_ms,
                first: self.first_ms,
                first_from_start: self.first_from_start_ms,
            },
            business: Samples {
                kommo: self.kommo_business_ms,
                turn: self.turn_business_ms,
                wait: self.wait_business_ms,
                assigned: self.assigned_business_ms,
                first: self.first_business_ms,
                first_from_start: self.first_from_start_business_ms,
            },
            within: Within(self.within_target),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

impl Conversation {
    fn fact(&self) -> ConversationFact<'_> {
        let cycle = |place: usize| Cycle {
            started_at: Time(self.started_at[place]),
            contact: &self.cycle_contact[place],
            answered: self.answered[place] != 0,
            closed_at: self.closed_at[place].map(Time),
            closed_by: some(&self.closed_by[place]),
            pending_at_close: self.pending_at_close[place] != 0,
            reopened_at: self.reopened_at[place].map(Time),
        };
        // The lists of a nested column are of one length; ClickHouse sees to it.
        let cycles = (0..self.started_at.len()).map(cycle);
        ConversationFact {
            account: &self.account,
            channel: &self.channel,
            conversation: &self.conversation,
            contact: &self.contact,
            first_at: Time(self.first_at),
            last_at: Time(self.last_at),
            assignee: some(&self.assignee),
            last_manager: some(&self.last_manager),
            pending_at: self.pending_at.map(Time),
            cycles: cycles.collect(),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

fn some(name: &str) -> Option<&str> {
    (!name.is_empty()).then_some(name)
}
