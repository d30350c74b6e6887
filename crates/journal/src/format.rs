//! The format on disk, version 1. All integers are little-endian.
//!
//! # Files
//!
//! A journal is a directory:
//! - `{base:020}.seg`: the segments; `base` is the offset of the first record. The last by name
//!   is the only one written to.
//! - `next.tmp`: the next segment, made ahead: zeroed, synced, without a header. Removed by open.
//! - `lock`: locked (`flock`) while a process writes the journal. Never has content.
//! - names that begin with a dot, and `lost+found`, are passed over. Any other file is refused.
//!
//! # Segment
//!
//! ```text
//! segment   header, then items (batches and footers) without gaps, then zeros to the end
//!
//! header     0  8  magic "TRKLSEG\n"
//!            8  4  format version: 1
//!           12  8  journal id
//!           20  8  base: offset of the first record
//!           28  8  base of the predecessor, or u64::MAX: there was none, base is 0
//!           36  8  end of the predecessor's last durable item in bytes; 0 without predecessor
//!           44  8  received_at of the last batch before this segment, or i64::MIN
//!           52  8  zero
//!           60  4  CRC32C of bytes 0 to 59
//!
//! batch      0  4  magic F7 "TJB"
//!            4  4  CRC32C of everything from byte 8 to the end of the payload, salted
//!            8  4  stored length of the payload, at most 64 MiB + 2 MiB
//!           12  4  length of the payload before compression, at most 64 MiB
//!           16  8  offset of the first record
//!           24  4  number of records, at least 1
//!           28  8  received_at, milliseconds since 1970
//!           36  1  codec: 0 none, 1 one LZ4 block
//!           37  3  zero
//!           40     payload: each record a LEB128 length and its bytes
//!
//! footer     0  4  magic F7 "TJF"
//!            4  4  CRC32C of bytes 8 to 39, salted
//!            8  8  its own position: the end of the last batch
//!           16  8  offset after the last record
//!           24  8  received_at of the last batch of the journal, or i64::MIN
//!           32  8  zero
//! ```
//!
//! The salt of an item's CRC is the CRC32C of journal id, base and the item's position, 8 bytes
//! each: an item is valid only where it was written, and nobody who does not know the journal's id
//! can plant one inside of a record.
//!
//! # Rules of writing
//!
//! - A header is durable before the file gets its name, the name (directory synced) before the
//!   first batch: a segment with a bad header is damage, never a tear.
//! - Batch n+1 is never written before batch n is durable. So only the last item can be torn.
//! - A footer is written at a clean stop, after the last batch is durable. The next start goes on
//!   behind it: nothing is ever overwritten but by open.
//! - After an error the segment is never written again. The next header says where it ended: what
//!   stands behind that end was never acknowledged and is never read. If the failed segment has no
//!   batch, the new one has the same base, and takes its name.
//! - Room for a footer is kept at the end of each segment.
//!
//! # Rules of reading
//!
//! - A segment with a successor must be valid item by item up to the end which the successor's
//!   header names, and reach the successor's base: anything else is corruption.
//! - In the last segment an invalid item is corruption if any valid item stands anywhere behind
//!   it, and a torn tail otherwise. Open cuts a torn tail: zeros, synced, so that stale bytes never
//!   reappear. It also writes the last valid item again before it is relied on, because after a
//!   failed sync the cache may show what the disk never got.
//! - Hence a flipped bit is detected everywhere, but one in the last batch after an unclean stop
//!   looks like a tear, and is cut: the batch is lost. After a clean stop it is corruption, because
//!   the footer stands behind it. In the footer itself, or in the zeros, it looks like a tear too,
//!   and nothing is lost. Behind the end of a segment with a successor nothing is ever read.
//!
//! # What is absent
//!
//! - Missing segments are noticed between two others, not at the end (nothing says how far a
//!   journal went) and not at the begin (there they may have been retired).
//! - Nobody deletes but `retire`, oldest first, whole segments, never the last; and open, `next.tmp`.
//! - Sectors are taken to be written whole: rewriting bytes with the same bytes never harms them.
//! - No index, no keys, no encryption, no rewriting of records.

/// Bytes of a segment's header.
pub(crate) const SEGMENT_HEADER: usize = 64;
/// Bytes of a batch before its payload.
pub(crate) const ITEM_HEADER: usize = 40;
/// Bytes of a footer.
pub(crate) const FOOTER: usize = 40;
/// The most bytes of a payload before compression.
pub(crate) const MAX_PAYLOAD: usize = 64 << 20;
/// The format version written and read.
pub(crate) const VERSION: u32 = 1;
/// The three bytes with which the magic of each item begins. `F7` is never part of UTF-8.
pub(crate) const ITEM_MAGIC: [u8; 3] = [0xF7, b'T', b'J'];

