//! Reads a whole journal and says what is in it, or where it is damaged. Changes nothing.

use std::path::{Path, PathBuf};

use crate::chain;
use crate::error::ReadError;
use crate::format::SegmentHeader;
use crate::reader::check_reaches;
use crate::scan::{Bound, Scan, Step};
use crate::storage::Storage;
use crate::storage::os::Os;
use crate::tail::Tail;

/// A journal that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: u64,
    /// Its oldest offset.
    pub base: u64,
    /// The offset after its last record.
    pub next_offset: u64,
    /// Its segments, oldest first.
    pub segments: Vec<SegmentReport>,
}

impl Report {
    /// Says whether the journal was stopped cleanly, so that nothing at its end can be missing.
    pub fn is_clean(&self) -> bool {
        self.segments
            .last()
            .is_some_and(|segment| segment.end == End::Clean)
    }
}

/// A segment that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub path: PathBuf,
    /// The offset of its first record.
    pub base: u64,
    /// The number of its batches.
    pub batches: u64,
    /// The number of its records.
    pub records: u64,
    /// Where its last item ends, in bytes.
    pub bytes: u64,
    /// `received_at` of its first batch.
    pub first_received_at: Option<i64>,
    /// `received_at` of its last batch.
    pub last_received_at: Option<i64>,
    /// How it ends.
    pub end: End,
}

/// Says how a segment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Another segment follows, which says where this one ends.
    Succeeded,
    /// With the footer of a clean stop.
    Clean,
    /// With a batch (or none), nothing behind it: the journal is in use, or was not stopped
    /// cleanly. Open makes sure of the last batch.
    Unmarked,
    /// Behind the last valid item stands something that is none, up to a byte: a batch that was
    /// being written when the journal stopped; or, if that batch was the last, its damage. Open
    /// cuts it.
    Torn {
        /// Behind the last byte that is not zero.
        until: u64,
    },
}

/// A segment, by its header only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The file.
    pub path: PathBuf,
    /// The offset of its first record.
    pub base: u64,
    /// Where its last item ends, in bytes; `None` for the last segment.
    pub end: Option<u64>,
    /// `received_at` of the last batch before it, if there ever was one.
    pub received_before: Option<i64>,
}

/// Reads all of the journal in a directory. May run while it is written: then the end is as of
/// some moment.
pub fn verify(dir: impl AsRef<Path>) -> Result<Report, ReadError> {
    verify_on(&Os::new(dir.as_ref()))
}

/// Reads all of the journal on a storage.
pub fn verify_on(storage: &dyn Storage) -> Result<Report, ReadError> {
    let headers = chain::list(storage)?;
    let Some(first) = headers.first() else {
        return Err(ReadError::Empty {
            dir: storage.path(""),
        });
    };
    let mut report = Report {
        id: first.journal,
        base: first.base,
        next_offset: 0,
        segments: Vec::new(),
    };
    for (index, header) in headers.iter().enumerate() {
        let (segment, next_offset) = verify_segment(storage, header, headers.get(index + 1))?;
        report.segments.push(segment);
        report.next_offset = next_offset;
    }
    Ok(report)
}

/// Reads the headers of all segments, and the whole of the last: where a crash or a write that is
/// under way would show. May run while the journal is written.
pub fn verify_last(dir: impl AsRef<Path>) -> Result<SegmentReport, ReadError> {
    let storage = Os::new(dir.as_ref());
    let headers = chain::list(&storage)?;
    let Some(last) = headers.last() else {
        return Err(ReadError::Empty {
            dir: storage.path(""),
        });
    };
    verify_segment(&storage, last, None).map(|(segment, _)| segment)
}

fn verify_segment(
    storage: &dyn Storage,
    header: &SegmentHeader,
    next: Option<&SegmentHeader>,
) -> Result<(SegmentReport, u64), ReadError> {
    let mut scan = Scan::open(storage, header, false)?;
    let end = next.and_then(|next| next.before).map(|before| before.end);
    let bound = end.map_or(Bound::Unknown, Bound::Known);
    let mut report = SegmentReport {
        path: storage.path(&chain::name(header.base)),
        base: header.base,
        batches: 0,
        records: 0,
        bytes: 0,
        first_received_at: None,
        last_received_at: None,
        end: End::Unmarked,
    };
    report.end = loop {
        match scan.step(bound)? {
            Step::Batch(batch) => {
                report.batches += 1;
                report.records += u64::from(batch.count);
                report.first_received_at.get_or_insert(batch.received_at);
                report.last_received_at = Some(batch.received_at);
                report.end = End::Unmarked;
            }
            Step::Footer => report.end = End::Clean,
            Step::Bound => break End::Succeeded,
            Step::Tail(Tail::Torn { until }) => break End::Torn { until },
            Step::Tail(Tail::Zeros | Tail::Valid { .. }) => break report.end,
        }
    };
    report.bytes = scan.at;
    if let Some(next) = next {
        check_reaches(&scan, next)?;
    }
    Ok((report, scan.next_offset))
}

/// Lists the segments of the journal in a directory, oldest first, by their headers.
pub fn segments(dir: impl AsRef<Path>) -> Result<Vec<SegmentInfo>, ReadError> {
    let storage = Os::new(dir.as_ref());
    let headers = chain::list(&storage)?;
    let ends = headers
        .iter()
        .skip(1)
        .map(|next| next.before.map(|before| before.end));
    let infos = headers.iter().zip(ends.chain([None]));
    Ok(infos
        .map(|(header, end)| info(&storage, header, end))
        .collect())
}

fn info(storage: &dyn Storage, header: &SegmentHeader, end: Option<u64>) -> SegmentInfo {
    SegmentInfo {
        path: storage.path(&chain::name(header.base)),
        base: header.base,
        end,
        received_before: (header.received_at != i64::MIN).then_some(header.received_at),
    }
}
