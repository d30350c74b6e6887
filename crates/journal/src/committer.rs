//! The committer thread: group commit. A batch is everything that waits, up to `batch_bytes`; while
//! one is written and synced the next gathers; when nothing waits, an append is written at once.
//! Whoever waits is woken; nothing polls but the healing of a journal that refuses.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::config::{Clock, Config};
use crate::error::{Failure, Reason, Rejected};
use crate::journal::{Appended, Commit};
use crate::live::{State, lock};
use crate::observer::Observer;
use crate::pace::Pace;
use crate::records::Records;
use crate::writer::Writer;

/// How often a journal that refuses looks whether it can heal.
const HEAL: Duration = Duration::from_millis(200);
/// What a waiting append takes besides its records, so that tiny ones are bounded too.
const APPEND_BYTES: usize = 64;

/// How the committer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Commits what waits, then writes the footer.
    Shutdown,
    /// Stops after the batch in flight.
    Abandon,
}

struct Waiting<T> {
    records: Records,
    token: T,
}

struct Queue<T> {
    waiting: VecDeque<Waiting<T>>,
    /// Bytes that wait or are in flight.
    bytes: usize,
    /// Bytes of records that wait and are not in flight.
    unwritten: usize,
    pace: Pace,
    /// Whether the committer sleeps and wants to be woken.
    sleeping: bool,
    closing: Option<Closing>,
}

/// What the handles and the committer share.
pub(crate) struct Shared<T> {
    queue: Mutex<Queue<T>>,
    wake: Condvar,
    queue_bytes: usize,
    queue_wait: Duration,
    batch_bytes: usize,
    observer: Arc<dyn Observer>,
}

impl<T> Shared<T> {
    pub(crate) fn new(config: &Config, observer: Arc<dyn Observer>) -> Self {
        let queue = Queue {
            waiting: VecDeque::new(),
            bytes: 0,
            unwritten: 0,
            pace: Pace::default(),
            sleeping: false,
            closing: None,
        };
        Self {
            queue: Mutex::new(queue),
            wake: Condvar::new(),
            queue_bytes: config.queue_bytes,
            queue_wait: config.queue_wait,
            batch_bytes: config.batch_bytes.min(config.append_limit()),
            observer,
        }
    }

    pub(crate) fn push(&self, records: Records, token: T) -> Result<(), Rejected<T>> {
        let bytes = records.bytes().len() + APPEND_BYTES;
        let mut queue = lock(&self.queue);
        let reason = if queue.closing.is_some() {
            Reason::Closed
        } else if queue.bytes > 0 && queue.bytes + bytes > self.queue_bytes {
            Reason::Full
        } else {
            queue.bytes += bytes;
            queue.unwritten += records.bytes().len();
            queue.waiting.push_back(Waiting { records, token });
            let wake = std::mem::take(&mut queue.sleeping);
            drop(queue);
            if wake {
                self.wake.notify_one();
            }
            return Ok(());
        };
        Err(Rejected {
            reason,
            records,
            token,
        })
    }

    /// Says whether so many bytes more would wait too long.
    pub(crate) fn is_crowded(&self, bytes: usize) -> bool {
        let queue = lock(&self.queue);
        let all = queue.unwritten + bytes;
        let batches = u32::try_from(all.div_ceil(self.batch_bytes)).unwrap_or(u32::MAX);
        // What goes with the next batch would not go sooner if it came later.
        let next = queue.unwritten == 0 || batches < 2;
        !next && queue.pace.wait(self.observer.elapsed(), batches) > self.queue_wait
    }

    /// Ends the committer; the first call decides how.
    pub(crate) fn close(&self, how: Closing) {
        lock(&self.queue).closing.get_or_insert(how);
        self.wake.notify_all();
    }

    fn release(&self, bytes: usize) {
        let now = self.observer.elapsed();
        let mut queue = lock(&self.queue);
        queue.bytes = queue.bytes.saturating_sub(bytes);
        queue.pace.end(now);
    }

    fn take_all(&self) -> Vec<Waiting<T>> {
        let mut queue = lock(&self.queue);
        queue.unwritten = 0;
        queue.waiting.drain(..).collect()
    }
}

