//! An engine of its own for a test: on a temporary folder and a free port, gone when dropped.
//!
//! The child is the test's own binary, started with one test chosen. So a binary that uses this has
//! at its root
//!
//! ```ignore
//! #[test]
//! #[ignore = "the engine's process, started by the other tests"]
//! fn engine_child() {
//!     trunkline_warehouse::testing::run_child();
//! }
//! ```
#![expect(
    clippy::expect_used,
    reason = "what fails here fails the test that uses it"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::engine::{Config, DEFAULT_MEMORY, Engine, EngineKind, Spawn, child, find};
use crate::{Client, migrations};

/// The engine that `make build` fetches, from this crate's folder.
const FETCHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.engine/libchdb.so");

/// A running engine. Dropping it ends the child and removes the folder.
#[derive(Debug)]
pub struct TestEngine {
    /// A client that may do everything in the database `trunkline`.
    pub writer: Client,
    /// A client that may read its views.
    pub reader: Client,
    dir: Option<TempDir>,
    folder: PathBuf,
    stop: CancellationToken,
    tasks: TaskTracker,
    ready: watch::Receiver<bool>,
}

impl TestEngine {
    /// Starts an engine and migrates its database.
    ///
    /// # Panics
    /// If there is no engine on this machine, or it does not answer within a minute.
    pub async fn start() -> Self {
        let engine = Self::start_empty().await;
        migrations::migrate(&engine.writer)
            .await
            .expect("migrations apply");
        engine
    }

    /// Starts an engine without a database.
    pub async fn start_empty() -> Self {
        let dir = tempfile::tempdir().expect("temporary folder");
        let folder = dir.path().to_owned();
        let mut engine = Self::start_in(&folder).await;
        engine.dir = Some(dir);
        engine
    }

    /// Starts an engine on a folder that outlives it.
    pub async fn start_in(folder: &Path) -> Self {
        let engine = Engine::prepare(config(folder)).expect("engine is set up");
        let (writer, reader, ready) = (engine.writer(), engine.reader(), engine.ready());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(engine.run(stop.clone()));
        tasks.close();
        let started = Self {
            writer,
            reader,
            dir: None,
            folder: folder.into(),
            stop,
            tasks,
            ready,
        };
        started.answers().await;
        started
    }

    /// Gives the engine's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the engine and waits for it.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }

    /// Waits until the engine answers again.
    pub async fn answers(&self) {
        let mut ready = self.ready.clone();
        let up = tokio::time::timeout(Duration::from_mins(1), ready.wait_for(|ready| *ready));
        up.await
            .expect("engine answers within a minute")
            .expect("engine runs");
    }
}

impl Drop for TestEngine {
    fn drop(&mut self) {
        self.stop.cancel();
        // The engine's own thread gives up its end of the channel last; the folder goes after it.
        for _ in 0..1_000 {
            if self.ready.has_changed().is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Gives the configuration of an engine in `folder` whose child is this test binary.
pub fn config(folder: &Path) -> Config {
    const CHILD: [&str; 6] = [
        "engine_child",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
        "--",
    ];
    Config {
        dir: folder.to_owned(),
        kind: kind(),
        spawn: Spawn {
            program: std::env::current_exe().expect("a test knows its binary"),
            prefix: CHILD.map(Into::into).to_vec(),
        },
        database: "trunkline".to_owned(),
        port: None,
        memory_bytes: DEFAULT_MEMORY,
    }
}

/// Becomes the child if started as one; does nothing otherwise.
pub fn run_child() {
    let mut args = std::env::args_os()
        .skip_while(|arg| arg != "--")
        .skip(1)
        .peekable();
    if args.peek().is_some() {
        child::run(args);
    }
}

fn kind() -> EngineKind {
    let fetched = Path::new(FETCHED);
    let explicit = fetched.is_file().then_some(fetched);
    let path_var = std::env::var_os("PATH");
    find(explicit, Path::new("."), path_var.as_deref()).expect("there is an engine: `make build`")
}
