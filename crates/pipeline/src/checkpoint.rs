//! Checkpoints: the state of the fold on disk, so that a start need not read the whole journal.
//!
//! ```text
//! file      magic "TRKCKPT1"  then frames
//! frame     length u32  crc32c u32  bytes (postcard; a section's state follows its head)
//! frames    Header, Section ..., Section, End
//! ```
//! A checkpoint is taken section by section between batches, so every section says below which
//! offset (`taken`) its records are in it. Replay starts at `Header::began`, which is not above
//! any `taken`; a section passes over the records it has. An account's conversations and calls (256
//! parts of each) come before its cells (32 sets), which count what conversations take in; these, its
//! contacts and its entities (64 parts of each) before its ledger, whose names must not be older than
//! any part or cell, and its shelves, which have all that the calls and visits before them refer to.
//!
//! Written to a temporary name, synced, renamed, the folder synced; the last two are kept. Nothing
//! is ever lost by deleting them all: the journal gives the same state again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use trunkline_calltracking as calltracking;
use trunkline_model::shelf::Torn;
use trunkline_rollup::account::{Config, Conversations, KeptCalls, Ledger};
use trunkline_rollup::cells::{CellSet, SETS};
use trunkline_rollup::contacts::{self, PARTS};
use trunkline_rollup::entities::{self, KeptEntities};
use trunkline_rollup::{FOLD_VERSION, STATE_LAYOUT};

use crate::publish::publish;
use crate::shelf::{Of, Saved, Shelf, Shelves};
use crate::tracked::Tracked;

mod named;

pub(crate) use named::clear;

const MAGIC: &[u8; 8] = b"TRKCKPT1";
/// How many are kept: the newest, and the one before in case that is damaged.
const KEPT: usize = 2;
/// Bytes of sections that a worker gives at once: 1 to 4 ms of its time.
const STEP_BYTES: usize = 256 * 1024;

/// What a checkpoint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The journal's id.
    pub(crate) journal: u64,
    /// The fold that made the state.
    pub(crate) fold_version: u32,
    /// How the state is laid out.
    pub(crate) layout: u32,
    /// Where replay starts.
    pub(crate) began: u64,
}

#[derive(Serialize, Deserialize)]
enum Frame {
    Header(Header),
    Section {
        account: Arc<str>,
        kind: Kind,
        taken: u64,
    },
    End {
        frames: u64,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Kind {
    Part(u8),
    Calls(u8),
    Cells(u8),
    Ledger,
    Contacts(u8),
    Visits(u8),
    TrackedCalls(u8),
    Tracking,
    Entities(u8),
    Shelf,
    ShelfOfVisits,
    ShelfOfEntities,
}

impl Kind {
    /// Says what the shelf is for, if it is one.
    fn shelf(self) -> Option<Of> {
        match self {
            Self::Shelf => Some(Of::Calls),
            Self::ShelfOfVisits => Some(Of::Visits),
            Self::ShelfOfEntities => Some(Of::Entities),
            _ => None,
        }
    }
}

/// Why a checkpoint cannot be read; the one before is tried then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damaged {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("frame {frame} is damaged")]
    Frame { frame: u64 },
    #[error("it is of another journal or fold")]
    Other,
    #[error("what is cold cannot be read from its shelf: {0}")]
    Shelf(String),
}

/// Sections as a worker gives them.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    /// Encoded frames.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Whether more are to come.
    pub(crate) more: bool,
    /// Something is parked, which is in the journal alone, or not carried out in all cold calls: no
    /// checkpoint can be taken now.
    pub(crate) parked: bool,
    /// To be synced before the checkpoint gets its name.
    pub(crate) files: Vec<Arc<File>>,
}

/// A worker's way through its accounts and their parts.
pub(crate) struct Round {
    accounts: Vec<Arc<str>>,
    account: usize,
    part: u16,
    set: u8,
    contacts: u8,
    entities: u8,
    tracking: u8,
}

