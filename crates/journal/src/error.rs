//! What can go wrong, and who must act.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::records::Records;

/// Says why a journal cannot be opened. A damaged journal is left as it is: nothing is cut.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting is out of its range.
    #[error("the journal's setting {setting} cannot be used: {why}")]
    Config {
        /// The name of the field of `Config`.
        setting: &'static str,
        /// Its range.
        why: &'static str,
    },
    /// Another process, or another `Journal` of this one, holds the directory.
    #[error("the journal in {} is in use by another process; stop that one first", .dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The disk has less than the reserve, and a new segment is needed.
    #[error(
        "the disk of {} has {free} bytes free, a new journal segment needs {needed} \
         (reserve included); free some space",
        .dir.display()
    )]
    Reserve {
        /// The directory.
        dir: PathBuf,
        /// Free bytes now.
        free: u64,
        /// Free bytes needed.
        needed: u64,
    },
    /// The directory or a file could not be made, written or synced.
    #[error("could not {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there cannot be read, or is not whole.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Says why a journal cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Bytes that were durable are not what was written.
    #[error(transparent)]
    Corrupt(#[from] Corruption),
    /// A segment between two others is not there.
    #[error(
        "a journal segment is missing: {} says that it follows the segment with base {before}, \
         found is {found:?}; bring the missing file back",
        .segment.display()
    )]
    Missing {
        /// The segment that follows the missing one.
        segment: PathBuf,
        /// The base offset of the missing segment.
        before: u64,
        /// The base offset of the nearest older segment that is there.
        found: Option<u64>,
    },
    /// A segment belongs to another journal.
    #[error(
        "{} belongs to another journal (id {found:016x}, the oldest segment here has \
         {expected:016x}); move it away",
        .segment.display()
    )]
    WrongJournal {
        /// The segment.
        segment: PathBuf,
        /// The id of the oldest segment in the directory.
        expected: u64,
        /// The id in its header.
        found: u64,
    },
    /// A file is not the journal's.
    #[error("{} is not a file of the journal; move it out of the journal's directory", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A segment was written in a format this version does not know.
    #[error(
        "{} has format version {found}, this program reads version {known}; use the program that \
         wrote it",
        .segment.display()
    )]
    Version {
        /// The segment.
        segment: PathBuf,
        /// Its version.
        found: u32,
        /// The only version known.
        known: u32,
    },
    /// The wanted offset is older than the oldest segment.
    #[error("offset {wanted} is no longer in the journal: it begins at {base}")]
    Retired {
        /// The offset asked for.
        wanted: u64,
        /// The oldest offset that is there.
        base: u64,
    },
    /// The directory holds no segment.
    #[error("there is no journal in {}", .dir.display())]
    Empty {
        /// The directory.
        dir: PathBuf,
    },
    /// A file could not be read.
    #[error("could not read {}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Says why old segments could not be deleted. Those that were deleted before are gone for good.
#[derive(Debug, thiserror::Error)]
pub enum RetireError {
    /// What is there cannot be listed, or is not whole.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A segment could not be removed, or its removal not be made durable.
    #[error("could not remove the journal segment {}: {source}", .path.display())]
    Remove {
        /// The segment.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Names a place where durable bytes are not what was written. Everything before it is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the journal is damaged: segment {}, byte {byte}, offset {offset}: {why}. Nothing was changed; \
     all records before offset {offset} are whole. Restore this segment from a backup",
    .segment.display()
)]
pub struct Corruption {
    /// The segment file.
    pub segment: PathBuf,
    /// Where in the file the damaged header, batch or footer begins.
    pub byte: u64,
    /// The offset of the first record that cannot be read.
    pub offset: u64,
    /// What is wrong there.
    pub why: &'static str,
}

/// Says why appends fail. The records of such an append may be in the journal after a restart, or
/// not; the sender tries again later.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk has less free than the reserve. Heals when space is freed.
    #[error("the journal's disk has {free} bytes free, needed are {needed}; free some space")]
    Reserve {
        /// Free bytes now.
        free: u64,
        /// Free bytes needed: the reserve, and a segment when one must be made.
        needed: u64,
    },
    /// A batch could not be written. Its segment takes no more; a new one is tried.
    #[error("could not write to {} at byte {byte}: {source}; check the disk", .segment.display())]
    Write {
        /// The segment.
        segment: PathBuf,
        /// Where.
        byte: u64,
        /// What the system said.
        source: io::Error,
    },
    /// A batch or footer could not be synced. Its segment takes no more; a new one is tried.
    #[error("could not sync {}: {source}; check the disk", .segment.display())]
    Sync {
        /// The segment.
        segment: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A new segment could not be made durable. Tried again, ever less often.
    #[error("could not make the journal segment {}: {source}; check the disk", .segment.display())]
    NewSegment {
        /// The segment.
        segment: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal was shut down, or its thread ended.
    #[error("the journal is closed")]
    Closed,
}

impl AppendError {
    /// Names the kind in one stable word, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Reserve { .. } => "reserve",
            Self::Write { .. } => "write",
            Self::Sync { .. } => "sync",
            Self::NewSegment { .. } => "new_segment",
            Self::Closed => "closed",
        }
    }
}

/// An append that was not taken: nothing of it is in the journal, and no commit will follow.
#[derive(Debug)]
pub struct Rejected<T> {
    /// Why.
    pub reason: Reason,
    /// The records, given back.
    pub records: Records,
    /// The token, given back.
    pub token: T,
}

/// Says why an append was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// `Config::queue_bytes` are waiting: try again soon.
    #[error("the journal's queue is full")]
    Full,
    /// The records do not fit into one segment: split them.
    #[error("the records of one append are larger than a journal segment")]
    TooLarge,
    /// There are no records.
    #[error("an append needs at least one record")]
    Empty,
    /// The journal was shut down, or its thread ended.
    #[error("the journal is closed")]
    Closed,
}

/// The outcome of a batch that was not made durable, shared by all appends it fails.
pub(crate) type Failure = Arc<AppendError>;
