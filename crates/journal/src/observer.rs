//! What the journal tells about itself, so that the caller can count it. All calls come
//! from the committer thread, between batches: they must be quick.

use std::time::Duration;

use crate::error::AppendError;
use crate::live::State;

/// Is told what happens in a journal. Every method has an empty default.
pub trait Observer: Send + Sync {
    /// Gives a monotonic time, read before and after each sync. Zero means: do not measure.
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    /// A batch is durable.
    fn committed(&self, _batch: &Committed) {}

    /// A new segment with this base offset is durable and takes the next batch.
    fn rolled(&self, _base: u64) {}

    /// Appends failed, or a new segment could not be made.
    fn failed(&self, _error: &AppendError) {}

    /// The journal began or ceased to take appends.
    fn state_changed(&self, _state: &State) {}
}

impl Observer for () {}

/// A batch that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The offset of its first record.
    pub first_offset: u64,
    /// Its records.
    pub records: u32,
    /// Its `received_at` in milliseconds since 1970.
    pub received_at: i64,
    /// Its bytes in the segment, header included, after compression.
    pub bytes: u64,
    /// How long the sync took, by `Observer::elapsed`.
    pub sync: Duration,
}
