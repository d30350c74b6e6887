//! The connections to providers that call nobody: one for each hook with an `address`.
//!
//! ```text
//! hooks (a reload stores others) -> a task for each address
//!   -> connect -> log in -> list of what goes on -> events as they come -> pipeline
//!   <- lost: after a pause again; what vanished meanwhile is mended from the list
//! ```
//! What came is handed on before more is read, and again until it is on stable storage: the socket
//! fills meanwhile, and nothing is dropped. All connections have ended before the doors have, and so
//! while the pipeline still takes in. Events are vouched for as verified: we chose whom to call, and
//! the password is known to both. There is no raw record: the lines are many, and few make an event.

mod ami;
mod ari;
mod down;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Entry;
use crate::routes::Shared;
use wire::Wire;

/// How often it is looked whether every connection has its task.
const LOOK: Duration = Duration::from_mins(1);

/// A connection that is held.
struct Held {
    entry: Arc<Entry>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Held {
    fn begin(shared: &Shared, entry: &Arc<Entry>, tasks: &TaskTracker) -> Option<Self> {
        let stop = CancellationToken::new();
        let wire = Wire::new(shared, entry, stop.clone())?;
        Some(Self {
            entry: Arc::clone(entry),
            stop,
            task: tasks.spawn(wire.run()),
        })
    }

    /// Says whether it is the connection of a hook as it is set now, and goes on.
    fn serves(&self, entry: &Entry) -> bool {
        let (own, other) = (&self.entry.hook, &entry.hook);
        !self.task.is_finished()
            && Arc::ptr_eq(&self.entry.heard, &entry.heard)
            && (&own.link, own.zone) == (&other.link, other.zone)
    }

    /// Ends it: what it has read is on stable storage then, or was told to be lost.
    async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, hook = &*self.entry.hook.id, "a connection ended in a fault");
        }
    }
}

/// Holds the connections of the hooks in force, until `stop`.
pub(crate) async fn hold(shared: &Shared, stop: &CancellationToken) {
    let tasks = TaskTracker::new();
    let mut held: HashMap<Arc<str>, Held> = HashMap::new();
    let news = shared.hooks.load().news();
    loop {
        let hooks = shared.hooks.load_full();
        let wanted: HashMap<_, _> = hooks
            .linked()
            .map(|entry| (Arc::clone(&entry.hook.id), entry))
            .collect();
        let over = held.extract_if(|id, own| !wanted.get(id).is_some_and(|it| own.serves(it)));
        for (_, own) in over.collect::<Vec<_>>() {
            own.end().await;
        }
        for (id, entry) in wanted {
            if !held.contains_key(&id)
                && let Some(own) = Held::begin(shared, entry, &tasks)
            {
                held.insert(id, own);
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = news.notified() => {}
            () = sleep(LOOK) => {}
        }
    }
    for own in held.values() {
        own.stop.cancel();
    }
    for own in held.into_values() {
        own.end().await;
    }
}
