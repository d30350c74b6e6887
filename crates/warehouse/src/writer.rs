//! Writing to ClickHouse: facts, settings, and the watermark that says how far the facts go.
//!
//! Each INSERT goes to one table and, for messages, one month: so it is one block and one part, all
//! of it or nothing. Rows are absolute and versioned; after any [`Fault`] the same rows are written
//! again, and it does not matter what became of the first attempt.

use clickhouse::{Row, RowWrite};
use trunkline_rollup::facts::{ConversationFact, MessageFact};

use crate::client::{Client, DDL_LIMIT, Fault, INSERT_LIMIT};

mod months;
mod rows;
mod settings;
mod watermark;

pub use settings::{
    ChannelRow, ManagerRow, OPEN_END, Settings, SyncOutcome, TeamMemberRow, TeamRow,
};
pub use watermark::{Watermark, WatermarkError};

/// The most rows that one INSERT takes.
pub const MAX_ROWS: usize = 100_000;

/// Says how much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows sent and confirmed.
    pub rows: u64,
    /// INSERT statements it took.
    pub inserts: u64,
}

/// Writes as the ClickHouse user of its [`Client`]. Cheap to clone; one flush at a time.
#[derive(Clone, Debug)]
pub struct Writer {
    client: Client,
}

impl Writer {
    /// Makes a writer on a migrated database.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Writes `facts` in any order, one INSERT per month of `at` and 100,000 rows, and waits until
    /// ClickHouse has them on disk.
    ///
    /// After an error some of the INSERTs may have been done: writing all of them again is right.
    pub async fn write_messages(&self, facts: &[MessageFact]) -> Result<Written, Fault> {
        let mut written = Written::default();
        for month in months::by_month(facts, |fact| fact.at) {
            for batch in month.chunks(MAX_ROWS) {
                let rows = batch.iter().map(|fact| rows::MessageRow::of(fact));
                self.insert::<rows::MessageRow<'_>>("messages", rows)
                    .await?;
                written.add(batch.len());
            }
        }
        Ok(written)
    }

    /// Writes `facts` in any order, one INSERT per 100,000 rows, and waits until ClickHouse has
    /// them on disk.
    pub async fn write_conversations(&self, facts: &[ConversationFact]) -> Result<Written, Fault> {
        let mut written = Written::default();
        for batch in facts.chunks(MAX_ROWS) {
            let rows = batch.iter().map(rows::ConversationRow::of);
            self.insert::<rows::ConversationRow<'_>>("conversations", rows)
                .await?;
            written.add(batch.len());
        }
        Ok(written)
    }

    /// Removes the facts whose version is below `version`: those of older generations, once all
    /// rows were written anew.
    pub async fn delete_below(&self, version: u64) -> Result<(), Fault> {
        for table in ["messages", "conversations"] {
            let database = self.client.database();
            let sql = format!("DELETE FROM {database}.{table} WHERE version < {version}");
            self.client.execute(&sql, DDL_LIMIT).await?;
        }
        Ok(())
    }

    /// Sends one INSERT as one block and waits for its end.
    async fn insert<'a, T>(
        &self,
        table: &str,
        rows: impl Iterator<Item = T::Value<'a>>,
    ) -> Result<(), Fault>
    where
        T: Row + RowWrite,
    {
        let target = format!("{}.{table}", self.client.database());
        let work = async {
            // The columns are named in the statement, their types are checked by tests that read
            // back what was written: asking for the schema with each INSERT costs and adds nothing.
            let mut insert = self
                .client
                .http()
                .clone()
                .with_validation(false)
                .insert_unescaped::<T>(&target)
                .await?
                .with_setting("async_insert", "0")
                .with_setting("max_insert_block_size", "1048576");
            for row in rows {
                insert.write(&row).await?;
            }
            insert.end().await
        };
        self.client.within(INSERT_LIMIT, work).await
    }
}

impl Written {
    fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
        self.inserts += 1;
    }
}