impl Round {
    pub(crate) fn new(accounts: Vec<Arc<str>>) -> Self {
        Self {
            accounts,
            account: 0,
            part: 0,
            set: 0,
            contacts: 0,
            entities: 0,
            tracking: 0,
        }
    }

    /// Gives the next sections; `taken` is one past the last record in the state.
    pub(crate) fn step(&mut self, accounts: &mut HashMap<String, Tracked>, taken: u64) -> Sections {
        let mut sections = Sections::default();
        let mut bytes = 0;
        while bytes < STEP_BYTES {
            let Some(id) = self.accounts.get(self.account) else {
                return sections;
            };
            let Some(account) = accounts.get_mut(&**id) else {
                return sections;
            };
            if let Ok(part) = u8::try_from(self.part) {
                self.part += 1;
                let (part_of, calls) = (account.part(part), account.part_of_calls(part));
                if !part_of.is_empty() {
                    bytes += sections.push(id, Kind::Part(part), taken, &part_of);
                }
                if !calls.is_empty() {
                    bytes += sections.push(id, Kind::Calls(part), taken, &calls);
                }
            } else if self.set < SETS {
                let set = self.set;
                self.set += 1;
                bytes += sections.push(id, Kind::Cells(set), taken, &account.cells(set));
            } else if self.contacts < PARTS {
                let part = self.contacts;
                self.contacts += 1;
                let part_of = account.contacts(part);
                if !part_of.is_empty() {
                    bytes += sections.push(id, Kind::Contacts(part), taken, &part_of);
                }
            } else if self.entities < entities::PARTS {
                let part = self.entities;
                self.entities += 1;
                let part_of = account.part_of_entities(part);
                if !part_of.is_empty() {
                    bytes += sections.push(id, Kind::Entities(part), taken, &part_of);
                }
            } else if self.tracking < calltracking::PARTS {
                let part = self.tracking;
                self.tracking += 1;
                let tracking = account.tracking();
                let visits = tracking.part_of_visits(part);
                if !visits.is_empty() {
                    bytes += sections.push(id, Kind::Visits(part), taken, &visits);
                }
                let calls = tracking.part_of_calls(part);
                if !calls.is_empty() {
                    bytes += sections.push(id, Kind::TrackedCalls(part), taken, &calls);
                }
            } else {
                // Calls come before: call tracking is told of them in the same step.
                bytes += sections.push(id, Kind::Tracking, taken, &account.tracking().ledger());
                bytes += sections.push(id, Kind::Ledger, taken, &account.ledger());
                bytes += sections.push_shelves(id, taken, account);
                (self.part, self.set, self.contacts) = (0, 0, 0);
                (self.entities, self.tracking) = (0, 0);
                self.account += 1;
            }
        }
        sections.more = true;
        sections
    }
}

impl Sections {
    fn push_shelves(&mut self, id: &Arc<str>, taken: u64, of: &mut Tracked) -> usize {
        let calls = self.push_shelf(id, Kind::Shelf, taken, of.shelf());
        let entities = of.shelf_of_entities();
        let entities = self.push_shelf(id, Kind::ShelfOfEntities, taken, entities);
        let visits = of.tracking().shelf();
        calls + entities + self.push_shelf(id, Kind::ShelfOfVisits, taken, visits)
    }

    fn push_shelf(&mut self, id: &Arc<str>, kind: Kind, taken: u64, of: Option<&Shelf>) -> usize {
        let Some(shelf) = of else {
            return 0;
        };
        self.files.extend(shelf.files());
        self.push(id, kind, taken, &shelf.saved())
    }

