//! The shelves of an account's cold calls, visits and entities, in files of `state/shelves`, which only ever grow.
//!
//! ```text
//! file    <account, hashed>-<number>.shelf: a head, then entries
//! head    magic "TRKSHLF1"  journal u64  account u64  number u32  layout u32  crc32c u32 (of these)
//! entry   length u32  crc32c u32 (of its place u64, and the bytes)  bytes
//! ```
//! All numbers are little endian; a place is the number of its file, and where in it the entry begins.
//!
//! A checkpoint names the files, how long each is and how many entries that are; they are synced before
//! it gets its name. What stands behind that length was written after it, and is nobody's: it is never
//! read, and never written over, for a file goes on only if it ends where the checkpoint says. All of a
//! shelf is read, and its checksums compared, when a checkpoint is. A file that no checkpoint names any
//! more is removed (`crate::keeper`).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_model::shelf::{Shelf as Take, Torn};
use trunkline_rollup::STATE_LAYOUT;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"TRKSHLF1";
const HEAD: u64 = 8 + 8 + 8 + 4 + 4 + 4;
const ENTRY_HEAD: usize = 8;
/// Bytes after which a file is followed by the next.
const FILE_BYTES: u64 = 64 << 20;
/// Bytes read at once: of one entry, and of many.
const ONE: u64 = 1_024;
const MANY: u64 = 256 << 10;

/// What a shelf is for. Each is known by a name of its own; an account's id has no spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Calls,
    Visits,
    /// Leads, forms and their like.
    Entities,
}

impl Of {
    /// Gives the name of the shelf of an account.
    pub(crate) fn name(self, account: &str) -> String {
        match self {
            Self::Calls => account.to_owned(),
            Self::Visits => format!("{account} visits"),
            Self::Entities => format!("{account} entities"),
        }
    }
}

/// Where the shelves of all accounts are.
#[derive(Clone, Debug)]
pub(crate) struct Shelves {
    dir: PathBuf,
    journal: u64,
    file_bytes: u64,
}

/// What a checkpoint keeps of a shelf: its files, the oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved(Vec<SavedFile>);

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct SavedFile {
    number: u32,
    length: u64,
    entries: u32,
}

/// A shelf.
#[derive(Debug)]
pub(crate) struct Shelf {
    shelves: Shelves,
    account: u64,
    files: Vec<Own>,
    /// The last file may grow.
    is_open: bool,
    /// It could not be written the last time.
    is_refused: bool,
}

/// A file of a shelf.
#[derive(Debug)]
struct Own {
    saved: SavedFile,
    file: Arc<File>,
    /// How many of its entries are needed.
    needed: u32,
}

impl Shelves {
    pub(crate) fn new(state: &Path, journal: u64) -> Self {
        Self {
            dir: state.join("shelves"),
            journal,
            file_bytes: FILE_BYTES,
        }
    }

    /// Makes one that was not there, by its name ([`Of::name`]).
    pub(crate) fn empty(&self, name: &str) -> Shelf {
        Shelf {
            shelves: self.clone(),
            account: xxh3_64(name.as_bytes()),
            files: Vec::new(),
            is_open: false,
            is_refused: false,
        }
    }

    /// Opens that of an account as a checkpoint knows it, and reads all of it; nothing is needed yet.
    pub(crate) fn open(&self, account: &str, saved: &Saved) -> Result<Shelf, Torn> {
        let mut shelf = self.empty(account);
        for saved in &saved.0 {
            let path = self.path(shelf.account, saved.number);
            let torn = |error| Torn(format!("{}: {error}", path.display()));
            let own = shelf.open_file(&path, *saved).map_err(torn)?;
            let length = own.file.metadata().map_err(|error| torn(error.to_string()));
            shelf.is_open = length?.len() == saved.length;
            shelf.files.push(own);
        }
        Ok(shelf)
    }

    /// Lists the names of all files.
    pub(crate) fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    /// Makes what was written to files durable, and that they are there.
    pub(crate) fn sync(&self, files: &[Arc<File>]) -> io::Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        files.iter().try_for_each(|file| file.sync_all())?;
        let above = self.dir.parent().ok_or(io::ErrorKind::NotFound)?;
        [&*self.dir, above]
            .into_iter()
            .try_for_each(|dir| File::open(dir)?.sync_all())
    }

    /// Removes files.
    pub(crate) fn remove<'a>(&self, mut names: impl Iterator<Item = &'a String>) -> io::Result<()> {
        names.try_for_each(|name| fs::remove_file(self.dir.join(name)))
    }

    fn path(&self, account: u64, number: u32) -> PathBuf {
        self.dir.join(name(account, number))
    }

    fn head(&self, account: u64, number: u32) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.extend(self.journal.to_le_bytes());
        head.extend(account.to_le_bytes());
        head.extend(number.to_le_bytes());
        head.extend(STATE_LAYOUT.to_le_bytes());
        head.extend(crc32c::crc32c(&head).to_le_bytes());
        head
    }
}

