//! The handle of a journal that is written.

use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::committer::{Closing, Shared, run};
use crate::config::{Config, World};
use crate::error::{AppendError, Failure, OpenError, ReadError, Reason, Rejected, RetireError};
use crate::live::{Live, State, lock};
use crate::reader::Reader;
use crate::records::Records;
use crate::recover::recover;
use crate::retire::{Retired, retire};
use crate::spares::Spares;
use crate::storage::Storage;
use crate::storage::os::Os;

/// A journal that was opened.
#[derive(Debug)]
pub struct Opened<T: Send + 'static> {
    /// The handle.
    pub journal: Journal<T>,
    /// The journal's id, given when it was made.
    pub id: u64,
    /// Its oldest offset: records before it were retired.
    pub base: u64,
    /// The offset the next record gets.
    pub next_offset: u64,
    /// Whether it is new, or was stopped cleanly: nothing at its end can be missing.
    pub clean: bool,
}

/// A batch that was written, or was not.
#[derive(Debug)]
pub struct Commit<T> {
    /// When the batch was taken in, milliseconds since 1970; never less than before. The same
    /// value is read back from the journal. Without meaning if the outcome is an error.
    pub received_at: i64,
    /// The offset of its first record; if the outcome is an error, the offset that is still free.
    pub first_offset: u64,
    /// `Ok`: all its appends are durable. An error: nothing is promised of any of them.
    pub outcome: Result<(), Arc<AppendError>>,
    /// The appends, in the order of their offsets.
    pub appends: Vec<Appended<T>>,
}

/// One append of a batch.
#[derive(Debug)]
pub struct Appended<T> {
    /// What was given along.
    pub token: T,
    /// The offset of its first record; without meaning if the outcome is an error.
    pub first_offset: u64,
    /// The number of its records.
    pub count: u32,
    /// The records.
    pub records: Records,
}

/// A cheap handle of an open journal. When the last one is dropped without
/// [`Journal::shutdown`], the batch in flight is finished, appends that wait are dropped with
/// their tokens, and no footer is written: as after a crash.
#[derive(Debug)]
pub struct Journal<T: Send + 'static> {
    owner: Arc<Owner<T>>,
}

impl<T: Send + 'static> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner.clone(),
        }
    }
}

struct Owner<T> {
    id: u64,
    append_limit: usize,
    storage: Arc<dyn Storage>,
    shared: Arc<Shared<T>>,
    live: Arc<Live>,
    retiring: Mutex<()>,
    committer: Mutex<Option<JoinHandle<Result<(), Failure>>>>,
}

