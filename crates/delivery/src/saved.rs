//! The outbox on disk: `state/outbox`, one file, written whole.
//!
//! ```text
//! magic "TRKOUTB1"  crc32c u32  bytes (postcard)
//! ```
//! Written to a temporary name, synced, renamed, the folder synced; readable by its owner alone, for
//! bodies may hold phone numbers. Without it what waited is lost, and nothing of before is told again:
//! it is no part of the journal's truth.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::outbox::{Address, Dead, Entry, Id, Last, Outbox, Queue};

const MAGIC: &[u8; 8] = b"TRKOUTB1";

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// The journal whose records made the notices.
    pub(crate) journal: u64,
    /// All notices of records below this offset are in it, or are done with.
    pub(crate) through: u64,
    next: u64,
    told: Vec<(Id, i64)>,
    queues: Vec<Shelf>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Shelf {
    address: Address,
    /// What is on its way waits, for nobody knows whether it arrived.
    waiting: Vec<(u64, Entry)>,
    dead: Vec<Dead>,
    last: Last,
}

/// What was found of the file.
#[derive(Debug)]
pub(crate) enum Found {
    Nothing,
    Whole(Saved),
    Damaged,
}

impl Saved {
    /// Takes down an outbox: cheap, for bodies are shared.
    pub(crate) fn of(outbox: &Outbox, journal: u64, through: u64) -> Self {
        let shelf = |(address, queue): (&Address, &Queue)| Shelf {
            address: address.clone(),
            waiting: queue
                .waiting
                .iter()
                .map(|(number, it)| (*number, it.clone()))
                .collect(),
            dead: queue.dead.iter().cloned().collect(),
            last: queue.last.clone(),
        };
        Self {
            journal,
            through,
            next: outbox.next,
            told: outbox.told.iter().map(|(id, at)| (*id, *at)).collect(),
            queues: outbox.queues.iter().map(shelf).collect(),
        }
    }

    /// Makes the outbox again.
    pub(crate) fn outbox(self) -> Outbox {
        let mut outbox = Outbox {
            told: self.told.into_iter().collect(),
            next: self.next,
            ..Outbox::default()
        };
        for shelf in self.queues {
            let queue = outbox.queues.entry(shelf.address).or_default();
            (queue.dead, queue.last) = (shelf.dead.into(), shelf.last);
            for (number, entry) in shelf.waiting {
                queue.restore(number, entry);
            }
        }
        outbox
    }

    /// Makes it durable in the folder of the state.
    pub(crate) fn write(&self, state: &Path) -> io::Result<()> {
        let bytes = postcard::to_allocvec(self).map_err(io::Error::other)?;
        fs::create_dir_all(state)?;
        let temporary = state.join("outbox.tmp");
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(MAGIC)?;
        file.write_all(&crc32c::crc32c(&bytes).to_le_bytes())?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path(state))?;
        File::open(state)?.sync_all()
    }

    /// Reads the file. A damaged one is put aside as `outbox.damaged`.
    pub(crate) fn read(state: &Path) -> io::Result<Found> {
        let bytes = match fs::read(path(state)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            read => read?,
        };
        if let Some(saved) = parse(&bytes) {
            return Ok(Found::Whole(saved));
        }
        fs::rename(path(state), state.join("outbox.damaged"))?;
        Ok(Found::Damaged)
    }
}

fn parse(bytes: &[u8]) -> Option<Saved> {
    let (crc, bytes) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    let whole = crc32c::crc32c(bytes) == u32::from_le_bytes(*crc);
    whole.then(|| postcard::from_bytes(bytes).ok()).flatten()
}

fn path(state: &Path) -> PathBuf {
    state.join("outbox")
}
