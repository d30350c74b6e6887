//! Reads one segment item by item, checking everything that can be checked. Memory is one chunk
//! and one batch. Batches share the chunk they were read in, nothing is copied.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::chain::name;
use crate::error::{Corruption, ReadError};
use crate::format::{
    BatchHeader, Codec, FOOTER, Footer, ITEM_HEADER, Key, Peek, SEGMENT_HEADER, SegmentHeader, peek,
};
use crate::reader::Batch;
use crate::records::is_framed;
use crate::storage::{SegmentFile, Storage, read_full};
use crate::tail::{Tail, inspect};

/// Small enough that the allocator gives the same memory again and again.
const CHUNK: usize = 1 << 20;

/// How far a segment is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// To this byte: everything before it is durable, so anything invalid is corruption.
    Known(u64),
    /// As far as it is valid: it is the last segment, and may be torn.
    Unknown,
}

#[derive(Debug)]
pub(crate) enum Step {
    Batch(Batch),
    Footer,
    /// The known bound is reached.
    Bound,
    /// Nothing valid is left; what there is instead is never `Tail::Valid`.
    Tail(Tail),
}

pub(crate) struct Scan {
    pub(crate) file: Box<dyn SegmentFile>,
    pub(crate) key: Key,
    /// Where the next item begins.
    pub(crate) at: u64,
    /// Where the item of the last step began.
    pub(crate) item_at: u64,
    pub(crate) length: u64,
    pub(crate) next_offset: u64,
    pub(crate) received_at: i64,
    path: PathBuf,
    chunk: Arc<Vec<u8>>,
    chunk_at: u64,
}

impl Scan {
    pub(crate) fn open(
        storage: &dyn Storage,
        header: &SegmentHeader,
        write: bool,
    ) -> Result<Self, ReadError> {
        let name = name(header.base);
        let path = storage.path(&name);
        let opened = storage.open(&name, write);
        let opened = opened.and_then(|file| file.length().map(|length| (file, length)));
        let (file, length) = opened.map_err(|source| ReadError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            file,
            key: Key {
                journal: header.journal,
                base: header.base,
            },
            at: SEGMENT_HEADER as u64,
            item_at: SEGMENT_HEADER as u64,
            length,
            next_offset: header.base,
            received_at: header.received_at,
            path,
            chunk: Arc::default(),
            chunk_at: 0,
        })
    }

    /// Reads the next item.
    pub(crate) fn step(&mut self, bound: Bound) -> Result<Step, ReadError> {
        let limit = match bound {
            Bound::Known(end) if self.at == end => return Ok(Step::Bound),
            Bound::Known(end) => end,
            Bound::Unknown => self.length,
        };
        let peeked = match self.peek(limit)? {
            // A writer may have been at it while it was read: the second look is at fresh bytes.
            Peek::Invalid(_) if bound == Bound::Unknown => {
                self.chunk = Arc::default();
                self.peek(limit)?
            }
            peeked => peeked,
        };
        match peeked {
            Peek::Batch(header) => self.batch(header).map(Step::Batch),
            Peek::Footer(footer) => self.footer(footer),
            Peek::Invalid(why) if bound == Bound::Unknown => self.tail(why),
            Peek::Invalid(why) => Err(self.corrupt(why).into()),
            Peek::Need(_) => Err(self.corrupt("the file ends inside of it").into()),
        }
    }

    pub(crate) fn corrupt(&self, why: &'static str) -> Corruption {
        Corruption {
            segment: self.path.clone(),
            byte: self.at,
            offset: self.next_offset,
            why,
        }
    }

    pub(crate) fn io(&self, source: io::Error) -> ReadError {
        ReadError::Io {
            path: self.path.clone(),
            source,
        }
    }

    fn peek(&mut self, limit: u64) -> Result<Peek, ReadError> {
        let mut wanted = ITEM_HEADER;
        loop {
            if self.at + wanted as u64 > limit {
                return Ok(Peek::Invalid("it does not fit before the end"));
            }
            self.fill(wanted, limit)?;
            let bytes = &self.chunk[(self.at - self.chunk_at) as usize..];
            match peek(self.key, self.at, bytes) {
                Peek::Need(needed) if needed > wanted => wanted = needed,
                Peek::Need(_) => return Ok(Peek::Invalid("the file ends inside of it")),
                peeked => return Ok(peeked),
            }
        }
    }

    /// Makes the chunk hold so many bytes from `at`, but none from `limit` on: those may change.
    fn fill(&mut self, wanted: usize, limit: u64) -> Result<(), ReadError> {
        let end = self.chunk_at + self.chunk.len() as u64;
        if self.chunk_at <= self.at && self.at + wanted as u64 <= end {
            return Ok(());
        }
        let size = CHUNK.max(wanted).min((limit - self.at) as usize);
        if Arc::get_mut(&mut self.chunk).is_none() {
            self.chunk = Arc::default();
        }
        let mut bytes = Arc::get_mut(&mut self.chunk)
            .map(std::mem::take)
            .unwrap_or_default();
        bytes.resize(size, 0);
        let read = read_full(self.file.as_ref(), &mut bytes, self.at);
        bytes.truncate(*read.as_ref().unwrap_or(&0));
        self.chunk = Arc::new(bytes);
        self.chunk_at = self.at;
        read.map(|_| ()).map_err(|source| self.io(source))
    }

    fn batch(&mut self, header: BatchHeader) -> Result<Batch, ReadError> {
        if header.first_offset != self.next_offset {
            return Err(self.corrupt("the offsets have a gap").into());
        }
        if header.received_at < self.received_at {
            return Err(self.corrupt("received_at goes back").into());
        }
        let start = (self.at - self.chunk_at) as usize + ITEM_HEADER;
        let stored = start..start + header.stored as usize;
        let (data, range) = match header.codec {
            Codec::None => (self.chunk.clone(), stored),
            Codec::Lz4 => {
                let mut raw = vec![0; header.raw as usize];
                let unpacked = lz4_flex::block::decompress_into(&self.chunk[stored], &mut raw);
                if unpacked.ok() != Some(raw.len()) {
                    return Err(self.corrupt("the payload does not decompress").into());
                }
                (Arc::new(raw), 0..header.raw as usize)
            }
        };
        if range.len() != header.raw as usize
            || header.count == 0
            || !is_framed(&data[range.clone()], header.count)
        {
            return Err(self
                .corrupt("the records are not framed as their number says")
                .into());
        }
        let batch = Batch::new(
            header.first_offset,
            header.count,
            header.received_at,
            data,
            range,
        );
        self.next_offset += u64::from(header.count);
        self.received_at = header.received_at;
        self.pass(header.length());
        Ok(batch)
    }

    fn footer(&mut self, footer: Footer) -> Result<Step, ReadError> {
        if footer.next_offset != self.next_offset || footer.received_at != self.received_at {
            return Err(self
                .corrupt("the footer does not fit what is before it")
                .into());
        }
        self.pass(FOOTER);
        Ok(Step::Footer)
    }

    fn pass(&mut self, bytes: usize) {
        self.item_at = self.at;
        self.at += bytes as u64;
    }

    fn tail(&self, why: &'static str) -> Result<Step, ReadError> {
        let tail = inspect(self.file.as_ref(), self.key, self.at, self.length)
            .map_err(|source| self.io(source))?;
        match tail {
            Tail::Valid { .. } => Err(self.corrupt(why).into()),
            Tail::Zeros | Tail::Torn { .. } => Ok(Step::Tail(tail)),
        }
    }
}
