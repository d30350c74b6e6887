//! The embedded engine: the same ClickHouse, as a child process of ours, closed to everyone else.
//!
//! Why closed: started plainly, it lets any local user read its tables, and files of this machine,
//! over HTTP and without a password. Here nobody comes in without one of two random passwords,
//! which only this process and the file `credentials` (0600) know; see [`config`](self) for what
//! its start-up needs, and `listener` for why a password is sent to nobody else.
//!
//! The child may die at any time, killed or by itself: it is started again, with a growing delay.
//! Until it answers, clients get [`Fault::Unreachable`](crate::Fault) at once.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::thread;

use thiserror::Error;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::client::{Client, Connection, ConnectionError};

pub mod child;
mod config;
mod files;
mod find;
mod listener;
mod supervise;

pub use files::FilesError;
pub use find::{EngineKind, NotFound, find};

/// Memory that the engine may use if nothing else is said, in bytes.
pub const DEFAULT_MEMORY: u64 = 1_500_000_000;

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its folder, `<data_dir>/clickhouse`; made if it does not exist.
    pub dir: PathBuf,
    /// What runs as the engine.
    pub kind: EngineKind,
    /// The command that becomes the child.
    pub spawn: Spawn,
    /// The database that its two ClickHouse users may touch: a plain identifier.
    pub database: String,
    /// Its port on 127.0.0.1; none: a free one, kept over restarts while it stays free.
    pub port: Option<u16>,
    /// The most memory it may use, in bytes; see [`DEFAULT_MEMORY`].
    pub memory_bytes: u64,
}

/// The command that runs [`child::run`] with the arguments after `prefix`.
#[derive(Clone, Debug)]
pub struct Spawn {
    /// The executable, as a rule our own.
    pub program: PathBuf,
    /// Its first arguments: the hidden subcommand.
    pub prefix: Vec<OsString>,
}

/// Why an engine cannot be set up or run.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Its files cannot be made.
    #[error("the engine's files: {0}")]
    Files(#[from] FilesError),
    /// The name of its database is not a plain identifier.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// Its folder cannot be named in full.
    #[error("the engine's folder: {0}")]
    Folder(io::Error),
    /// Its thread cannot be started.
    #[error("the engine's thread cannot be started: {0}")]
    Thread(io::Error),
    /// Its thread ended without being told to.
    #[error("the engine's thread ended by itself")]
    Ended,
}

/// An engine that is set up; [`Engine::run`] runs it.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    port: u16,
    writer: Connection,
    reader: Connection,
    gate: watch::Sender<bool>,
}

impl Engine {
    /// Makes the engine's folder, passwords and configuration. Starts nothing.
    pub fn prepare(config: Config) -> Result<Self, EngineError> {
        // The child runs in its own folder, where a relative path would lead elsewhere.
        let dir = std::path::absolute(&config.dir).map_err(EngineError::Folder)?;
        let config = Config { dir, ..config };
        let Config {
            dir,
            port,
            database,
            memory_bytes,
            ..
        } = &config;
        // Before anything is written: the name becomes part of grants.
        Connection::new("http://127.0.0.1", "", "", database)?;
        let known = files::prepare(dir, *port, database, *memory_bytes)?;
        let url = format!("http://127.0.0.1:{}", known.port);
        Ok(Self {
            writer: Connection::new(&url, config::WRITER, &known.writer, database)?,
            reader: Connection::new(&url, config::READER, &known.reader, database)?,
            port: known.port,
            gate: watch::Sender::new(false),
            config,
        })
    }

    /// Gives a client that may do everything in the database, and nothing else.
    pub fn writer(&self) -> Client {
        Client::new(self.writer.clone()).gated(self.gate.subscribe())
    }

    /// Gives a client that may read the views `v_*`, and nothing else.
    pub fn reader(&self) -> Client {
        Client::new(self.reader.clone()).gated(self.gate.subscribe())
    }

    /// Tells, now and at each change, whether the engine answers.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.gate.subscribe()
    }

    /// Runs the engine, again whenever it ends, until `shutdown`; then stops it and waits for that,
    /// a few seconds at most. Dropping the future stops it too.
    ///
    /// A thread of its own starts the child and stays while it lives: the kernel ties a child to
    /// the thread that started it, and a runtime's threads come and go.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), EngineError> {
        let stop = shutdown.child_token();
        let _stop_if_dropped = stop.clone().drop_guard();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(EngineError::Thread)?;
        let (ended, wait) = oneshot::channel();
        let work = move || {
            runtime.block_on(supervise::run(&self, &stop));
            // Nobody waits any more if the future was dropped.
            let _ = ended.send(());
        };
        thread::Builder::new()
            .name("engine".to_owned())
            .spawn(work)
            .map_err(EngineError::Thread)?;
        wait.await.map_err(|_| EngineError::Ended)
    }
}
