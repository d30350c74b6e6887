//! `page.key` in the data folder: the secret that positions in lists are sealed with. Made once and
//! readable by its owner alone; without it only links to further pages of before are refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use rand::RngExt;
use trunkline_reports::PageKey;

/// Reads the key, or makes it.
pub(super) fn page_key(data_dir: &Path) -> Result<PageKey> {
    let path = data_dir.join("page.key");
    let secret = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(data_dir, &path).with_context(|| format!("could not write {}", path.display()))?
        }
        read => {
            let bytes = read.with_context(|| format!("could not read {}", path.display()))?;
            let damaged = || {
                let path = path.display();
                format!("{path} is damaged: delete it, and a new one is made")
            };
            bytes.try_into().ok().with_context(damaged)?
        }
    };
    Ok(PageKey::new(secret))
}

/// Makes a key; it is on the disk as a whole before anything is sealed with it.
fn make(data_dir: &Path, path: &Path) -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    rand::rng().fill(&mut secret);
    fs::create_dir_all(data_dir)?;
    let fresh = data_dir.join("page.new");
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&fresh)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(data_dir)?.sync_all()?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        page_key(&data).unwrap();
        let path = data.join("page.key");
        let made = fs::read(&path).unwrap();
        assert_eq!(made.len(), 32);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        page_key(&data).unwrap();
        assert_eq!(fs::read(&path).unwrap(), made);
        fs::write(&path, b"short").unwrap();
        let error = page_key(&data).unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
    }
}
