//! Entries of a timeline in few bytes: millions are held, and few are ever looked at again.
//!
//! ```text
//! entry     at  received_at  changed   differences to the first entry, as signed varints
//!           flags  more  rare?         what it is and which fields follow, a byte each
//!           id                         digits as a varint, a hash as 16 bytes, else length and text
//!           contact? manager? assignee? chars? run?                         varints
//! ```
//! Varints are LEB128, signed ones zigzag. Nothing but this file reads them, and nothing but what
//! it wrote is ever read: a checkpoint of another `STATE_LAYOUT` is passed over.

use compact_str::{CompactString, ToCompactString, format_compact};
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use crate::names::Name;
use crate::timeline::{Body, Entry, Message};

/// Bytes that an entry takes at most, without its id.
const ROOM: usize = 48;
/// Digits of a number that certainly fits into 64 bits.
const DIGITS: usize = 19;
/// What stands before the hash that is the id of a message without one.
const HASHED: &str = "h:";

/// Entries in the order in which they were pushed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    count: u32,
}

/// Times and offset of an entry; of the first as they are, of the others what they differ by.
#[derive(Clone, Copy, Default)]
struct Base {
    at: i64,
    received_at: i64,
    changed: i64,
}

/// Bits of an entry's flags; the lowest three are the place of its author or change among the
/// words.
mod flag {
    pub(super) const WORD: u8 = 0b111;
    pub(super) const CHANGE: u8 = 1 << 3;
    pub(super) const MANAGER: u8 = 1 << 4;
    pub(super) const ASSIGNEE: u8 = 1 << 5;
    pub(super) const CHARS: u8 = 1 << 6;
    pub(super) const EXPECTS_REPLY: u8 = 1 << 7;
}

/// Bits of the second byte; the lowest four are the place of a message's kind among the words.
mod more {
    pub(super) const KIND: u8 = 0b1111;
    pub(super) const DIGITS: u8 = 1 << 4;
    pub(super) const HASH: u8 = 1 << 5;
    pub(super) const CONTACT: u8 = 1 << 6;
    /// A third byte follows, with bits that are seldom set.
    pub(super) const RARE: u8 = 1 << 7;
}

/// Bits of the third byte.
mod rare {
    pub(super) const RETRACTED: u8 = 1;
    pub(super) const RUN: u8 = 1 << 1;
    /// Two bits from here on are the place of a message's integrity among the words.
    pub(super) const INTEGRITY: u32 = 2;
}

impl Packed {
    /// Counts the entries.
    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// Says whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Appends an entry.
    pub(crate) fn push(&mut self, entry: &Entry) {
        let base = Base::of(entry).less(self.base());
        self.make_room(ROOM + entry.id.len());
        let to = &mut self.bytes;
        base.write(to);
        write_entry(to, entry);
        self.count += 1;
    }

    /// Walks over the entries.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry> {
        let mut first = None;
        let mut from = Bytes(&self.bytes);
        std::iter::from_fn(move || {
            let base = Base::read(&mut from)?;
            let base = first.map_or(base, |first| base.plus(first));
            first.get_or_insert(base);
            read_entry(&mut from, base)
        })
    }

    /// Reads its last byte.
    pub(crate) fn touch(&self) -> u64 {
        self.bytes.last().copied().map_or(0, u64::from)
    }

    fn base(&self) -> Base {
        Base::read(&mut Bytes(&self.bytes)).unwrap_or_default()
    }

    /// Makes little room beyond what is needed: most conversations are short, and there are many.
    fn make_room(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let room = (needed + needed / 4).next_multiple_of(16);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
    }
}

impl<'e> FromIterator<&'e Entry> for Packed {
    fn from_iter<I: IntoIterator<Item = &'e Entry>>(entries: I) -> Self {
        let mut packed = Self::default();
        entries.into_iter().for_each(|entry| packed.push(entry));
        packed.bytes.shrink_to_fit();
        packed
    }
}