const MAGIC: [u8; 8] = *b"TRKLSEG\n";
const BATCH_MAGIC: [u8; 4] = [0xF7, b'T', b'J', b'B'];
const FOOTER_MAGIC: [u8; 4] = [0xF7, b'T', b'J', b'F'];
const NO_PREDECESSOR: u64 = u64::MAX;

/// Where the predecessor of a segment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) base: u64,
    pub(crate) end: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) journal: u64,
    pub(crate) base: u64,
    pub(crate) before: Option<Before>,
    pub(crate) received_at: i64,
}

/// Says why bytes are not a segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    Damaged(&'static str),
    Version(u32),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let before = self.before.unwrap_or(Before {
            base: NO_PREDECESSOR,
            end: 0,
        });
        let mut bytes = [0; SEGMENT_HEADER];
        put(&mut bytes, 0, &MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        put(&mut bytes, 12, &self.journal.to_le_bytes());
        put(&mut bytes, 20, &self.base.to_le_bytes());
        put(&mut bytes, 28, &before.base.to_le_bytes());
        put(&mut bytes, 36, &before.end.to_le_bytes());
        put(&mut bytes, 44, &self.received_at.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..60]);
        put(&mut bytes, 60, &crc.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEADER]) -> Result<Self, HeaderFault> {
        if bytes[..8] != MAGIC {
            return Err(HeaderFault::Damaged(
                "this is not the header of a journal segment",
            ));
        }
        if u32_at(bytes, 60) != crc32c::crc32c(&bytes[..60]) {
            return Err(HeaderFault::Damaged("the checksum of the header is wrong"));
        }
        let version = u32_at(bytes, 8);
        if version != VERSION {
            return Err(HeaderFault::Version(version));
        }
        let before = Before {
            base: u64_at(bytes, 28),
            end: u64_at(bytes, 36),
        };
        Ok(Self {
            journal: u64_at(bytes, 12),
            base: u64_at(bytes, 20),
            before: (before.base != NO_PREDECESSOR).then_some(before),
            received_at: i64_at(bytes, 44),
        })
    }
}

/// What salts the checksums of a segment's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) journal: u64,
    pub(crate) base: u64,
}

impl Key {
    fn salt(self, at: u64) -> u32 {
        let mut bytes = [0; 24];
        put(&mut bytes, 0, &self.journal.to_le_bytes());
        put(&mut bytes, 8, &self.base.to_le_bytes());
        put(&mut bytes, 16, &at.to_le_bytes());
        crc32c::crc32c(&bytes)
    }

    fn checksum(self, at: u64, item: &[u8]) -> u32 {
        crc32c::crc32c_append(self.salt(at), &item[8..])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    None = 0,
    Lz4 = 1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(crate) stored: u32,
    pub(crate) raw: u32,
    pub(crate) first_offset: u64,
    pub(crate) count: u32,
    pub(crate) received_at: i64,
    pub(crate) codec: Codec,
}

impl BatchHeader {
    /// Fills the room left at the head of `item`, whose payload stands behind it already.
    pub(crate) fn seal(&self, key: Key, at: u64, item: &mut [u8]) {
        put(item, 0, &BATCH_MAGIC);
        put(item, 8, &self.stored.to_le_bytes());
        put(item, 12, &self.raw.to_le_bytes());
        put(item, 16, &self.first_offset.to_le_bytes());
        put(item, 24, &self.count.to_le_bytes());
        put(item, 28, &self.received_at.to_le_bytes());
        put(item, 36, &[self.codec as u8, 0, 0, 0]);
        let crc = key.checksum(at, item);
        put(item, 4, &crc.to_le_bytes());
    }

