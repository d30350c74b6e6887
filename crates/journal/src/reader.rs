//! Reads a journal from an offset on, batch by batch, over all segments.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::chain;
use crate::error::{Corruption, ReadError};
use crate::format::{SEGMENT_HEADER, SegmentHeader};
use crate::live::Live;
use crate::records::RecordsIter;
use crate::scan::{Bound, Scan, Step};
use crate::storage::Storage;
use crate::storage::os::Os;

/// The records of one batch, or those of them from the wanted offset on. Cheap to clone; keeps up
/// to 1 MiB (or one larger batch) in memory while it lives.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The offset of the first record.
    pub first_offset: u64,
    /// The number of records.
    pub count: u32,
    /// When the batch was taken in, in milliseconds since 1970. Never less than in the batch
    /// before.
    pub received_at: i64,
    data: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Batch {
    pub(crate) fn new(
        first_offset: u64,
        count: u32,
        received_at: i64,
        data: Arc<Vec<u8>>,
        range: Range<usize>,
    ) -> Self {
        Self {
            first_offset,
            count,
            received_at,
            data,
            range,
        }
    }

    /// Walks over the records; the n-th has the offset `first_offset + n`.
    pub fn records(&self) -> RecordsIter<'_> {
        RecordsIter::new(&self.data[self.range.clone()], self.count)
    }

    /// Returns the offset after the last record.
    pub fn next_offset(&self) -> u64 {
        self.first_offset + u64::from(self.count)
    }

    /// Returns the framed bytes of the records, after decompression.
    pub fn bytes(&self) -> usize {
        self.range.len()
    }

    /// Leaves out the records before an offset; `None` if none is left.
    fn starting_at(mut self, offset: u64) -> Option<Self> {
        if self.next_offset() <= offset {
            return None;
        }
        let skipped = offset.saturating_sub(self.first_offset) as u32;
        if skipped > 0 {
            let mut records = self.records();
            for _ in records.by_ref().take(skipped as usize) {}
            self.range.start = self.range.end - records.rest().len();
            self.first_offset += u64::from(skipped);
            self.count -= skipped;
        }
        Some(self)
    }
}

/// Iterates over the batches of a journal.
///
/// From [`crate::Journal::reader`] it stops at the durable end, and goes on from there when asked
/// again later. From [`Reader::open`] it ends where the valid items of the last segment end; of a
/// journal that is being written it may then show a batch that is not durable yet.
///
/// After an error it ends.
pub struct Reader {
    storage: Arc<dyn Storage>,
    live: Option<Arc<Live>>,
    /// The segment that is read, and those after it as far as known.
    segments: VecDeque<SegmentHeader>,
    scan: Option<Scan>,
    from: u64,
    failed: bool,
}

impl Reader {
    /// Reads the journal in a directory from an offset on. Locks nothing.
    pub fn open(dir: impl AsRef<Path>, from_offset: u64) -> Result<Self, ReadError> {
        Self::open_on(Arc::new(Os::new(dir.as_ref())), from_offset)
    }

    /// Reads the journal on a storage.
    pub fn open_on(storage: Arc<dyn Storage>, from_offset: u64) -> Result<Self, ReadError> {
        Self::start(storage, None, from_offset)
    }

    pub(crate) fn start(
        storage: Arc<dyn Storage>,
        live: Option<Arc<Live>>,
        from: u64,
    ) -> Result<Self, ReadError> {
        let mut segments: VecDeque<_> = chain::list(storage.as_ref())?.into();
        let Some(oldest) = segments.front().map(|header| header.base) else {
            return Err(ReadError::Empty {
                dir: storage.path(""),
            });
        };
        if from < oldest {
            return Err(ReadError::Retired {
                wanted: from,
                base: oldest,
            });
        }
        let before = segments.partition_point(|header| header.base <= from) - 1;
        segments.drain(..before);
        Ok(Self {
            storage,
            live,
            segments,
            scan: None,
            from,
            failed: false,
        })
    }

    fn advance(&mut self) -> Result<Option<Batch>, ReadError> {
        loop {
            let Some((header, bound)) = self.bound()? else {
                return Ok(None);
            };
            let scan = match &mut self.scan {
                Some(scan) => scan,
                empty => empty.insert(Scan::open(self.storage.as_ref(), &header, false)?),
            };
            match scan.step(bound)? {
                Step::Batch(batch) => {
                    if let Some(batch) = batch.starting_at(self.from) {
                        return Ok(Some(batch));
                    }
                }
                Step::Footer => {}
                Step::Bound => self.next_segment()?,
                Step::Tail(_) => return Ok(None),
            }
        }
    }

    /// Says how far the current segment is to be read; `None`: nothing more is durable.
    fn bound(&mut self) -> Result<Option<(SegmentHeader, Bound)>, ReadError> {
        let Some(&current) = self.segments.front() else {
            return Ok(None);
        };
        if self.segments.len() == 1
            && let Some(live) = self.live.clone()
        {
            let durable = live.durable();
            if durable.base == current.base {
                let at = self
                    .scan
                    .as_ref()
                    .map_or(SEGMENT_HEADER as u64, |scan| scan.at);
                return Ok((at < durable.byte).then_some((current, Bound::Known(durable.byte))));
            }
            self.look_for_successors(current)?;
        }
        let end = self
            .segments
            .get(1)
            .and_then(|next| next.before)
            .map(|before| before.end);
        Ok(Some((current, end.map_or(Bound::Unknown, Bound::Known))))
    }

    fn look_for_successors(&mut self, current: SegmentHeader) -> Result<(), ReadError> {
        let listed = chain::list(self.storage.as_ref())?;
        let follows = |header: &SegmentHeader| {
            header
                .before
                .is_some_and(|before| before.base == current.base)
        };
        let Some(next) = listed.iter().position(follows) else {
            let base = listed.first().map_or(0, |header| header.base);
            return Err(ReadError::Retired {
                wanted: self.from.max(current.base),
                base,
            });
        };
        self.segments.extend(&listed[next..]);
        Ok(())
    }

    fn next_segment(&mut self) -> Result<(), ReadError> {
        let scan = self.scan.take();
        self.segments.pop_front();
        if let (Some(scan), Some(next)) = (scan, self.segments.front()) {
            check_reaches(&scan, next)?;
        }
        Ok(())
    }
}

/// Checks that a segment, read to its end, ends where its successor begins.
pub(crate) fn check_reaches(scan: &Scan, next: &SegmentHeader) -> Result<(), Corruption> {
    if scan.next_offset != next.base {
        return Err(scan.corrupt("the next segment does not begin where this one ends"));
    }
    if scan.received_at != next.received_at {
        return Err(scan.corrupt("the next segment names another received_at"));
    }
    Ok(())
}

impl Iterator for Reader {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let batch = self.advance();
        self.failed = batch.is_err();
        batch.transpose()
    }
}
