//! What the engine needs on disk before it starts: its folder, its configuration, and the passwords.
//!
//! ```text
//! <dir>/               0700
//!   credentials        0600  writer's and reader's password in the clear, and the port; made once
//!   config.xml         0600  written at each start
//!   users.xml          0600  written at each start; holds only SHA-256 of the passwords
//!   data/                    the database
//!   engine.log[.N]           ClickHouse's own log, warnings and errors, at most 3 files of 10 MB
//! ```

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::RngExt;

use thiserror::Error;

use super::config::{config_xml, users_xml};
use super::listener;

/// A password is this many random characters of 62: 190 bits.
const PASSWORD_LENGTH: usize = 32;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The passwords and the port, kept over restarts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) writer: String,
    pub(super) reader: String,
    pub(super) port: u16,
}

/// The engine's files cannot be made or read.
#[derive(Debug, Error)]
pub enum FilesError {
    /// The disk said no.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file of passwords is damaged.
    #[error(
        "{}: {what} is missing or damaged: delete the file, and new passwords are made", path.display()
    )]
    Credentials {
        /// The file.
        path: PathBuf,
        /// The line.
        what: &'static str,
    },
    /// No loopback port is free.
    #[error("no free port on 127.0.0.1 for the engine: {0}")]
    NoPort(io::Error),
}

/// Makes the folder, reads or makes the credentials, and writes the configuration.
pub(super) fn prepare(
    dir: &Path,
    port: Option<u16>,
    database: &str,
    memory_bytes: u64,
) -> Result<Credentials, FilesError> {
    make_dir(dir)?;
    make_dir(&dir.join("data"))?;
    let path = dir.join("credentials");
    let mut credentials = match read_credentials(&path)? {
        Some(known) => known,
        None => Credentials {
            writer: password(),
            reader: password(),
            port: 0,
        },
    };
    let before = credentials.port;
    credentials.port = match port {
        Some(port) => port,
        None => listener::free_port(before).map_err(FilesError::NoPort)?,
    };
    if credentials.port != before {
        write_private(&path, &credentials.to_string())?;
    }
    write_private(&dir.join("config.xml"), &config_xml(dir, memory_bytes))?;
    write_private(&dir.join("users.xml"), &users_xml(&credentials, database))?;
    Ok(credentials)
}

fn make_dir(path: &Path) -> Result<(), FilesError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    let closed = made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o700)));
    closed.map_err(|cause| FilesError::Io {
        path: path.to_owned(),
        cause,
    })
}

/// Replaces a file, so that its content is never half written nor readable by others.
fn write_private(path: &Path, text: &str) -> Result<(), FilesError> {
    let fresh = path.with_extension("new");
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    write().map_err(|cause| FilesError::Io {
        path: path.to_owned(),
        cause,
    })
}

fn read_credentials(path: &Path) -> Result<Option<Credentials>, FilesError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(FilesError::Io {
                path: path.to_owned(),
                cause,
            });
        }
    };
    let damaged = |what| FilesError::Credentials {
        path: path.to_owned(),
        what,
    };
    let value = |name: &'static str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
        line.filter(|value| !value.is_empty())
            .ok_or_else(|| damaged(name))
    };
    Ok(Some(Credentials {
        writer: value("writer")?.to_owned(),
        reader: value("reader")?.to_owned(),
        port: value("port")?.parse().map_err(|_| damaged("port"))?,
    }))
}

fn password() -> String {
    let mut rng = rand::rng();
    let pick = |_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]);
    (0..PASSWORD_LENGTH).map(pick).collect()
}

impl std::fmt::Display for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "writer = {}", self.writer)?;
        writeln!(f, "reader = {}", self.reader)?;
        writeln!(f, "port = {}", self.port)
    }
}
