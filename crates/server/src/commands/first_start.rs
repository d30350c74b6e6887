//! A fresh machine needs no file: the first start writes one into the data folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::secret;

/// The configuration that the first start writes.
const FILE: &str = "trunkline.toml";

/// What a fresh start made.
pub(crate) struct Made {
    /// The configuration.
    pub(crate) path: PathBuf,
    /// The token of account `demo`, if it was made just now: it is shown once.
    pub(crate) token: Option<String>,
}

/// Gives the configuration in the data folder, and makes it if it is not there.
pub(crate) fn config_of(data_dir: &Path) -> Result<Made> {
    let path = data_dir.join(FILE);
    if path.exists() {
        return Ok(Made { path, token: None });
    }
    let token = secret::new_token();
    let text = format!(
        "# Written by the first start. `trunkline config example` shows what else can stand here.\n\
         [[account]]\nid = \"demo\"\nname = \"Demo\"\ntimezone = \"UTC\"\n\n\
         [[account.token]]\nname = \"first\"\nsha256 = \"{}\"\n\
         scopes = [\"ingest\", \"read\", \"read:phones\", \"admin\"]\n",
        secret::sha256_hex(&token)
    );
    fs::create_dir_all(data_dir)
        .with_context(|| format!("could not make the data folder {}", data_dir.display()))?;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(Made {
        path,
        token: Some(token),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, load};

    #[test]
    fn the_first_start_makes_a_valid_file_and_shows_its_token_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = config_of(dir.path()).unwrap();
        let file = load(Some(&first.path), &Environment::new()).unwrap();
        let token = first.token.unwrap();
        assert_eq!(file.accounts[0].id, "demo");
        assert_eq!(
            file.accounts[0].tokens[0].sha256,
            secret::sha256_hex(&token)
        );
        assert!(config_of(dir.path()).unwrap().token.is_none());
    }
}
