//! What the disk says: how much is free, and how large a folder is.

use std::fs;
use std::io;
use std::path::Path;

/// Gives the bytes that are free for us on the disk of a file or folder.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Adds up the sizes of the files in a folder, not of those in folders of it.
pub(crate) fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        // A file that was deleted meanwhile has no size.
        bytes += entry?
            .metadata()
            .map_or(0, |data| if data.is_file() { data.len() } else { 0 });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_folder_is_that_of_its_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("one"), [0; 10]).unwrap();
        fs::write(dir.path().join("two"), [0; 7]).unwrap();
        fs::create_dir(dir.path().join("more")).unwrap();
        assert_eq!(size(dir.path()).unwrap(), 17);
        assert!(free(dir.path()).unwrap() > 0);
        assert!(size(&dir.path().join("nowhere")).is_err());
    }
}
