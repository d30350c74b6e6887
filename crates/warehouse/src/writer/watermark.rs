//! Whose facts ClickHouse holds, and how far they are complete.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Writer;
use crate::client::Fault;

/// Says that of one journal all records below an offset are in the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct Watermark {
    /// The journal's id.
    pub journal: u64,
    /// Raised by a new journal, a new fold version, a rebuild or a repair; below 2^16.
    pub generation: u64,
    /// The first offset that is not known to be flushed.
    pub flushed: u64,
}

/// Says why a watermark could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WatermarkError {
    /// The database holds the facts of another journal: two services write to one database, or the
    /// data folder was replaced.
    #[error(
        "the database holds the facts of journal {journal:016x} (generation {generation}), not of \
         this one: point warehouse.url or the database elsewhere, or restore that data folder"
    )]
    Foreign {
        /// The journal whose facts are there.
        journal: u64,
        /// Its generation.
        generation: u64,
    },
    /// ClickHouse did not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Writer {
    /// Reads the watermark of the highest generation, whosever it is; none on a new database.
    pub async fn watermark(&self) -> Result<Option<Watermark>, Fault> {
        Ok(self.highest().await?.into_iter().next())
    }

    /// Reads the watermark of `journal`, none if nothing was ever flushed; an error if the highest
    /// generation belongs to another journal.
    pub async fn own_watermark(&self, journal: u64) -> Result<Option<Watermark>, WatermarkError> {
        let highest = self.highest().await?;
        if let Some(other) = highest.iter().find(|mark| mark.journal != journal) {
            return Err(WatermarkError::Foreign {
                journal: other.journal,
                generation: other.generation,
            });
        }
        Ok(highest.into_iter().next())
    }

    /// Writes that `journal` is flushed up to `mark.flushed`; an error, and nothing is written, if
    /// a generation as high as `mark.generation` belongs to another journal.
    pub async fn set_watermark(&self, mark: Watermark) -> Result<(), WatermarkError> {
        let highest = self.highest().await?;
        let foreign =
            |held: &&Watermark| held.journal != mark.journal && held.generation >= mark.generation;
        if let Some(other) = highest.iter().find(foreign) {
            return Err(WatermarkError::Foreign {
                journal: other.journal,
                generation: other.generation,
            });
        }
        self.insert_rows::<Watermark>("trunkline_writer", std::iter::once(mark))
            .await?;
        Ok(())
    }

    /// Reads the rows of the highest generation, one a journal: more than one only after two
    /// services raced.
    async fn highest(&self) -> Result<Vec<Watermark>, Fault> {
        let table = format!("{}.trunkline_writer", self.client.database());
        let sql = format!(
            "SELECT journal, generation, max(flushed) AS flushed FROM {table} \
             WHERE generation = (SELECT max(generation) FROM {table}) \
             GROUP BY journal, generation ORDER BY journal"
        );
        self.client.rows::<Watermark>(&sql).await
    }
}
