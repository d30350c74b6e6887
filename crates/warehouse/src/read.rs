//! Facts read back, one by one, as they were written: for the audit, and for conversations of which
//! the fold keeps no more than their clocks.

use clickhouse::Row;
use serde::Deserialize;
use trunkline_model::event::{Author, Change, Integrity, MessageKind};
use trunkline_model::time::Time;
use trunkline_model::word::Word;
use trunkline_rollup::facts::{
    ChangeFact, ConversationFact, Cycle, IdentityFact, MessageFact, Rows, Samples, Within,
};

use crate::client::{Client, Fault, READ_LIMIT};

mod calls;
mod leads;
mod tracking;

pub use tracking::tracking;

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
    integrity: String,
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
    deleted: u8,
}

#[derive(Row, Deserialize)]
struct ChangeRow {
    account: String,
    channel: String,
    conversation: String,
    at: i64,
    id: String,
    change: String,
    manager: String,
    run: String,
    received_at: i64,
    version: u64,
    deleted: u8,
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
    unserved_at: Option<i64>,
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
    #[serde(rename = "cycles.owed_by")]
    owed_by: Vec<String>,
    #[serde(rename = "cycles.handed_off_at")]
    handed_off_at: Vec<Option<i64>>,
    received_at: i64,
    version: u64,
}

#[expect(clippy::struct_field_names, reason = "fields are named as columns")]
#[derive(Row, Deserialize)]
struct Identity {
    account: String,
    kind: String,
    channel: String,
    identity: String,
    contact: String,
    received_at: i64,
    version: u64,
}

/// Shows all messages, conversations, calls, leads, forms, spend, touches, tags and identities that
/// ClickHouse holds, as they stand, in no order.
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
    calls::calls(client, rows).await?;
    leads::leads(client, rows).await?;
    identities(client, rows).await
}

/// Shows whose the identities are that ClickHouse holds.
async fn identities(client: &Client, rows: &mut impl Rows) -> Result<(), Fault> {
    let sql = format!("SELECT ?fields FROM {}.identities FINAL", client.database());
    let mut identities = client.http().query(&sql).fetch::<Identity>()?;
    while let Some(row) = identities.next().await? {
        rows.identity(&IdentityFact {
            account: &row.account,
            kind: &row.kind,
            channel: &row.channel,
            identity: &row.identity,
            contact: some(&row.contact),
            received_at: Time(row.received_at),
            version: row.version,
        });
    }
    Ok(())
}

/// Conversations of one account, and the times of what is wanted of them.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The account's id.
    pub account: String,
    /// The conversations' ids, of any channel.
    pub conversations: Vec<String>,
    /// The first time.
    pub from: Time,
    /// The last time, itself included.
    pub until: Time,
}

impl Wanted {
    fn query(&self, client: &Client, table: &str) -> clickhouse::query::Query {
        let sql = format!(
            "SELECT ?fields FROM {}.{table} WHERE account = {{account:String}} \
             AND at >= fromUnixTimestamp64Milli({{from:Int64}}, 'UTC') \
             AND at <= fromUnixTimestamp64Milli({{until:Int64}}, 'UTC') \
             AND conversation IN {{conversations:Array(String)}}",
            client.database()
        );
        let query = client.http().query(&sql).param("account", &self.account);
        query
            .param("from", self.from.0)
            .param("until", self.until.0)
            .param("conversations", &self.conversations)
    }
}

/// Shows the messages and changes of conversations, those taken back included, and of each every row
/// that is still there: the one of the highest version is the last.
pub async fn timelines(
    client: &Client,
    wanted: &Wanted,
    rows: &mut impl Rows,
) -> Result<(), Fault> {
    let messages = wanted.query(client, "messages").fetch_all::<Message>();
    for row in client.within(READ_LIMIT, messages).await? {
        rows.message(&row.fact());
    }
    let changes = wanted.query(client, "changes").fetch_all::<ChangeRow>();
    for row in client.within(READ_LIMIT, changes).await? {
        rows.change(&row.fact());
    }
    Ok(())
}

/// Finds the conversations (channel, id) of an account in which one of these events or runs is.
pub async fn conversations_with(
    client: &Client,
    account: &str,
    events: &[String],
    runs: &[String],
) -> Result<Vec<(String, String)>, Fault> {
    let find = |table: &str, id: &str| {
        let sql = format!(
            "SELECT DISTINCT channel, conversation FROM {}.{table} \
             WHERE account = {{account:String}} AND ({id} IN {{events:Array(String)}} \
             OR run IN {{runs:Array(String)}})",
            client.database()
        );
        let query = client.http().query_raw(&sql).param("account", account);
        query.param("events", events).param("runs", runs)
    };
    let messages = find("messages", "message").fetch_all::<(String, String)>();
    let mut found = client.within(READ_LIMIT, messages).await?;
    let changes = find("changes", "id").fetch_all::<(String, String)>();
    found.append(&mut client.within(READ_LIMIT, changes).await?);
    Ok(found)
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
            integrity: Integrity::find(&self.integrity).unwrap_or_default(),
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
            deleted: self.deleted != 0,
        }
    }
}

impl ChangeRow {
    fn fact(&self) -> ChangeFact<'_> {
        ChangeFact {
            account: &self.account,
            channel: &self.channel,
            conversation: &self.conversation,
            at: Time(self.at),
            id: &self.id,
            change: Change::find(&self.change).unwrap_or(Change::Stage),
            manager: some(&self.manager),
            run: some(&self.run),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: self.deleted != 0,
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
            owed_by: some(&self.owed_by[place]),
            handed_off_at: self.handed_off_at[place].map(Time),
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
            unserved_at: self.unserved_at.map(Time),
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
