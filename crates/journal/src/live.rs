//! What the committer thread shows to others: how far the journal is durable, and whether it
//! takes appends.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{AppendError, Failure};

/// Says whether the journal takes appends.
#[derive(Debug, Clone)]
pub enum State {
    /// It does.
    Writable,
    /// Appends fail for this reason until it heals, which it tries by itself.
    Refusing(Arc<AppendError>),
    /// It was shut down, or its thread ended.
    Closed,
}

/// How far the journal is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Durable {
    /// The base offset of the newest segment.
    pub(crate) base: u64,
    /// The end of its last durable batch or footer.
    pub(crate) byte: u64,
    /// The offset after the last durable record.
    pub(crate) next_offset: u64,
}

#[derive(Debug)]
pub(crate) struct Live {
    durable: Mutex<Durable>,
    state: Mutex<State>,
    oldest: AtomicU64,
}

impl Live {
    pub(crate) fn new(durable: Durable, oldest: u64) -> Self {
        Self {
            durable: Mutex::new(durable),
            state: Mutex::new(State::Writable),
            oldest: AtomicU64::new(oldest),
        }
    }

    pub(crate) fn durable(&self) -> Durable {
        *lock(&self.durable)
    }

    pub(crate) fn publish(&self, durable: Durable) {
        *lock(&self.durable) = durable;
    }

    pub(crate) fn state(&self) -> State {
        lock(&self.state).clone()
    }

    pub(crate) fn set_state(&self, state: State) {
        *lock(&self.state) = state;
    }

    pub(crate) fn refusal(&self) -> Option<Failure> {
        match &*lock(&self.state) {
            State::Refusing(failure) => Some(failure.clone()),
            State::Writable | State::Closed => None,
        }
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::Acquire)
    }

    pub(crate) fn set_oldest(&self, base: u64) {
        self.oldest.store(base, Ordering::Release);
    }
}

/// Locks, also after a panic elsewhere: all values behind these locks are replaced as a whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
