//! The streams on disk and back: `state/streams`.
//!
//! ```text
//! magic "TRKSTRM1"  crc32c u32  bytes (postcard)
//! ```
//! Written to a temporary name, synced and renamed. It saves time and nothing else.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{KNOWN_FOR, Streams, insert, lock};
use crate::publish::publish;
use crate::recover::{RecoverError, Source, oldest_needed};

const MAGIC: &[u8; 8] = b"TRKSTRM1";

#[derive(Serialize, Deserialize)]
struct Saved {
    journal: u64,
    through: u64,
    newest: i64,
    /// Account, name, highest frame, its arrival.
    streams: Vec<(Arc<str>, Arc<str>, u64, i64)>,
}

impl Streams {
    /// Writes the names that are known.
    pub(crate) fn save(&self, state: &Path, journal: u64) -> io::Result<()> {
        let saved = self.saved(journal);
        let bytes = postcard::to_allocvec(&saved).map_err(io::Error::other)?;
        fs::create_dir_all(state)?;
        let temporary = state.join("streams.tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(MAGIC)?;
        file.write_all(&crc32c::crc32c(&bytes).to_le_bytes())?;
        file.write_all(&bytes)?;
        publish(&file, &temporary, &path(state))
    }

    fn saved(&self, journal: u64) -> Saved {
        let registry = lock(&self.0);
        let (through, newest) = (registry.through, registry.newest);
        let streams = registry.accounts.values().flat_map(|names| names.values());
        let streams = streams.filter(|stream| stream.is_known(newest));
        let line = |stream: &Arc<super::Stream>| {
            let state = lock(&stream.state);
            let (account, name) = (Arc::clone(&stream.account), Arc::clone(&stream.name));
            (account, name, state.frame, state.at.unwrap_or_default())
        };
        Saved {
            journal,
            through,
            newest,
            streams: streams.map(line).collect(),
        }
    }

    /// Takes over what was saved; anything that is not whole, or not of this journal, is nothing.
    fn load(&self, state: &Path, journal: u64, end: u64) {
        let Some(saved) = read(&path(state)) else {
            return;
        };
        if saved.journal != journal || saved.through > end {
            return;
        }
        let mut registry = lock(&self.0);
        (registry.through, registry.newest) = (saved.through, saved.newest);
        for (account, name, frame, at) in saved.streams {
            let names = registry.accounts.entry_ref(&account).or_default();
            insert(names, &account, &name).reach(frame, at);
        }
    }
}

fn read(path: &Path) -> Option<Saved> {
    let bytes = fs::read(path).ok()?;
    let (crc, bytes) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    let whole = crc32c::crc32c(bytes) == u32::from_le_bytes(*crc);
    whole.then(|| postcard::from_bytes(bytes).ok()).flatten()
}

fn path(state: &Path) -> PathBuf {
    state.join("streams")
}

/// Brings the streams up to where replay starts: from the file, and from the journal where that
/// ends earlier.
pub(crate) fn catch_up(
    streams: &Streams,
    source: Source<'_>,
    state: &Path,
    below: u64,
) -> Result<(), RecoverError> {
    streams.load(state, source.extent.id, source.extent.next);
    if streams.through() >= below {
        return Ok(());
    }
    // Half of the time, for two windows are looked back.
    let needed = oldest_needed(source, below, KNOWN_FOR / 2)?;
    let from = streams.through().max(needed);
    if from >= below {
        return Ok(());
    }
    for batch in source.journal.reader(from)? {
        let batch = batch?;
        streams.learn(&batch, below);
        if batch.next_offset() >= below {
            return Ok(());
        }
    }
    Ok(())
}
