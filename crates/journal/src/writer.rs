//! The one place that writes batches: into the live segment, or into a new one when it is full or
//! sealed. Runs on the committer thread; knows nothing of threads or waiting.
//!
//! Sealed means that `live` is `None`: after an error nothing is ever written to that descriptor
//! again, and a new segment is tried, at once the first time, then ever less often.

use std::sync::Arc;

use crate::chain::{NEXT, name};
use crate::config::Compression;
use crate::error::{AppendError, Failure};
use crate::format::{
    BatchHeader, Before, Codec, FOOTER, Footer, ITEM_HEADER, Key, SEGMENT_HEADER, SegmentHeader,
};
use crate::live::{Durable, Live, State};
use crate::observer::{Committed, Observer};
use crate::records::Records;
use crate::spares::{Lack, Spares};
use crate::storage::{SegmentFile, Storage};

const FIRST_PAUSE_MS: i64 = 100;
const LONGEST_PAUSE_MS: i64 = 10_000;
/// What a buffer keeps after a batch that was larger.
const KEPT_BYTES: usize = 4 << 20;
/// How often the free disk is looked at while all is well.
const DISK_CHECK_MS: i64 = 1_000;

/// The segment that is written to.
pub(crate) struct Segment {
    pub(crate) file: Box<dyn SegmentFile>,
    pub(crate) base: u64,
    pub(crate) before: Option<Before>,
    /// The end of the last durable item.
    pub(crate) at: u64,
    pub(crate) capacity: u64,
    /// Whether the last item is a footer.
    pub(crate) footed: bool,
}

pub(crate) struct Writer {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) live_view: Arc<Live>,
    pub(crate) spares: Spares,
    pub(crate) compression: Compression,
    pub(crate) sync: bool,
    pub(crate) reserve_bytes: u64,
    pub(crate) journal: u64,
    pub(crate) next_offset: u64,
    pub(crate) received_at: i64,
    pub(crate) segment: Option<Segment>,
    /// What the next header says of its predecessor; used while `segment` is `None`.
    pub(crate) before: Option<Before>,
    pub(crate) trouble: Trouble,
    /// The item that is written.
    pub(crate) buffer: Vec<u8>,
    /// The room it is compressed into.
    pub(crate) packed: Vec<u8>,
}

/// How often in a row something failed, and when to try again.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    failures: u32,
    failed_at: i64,
    disk_seen_at: Option<i64>,
}

impl Trouble {
    fn pause(&self) -> i64 {
        match self.failures {
            0 | 1 => 0,
            more => (FIRST_PAUSE_MS << (more - 2).min(16)).min(LONGEST_PAUSE_MS),
        }
    }

    /// Says whether to try again. A clock that went back must not make the pause longer.
    fn is_over(&self, now: i64) -> bool {
        now < self.failed_at || now >= self.failed_at.saturating_add(self.pause())
    }
}

