//! A fresh machine needs no file: the first start writes one into the data folder.
//!
//! The file takes its name only after everything was opened and its token was shown: a start that
//! fails, or is cut off anywhere, leaves none behind whose token nobody saw, and none half written.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::secret;

/// The configuration that the first start writes.
const FILE: &str = "trunkline.toml";

/// The configuration of a data folder.
pub(super) enum Found {
    /// It is there.
    Kept(PathBuf),
    /// This is the first start.
    Fresh(Fresh),
}

/// A configuration that is not written yet.
pub(super) struct Fresh {
    path: PathBuf,
    /// What will stand in it.
    pub(super) text: String,
    /// The token of account `demo`: it is shown once.
    pub(super) token: String,
}

/// Finds the configuration in the data folder, or has `write` make one up for the hash of a new
/// token. Keeps nothing.
pub(super) fn config_of(data_dir: &Path, write: impl FnOnce(&str) -> String) -> Result<Found> {
    let path = data_dir.join(FILE);
    let is_there = path
        .try_exists()
        .with_context(|| format!("could not look for {}", path.display()))?;
    if is_there {
        return Ok(Found::Kept(path));
    }
    let token = secret::new_token();
    let text = write(&secret::sha256_hex(&token));
    Ok(Found::Fresh(Fresh { path, text, token }))
}

/// Writes a configuration that is enough to begin with.
pub(super) fn plain(hash: &str) -> String {
    format!(
        "# Written by the first start. `trunkline config example` shows what else can stand here.\n\
         [[account]]\nid = \"demo\"\nname = \"Demo\"\ntimezone = \"UTC\"\n\n\
         [[account.token]]\nname = \"first\"\nsha256 = \"{hash}\"\n\
         scopes = [\"ingest\", \"read\", \"read:phones\", \"admin\"]\n"
    )
}

/// Writes a file for its owner alone, whole or not at all.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    let unnamed = path.with_extension("toml.new");
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    write(&unnamed, text)
        .and_then(|()| take_name(&unnamed, path))
        .with_context(|| format!("could not write {}", path.display()))
}

fn make(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("could not make the data folder {}", folder.display()))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn take_name(unnamed: &Path, path: &Path) -> io::Result<()> {
    fs::rename(unnamed, path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

impl Fresh {
    /// Shows the token with `show` and keeps the file, both or, if one fails, not the file.
    pub(super) fn keep(&self, show: impl FnOnce(&str) -> Result<()>) -> Result<()> {
        let unnamed = self.path.with_extension("toml.new");
        make(self.path.parent().unwrap_or(Path::new(".")))?;
        write(&unnamed, &self.text)
            .with_context(|| format!("could not write {}", unnamed.display()))?;
        show(&self.token)?;
        take_name(&unnamed, &self.path)
            .with_context(|| format!("could not write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;
    use crate::config::{Environment, load};

    fn fresh(folder: &Path) -> Fresh {
        match config_of(folder, plain).unwrap() {
            Found::Fresh(fresh) => fresh,
            Found::Kept(path) => panic!("{} is there", path.display()),
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_first_start_makes_a_valid_file_and_shows_its_token_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        let mut shown = String::new();
        fresh(&folder)
            .keep(|token| {
                token.clone_into(&mut shown);
                Ok(())
            })
            .unwrap();
        let Found::Kept(path) = config_of(&folder, plain).unwrap() else {
            panic!("it was not kept");
        };
        let file = load(Some(&path), &Environment::new()).unwrap();
        assert_eq!(file.accounts[0].id, "demo");
        let hash = secret::sha256_hex(&shown);
        assert_eq!(file.accounts[0].tokens[0].sha256, hash);
        assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn no_file_is_left_whose_token_nobody_saw() {
        let dir = tempfile::tempdir().unwrap();
        let cut_off = fresh(dir.path());
        cut_off.keep(|_| bail!("cut off")).unwrap_err();
        let next = fresh(dir.path());
        assert_ne!(next.token, cut_off.token);
        next.keep(|_| Ok(())).unwrap();
        assert!(matches!(
            config_of(dir.path(), plain).unwrap(),
            Found::Kept(_)
        ));
    }
}