impl Saved {
    /// Gives the names of the files of an account's shelf.
    pub(crate) fn names(&self, account: &str) -> impl Iterator<Item = String> {
        let account = xxh3_64(account.as_bytes());
        let numbers = self.0.iter().map(|saved| saved.number);
        numbers.map(move |number| name(account, number))
    }
}

fn name(account: u64, number: u32) -> String {
    format!("{account:016x}-{number:08}.shelf")
}

impl Shelf {
    /// Gives what a checkpoint keeps of it.
    pub(crate) fn saved(&self) -> Saved {
        Saved(self.files.iter().map(|own| own.saved).collect())
    }

    /// Gives the files that are to be synced before a checkpoint gets its name.
    pub(crate) fn files(&self) -> impl Iterator<Item = Arc<File>> {
        self.files.iter().map(|own| Arc::clone(&own.file))
    }

    /// Forgets the files of which nothing is needed, at the beginning of a checkpoint: one that was begun
    /// before may still say that something is.
    pub(crate) fn forget_files(&mut self) {
        let grows = self.files.last().filter(|_| self.is_open);
        let grows = grows.map(|own| own.saved.number);
        self.files
            .retain(|own| own.needed > 0 || Some(own.saved.number) == grows);
    }

    fn open_file(&self, path: &Path, saved: SavedFile) -> Result<Own, String> {
        let options = OpenOptions::new().read(true).write(true).open(path);
        let said = |error: io::Error| error.to_string();
        let own = Own {
            saved,
            file: Arc::new(options.map_err(said)?),
            needed: 0,
        };
        let mut head = [0; HEAD as usize];
        own.file.read_exact_at(&mut head, 0).map_err(said)?;
        if head != *self.shelves.head(self.account, saved.number) {
            return Err("its head is damaged, or of another journal or layout".to_owned());
        }
        let (mut at, mut entries) = (HEAD, 0);
        while at < saved.length {
            at = own.many(at, &mut |_, _| entries += 1)?;
        }
        if (at, entries) == (saved.length, saved.entries) {
            Ok(own)
        } else {
            Err(format!(
                "it has {entries} entries to byte {at}, and {} were there when a checkpoint was taken",
                saved.entries
            ))
        }
    }

    /// Begins a file behind all that there are, also those that no checkpoint names.
    fn begin(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.shelves.dir)?;
        let known = self.shelves.list()?;
        let numbers = known.iter().filter_map(|name| {
            let (account, number) = name.strip_suffix(".shelf")?.split_once('-')?;
            (u64::from_str_radix(account, 16).ok()? == self.account)
                .then(|| number.parse::<u32>().ok())?
        });
        let number = numbers.max().unwrap_or_default() + 1;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(0o600);
        let file = options.open(self.shelves.path(self.account, number))?;
        file.write_all_at(&self.shelves.head(self.account, number), 0)?;
        let saved = SavedFile {
            number,
            length: HEAD,
            entries: 0,
        };
        self.files.push(Own {
            saved,
            file: Arc::new(file),
            needed: 0,
        });
        self.is_open = true;
        Ok(())
    }

    fn write(&mut self, entry: &[u8]) -> io::Result<u64> {
        let size = (ENTRY_HEAD + entry.len()) as u64;
        let full = |own: &Own| own.saved.length + size > self.shelves.file_bytes;
        let last = self.files.last().filter(|_| self.is_open);
        if last.is_none_or(|own| own.saved.entries > 0 && full(own)) {
            self.begin()?;
        }
        let own = self.files.last_mut().ok_or(io::ErrorKind::NotFound)?;
        let place = own.place(own.saved.length);
        let mut bytes = Vec::with_capacity(size as usize);
        bytes.extend((entry.len() as u32).to_le_bytes());
        bytes.extend(checksum(place, entry).to_le_bytes());
        bytes.extend(entry);
        own.file.write_all_at(&bytes, own.saved.length)?;
        own.saved.length += size;
        own.saved.entries += 1;
        own.needed += 1;
        Ok(place)
    }

    /// Gives the file of a place, and where in it that is.
    fn find(&self, place: u64) -> Result<(usize, u64), Torn> {
        let (number, at) = ((place >> 32) as u32, place & u64::from(u32::MAX));
        let found = self
            .files
            .binary_search_by_key(&number, |own| own.saved.number);
        let nothing = || Torn(format!("nothing can be at byte {at} of shelf {number}"));
        let index = found.map_err(|_| nothing())?;
        let is_there = (HEAD..self.files[index].saved.length).contains(&at);
        is_there.then_some((index, at)).ok_or_else(nothing)
    }

    fn torn(&self, own: &Own, why: &str) -> Torn {
        let path = self.shelves.path(self.account, own.saved.number);
        Torn(format!("{}: {why}", path.display()))
    }
}

