//! The few facts about the state that must outlive it: `state/meta.json`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use trunkline_rollup::FOLD_VERSION;

use crate::publish::publish;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The journal that the state was made from.
    pub(crate) journal: u64,
    /// The generation of the rows written.
    pub(crate) generation: u64,
    /// The fold that made them.
    pub(crate) fold_version: u32,
    /// Nothing was kept: rows in ClickHouse are of a state that nobody knows any more.
    #[serde(skip)]
    pub(crate) fresh: bool,
}

impl Meta {
    /// Reads what is kept and brings it up: another journal or fold takes the next generation, so
    /// that its rows outrank those of before.
    pub(crate) fn open(dir: &Path, journal: u64) -> io::Result<Self> {
        let first = Self {
            journal,
            generation: 1,
            fold_version: FOLD_VERSION,
            fresh: true,
        };
        let kept = match fs::read(dir.join("meta.json")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
            Ok(bytes) => serde_json::from_slice::<Self>(&bytes).ok(),
        };
        let meta = match kept {
            Some(kept) if kept.journal == journal && kept.fold_version == FOLD_VERSION => {
                return Ok(kept);
            }
            Some(kept) => Self {
                generation: kept.generation + 1,
                fresh: false,
                ..first
            },
            // What the rows in ClickHouse are is to be asked first: a crash before that must not
            // make them pass for ours.
            None => return Ok(first),
        };
        meta.save(dir)?;
        Ok(meta)
    }

    /// Makes the facts durable.
    pub(crate) fn save(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        let temporary = dir.join("meta.tmp");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        publish(&file, &temporary, &dir.join("meta.json"))
    }
}