    fn push<T: Serialize>(&mut self, id: &Arc<str>, kind: Kind, taken: u64, body: &T) -> usize {
        let head = Frame::Section {
            account: Arc::clone(id),
            kind,
            taken,
        };
        // Plain data in memory: encoding it cannot fail; were it to, an empty frame is refused where
        // it would be written, and no checkpoint is taken.
        let frame = postcard::to_allocvec(&head)
            .and_then(|frame| postcard::to_extend(body, frame))
            .unwrap_or_default();
        let bytes = frame.len();
        self.frames.push(frame);
        bytes
    }
}

/// A checkpoint being written.
pub(crate) struct Writer {
    dir: PathBuf,
    temporary: PathBuf,
    file: io::BufWriter<File>,
    frames: u64,
    began: u64,
}

impl Writer {
    pub(crate) fn create(dir: &Path, header: Header) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let temporary = dir.join("checkpoint.tmp");
        let file = io::BufWriter::with_capacity(1 << 20, File::create(&temporary)?);
        let dir = dir.to_owned();
        let mut writer = Self {
            dir,
            temporary,
            file,
            frames: 0,
            began: header.began,
        };
        writer.file.write_all(MAGIC)?;
        let frame = Frame::Header(header);
        writer.push(&encode(&frame)?)?;
        Ok(writer)
    }

    pub(crate) fn push(&mut self, frame: &[u8]) -> io::Result<()> {
        if frame.is_empty() {
            return Err(io::Error::other("a part of the state could not be encoded"));
        }
        self.frames += 1;
        self.file.write_all(&(frame.len() as u32).to_le_bytes())?;
        self.file.write_all(&crc32c::crc32c(frame).to_le_bytes())?;
        self.file.write_all(frame)
    }

    /// Gives up: frees what was written.
    pub(crate) fn discard(self) {
        // It is overwritten by the next one if it cannot be removed now.
        let _ = fs::remove_file(&self.temporary);
    }

    /// Makes the checkpoint durable under its name and removes those not needed any more.
    pub(crate) fn finish(mut self) -> io::Result<PathBuf> {
        let end = Frame::End {
            frames: self.frames,
        };
        self.push(&encode(&end)?)?;
        self.file.flush()?;
        let path = self.dir.join(format!("{:020}.checkpoint", self.began));
        publish(self.file.get_ref(), &self.temporary, &path)?;
        for old in list(&self.dir)?.into_iter().skip(KEPT) {
            fs::remove_file(old)?;
        }
        Ok(path)
    }
}

fn encode<T: Serialize>(frame: &T) -> io::Result<Vec<u8>> {
    postcard::to_allocvec(frame).map_err(io::Error::other)
}

/// Lists the checkpoints of a folder, the newest first.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "checkpoint")
        {
            found.push(path);
        }
    }
    found.sort_unstable_by(|left, right| right.cmp(left));
    Ok(found)
}

/// Gives the folder of checkpoints.
pub(crate) fn folder(state: &Path) -> PathBuf {
    state.join("checkpoints")
}

/// Removes all checkpoints: the journal gives the same state again.
pub(crate) fn remove_all(state: &Path) -> io::Result<()> {
    list(&folder(state))?
        .into_iter()
        .try_for_each(fs::remove_file)
}

/// State read from a checkpoint.
pub(crate) struct Loaded {
    pub(crate) began: u64,
    /// All its records lie below this offset.
    pub(crate) ended: u64,
    pub(crate) accounts: HashMap<String, Tracked>,
}

impl Loaded {
    /// Gives it back if all that is cold is on a shelf.
    fn with_shelves(mut self) -> Result<Self, Damaged> {
        let mut accounts = self.accounts.values_mut();
        let lacks = |account: &mut Tracked| {
            let calls = account.calls().1 > 0 && account.shelf::<Shelf>().is_none();
            let entities =
                account.entities().1 > 0 && account.shelf_of_entities::<Shelf>().is_none();
            calls || entities || account.tracking().lacks_shelf()
        };
        if accounts.any(lacks) {
            return Err(Damaged::Shelf("it names none".to_owned()));
        }
        Ok(self)
    }
}

