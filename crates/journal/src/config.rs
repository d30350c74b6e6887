//! What a journal is told when it is opened: its settings, and the world around it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::OpenError;
use crate::format::{FOOTER, ITEM_HEADER, MAX_PAYLOAD, SEGMENT_HEADER};
use crate::observer::Observer;

/// Gives the time in milliseconds since 1970 (UTC). It may jump; the journal keeps its order.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The settings of a journal.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that holds the segments and nothing else. Made if it is missing.
    pub dir: PathBuf,
    /// Size of a new segment in bytes, 256 bytes to 1 GiB. Default 64 MiB. May change at any
    /// start: segments keep the size they were made with.
    pub segment_bytes: u64,
    /// Free bytes of the disk below which appends are refused. Default 512 MiB.
    pub reserve_bytes: u64,
    /// Payload bytes at which a batch is closed. One larger append is a batch of its own. Default
    /// 1 MiB.
    pub batch_bytes: usize,
    /// Bytes of records that may wait or be in flight before an append is refused as full. One
    /// append is always taken when nothing waits. Default 32 MiB.
    pub queue_bytes: usize,
    /// How long an append may be expected to wait before [`Journal::is_crowded`] says so. What fits
    /// into the next batch is never too long in coming. Default 25 ms.
    ///
    /// [`Journal::is_crowded`]: crate::Journal::is_crowded
    pub queue_wait: Duration,
    /// How payloads are stored. Default none. May change at any start.
    pub compression: Compression,
    /// Whether a batch is synced before it counts as durable. Default true. **For measuring only**:
    /// without it nothing is promised, whatever a commit says; no configuration file can set it.
    pub sync: bool,
}

/// How the payload of a batch is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// As it is.
    #[default]
    None,
    /// As one LZ4 block, where that is smaller.
    Lz4,
}

/// What the journal cannot know by itself.
#[derive(Clone)]
pub struct World {
    /// Gives `received_at`, read once a batch.
    pub clock: Clock,
    /// Is told what happens; `Arc::new(())` ignores it.
    pub observer: Arc<dyn Observer>,
    /// The id of the journal if this is its first opening: random, chosen by the caller. It also
    /// keeps outsiders from forging batches inside of records, so it is not to be published.
    pub new_id: u64,
}

impl Config {
    /// Returns the default settings for a directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes: 64 << 20,
            reserve_bytes: 512 << 20,
            batch_bytes: 1 << 20,
            queue_bytes: 32 << 20,
            queue_wait: Duration::from_millis(25),
            compression: Compression::None,
            sync: true,
        }
    }

    pub(crate) fn check(&self) -> Result<(), OpenError> {
        let wrong = |setting, why| Err(OpenError::Config { setting, why });
        if !(256..=1 << 30).contains(&self.segment_bytes) {
            return wrong("segment_bytes", "it must be between 256 bytes and 1 GiB");
        }
        if self.batch_bytes == 0 {
            return wrong("batch_bytes", "it must be at least 1");
        }
        if self.queue_bytes == 0 {
            return wrong("queue_bytes", "it must be at least 1");
        }
        Ok(())
    }

    /// The most framed bytes one append may have: what fits into an empty segment.
    pub(crate) fn append_limit(&self) -> usize {
        let around = SEGMENT_HEADER + ITEM_HEADER + FOOTER;
        usize::try_from(self.segment_bytes)
            .unwrap_or(usize::MAX)
            .saturating_sub(around)
            .min(MAX_PAYLOAD)
    }
}
