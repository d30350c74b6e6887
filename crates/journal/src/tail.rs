//! What stands behind the last valid item of the last segment: zeros, a tear, or something valid,
//! which means that the bad item before it is not a tear but damage.

use std::io;

use memchr::memmem;

use crate::format::{ITEM_HEADER, ITEM_MAGIC, Key, Peek, peek};
use crate::storage::{SegmentFile, read_full};

const WINDOW: usize = 1 << 20;
static ZEROS: [u8; WINDOW] = [0; WINDOW];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing was ever written there.
    Zeros,
    /// Something that is no item, up to this byte.
    Torn { until: u64 },
    /// A valid item begins at this byte.
    Valid { at: u64 },
}

/// Looks at everything from `from`, where no valid item begins, to `length`.
pub(crate) fn inspect(
    file: &dyn SegmentFile,
    key: Key,
    from: u64,
    length: u64,
) -> io::Result<Tail> {
    let mut window = vec![0; WINDOW.min(length.saturating_sub(from) as usize)];
    let mut until = None;
    let mut at = from;
    while at < length {
        let wanted = window.len().min((length - at) as usize);
        let read = read_full(file, &mut window[..wanted], at)?;
        let bytes = &window[..read];
        if bytes != &ZEROS[..read] {
            until = bytes
                .iter()
                .rposition(|byte| *byte != 0)
                .map(|last| at + last as u64 + 1);
            for found in memmem::find_iter(bytes, &ITEM_MAGIC) {
                let candidate = at + found as u64;
                if candidate > from && is_valid(file, key, candidate, length)? {
                    return Ok(Tail::Valid { at: candidate });
                }
            }
        }
        if read < wanted || at + read as u64 == length {
            break;
        }
        // A magic may lie across the edge of two windows.
        at += (read - (ITEM_MAGIC.len() - 1)) as u64;
    }
    Ok(until.map_or(Tail::Zeros, |until| Tail::Torn { until }))
}

fn is_valid(file: &dyn SegmentFile, key: Key, at: u64, length: u64) -> io::Result<bool> {
    let mut item = Vec::new();
    let mut wanted = ITEM_HEADER;
    loop {
        if at + wanted as u64 > length {
            return Ok(false);
        }
        item.resize(wanted, 0);
        let read = read_full(file, &mut item, at)?;
        match peek(key, at, &item[..read]) {
            Peek::Need(needed) if needed > wanted => wanted = needed,
            Peek::Need(_) | Peek::Invalid(_) => return Ok(false),
            Peek::Batch(_) | Peek::Footer(_) => return Ok(true),
        }
    }
}
