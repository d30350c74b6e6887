//! Records as they stand in a batch: each a varint (LEB128) length and its bytes, one after the
//! other. They are framed by whoever appends, so that the committer thread only copies.

/// The records of one append, framed. They get consecutive offsets in one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    bytes: Vec<u8>,
    count: u32,
}

impl Records {
    /// Makes an empty set of records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty set of records with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            count: 0,
        }
    }

    /// Adds a record.
    pub fn push(&mut self, record: &[u8]) {
        self.push_parts(&[record]);
    }

    /// Adds a record that is the concatenation of parts.
    pub fn push_parts(&mut self, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum();
        self.bytes.reserve(length + 5);
        put_varint(&mut self.bytes, length);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
        self.count += 1;
    }

    /// Returns the number of records.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the framed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Walks over the records.
    pub fn iter(&self) -> RecordsIter<'_> {
        RecordsIter::new(&self.bytes, self.count)
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = &'a [u8];
    type IntoIter = RecordsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Walks over framed records.
#[derive(Debug, Clone)]
pub struct RecordsIter<'a> {
    rest: &'a [u8],
    left: u32,
}

impl<'a> RecordsIter<'a> {
    pub(crate) fn new(framed: &'a [u8], count: u32) -> Self {
        Self {
            rest: framed,
            left: count,
        }
    }

    /// The framed bytes not walked over yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for RecordsIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.left == 0 {
            return None;
        }
        let (length, rest) = take_varint(self.rest)?;
        let (record, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        self.left -= 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.left as usize))
    }
}

/// Says whether the bytes are exactly so many framed records.
pub(crate) fn is_framed(bytes: &[u8], count: u32) -> bool {
    let mut records = RecordsIter::new(bytes, count);
    records.by_ref().count() == count as usize && records.rest().is_empty()
}

fn put_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_pushed() {
        let large = vec![7_u8; 70_000];
        let mut records = Records::with_capacity(16);
        records.push(b"");
        records.push(b"one");
        records.push_parts(&[b"t", b"", b"wo"]);
        records.push(&large);
        let back: Vec<&[u8]> = records.iter().collect();
        assert_eq!(back, [&b""[..], b"one", b"two", &large]);
        assert_eq!(records.count(), 4);
    }

    #[test]
    fn lengths_take_one_byte_up_to_127() {
        let mut records = Records::new();
        records.push(&[1; 127]);
        assert_eq!(records.bytes().len(), 128);
        records.push(&[1; 128]);
        assert_eq!(records.bytes().len(), 128 + 130);
    }

    #[test]
    fn wrong_framing_is_seen_and_never_panics() {
        let mut records = Records::new();
        records.push(b"abc");
        assert!(is_framed(records.bytes(), 1));
        assert!(!is_framed(records.bytes(), 2));
        assert!(!is_framed(records.bytes(), 0));
        assert!(!is_framed(&records.bytes()[..3], 1));
        assert!(!is_framed(&[0xff; 16], 1));
        assert!(!is_framed(&[0xff, 0xff, 0xff, 0xff, 0x7f], 1));
    }
}
