//! Retention of facts: what arrived too long ago goes. Only arrival counts, so an imported old year
//! is kept whole.

use trunkline_model::time::Time;

use super::Writer;
use super::cells::start;
use crate::client::{DDL_LIMIT, Fault, INSERT_LIMIT};

/// The tables of facts. The arrival of a conversation, call, lead, form, statement or visit is that
/// of its latest event, that of an attribution the arrival of its call.
const FACTS: [&str; 11] = [
    "messages",
    "changes",
    "conversations",
    "calls",
    "leads",
    "forms",
    "spend",
    "touches",
    "contact_tags",
    "visits",
    "attributions",
];

/// Cells of every length begin where such quarters of an hour do.
const QUARTER: u8 = 15;

impl Writer {
    /// Lists the quarters of an hour, by account, in which there are messages that arrived before a
    /// time.
    pub async fn expiring(&self, before: Time) -> Result<Vec<(String, i64)>, Fault> {
        let sql = format!(
            "SELECT DISTINCT account, {start} FROM {database}.messages WHERE {old}",
            start = start(QUARTER),
            database = self.client.database(),
            old = old(before),
        );
        let query = self.client.http().query_raw(&sql);
        self.client.within(INSERT_LIMIT, query.fetch_all()).await
    }

    /// Removes the facts that arrived before a time; gives how many rows they were.
    ///
    /// A row that is written again later, because its conversation went on, is there again.
    pub async fn expire(&self, before: Time) -> Result<u64, Fault> {
        let mut removed = 0;
        for table in FACTS {
            let table = format!("{}.{table}", self.client.database());
            let old = old(before);
            let count = format!("SELECT count() FROM {table} WHERE {old}");
            let count = async { self.client.http().query(&count).fetch_one::<u64>().await };
            let count = self.client.within(INSERT_LIMIT, count).await?;
            // A deletion looks at every part of a table, also if it finds nothing.
            if count > 0 {
                let delete = format!("DELETE FROM {table} WHERE {old}");
                self.client.execute(&delete, DDL_LIMIT).await?;
            }
            removed += count;
        }
        Ok(removed)
    }
}

fn old(before: Time) -> String {
    format!(
        "received_at < fromUnixTimestamp64Milli(toInt64({}), 'UTC')",
        before.0
    )
}