impl<T> Queue<T> {
    /// Takes the appends of the next batch: at least one, at most `limit` framed bytes.
    fn take_batch(&mut self, limit: usize) -> Vec<Waiting<T>> {
        let mut bytes = 0;
        let fits = |append: &&Waiting<T>| {
            bytes += append.records.bytes().len();
            bytes <= limit
        };
        let count = self
            .waiting
            .iter()
            .take_while(fits)
            .count()
            .max(1)
            .min(self.waiting.len());
        let batch: Vec<Waiting<T>> = self.waiting.drain(..count).collect();
        let taken = batch.iter().map(|append| append.records.bytes().len());
        self.unwritten = self.unwritten.saturating_sub(taken.sum());
        batch
    }
}

/// What the committer finds to do.
enum Work<T> {
    Batch(Vec<Waiting<T>>),
    Heal,
    End(Closing),
}

/// Commits until the journal is closed. Returns whether the footer was written.
pub(crate) fn run<T>(
    shared: &Shared<T>,
    writer: Writer,
    clock: &Clock,
    mut on_commit: impl FnMut(Commit<T>),
) -> Result<(), Failure> {
    let mut ending = Ending { shared, writer };
    loop {
        let refusing = ending.writer.live_view.refusal().is_some();
        match next_work(shared, refusing) {
            Work::Batch(appends) => commit(&mut ending, appends, clock(), &mut on_commit),
            // Its failure is in the state, and was told to the observer.
            Work::Heal => drop(ending.writer.make_ready(clock())),
            Work::End(Closing::Shutdown) => return ending.writer.finish(clock()),
            Work::End(Closing::Abandon) => return Ok(()),
        }
    }
}

fn next_work<T>(shared: &Shared<T>, refusing: bool) -> Work<T> {
    let mut queue = lock(&shared.queue);
    loop {
        match queue.closing {
            Some(Closing::Abandon) => return Work::End(Closing::Abandon),
            _ if !queue.waiting.is_empty() => {
                let batch = queue.take_batch(shared.batch_bytes);
                queue.pace.begin(shared.observer.elapsed());
                return Work::Batch(batch);
            }
            Some(Closing::Shutdown) => return Work::End(Closing::Shutdown),
            None => {}
        }
        queue.sleeping = true;
        let woken = wait(shared, queue, refusing);
        queue = woken.0;
        queue.sleeping = false;
        if woken.1 && queue.waiting.is_empty() && queue.closing.is_none() {
            return Work::Heal;
        }
    }
}

/// Waits to be woken; while refusing only for a while. Says whether that while is over.
fn wait<'a, T>(
    shared: &Shared<T>,
    queue: MutexGuard<'a, Queue<T>>,
    refusing: bool,
) -> (MutexGuard<'a, Queue<T>>, bool)
where
    T: 'a,
{
    if refusing {
        let waited = shared.wake.wait_timeout(queue, HEAL);
        let (queue, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        (queue, timeout.timed_out())
    } else {
        (
            shared
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner),
            false,
        )
    }
}

fn commit<T>(
    ending: &mut Ending<'_, T>,
    appends: Vec<Waiting<T>>,
    now: i64,
    on_commit: &mut impl FnMut(Commit<T>),
) {
    let first_offset = ending.writer.next_offset;
    let committed = ending
        .writer
        .commit(now, appends.iter().map(|append| &append.records));
    let mut bytes = size(&appends);
    let mut appends = appends;
    if committed.is_err() {
        // Who waited behind a failed batch waited for the same segment.
        let waiting = ending.shared.take_all();
        bytes += size(&waiting);
        appends.extend(waiting);
    }
    ending.shared.release(bytes);
    let mut next = first_offset;
    let appends = appends.into_iter().map(|Waiting { records, token }| {
        let (first_offset, count) = (next, records.count());
        next += u64::from(count);
        Appended {
            token,
            first_offset,
            count,
            records,
        }
    });
    on_commit(Commit {
        received_at: committed.as_ref().map_or(now, |batch| batch.received_at),
        first_offset,
        appends: appends.collect(),
        outcome: committed.map(|_| ()),
    });
}

fn size<T>(appends: &[Waiting<T>]) -> usize {
    appends
        .iter()
        .map(|append| append.records.bytes().len() + APPEND_BYTES)
        .sum()
}

/// Closes the journal when the committer ends, also by a panic: then whoever waits gets its token
/// dropped, and nobody waits for ever.
struct Ending<'a, T> {
    shared: &'a Shared<T>,
    writer: Writer,
}

impl<T> Drop for Ending<'_, T> {
    fn drop(&mut self) {
        self.shared.close(Closing::Abandon);
        self.writer.change_state(State::Closed);
        drop(self.shared.take_all());
    }
}
