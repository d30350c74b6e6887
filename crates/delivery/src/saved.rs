//! The outbox on disk: `state/outbox`, one file, written whole.
//!
//! ```text
//! magic "TRKOUTB2"  crc32c u32  bytes (postcard)
//! ```
//! `TRKOUTB1`, of versions that did not remember what they told of sources, is read as well.
//!
//! Written to a temporary name, synced, renamed, the folder synced; readable by its owner alone, for
//! bodies may hold phone numbers. Without it what waited is lost, and nothing of before is told again:
//! it is no part of the journal's truth.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::outbox::{Address, Dead, Entry, Id, Last, Outbox, Queue};
use crate::source::{Said, Sources};
use crate::twins::{Side, Sides};

const MAGIC: &[u8; 8] = b"TRKOUTB2";
const BEFORE: &[u8; 8] = b"TRKOUTB1";

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
    sources: Vec<(Id, Said)>,
    sides: Vec<(Arc<str>, Side)>,
}

/// What stands in the file of a version before.
#[derive(Debug, Deserialize)]
struct SavedBefore {
    journal: u64,
    through: u64,
    next: u64,
    told: Vec<(Id, i64)>,
    queues: Vec<Shelf>,
}

impl From<SavedBefore> for Saved {
    fn from(before: SavedBefore) -> Self {
        Self {
            journal: before.journal,
            through: before.through,
            next: before.next,
            told: before.told,
            queues: before.queues,
            sources: Vec::new(),
            sides: Vec::new(),
        }
    }
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
            sources: outbox.sources.0.iter().map(|(of, it)| (*of, *it)).collect(),
            sides: outbox.sides.keep(),
        }
    }

    /// Makes the outbox again.
    pub(crate) fn outbox(self) -> Outbox {
        let mut outbox = Outbox {
            told: self.told.into_iter().collect(),
            sources: Sources(self.sources.into_iter().collect()),
            sides: Sides::restore(self.sides),
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
    if let Some(bytes) = bytes.strip_prefix(BEFORE) {
        return Some(
            postcard::from_bytes::<SavedBefore>(whole(bytes)?)
                .ok()?
                .into(),
        );
    }
    postcard::from_bytes(whole(bytes.strip_prefix(MAGIC)?)?).ok()
}

/// Gives the bytes behind a checksum that is theirs.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (crc, bytes) = bytes.split_first_chunk::<4>()?;
    (crc32c::crc32c(bytes) == u32::from_le_bytes(*crc)).then_some(bytes)
}

fn path(state: &Path) -> PathBuf {
    state.join("outbox")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Said, digest};
    use crate::webhook::taken_back::Standing;

    fn write(state: &Path, magic: [u8; 8], bytes: &[u8]) {
        let crc = crc32c::crc32c(bytes).to_le_bytes();
        fs::write(path(state), [&magic[..], &crc, bytes].concat()).unwrap();
    }

    #[test]
    fn a_file_of_a_version_before_says_what_was_told_and_its_sources_are_taken_as_told() {
        let state = tempfile::tempdir().unwrap();
        let id = Id([7; 16]);
        // journal, through, next, told, queues
        let before = (3_u64, 12_u64, 1_u64, vec![(id, 60_i64)], Vec::<u8>::new());
        write(
            state.path(),
            *BEFORE,
            &postcard::to_allocvec(&before).unwrap(),
        );
        let Found::Whole(saved) = Saved::read(state.path()).unwrap() else {
            panic!("it is whole");
        };
        assert_eq!((saved.journal, saved.through), (3, 12));
        let mut outbox = saved.outbox();
        assert_eq!(outbox.standing(id), Standing::Told(None));
        let google = digest(&crate::Attribution::default());
        assert!(outbox.has_source(id, google), "nobody knows what was told");
        assert!(
            !outbox.has_source(id, google ^ 1),
            "from now on it is known"
        );
        assert!(!outbox.has_source(Id([8; 16]), google));
    }

    #[test]
    fn what_was_told_of_sources_comes_back() {
        let state = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::default();
        let said = Said {
            digest: 5,
            revision: 9,
            at: 60,
        };
        outbox.sources.note(Id([7; 16]), said);
        Saved::of(&outbox, 3, 12).write(state.path()).unwrap();
        let Found::Whole(saved) = Saved::read(state.path()).unwrap() else {
            panic!("it is whole");
        };
        assert_eq!(saved.outbox().sources.said(Id([7; 16])), Some(said));
    }
}
