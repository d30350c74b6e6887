//! The dedup files: what was seen, kept beside the checkpoints so that a start need not parse the
//! journal of the whole window again.
//!
//! One immutable file for every 2^18 offsets, rebuilt from the journal if absent or damaged:
//! ```text
//! magic "TRKSEEN1"  journal u64  range u64  crc32c u32 (of what follows)
//! accounts u32, each: length u16, id
//! marks u32, each: identity 16, content 8, offset 8, received_at 8, account u32 (sorted by offset)
//! ```
//! All numbers are little endian. Marks are those of events seen for the first time.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use trunkline_model::time::Time;
use trunkline_rollup::Position;
use trunkline_rollup::account::Seeing;
use trunkline_rollup::seen::Mark;

use crate::publish::publish;

const MAGIC: &[u8; 8] = b"TRKSEEN1";
const HEAD: usize = 8 + 8 + 8 + 4;
const MARK: usize = 16 + 8 + 8 + 8 + 4;

/// Offsets that one file covers.
pub(crate) const RANGE: u64 = 1 << 18;

/// A mark and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) account: Arc<str>,
    pub(crate) seeing: Seeing,
}

/// Marks on their way into files.
pub(crate) struct Dedup {
    dir: PathBuf,
    journal: u64,
    open: BTreeMap<u64, Vec<Owned>>,
}

impl Dedup {
    pub(crate) fn new(dir: &Path, journal: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            journal,
            open: BTreeMap::new(),
        }
    }

    /// Adds marks to the ranges that have no file yet.
    pub(crate) fn add(&mut self, account: &Arc<str>, seeings: impl IntoIterator<Item = Seeing>) {
        for seeing in seeings {
            let account = Arc::clone(account);
            let range = seeing.at.offset / RANGE;
            self.open
                .entry(range)
                .or_default()
                .push(Owned { account, seeing });
        }
    }

    /// Writes the files of all ranges that end at or below `complete`, and removes those whose
    /// newest mark came before `forgotten`.
    pub(crate) fn write(&mut self, complete: u64, forgotten: Time) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        while let Some(entry) = self.open.first_entry() {
            if (entry.key() + 1) * RANGE > complete {
                break;
            }
            let (range, mut marks) = entry.remove_entry();
            marks.sort_unstable_by_key(|mark| mark.seeing.at.offset);
            self.write_file(range, &marks)?;
        }
        for (range, path) in self.files()? {
            let newest = self
                .read_file(range)
                .ok()
                .and_then(|marks| marks.last().cloned());
            if newest.is_some_and(|mark| mark.seeing.at.received_at >= forgotten) {
                break;
            }
            fs::remove_file(path)?;
        }
        Ok(())
    }

    /// Removes the files of ranges that end behind `next`, where the journal ends.
    pub(crate) fn forget_from(&self, next: u64) -> io::Result<()> {
        if !self.dir.exists() {
            return Ok(());
        }
        for (range, path) in self.files()? {
            if (range + 1) * RANGE > next {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn write_file(&self, range: u64, marks: &[Owned]) -> io::Result<()> {
        let mut accounts: Vec<&Arc<str>> = Vec::new();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let mut body = Vec::with_capacity(marks.len() * MARK);
        for mark in marks {
            let number = *numbers.entry(&*mark.account).or_insert_with(|| {
                accounts.push(&mark.account);
                accounts.len() as u32 - 1
            });
            let Seeing { mark, at } = mark.seeing;
            body.extend_from_slice(&mark.identity.to_le_bytes());
            body.extend_from_slice(&mark.content.to_le_bytes());
            body.extend_from_slice(&at.offset.to_le_bytes());
            body.extend_from_slice(&at.received_at.0.to_le_bytes());
            body.extend_from_slice(&number.to_le_bytes());
        }
        let mut content = (accounts.len() as u32).to_le_bytes().to_vec();
        for account in accounts {
            content.extend_from_slice(&(account.len() as u16).to_le_bytes());
            content.extend_from_slice(account.as_bytes());
        }
        content.extend_from_slice(&(marks.len() as u32).to_le_bytes());
        content.append(&mut body);
        self.write_content(range, &content)
    }

    fn write_content(&self, range: u64, content: &[u8]) -> io::Result<()> {
        let temporary = self.dir.join("seen.tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(MAGIC)?;
        file.write_all(&self.journal.to_le_bytes())?;
        file.write_all(&range.to_le_bytes())?;
        file.write_all(&crc32c::crc32c(content).to_le_bytes())?;
        file.write_all(content)?;
        publish(&file, &temporary, &self.path(range))
    }

    /// Reads the marks of a range; an error means the range must be rebuilt from the journal.
    pub(crate) fn read_file(&self, range: u64) -> io::Result<Vec<Owned>> {
        let bytes = fs::read(self.path(range))?;
        parse(&bytes, self.journal, range).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn path(&self, range: u64) -> PathBuf {
        self.dir.join(format!("{range:012}.seen"))
    }

    fn files(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str());
            if path
                .extension()
                .is_some_and(|extension| extension == "seen")
                && let Some(range) = name.and_then(|name| name.parse().ok())
            {
                files.push((range, path));
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

fn parse(bytes: &[u8], journal: u64, range: u64) -> Option<Vec<Owned>> {
    let (head, content) = bytes.split_at_checked(HEAD)?;
    let mut head = Fields(head);
    let known = head.take()? == *MAGIC
        && u64::from_le_bytes(head.take()?) == journal
        && u64::from_le_bytes(head.take()?) == range
        && u32::from_le_bytes(head.take()?) == crc32c::crc32c(content);
    if !known {
        return None;
    }
    let mut fields = Fields(content);
    let mut accounts: Vec<Arc<str>> = Vec::new();
    for _ in 0..u32::from_le_bytes(fields.take()?) {
        let length = u16::from_le_bytes(fields.take()?);
        accounts.push(Arc::from(
            str::from_utf8(fields.bytes(usize::from(length))?).ok()?,
        ));
    }
    (0..u32::from_le_bytes(fields.take()?))
        .map(|_| fields.mark(&accounts))
        .collect()
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn mark(&mut self, accounts: &[Arc<str>]) -> Option<Owned> {
        let mark = Mark {
            identity: u128::from_le_bytes(self.take()?),
            content: u64::from_le_bytes(self.take()?),
        };
        let at = Position {
            offset: u64::from_le_bytes(self.take()?),
            received_at: Time(i64::from_le_bytes(self.take()?)),
        };
        let account = accounts.get(u32::from_le_bytes(self.take()?) as usize)?;
        Some(Owned {
            account: Arc::clone(account),
            seeing: Seeing { mark, at },
        })
    }
}