    /// Bytes of the whole item.
    pub(crate) fn length(&self) -> usize {
        ITEM_HEADER + self.stored as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) next_offset: u64,
    pub(crate) received_at: i64,
}

impl Footer {
    pub(crate) fn encode(&self, key: Key, at: u64) -> [u8; FOOTER] {
        let mut bytes = [0; FOOTER];
        put(&mut bytes, 0, &FOOTER_MAGIC);
        put(&mut bytes, 8, &at.to_le_bytes());
        put(&mut bytes, 16, &self.next_offset.to_le_bytes());
        put(&mut bytes, 24, &self.received_at.to_le_bytes());
        let crc = key.checksum(at, &bytes);
        put(&mut bytes, 4, &crc.to_le_bytes());
        bytes
    }
}

/// What stands at a place of a segment, as far as its bytes are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peek {
    /// So many bytes from the item's begin are needed to tell.
    Need(usize),
    Batch(BatchHeader),
    Footer(Footer),
    Invalid(&'static str),
}

/// Tells what item begins with `bytes`, which stand at `at` in the segment of `key`.
pub(crate) fn peek(key: Key, at: u64, bytes: &[u8]) -> Peek {
    if bytes.len() < ITEM_HEADER {
        return Peek::Need(ITEM_HEADER);
    }
    if bytes[..4] == FOOTER_MAGIC {
        return peek_footer(key, at, &bytes[..FOOTER]);
    }
    if bytes[..4] != BATCH_MAGIC {
        return Peek::Invalid("no batch begins here");
    }
    let (stored, raw) = (u32_at(bytes, 8), u32_at(bytes, 12));
    if raw as usize > MAX_PAYLOAD || stored as usize > MAX_PAYLOAD + (2 << 20) {
        return Peek::Invalid("the length of the batch is impossible");
    }
    let length = ITEM_HEADER + stored as usize;
    let Some(item) = bytes.get(..length) else {
        return Peek::Need(length);
    };
    if u32_at(item, 4) != key.checksum(at, item) {
        return Peek::Invalid("the checksum of the batch is wrong");
    }
    let codec = match item[36] {
        0 => Codec::None,
        1 => Codec::Lz4,
        _ => return Peek::Invalid("the batch has an unknown codec"),
    };
    Peek::Batch(BatchHeader {
        stored,
        raw,
        first_offset: u64_at(item, 16),
        count: u32_at(item, 24),
        received_at: i64_at(item, 28),
        codec,
    })
}

fn peek_footer(key: Key, at: u64, item: &[u8]) -> Peek {
    if u32_at(item, 4) != key.checksum(at, item) || u64_at(item, 8) != at {
        return Peek::Invalid("the checksum of the footer is wrong");
    }
    Peek::Footer(Footer {
        next_offset: u64_at(item, 16),
        received_at: i64_at(item, 24),
    })
}

fn put(bytes: &mut [u8], at: usize, field: &[u8]) {
    bytes[at..at + field.len()].copy_from_slice(field);
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(array(bytes, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC32C bit by bit, from its definition (RFC 3720, B.4).
    fn crc(seed: u32, bytes: &[u8]) -> u32 {
        let mut crc = !seed;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            }
        }
        !crc
    }

    fn salt(journal: u64, base: u64, at: u64) -> u32 {
        crc(
            0,
            &[journal.to_le_bytes(), base.to_le_bytes(), at.to_le_bytes()].concat(),
        )
    }

    #[test]
    fn the_checksum_is_crc32c() {
        assert_eq!(crc(0, b"123456789"), 0xe306_9283);
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_header_has_these_bytes() {
        let header = SegmentHeader {
            journal: 0x0102_0304_0506_0708,
            base: 9,
            before: Some(Before { base: 5, end: 300 }),
            received_at: -2,
        };
        let mut expected = Vec::new();
        expected.extend_from_slice(b"TRKLSEG\n\x01\0\0\0");
        expected.extend_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1]);
        expected.extend_from_slice(&[9, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(&[5, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(&[44, 1, 0, 0, 0, 0, 0, 0]);
        expected.extend_from_slice(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        expected.extend_from_slice(&[0; 8]);
        expected.extend_from_slice(&crc(0, &expected).to_le_bytes());
        assert_eq!(header.encode()[..], expected[..]);
        assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn a_batch_has_these_bytes() {
        let key = Key {
            journal: 77,
            base: 9,
        };
        let header = BatchHeader {
            stored: 3,
            raw: 3,
            first_offset: 11,
            count: 1,
            received_at: 258,
            codec: Codec::None,
        };
        let mut item = vec![0; ITEM_HEADER];
        item.extend_from_slice(&[2, b'h', b'i']);
        header.seal(key, 64, &mut item);
        let mut after = vec![3, 0, 0, 0, 3, 0, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
        after.extend_from_slice(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, b'h', b'i']);
        let sum = crc(salt(77, 9, 64), &after).to_le_bytes();
        assert_eq!(item, [&[0xf7, b'T', b'J', b'B'], &sum[..], &after].concat());
        assert_eq!(peek(key, 64, &item), Peek::Batch(header));
        assert_eq!(peek(key, 64, &item[..42]), Peek::Need(43));
        assert!(
            matches!(peek(key, 65, &item), Peek::Invalid(_)),
            "valid only in its place"
        );
    }

    #[test]
    fn a_footer_has_these_bytes() {
        let key = Key {
            journal: 77,
            base: 9,
        };
        let footer = Footer {
            next_offset: 12,
            received_at: 258,
        };
        let mut after = vec![107, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0];
        after.extend_from_slice(&[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let sum = crc(salt(77, 9, 107), &after).to_le_bytes();
        let expected = [&[0xf7, b'T', b'J', b'F'], &sum[..], &after].concat();
        assert_eq!(footer.encode(key, 107)[..], expected[..]);
        assert_eq!(peek(key, 107, &expected), Peek::Footer(footer));
    }
}