impl Writer {
    /// Writes and syncs the records as one batch. After an error nothing of it counts.
    pub(crate) fn commit<'a>(
        &mut self,
        now: i64,
        appends: impl Iterator<Item = &'a Records>,
    ) -> Result<Committed, Failure> {
        let received_at = now.max(self.received_at);
        let mut batch = BatchHeader {
            stored: 0,
            raw: 0,
            first_offset: self.next_offset,
            count: 0,
            received_at,
            codec: Codec::None,
        };
        self.buffer.clear();
        self.buffer.resize(ITEM_HEADER, 0);
        for records in appends {
            batch.count += records.count();
            self.buffer.extend_from_slice(records.bytes());
        }
        batch.raw = (self.buffer.len() - ITEM_HEADER) as u32;
        batch.codec = self.compress();
        batch.stored = (self.buffer.len() - ITEM_HEADER) as u32;
        self.make_ready(now)?;
        self.make_room(now, batch.length())?;
        let before = self.observer.elapsed();
        self.write_item(false, |key, at, item| batch.seal(key, at, item))
            .map_err(|error| self.refuse(now, error))?;
        let sync = self.observer.elapsed().saturating_sub(before);
        self.next_offset += u64::from(batch.count);
        self.received_at = received_at;
        self.trouble.failures = 0;
        self.publish();
        let committed = Committed {
            first_offset: batch.first_offset,
            records: batch.count,
            received_at,
            bytes: batch.length() as u64,
            sync,
        };
        self.observer.committed(&committed);
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BYTES);
        self.packed.truncate(KEPT_BYTES);
        self.packed.shrink_to(KEPT_BYTES);
        Ok(committed)
    }

    /// Makes the journal take appends again if it does not, and the time for it has come.
    pub(crate) fn make_ready(&mut self, now: i64) -> Result<(), Failure> {
        self.check_disk(now)?;
        if self.segment.is_none() {
            if let (Some(failure), false) = (self.live_view.refusal(), self.trouble.is_over(now)) {
                return Err(failure);
            }
            self.open_segment()
                .map_err(|error| self.refuse(now, error))?;
        }
        if self.live_view.refusal().is_some() {
            self.change_state(State::Writable);
        }
        Ok(())
    }

    /// Writes the footer of a clean stop, if the last item is none.
    pub(crate) fn finish(&mut self, now: i64) -> Result<(), Failure> {
        let footer = Footer {
            next_offset: self.next_offset,
            received_at: self.received_at,
        };
        match &mut self.segment {
            None => {
                return Err(self
                    .live_view
                    .refusal()
                    .unwrap_or(Arc::new(AppendError::Closed)));
            }
            Some(segment) if segment.footed => return Ok(()),
            Some(segment) => segment.footed = true,
        }
        self.buffer.clear();
        self.buffer.resize(FOOTER, 0);
        self.write_item(true, |key, at, item| {
            item.copy_from_slice(&footer.encode(key, at));
        })
        .map_err(|error| self.refuse(now, error))?;
        self.publish();
        Ok(())
    }

    fn compress(&mut self) -> Codec {
        if self.compression == Compression::None {
            return Codec::None;
        }
        let raw = &self.buffer[ITEM_HEADER..];
        let most = ITEM_HEADER + lz4_flex::block::get_maximum_output_size(raw.len());
        self.packed.resize(most.max(self.packed.len()), 0);
        match lz4_flex::block::compress_into(raw, &mut self.packed[ITEM_HEADER..]) {
            Ok(length) if length < raw.len() => {
                self.packed.truncate(ITEM_HEADER + length);
                std::mem::swap(&mut self.buffer, &mut self.packed);
                Codec::Lz4
            }
            _ => Codec::None,
        }
    }

    /// Refuses while the disk has less than the reserve. Nothing is sealed by it.
    fn check_disk(&mut self, now: i64) -> Result<(), Failure> {
        let recent = |seen: i64| (seen..seen.saturating_add(DISK_CHECK_MS)).contains(&now);
        let refusing = self.live_view.refusal().is_some();
        if !refusing && self.trouble.disk_seen_at.is_some_and(recent) {
            return Ok(());
        }
        self.trouble.disk_seen_at = Some(now);
        // A disk that cannot say what it has free is no reason to refuse: a write would tell.
        match self.storage.free() {
            Ok(free) if free < self.reserve_bytes => {
                let needed = self.reserve_bytes;
                Err(self.refuse(now, AppendError::Reserve { free, needed }))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Opens a new segment if an item of this length, and a footer, do not fit into this one.
    fn make_room(&mut self, now: i64, length: usize) -> Result<(), Failure> {
        let needed = (length + FOOTER) as u64;
        if self
            .segment
            .as_ref()
            .is_some_and(|segment| segment.at + needed > segment.capacity)
        {
            self.seal();
            self.open_segment()
                .map_err(|error| self.refuse(now, error))?;
        }
        Ok(())
    }

    /// Writes the item in the buffer behind the last one and syncs it; seals the segment if that
    /// fails.
    fn write_item(
        &mut self,
        footer: bool,
        stamp: impl FnOnce(Key, u64, &mut [u8]),
    ) -> Result<(), AppendError> {
        let Some(segment) = &mut self.segment else {
            return Err(AppendError::Closed);
        };
        let key = Key {
            journal: self.journal,
            base: segment.base,
        };
        stamp(key, segment.at, &mut self.buffer);
        let path = || self.storage.path(&name(segment.base));
        let written = match segment.file.write_all_at(&self.buffer, segment.at) {
            Ok(()) if !self.sync => Ok(()),
            Ok(()) => segment
                .file
                .sync_data()
                .map_err(|source| AppendError::Sync {
                    segment: path(),
                    source,
                }),
            Err(source) => Err(AppendError::Write {
                segment: path(),
                byte: segment.at,
                source,
            }),
        };
        match written {
            Ok(()) => {
                segment.at += self.buffer.len() as u64;
                segment.footed = footer;
            }
            Err(_) => self.seal(),
        }
        written
    }

    /// Lets go of the live segment. One without a batch is going to be replaced.
    fn seal(&mut self) {
        if let Some(segment) = self.segment.take() {
            self.before = if segment.base == self.next_offset {
                segment.before
            } else {
                Some(Before {
                    base: segment.base,
                    end: segment.at,
                })
            };
        }
    }

    fn open_segment(&mut self) -> Result<(), AppendError> {
        let base = self.next_offset;
        let segment = self.storage.path(&name(base));
        let spare = self.spares.take().map_err(|lack| match lack {
            Lack::Reserve { free, needed } => AppendError::Reserve { free, needed },
            Lack::Io(source) => AppendError::NewSegment {
                segment: segment.clone(),
                source,
            },
        })?;
        let header = SegmentHeader {
            journal: self.journal,
            base,
            before: self.before,
            received_at: self.received_at,
        };
        install(self.storage.as_ref(), spare.file.as_ref(), &header)
            .map_err(|source| AppendError::NewSegment { segment, source })?;
        self.spares.want();
        self.segment = Some(Segment {
            file: spare.file,
            base,
            before: self.before,
            at: SEGMENT_HEADER as u64,
            capacity: spare.capacity,
            footed: false,
        });
        self.publish();
        self.observer.rolled(base);
        Ok(())
    }

    /// Notes why appends fail, and tells it: a lack of room once, until it is over; anything else
    /// each time it was tried.
    fn refuse(&mut self, now: i64, error: AppendError) -> Failure {
        let failure = Arc::new(error);
        let already = self.live_view.refusal();
        let lack = |failure: &Failure| matches!(**failure, AppendError::Reserve { .. });
        if !lack(&failure) {
            self.trouble.failures = self.trouble.failures.saturating_add(1);
            self.trouble.failed_at = now;
        }
        if !(lack(&failure) && already.as_ref().is_some_and(lack)) {
            self.observer.failed(&failure);
        }
        let state = State::Refusing(failure.clone());
        if already.is_none() {
            self.observer.state_changed(&state);
        }
        self.live_view.set_state(state);
        failure
    }

    /// Shows that the journal takes appends again, or never will.
    pub(crate) fn change_state(&self, state: State) {
        self.observer.state_changed(&state);
        self.live_view.set_state(state);
    }

    fn publish(&self) {
        if let Some(segment) = &self.segment {
            let (base, byte) = (segment.base, segment.at);
            self.live_view.publish(Durable {
                base,
                byte,
                next_offset: self.next_offset,
            });
        }
    }
}

/// Gives a spare its header and its name, in the order that makes a named segment always have one.
pub(crate) fn install(
    storage: &dyn Storage,
    file: &dyn SegmentFile,
    header: &SegmentHeader,
) -> std::io::Result<()> {
    file.write_all_at(&header.encode(), 0)?;
    file.sync_data()?;
    storage.rename(NEXT, &name(header.base))?;
    storage.sync_dir()
}