/// Reads a checkpoint of `journal`, made by this fold in this layout, and all that it refers to.
pub(crate) fn read(
    path: &Path,
    journal: u64,
    config: Config,
    shelves: &Shelves,
) -> Result<Loaded, Damaged> {
    let bytes = fs::read(path)?;
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .ok_or(Damaged::Frame { frame: 0 })?;
    let mut loaded = Loaded {
        began: 0,
        ended: 0,
        accounts: HashMap::new(),
    };
    for number in 0.. {
        let damaged = Damaged::Frame { frame: number };
        let Some(frame) = next_frame(&mut rest) else {
            return Err(damaged);
        };
        let Ok((frame, body)) = postcard::take_from_bytes::<Frame>(frame) else {
            return Err(damaged);
        };
        match frame {
            Frame::Header(header) => {
                let known = (header.journal, header.fold_version, header.layout);
                if known != (journal, FOLD_VERSION, STATE_LAYOUT) {
                    return Err(Damaged::Other);
                }
                (loaded.began, loaded.ended) = (header.began, header.began);
            }
            Frame::Section {
                account,
                kind,
                taken,
            } => {
                loaded.ended = loaded.ended.max(taken);
                let into = loaded
                    .accounts
                    .entry_ref(&*account)
                    .or_insert_with(|| Tracked::new(Arc::clone(&account), config));
                if restore(into, kind, taken, body).is_err() {
                    return Err(damaged);
                }
                if let Some(of) = kind.shelf() {
                    let saved: Saved = postcard::from_bytes(body).map_err(|_| damaged)?;
                    let shelf = shelves.open(&of.name(&account), &saved);
                    let shelved = shelf.and_then(|shelf| into.put_shelf(of, shelf));
                    shelved.map_err(|Torn(why)| Damaged::Shelf(why))?;
                }
            }
            Frame::End { frames } if frames == number => return loaded.with_shelves(),
            Frame::End { .. } => return Err(damaged),
        }
    }
    Err(Damaged::Other)
}

fn restore(account: &mut Tracked, kind: Kind, taken: u64, body: &[u8]) -> postcard::Result<()> {
    match kind {
        Kind::Part(part) => {
            let conversations: Conversations = postcard::from_bytes(body)?;
            account.restore_part(part, conversations, taken);
        }
        Kind::Calls(part) => {
            let calls: KeptCalls = postcard::from_bytes(body)?;
            account.restore_calls(part, calls, taken);
        }
        Kind::Cells(set) => {
            let cells: CellSet = postcard::from_bytes(body)?;
            account.restore_cells(set, cells, taken);
        }
        Kind::Contacts(part) => {
            let read: contacts::Read = postcard::from_bytes(body)?;
            account.restore_contacts(part, read, taken);
        }
        Kind::Entities(part) => {
            let entities: KeptEntities = postcard::from_bytes(body)?;
            account.restore_entities(part, entities, taken);
        }
        Kind::Visits(part) => {
            let visits: calltracking::ReadVisits = postcard::from_bytes(body)?;
            account.tracking().restore_visits(part, visits);
        }
        Kind::TrackedCalls(part) => {
            let calls: calltracking::ReadCalls = postcard::from_bytes(body)?;
            account.tracking().restore_calls(part, calls);
        }
        Kind::Tracking => {
            let ledger: calltracking::Ledger = postcard::from_bytes(body)?;
            account.tracking().restore_ledger(ledger);
        }
        Kind::Ledger => {
            let ledger: Ledger = postcard::from_bytes(body)?;
            account.restore_ledger(ledger, taken);
        }
        Kind::Shelf | Kind::ShelfOfVisits | Kind::ShelfOfEntities => {}
    }
    Ok(())
}

fn next_frame<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (crc, after) = after.split_first_chunk::<4>()?;
    let (frame, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    (crc32c::crc32c(frame) == u32::from_le_bytes(*crc)).then_some(frame)
}
