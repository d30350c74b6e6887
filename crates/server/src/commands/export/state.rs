//! What became of each conversion, kept in a file beside the export.
//!
//! A line for each change, JSON, the first of them naming the destination; the last line of an id
//! counts. Lines are on stable storage before the run goes on. A line that a crash tore is cut. At the
//! start the file is written anew without what is too old to be sent again. One run at a time has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;
use trunkline_providers::conversions::{Conversion, Destination, Kind};

use super::file::{private, whole};

/// Where a conversion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// A request with it is on its way; after a crash nobody knows whether it was taken.
    Sending,
    /// It was taken.
    Sent,
    /// It was not taken, and may be later.
    Waiting,
    /// It was given up.
    Dead,
}

/// A conversion in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its id.
    pub(super) id: String,
    /// Its kind.
    pub(super) kind: Kind,
    /// When it happened.
    pub(super) at: Time,
    /// Where it stands.
    pub(super) stage: Stage,
    /// Since when.
    pub(super) since: Time,
    /// In how many runs it was not taken.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) runs: u32,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    conversions_to: String,
}

/// Makes the entry of a conversion.
pub(super) fn entry(one: &Conversion, stage: Stage, now: Time) -> Entry {
    Entry {
        id: one.id.clone(),
        kind: one.kind,
        at: one.at,
        stage,
        since: now,
        runs: 0,
        why: None,
    }
}

/// Makes the entry of one that is given up.
pub(super) fn given_up(one: &Conversion, why: &str, now: Time) -> Entry {
    Entry {
        why: Some(why.to_owned()),
        ..entry(one, Stage::Dead, now)
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    known: BTreeMap<String, Entry>,
    /// Holds the lock.
    _lock: File,
}

impl State {
    /// Reads the file, or begins one.
    pub(super) fn open(path: &Path, destination: Destination, now: Time) -> Result<Self> {
        let lock = lock(path)?;
        let mut known = read(path, destination)?;
        // Twice the age at which nothing is sent any more: so clocks need not agree.
        known.retain(|_, entry| now.since(entry.at) <= 2 * destination.oldest());
        let mut text = line(&Head {
            conversions_to: destination.name().to_owned(),
        })?;
        for entry in known.values() {
            text.push_str(&line(entry)?);
        }
        let failed = || format!("could not write {}", path.display());
        whole(path, &text).with_context(failed)?;
        let file = private(path, false).with_context(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            known,
            _lock: lock,
        })
    }

    /// Says where what has this id stands; none if it was never sent.
    pub(super) fn stage(&self, id: &str) -> Option<Stage> {
        self.known.get(id).map(|entry| entry.stage)
    }

    /// Says where a conversion stands, also under the ids of its twins: what waits under one of them alone is sent under
    /// its own.
    pub(super) fn stands(&self, one: &Conversion) -> Option<Stage> {
        let own = self.stage(&one.id);
        if own.is_some_and(|stage| stage != Stage::Waiting) {
            return own;
        }
        let twins = one.twins.iter().filter_map(|id| self.stage(id));
        let twins = twins.filter(|stage| *stage != Stage::Waiting);
        twins.max_by_key(|stage| *stage == Stage::Sent).or(own)
    }

    /// Says in how many runs it was not taken.
    pub(super) fn runs(&self, id: &str) -> u32 {
        self.known.get(id).map_or(0, |entry| entry.runs)
    }

    /// Lists all.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.known.values()
    }

    /// Remembers where conversions stand now; on stable storage when it returns.
    pub(super) fn note(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<()> {
        let mut text = String::new();
        for entry in entries {
            text.push_str(&line(&entry)?);
            self.known.insert(entry.id.clone(), entry);
        }
        if text.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(text.as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("could not write {}", self.path.display()))
    }
}

/// Takes the file for this run, through one beside it: the file itself is replaced.
fn lock(path: &Path) -> Result<File> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = private(Path::new(&beside), false)
        .with_context(|| format!("could not write {}", Path::new(&beside).display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("another run has {}: wait for its end", path.display());
    }
    Ok(file)
}

fn read(path: &Path, destination: Destination) -> Result<BTreeMap<String, Entry>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("could not read {}", path.display()));
        }
    };
    let mut lines = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let head: Option<Head> = lines
        .next()
        .and_then(|line| serde_json::from_str(line).ok());
    match head {
        Some(head) if head.conversions_to == destination.name() => {}
        Some(head) => bail!(
            "{} remembers what went to {}: give each destination a file of its own",
            path.display(),
            head.conversions_to
        ),
        None if text.is_empty() => return Ok(BTreeMap::new()),
        None => bail!("{} is no state of an export", path.display()),
    }
    let mut known = BTreeMap::new();
    for (place, line) in lines.enumerate() {
        let entry: Entry = serde_json::from_str(line)
            .with_context(|| format!("line {} of {} is damaged", place + 2, path.display()))?;
        known.insert(entry.id.clone(), entry);
    }
    Ok(known)
}

fn line<T: Serialize>(value: &T) -> Result<String> {
    let mut line = serde_json::to_string(value)?;
    writeln!(line)?;
    Ok(line)
}

#[cfg(test)]
mod tests;
