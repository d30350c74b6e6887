//! The segments of a directory, their names and headers, and that each follows the one before.

use std::io;

use crate::error::{Corruption, ReadError};
use crate::format::{HeaderFault, SEGMENT_HEADER, SegmentHeader, VERSION};
use crate::storage::{Storage, read_full};

/// The name of the next segment while it is made.
pub(crate) const NEXT: &str = "next.tmp";
/// The name of the file that is locked.
pub(crate) const LOCK: &str = "lock";

/// Returns the name of the segment with this base offset.
pub(crate) fn name(base: u64) -> String {
    format!("{base:020}.seg")
}

/// Lists the headers of all segments, oldest first, and checks that none is missing between two.
pub(crate) fn list(storage: &dyn Storage) -> Result<Vec<SegmentHeader>, ReadError> {
    // A journal in use may drop a segment between the listing and the look into it.
    for _ in 0..3 {
        match list_once(storage) {
            Err(ReadError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            listed => return listed,
        }
    }
    list_once(storage)
}

fn list_once(storage: &dyn Storage) -> Result<Vec<SegmentHeader>, ReadError> {
    let names = storage.list().map_err(|source| ReadError::Io {
        path: storage.path(""),
        source,
    })?;
    let mut bases = Vec::new();
    for name in names {
        match base_of(&name) {
            Some(base) => bases.push(base),
            None if is_ours(&name) => {}
            None => {
                return Err(ReadError::Foreign {
                    path: storage.path(&name),
                });
            }
        }
    }
    bases.sort_unstable();
    let mut headers: Vec<SegmentHeader> = Vec::with_capacity(bases.len());
    for base in bases {
        let header = read_header(storage, base)?;
        if let Some(first) = headers.first() {
            check_journal(storage, first, &header)?;
        }
        check_follows(storage, headers.last(), &header)?;
        headers.push(header);
    }
    Ok(headers)
}

fn is_ours(name: &str) -> bool {
    name == NEXT || name == LOCK || name == "lost+found" || name.starts_with('.')
}

fn base_of(file: &str) -> Option<u64> {
    let base = file.strip_suffix(".seg")?.parse().ok()?;
    (name(base) == file).then_some(base)
}

fn read_header(storage: &dyn Storage, base: u64) -> Result<SegmentHeader, ReadError> {
    let segment = name(base);
    let io = |source| ReadError::Io {
        path: storage.path(&segment),
        source,
    };
    let corrupt = |why| Corruption {
        segment: storage.path(&segment),
        byte: 0,
        offset: base,
        why,
    };
    let file = storage.open(&segment, false).map_err(io)?;
    let mut bytes = [0; SEGMENT_HEADER];
    if read_full(file.as_ref(), &mut bytes, 0).map_err(io)? < SEGMENT_HEADER {
        return Err(corrupt("the file is shorter than a header").into());
    }
    let header = SegmentHeader::decode(&bytes).map_err(|fault| match fault {
        HeaderFault::Damaged(why) => ReadError::Corrupt(corrupt(why)),
        HeaderFault::Version(found) => ReadError::Version {
            segment: storage.path(&segment),
            found,
            known: VERSION,
        },
    })?;
    if header.base != base {
        return Err(corrupt("the header names another base offset than the file's name").into());
    }
    Ok(header)
}

fn check_journal(
    storage: &dyn Storage,
    first: &SegmentHeader,
    header: &SegmentHeader,
) -> Result<(), ReadError> {
    if header.journal == first.journal {
        return Ok(());
    }
    Err(ReadError::WrongJournal {
        segment: storage.path(&name(header.base)),
        expected: first.journal,
        found: header.journal,
    })
}

fn check_follows(
    storage: &dyn Storage,
    previous: Option<&SegmentHeader>,
    header: &SegmentHeader,
) -> Result<(), ReadError> {
    let segment = storage.path(&name(header.base));
    let corrupt = |why| Corruption {
        segment: segment.clone(),
        byte: 0,
        offset: header.base,
        why,
    };
    match (previous, header.before) {
        (None, None) if header.base != 0 => {
            Err(corrupt("a segment without predecessor must have base 0").into())
        }
        (None, _) => Ok(()),
        (Some(_), None) => Err(corrupt("it says that no segment is before it").into()),
        (Some(previous), Some(before)) if previous.base == before.base => Ok(()),
        (Some(previous), Some(before)) => Err(ReadError::Missing {
            segment,
            before: before.base,
            found: Some(previous.base),
        }),
    }
}
