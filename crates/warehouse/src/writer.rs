//! Writing to ClickHouse: facts, settings, and the watermark that says how far the facts go.
//!
//! Each INSERT goes to one table and, for messages, one month: so it is one block and one part, all
//! of it or nothing. Rows are absolute and versioned; after any [`Fault`] the same rows are written
//! again, and it does not matter what became of the first attempt.

use clickhouse::{Row, RowWrite};

use crate::client::{Client, DDL_LIMIT, Fault, INSERT_LIMIT};

mod batch;
mod cells;
mod compare;
mod expire;
mod months;
mod rows;
mod settings;
mod stale;
mod watermark;

use batch::Block;
use rows::Table;

pub use batch::{Batch, MAX_ROWS};
pub use compare::Compared;
pub use settings::{
    AliasRow, ChannelRow, ExtensionRow, ManagerRow, OPEN_END, PoolNumberRow, RateRow, Settings,
    SourceTagRow, StageRow, StaticNumberRow, SyncOutcome, TeamMemberRow, TeamRow,
};
pub use stale::Stale;
pub use watermark::{Watermark, WatermarkError};

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

    /// Writes a batch, one INSERT per table, month of `at` and 100,000 rows, and waits until
    /// ClickHouse has them on disk.
    ///
    /// After an error some of the INSERTs may have been done: writing all of them again is right.
    pub async fn write(&self, batch: &mut Batch) -> Result<Written, Fault> {
        let mut written = Written::default();
        for (table, block) in batch.inserts() {
            written.rows += block.rows as u64;
            written.inserts += 1;
            self.insert(table, block).await?;
        }
        Ok(written)
    }

    /// Removes the facts whose version is below `version`: those of older generations, once all
    /// rows were written anew.
    pub async fn delete_below(&self, version: u64) -> Result<(), Fault> {
        for table in [
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
            "identities",
            "answers",
        ] {
            let database = self.client.database();
            let sql = format!("DELETE FROM {database}.{table} WHERE version < {version}");
            self.client.execute(&sql, DDL_LIMIT).await?;
        }
        Ok(())
    }

    /// Sends one INSERT as one block and waits for its end.
    async fn insert(&self, table: Table, block: Block) -> Result<(), Fault> {
        let Table { name, columns } = table;
        let database = self.client.database();
        let sql = format!("INSERT INTO {database}.{name} ({columns}) FORMAT RowBinary");
        let work = async {
            let http = self.client.http().clone();
            let mut insert = http
                .insert_formatted_with(sql)
                .with_setting("async_insert", "0")
                .with_setting("max_insert_block_size", "1048576");
            insert.send(block.bytes).await?;
            insert.end().await
        };
        self.client.within(INSERT_LIMIT, work).await
    }

    /// Sends a few rows of our own bookkeeping and waits for their end.
    async fn insert_rows<'a, T>(
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
                .with_setting("async_insert", "0");
            for row in rows {
                insert.write(&row).await?;
            }
            insert.end().await
        };
        self.client.within(INSERT_LIMIT, work).await
    }
}