impl Own {
    fn place(&self, at: u64) -> u64 {
        u64::from(self.saved.number) << 32 | at
    }

    fn read(&self, at: u64, most: u64) -> Result<Vec<u8>, String> {
        let length = most.min(self.saved.length.saturating_sub(at));
        let mut bytes = vec![0; length as usize];
        let read = self.file.read_exact_at(&mut bytes, at);
        read.map(|()| bytes)
            .map_err(|error| format!("byte {at} cannot be read: {error}"))
    }

    /// Reads one entry; gives also where the next begins.
    fn one(&self, at: u64) -> Result<(Vec<u8>, u64), String> {
        let mut bytes = self.read(at, ONE)?;
        let damaged = || format!("the entry at byte {at} is damaged");
        let length = length_of(&bytes).ok_or_else(damaged)?;
        let end = at + (ENTRY_HEAD + length) as u64;
        if end > self.saved.length {
            return Err(damaged());
        }
        if bytes.len() < ENTRY_HEAD + length {
            bytes = self.read(at, end - at)?;
        }
        let (entry, _) = entry_of(&bytes, self.place(at)).ok_or_else(damaged)?;
        Ok((entry.to_vec(), end))
    }

    /// Shows some entries; gives where the next begins.
    fn many(&self, at: u64, show: &mut dyn FnMut(u64, &[u8])) -> Result<u64, String> {
        let bytes = self.read(at, MANY)?;
        let (mut rest, mut next) = (&*bytes, at);
        while let Some((entry, after)) = entry_of(rest, self.place(next)) {
            show(self.place(next), entry);
            next += (rest.len() - after.len()) as u64;
            rest = after;
        }
        if next == at {
            // A large one, or damage, which is said then.
            let (entry, after) = self.one(at)?;
            show(self.place(at), &entry);
            next = after;
        }
        Ok(next)
    }
}

fn checksum(place: u64, entry: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&place.to_le_bytes()), entry)
}

fn length_of(bytes: &[u8]) -> Option<usize> {
    let length = bytes.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*length) as usize)
}

/// Gives the entry at a place, and what follows it, if it is whole.
fn entry_of(bytes: &[u8], place: u64) -> Option<(&[u8], &[u8])> {
    let length = length_of(bytes)?;
    let (crc, rest) = bytes.get(4..)?.split_first_chunk::<4>()?;
    let (entry, rest) = rest.split_at_checked(length)?;
    (checksum(place, entry) == u32::from_le_bytes(*crc)).then_some((entry, rest))
}

impl Take for Shelf {
    fn put(&mut self, entry: &[u8]) -> Result<u64, Torn> {
        let written = self.write(entry);
        if let Err(error) = &written
            && !self.is_refused
        {
            tracing::warn!(%error, dir = %self.shelves.dir.display(), "what is beyond the horizon stays in memory: its shelf cannot be written");
        }
        self.is_refused = written.is_err();
        written.map_err(|error| Torn(error.to_string()))
    }

    fn get(&self, place: u64) -> Result<Vec<u8>, Torn> {
        let (index, at) = self.find(place)?;
        let own = &self.files[index];
        let read = own.one(at).map(|(entry, _)| entry);
        read.map_err(|why| self.torn(own, &why))
    }

    fn some(&self, from: u64, show: &mut dyn FnMut(u64, &[u8])) -> Result<Option<u64>, Torn> {
        let left = |own: &&Own| own.place(own.saved.length) > from;
        let mut rest = self.files.iter().filter(left);
        let Some(own) = rest.next() else {
            return Ok(None);
        };
        let at = from.max(own.place(HEAD)) - own.place(0);
        let next = own.many(at, show).map_err(|why| self.torn(own, &why))?;
        Ok(if next < own.saved.length {
            Some(own.place(next))
        } else {
            rest.next().map(|own| own.place(HEAD))
        })
    }

    fn hold(&mut self, place: u64) -> Result<(), Torn> {
        let (index, _) = self.find(place)?;
        self.files[index].needed += 1;
        Ok(())
    }

    fn let_go(&mut self, place: u64) {
        if let Ok((index, _)) = self.find(place) {
            let needed = &mut self.files[index].needed;
            *needed = needed.saturating_sub(1);
        }
    }

    /// Gives the places of a file that grows no more, and of which less is needed than half a full one.
    fn waste(&self) -> Option<Range<u64>> {
        let (_, closed) = self.files.split_last()?;
        let wasted = closed.iter().find(|own| {
            let of = |entries: u32, bytes: u64| u64::from(entries) * bytes;
            let half = of(own.saved.entries, self.shelves.file_bytes / 2);
            own.needed > 0 && of(own.needed, own.saved.length) < half
        })?;
        Some(wasted.place(0)..u64::from(wasted.saved.number + 1) << 32)
    }
}

#[cfg(test)]
mod tests;
