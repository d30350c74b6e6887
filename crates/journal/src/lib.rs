//! A durable, ordered, append-only log of opaque records, in segment files of its own format.
//!
//! What it promises:
//! - **Acknowledged is durable.** An append whose [`Commit`] says `Ok` is on stable storage: its
//!   batch was written and `fdatasync`ed, its segment's name was synced before. Any other outcome
//!   promises nothing: the records may be there after a restart, or not.
//! - **Offsets are dense.** Records are numbered from 0 in the order of their appends; commits are
//!   called back in that order. The records of one append lie side by side in one batch.
//! - **`received_at` never goes back**, whatever the clock does, also over restarts.
//! - **Damage is named, never skipped.** Reading and opening either give every durable record or
//!   refuse with segment, byte and offset. Only what follows the last good batch of the last
//!   segment is cut, and only if nothing valid stands behind it. The details are in `format`.
//!
//! What it does not know: what a record means, what is needed (the caller decides what
//! [`Journal::retire`] may delete), what time it is (a clock is given), tokio, metrics (an
//! [`Observer`] is told).
//!
//! The parts: [`Journal`] is the handle over one committer thread that gathers, writes and syncs
//! (`committer`, `writer`), and one thread that makes the next segment ahead (`spares`).
//! [`Reader`], [`verify()`] and [`segments`] read (`chain`, `scan`, `tail`); `recover` opens. All
//! files are reached through [`storage::Storage`], so that tests can bring a disk that fails.

#![forbid(unsafe_code)]

mod chain;
mod committer;
mod config;
mod error;
mod format;
mod journal;
mod live;
mod observer;
mod pace;
mod reader;
mod records;
mod recover;
mod retire;
mod scan;
mod spares;
pub mod storage;
mod tail;
mod verify;
mod writer;

pub use config::{Clock, Compression, Config, World};
pub use error::{AppendError, Corruption, OpenError, ReadError, Reason, Rejected, RetireError};
pub use journal::{Appended, Commit, Journal, Opened};
pub use live::State;
pub use observer::{Committed, Observer};
pub use reader::{Batch, Reader};
pub use records::{Records, RecordsIter};
pub use retire::Retired;
pub use verify::{
    End, Report, SegmentInfo, SegmentReport, segments, verify, verify_last, verify_on,
};
#[cfg(test)]
mod tests;