impl<T> std::fmt::Debug for Owner<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner")
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Journal<T> {
    /// Opens the journal in `config.dir`, and makes it if the directory is empty or missing. Reads
    /// the last segment; cuts a torn tail; refuses a damaged one.
    ///
    /// `on_commit` is called on the committer thread, once a batch, in the order of the offsets,
    /// after the batch is durable or has failed. While it runs the next batch gathers but is not
    /// written: it must be quick, and must neither wait for the journal nor panic (a panic closes
    /// the journal).
    pub fn open(
        config: &Config,
        world: World,
        on_commit: impl FnMut(Commit<T>) + Send + 'static,
    ) -> Result<Opened<T>, OpenError> {
        let storage = Os::new(&config.dir);
        storage.make_dir().map_err(|source| OpenError::Io {
            action: "make the directory",
            path: config.dir.clone(),
            source,
        })?;
        Self::open_on(Arc::new(storage), config, world, on_commit)
    }

    /// Opens the journal on a storage, whatever `config.dir` says.
    pub fn open_on(
        storage: Arc<dyn Storage>,
        config: &Config,
        world: World,
        on_commit: impl FnMut(Commit<T>) + Send + 'static,
    ) -> Result<Opened<T>, OpenError> {
        let recovered = recover(&storage, config, &world, Spares::threaded)?;
        let writer = recovered.writer;
        let (id, next_offset) = (writer.journal, writer.next_offset);
        let live = writer.live_view.clone();
        let shared = Arc::new(Shared::new(config, world.observer.clone()));
        let (thread_shared, lock) = (shared.clone(), recovered.lock);
        let committer = thread::Builder::new()
            .name("journal-commit".to_owned())
            .spawn(move || {
                let _lock = lock;
                run(&thread_shared, writer, &world.clock, on_commit)
            })
            .map_err(|source| OpenError::Io {
                action: "start the committer thread for",
                path: storage.path(""),
                source,
            })?;
        let base = live.oldest();
        let owner = Owner {
            id,
            append_limit: config.append_limit(),
            storage,
            shared,
            live,
            retiring: Mutex::new(()),
            committer: Mutex::new(Some(committer)),
        };
        let journal = Self {
            owner: Arc::new(owner),
        };
        Ok(Opened {
            journal,
            id,
            base,
            next_offset,
            clean: recovered.clean,
        })
    }

    /// Hands records over to be committed as part of one batch, with a token that comes back in
    /// its [`Commit`]. Never waits.
    pub fn append(&self, records: Records, token: T) -> Result<(), Rejected<T>> {
        let reason = if records.is_empty() {
            Reason::Empty
        } else if records.bytes().len() > self.owner.append_limit {
            Reason::TooLarge
        } else {
            return self.owner.shared.push(records, token);
        };
        Err(Rejected {
            reason,
            records,
            token,
        })
    }

    /// Says whether an append of so many bytes would wait longer than [`Config::queue_wait`] behind
    /// others, as commits went lately. [`append`](Self::append) takes it nonetheless.
    pub fn is_crowded(&self, bytes: usize) -> bool {
        self.owner.shared.is_crowded(bytes)
    }

    /// Commits what waits, writes the footer of a clean stop, ends the threads and unlocks the
    /// directory. Takes no more appends. An error says that the footer could not be written:
    /// everything acknowledged is durable nonetheless. Not to be called from `on_commit`.
    pub fn shutdown(&self) -> Result<(), Arc<AppendError>> {
        self.owner.stop(Closing::Shutdown)
    }

    /// Reads the durable records from an offset on; stops at the durable end, and goes on when
    /// asked again later.
    pub fn reader(&self, from_offset: u64) -> Result<Reader, ReadError> {
        Reader::start(
            self.owner.storage.clone(),
            Some(self.owner.live.clone()),
            from_offset,
        )
    }

    /// Deletes from the old end the segments whose records all have offsets below `below_offset`
    /// and a `received_at` before `received_before`; never the last segment. The caller says what
    /// is not needed any more: nothing here knows. Blocks on the disk.
    pub fn retire(&self, below_offset: u64, received_before: i64) -> Result<Retired, RetireError> {
        let _one_at_a_time = lock(&self.owner.retiring);
        let owner = &self.owner;
        retire(
            owner.storage.as_ref(),
            &owner.live,
            below_offset,
            received_before,
        )
    }

    /// Says whether appends are taken at the moment.
    pub fn state(&self) -> State {
        self.owner.live.state()
    }

    /// Returns the offset after the last durable record.
    pub fn next_offset(&self) -> u64 {
        self.owner.live.durable().next_offset
    }

    /// Returns the oldest offset that is not retired.
    pub fn base(&self) -> u64 {
        self.owner.live.oldest()
    }

    /// Returns the journal's id.
    pub fn id(&self) -> u64 {
        self.owner.id
    }
}

impl<T> Owner<T> {
    fn stop(&self, how: Closing) -> Result<(), Failure> {
        self.shared.close(how);
        let Some(committer) = lock(&self.committer).take() else {
            return Ok(());
        };
        // The last handle may be dropped by `on_commit`: a thread cannot join itself.
        if committer.thread().id() == thread::current().id() {
            return Ok(());
        }
        committer
            .join()
            .unwrap_or_else(|_| Err(Arc::new(AppendError::Closed)))
    }
}

impl<T> Drop for Owner<T> {
    fn drop(&mut self) {
        // Without a shutdown there is no footer to miss.
        drop(self.stop(Closing::Abandon));
    }
}