impl Base {
    fn of(entry: &Entry) -> Self {
        Self {
            at: entry.at.0,
            received_at: entry.received_at.0,
            changed: entry.changed.cast_signed(),
        }
    }

    fn read(from: &mut Bytes<'_>) -> Option<Self> {
        Some(Self {
            at: from.signed()?,
            received_at: from.signed()?,
            changed: from.signed()?,
        })
    }

    fn write(self, to: &mut Vec<u8>) {
        for number in [self.at, self.received_at, self.changed] {
            write(to, (number << 1 ^ number >> 63).cast_unsigned());
        }
    }

    fn less(self, first: Self) -> Self {
        Self {
            at: self.at - first.at,
            received_at: self.received_at - first.received_at,
            changed: self.changed - first.changed,
        }
    }

    fn plus(self, first: Self) -> Self {
        Self {
            at: self.at + first.at,
            received_at: self.received_at + first.received_at,
            changed: self.changed + first.changed,
        }
    }
}

fn write_entry(to: &mut Vec<u8>, entry: &Entry) {
    let (form, number) = id_form(&entry.id);
    let integrity = entry.body.message().map(|message| message.integrity);
    let rare = set(rare::RETRACTED, entry.retracted)
        | set(rare::RUN, entry.run.is_some())
        | (integrity.unwrap_or_default() as u8) << rare::INTEGRITY;
    let more = form | set(more::RARE, rare != 0);
    match &entry.body {
        Body::Message(message) => {
            let flags = message.author as u8
                | set(flag::MANAGER, message.manager.is_some())
                | set(flag::ASSIGNEE, message.assignee.is_some())
                | set(flag::CHARS, message.chars.is_some())
                | set(flag::EXPECTS_REPLY, message.expects_reply);
            let more = message.kind as u8 | more | set(more::CONTACT, message.contact > 0);
            to.extend_from_slice(&[flags, more]);
        }
        Body::Change { change, manager } => {
            let flags = *change as u8 | flag::CHANGE | set(flag::MANAGER, manager.is_some());
            to.extend_from_slice(&[flags, more]);
        }
    }
    if rare != 0 {
        to.push(rare);
    }
    match form {
        more::DIGITS => write(to, number as u64),
        more::HASH => to.extend_from_slice(&number.to_le_bytes()),
        _ => {
            write(to, entry.id.len() as u64);
            to.extend_from_slice(entry.id.as_bytes());
        }
    }
    let names = match &entry.body {
        Body::Message(message) => {
            if message.contact > 0 {
                write(to, message.contact.into());
            }
            [message.manager, message.assignee]
        }
        Body::Change { manager, .. } => [*manager, None],
    };
    for name in names.into_iter().flatten() {
        write(to, name.number().into());
    }
    if let Some(chars) = entry.body.message().and_then(|message| message.chars) {
        write(to, chars.into());
    }
    if let Some(run) = entry.run {
        write(to, run.number().into());
    }
}

fn read_entry(from: &mut Bytes<'_>, base: Base) -> Option<Entry> {
    let [flags, more] = from.take()?;
    let [rare] = if more & more::RARE == 0 {
        [0]
    } else {
        from.take()?
    };
    let id = if more & more::DIGITS != 0 {
        from.number()?.to_compact_string()
    } else if more & more::HASH != 0 {
        format_compact!("{HASHED}{:032x}", u128::from_le_bytes(from.take()?))
    } else {
        let length = from.number()? as usize;
        CompactString::from_utf8(from.slice(length)?).ok()?
    };
    let contact = from.number_if(more & more::CONTACT)?;
    let manager = Name::of_number(from.number_if(flags & flag::MANAGER)?);
    let assignee = Name::of_number(from.number_if(flags & flag::ASSIGNEE)?);
    let chars = from.number_if(flags & flag::CHARS)?;
    let run = Name::of_number(from.number_if(rare & rare::RUN)?);
    let word = flags & flag::WORD;
    let body = if flags & flag::CHANGE != 0 {
        Body::Change {
            change: member(word)?,
            manager,
        }
    } else {
        Body::Message(Message {
            author: member(word)?,
            contact,
            manager,
            assignee,
            kind: member(more & more::KIND)?,
            chars: (flags & flag::CHARS != 0).then_some(chars),
            expects_reply: flags & flag::EXPECTS_REPLY != 0,
            integrity: member(rare >> rare::INTEGRITY & 0b11)?,
        })
    };
    Some(Entry {
        at: Time(base.at),
        id,
        body,
        received_at: Time(base.received_at),
        changed: base.changed.cast_unsigned(),
        run,
        retracted: rare & rare::RETRACTED != 0,
    })
}

