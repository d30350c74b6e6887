//! Named streams: how far each is in the journal, and which connection it belongs to.
//!
//! Where a stream stands is a function of the journal alone: the newest mark of its name
//! ([`crate::record::mark`]), unless that arrived 7 days or more before the journal's newest record:
//! then the name is forgotten and begins anew. Unused means without a frame; a connection without
//! one leaves nothing. The state is kept here in memory and written to `state/streams` with each
//! checkpoint, which saves time only: missing or damaged, it is made again from the journal, of
//! which retention always keeps more than those 7 days.
//!
//! One connection at a time has a name: it holds a [`Lease`], and each of its appends does until its
//! outcome is known. So a connection that replaces another learns where the stream stands after the
//! last frame of the other is settled.

mod lease;
mod saved;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use tokio_util::sync::CancellationToken;
use trunkline_journal::Batch;

use crate::record::{self, Record};

pub use lease::{AttachError, Lease};
pub(crate) use saved::catch_up;

/// How long a name is known without a new frame, in milliseconds of arrival.
pub(crate) const KNOWN_FOR: i64 = 7 * 24 * 3_600_000;
/// Names of an account.
const NAMES: usize = 1000;

/// The streams of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    accounts: HashMap<Arc<str>, HashMap<Arc<str>, Arc<Stream>>>,
    /// All marks below this offset are in here.
    through: u64,
    /// Arrival of the last record below it.
    newest: i64,
}

/// One name.
#[derive(Debug)]
struct Stream {
    account: Arc<str>,
    name: Arc<str>,
    state: Mutex<State>,
    /// Held by the connection that has the name.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// The highest frame in the journal.
    frame: u64,
    /// Its arrival; none before the first.
    at: Option<i64>,
    /// Cancelled when another connection takes the name.
    owner: CancellationToken,
}

/// More names than an account may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Streams {
    /// Finds or makes a name, which stays while the result is held.
    fn find(&self, account: &Arc<str>, name: &str) -> Result<Arc<Stream>, TooMany> {
        let mut registry = lock(&self.0);
        let newest = registry.newest;
        let names = registry.accounts.entry_ref(account).or_default();
        if let Some(stream) = names.get(name) {
            return Ok(Arc::clone(stream));
        }
        names.retain(|_, stream| stream.is_held() || stream.is_known(newest));
        if names.len() >= NAMES {
            return Err(TooMany);
        }
        Ok(insert(names, account, name))
    }

    /// Gives where a stream stands; a name that was forgotten begins anew.
    fn stands_at(&self, stream: &Stream) -> u64 {
        let newest = lock(&self.0).newest;
        let mut state = lock(&stream.state);
        if !known(&state, newest) {
            (state.frame, state.at) = (0, None);
        }
        state.frame
    }

    /// Notes a durable batch that ends before `next`, with the marks in it.
    pub(crate) fn committed<'a>(
        &self,
        next: u64,
        received_at: i64,
        marks: impl Iterator<Item = (&'a Lease, u64)>,
    ) {
        let mut registry = lock(&self.0);
        (registry.through, registry.newest) = (next, received_at);
        for (lease, frame) in marks {
            lease.stream().reach(frame, received_at);
        }
    }

    /// Reads the marks of a batch of the journal, below an offset; those known already are passed
    /// over.
    pub(crate) fn learn(&self, batch: &Batch, below: u64) {
        let mut registry = lock(&self.0);
        if registry.through >= batch.next_offset().min(below) {
            return;
        }
        for (offset, bytes) in (batch.first_offset..below).zip(batch.records()) {
            if !record::is_mark(bytes) || offset < registry.through {
                continue;
            }
            let Ok(Record::Mark {
                account,
                stream,
                frame,
            }) = record::read(bytes)
            else {
                continue;
            };
            let account: Arc<str> = account.into();
            let names = registry.accounts.entry_ref(&account).or_default();
            if let Some(stream) = names.get(stream) {
                stream.reach(frame, batch.received_at);
                continue;
            }
            if names.len() >= NAMES {
                names.retain(|_, stream| stream.is_known(batch.received_at));
            }
            insert(names, &account, stream).reach(frame, batch.received_at);
        }
        registry.through = batch.next_offset().min(below);
        registry.newest = batch.received_at;
    }

    fn through(&self) -> u64 {
        lock(&self.0).through
    }
}

impl Stream {
    fn reach(&self, frame: u64, at: i64) {
        let mut state = lock(&self.state);
        (state.frame, state.at) = (frame, Some(at));
    }

    fn is_known(&self, newest: i64) -> bool {
        known(&lock(&self.state), newest)
    }

    fn is_held(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }
}

fn known(state: &State, newest: i64) -> bool {
    state.at.is_some_and(|at| newest - at < KNOWN_FOR)
}

fn insert(
    names: &mut HashMap<Arc<str>, Arc<Stream>>,
    account: &Arc<str>,
    name: &str,
) -> Arc<Stream> {
    let name: Arc<str> = name.into();
    let stream = Arc::new(Stream {
        account: Arc::clone(account),
        name: Arc::clone(&name),
        state: Mutex::default(),
        turn: Arc::default(),
    });
    names.insert(name, Arc::clone(&stream));
    stream
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole at every moment: a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
