//! What the journal tells of itself, into metrics, log and status.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_journal::{AppendError, Committed, Observer, State};

use crate::metrics;
use crate::status::StatusBoard;

pub(crate) struct JournalObserver {
    pub(crate) board: Arc<StatusBoard>,
    /// Told when the journal takes nothing any more, for good.
    pub(crate) broken: CancellationToken,
    pub(crate) elapsed: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Observer for JournalObserver {
    fn elapsed(&self) -> Duration {
        (self.elapsed)()
    }

    fn committed(&self, batch: &Committed) {
        metrics::batch(batch.records, batch.bytes, batch.sync);
    }

    fn rolled(&self, base: u64) {
        tracing::debug!(segment.base = base, "a new journal segment");
    }

    fn failed(&self, error: &AppendError) {
        metrics::journal_failed(error.kind());
    }

    fn state_changed(&self, state: &State) {
        match state {
            State::Writable => {
                self.board.set_journal(None);
                tracing::info!("the journal takes events");
            }
            State::Refusing(error) => {
                self.board.set_journal(Some(error.to_string()));
                tracing::error!(%error, "the journal takes no events; senders are told to retry");
            }
            State::Closed => {
                self.board.set_journal(Some("the journal is closed".into()));
                self.broken.cancel();
            }
        }
    }
}