/// Says how an id is written, and as which number.
fn id_form(id: &str) -> (u8, u128) {
    let bytes = id.as_bytes();
    // Leading zeros belong to the id, and would be lost.
    if bytes.len() <= DIGITS && bytes.iter().all(u8::is_ascii_digit) {
        match id.parse() {
            Ok(number) if bytes[0] != b'0' || bytes.len() == 1 => return (more::DIGITS, number),
            _ => return (0, 0),
        }
    }
    if let Some(hash) = id.strip_prefix(HASHED)
        && hash.len() == 32
        && hash
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && let Ok(hash) = u128::from_str_radix(hash, 16)
    {
        return (more::HASH, hash);
    }
    (0, 0)
}

fn set(flag: u8, is: bool) -> u8 {
    if is { flag } else { 0 }
}

fn write(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// Bytes to be read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for (place, byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.0 = &self.0[place + 1..];
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Reads a number if its flag is set; else it is 0.
    fn number_if(&mut self, flag: u8) -> Option<u32> {
        if flag == 0 {
            return Some(0);
        }
        self.number().map(|number| number as u32)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Gives a word by its place.
fn member<W: Word>(place: u8) -> Option<W> {
    W::ALL.get(usize::from(place)).copied()
}

#[cfg(test)]
mod tests {
    use trunkline_model::event::{Author, Change, Integrity, MessageKind};

    use super::*;

    fn entry(id: &str, at: i64) -> Entry {
        Entry {
            at: Time(at),
            id: CompactString::from(id),
            body: Body::Change {
                change: Change::Closed,
                manager: None,
            },
            received_at: Time(1_700_000_000_000 - at),
            changed: 7,
            run: Name::of_number((at % 2).unsigned_abs() as u32 * 300),
            retracted: at % 3 == 0,
        }
    }

    #[test]
    fn entries_come_back_as_they_were_whatever_their_ids() {
        let ids = [
            "0",
            "7",
            "007",
            "18446744073709551616",
            "9999999999999999999",
            "",
            "+5",
            "x-1",
            "h:00000000000000000000000000000001",
            "h:0000000000000000000000000000000A",
            "h:12",
            &"й".repeat(200),
        ];
        let mut entries: Vec<Entry> = (0..).zip(ids).map(|(at, id)| entry(id, at * -5)).collect();
        for (place, author) in Author::ALL.iter().enumerate() {
            let mut message = entry(&format!("m{place}"), 4_102_444_800_000);
            message.changed = u64::MAX >> 16;
            message.body = Body::Message(Message {
                author: *author,
                contact: place as u32,
                manager: None,
                assignee: None,
                kind: MessageKind::ALL[place],
                chars: Some(u32::MAX),
                expects_reply: place % 2 == 0,
                integrity: Integrity::ALL[place % 3],
            });
            entries.push(message);
        }
        let packed: Packed = entries.iter().collect();
        assert_eq!(packed.len(), entries.len());
        assert_eq!(packed.iter().collect::<Vec<_>>(), entries);
    }
}
