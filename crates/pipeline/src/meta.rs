//! The few facts about the state that must outlive it: `state/meta.json`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use trunkline_rollup::FOLD_VERSION;

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The journal that the state was made from.
    pub(crate) journal: u64,
    /// The generation of the rows written.
    pub(crate) generation: u64,
    /// The fold that made them.
    pub(crate) fold_version: u32,
}

impl Meta {
    /// Reads what is kept and brings it up: another journal or fold takes the next generation, so
    /// that its rows outrank those of before.
    pub(crate) fn open(dir: &Path, journal: u64) -> io::Result<Self> {
        let fresh = Self {
            journal,
            generation: 1,
            fold_version: FOLD_VERSION,
        };
        let meta = match fs::read(dir.join("meta.json")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => fresh,
            Err(error) => return Err(error),
            Ok(bytes) => match serde_json::from_slice::<Self>(&bytes).map_err(io::Error::other)? {
                kept if kept.journal == journal && kept.fold_version == FOLD_VERSION => {
                    return Ok(kept);
                }
                kept => Self {
                    generation: kept.generation + 1,
                    ..fresh
                },
            },
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
        file.sync_all()?;
        fs::rename(&temporary, dir.join("meta.json"))?;
        File::open(dir)?.sync_all()
    }
}
