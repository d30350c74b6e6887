//! Deletes old segments. What is still needed only the caller knows: it names an offset below which
//! everything is covered elsewhere, and a time before which everything may go.

use crate::chain;
use crate::error::RetireError;
use crate::live::Live;
use crate::storage::Storage;

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retired {
    /// The number of segments.
    pub segments: u64,
    /// The oldest offset that is left.
    pub base: u64,
}

/// Deletes from the old end the segments whose records all have offsets below `below_offset` and
/// `received_at` before `received_before`; never the last segment.
pub(crate) fn retire(
    storage: &dyn Storage,
    live: &Live,
    below_offset: u64,
    received_before: i64,
) -> Result<Retired, RetireError> {
    let headers = chain::list(storage)?;
    let mut retired = Retired {
        segments: 0,
        base: live.oldest(),
    };
    // The newest segment may have been named but not be durable yet: it and its predecessor stay
    // until the committer has published it.
    let newest = live.durable().base;
    for pair in headers.windows(2) {
        let (old, next) = (&pair[0], &pair[1]);
        let covered = next.base <= below_offset && next.base <= newest;
        if !covered || next.received_at >= received_before {
            break;
        }
        let path = storage.path(&chain::name(old.base));
        // Each removal is durable before the next: a power cut must not leave a hole.
        storage
            .remove(&chain::name(old.base))
            .and_then(|()| storage.sync_dir())
            .map_err(|source| RetireError::Remove { path, source })?;
        live.set_oldest(next.base);
        retired = Retired {
            segments: retired.segments + 1,
            base: next.base,
        };
    }
    Ok(retired)
}
