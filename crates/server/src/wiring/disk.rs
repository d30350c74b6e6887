//! The disk of the journal, as `/metrics` shows it.

use std::path::PathBuf;

use trunkline_pipeline::metrics;

use crate::config::File;
use crate::disk;

/// The journal's folder and the reserve of its disk.
pub(super) struct Disk {
    journal: PathBuf,
    reserve: u64,
}

impl Disk {
    /// Names the disk that a configuration uses.
    pub(super) fn of(file: &File) -> Self {
        Self {
            journal: file.server.data_dir.join("journal"),
            reserve: file.journal.reserve_mb << 20,
        }
    }

    /// Exports how it stands; what it does not say stays as it was.
    pub(super) fn export(&self) {
        if let (Ok(journal), Ok(free)) = (disk::size(&self.journal), disk::free(&self.journal)) {
            metrics::disk(journal, free, self.reserve);
        }
    }
}
