//! Frames of a stream into the journal: answered when they are on stable storage, observed after.
//!
//! Whoever appends frames waits for the outcome of one append before it makes the next. An append
//! that failed is then never followed by one that succeeds, so a mark never speaks for frames that
//! are not there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{sleep, timeout};

use super::{Frames, Handle, Reply, Submission, SubmitError, TokenWork, records};
use crate::streams::{AttachError, Lease};

/// How long frames wait for admission before they are given up.
const ADMIT_WITHIN: Duration = Duration::from_secs(30);
/// How long they wait before they ask again.
const ADMIT_AGAIN: Duration = Duration::from_millis(10);

/// How far a named stream is once an append is durable.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The name, held by the connection.
    pub lease: Arc<Lease>,
    /// The highest frame in the append; all frames before are in it or in the journal.
    pub frame: u64,
}

/// The outcome of an append of frames, to be awaited: `Ok` when it is on stable storage.
#[derive(Debug)]
pub struct Durable(oneshot::Receiver<Reply>);

impl Handle {
    /// Takes the name of a stream for one connection, from the one that had it; waits until that
    /// one's frames are settled.
    pub async fn attach(&self, account: &Arc<str>, name: &str) -> Result<Arc<Lease>, AttachError> {
        self.shared.streams.attach(account, name).await
    }

    /// Hands frames to the journal. Waits while too much is unobserved, up to 30 s, then counts
    /// the events as refused.
    ///
    /// Without events and without a mark there is nothing to append: do not call it then.
    pub async fn append_frames(
        &self,
        submission: Submission,
        mark: Option<Mark>,
    ) -> Result<Durable, SubmitError> {
        let events = submission.events.len() as u64;
        let admitted = timeout(ADMIT_WITHIN, self.admit_patiently(&submission)).await;
        let permit = match admitted.unwrap_or(Err(SubmitError::Overloaded)) {
            Ok(permit) => permit,
            Err(error) => {
                self.shared.ledger.refuse(events);
                return Err(error);
            }
        };
        let last = mark.as_ref().map(|mark| mark.lease.mark(mark.frame));
        let more = last
            .as_ref()
            .map_or(0, |record| record.len() + super::FRAME);
        let mut records = records(&submission, more);
        if let Some(record) = last {
            records.push(&record);
        }
        self.shared.ledger.receive(events);
        let work = TokenWork::Events(submission);
        let waiting = self.append(records, work, Some(permit), Some(Frames { mark }))?;
        Ok(Durable(waiting.answer))
    }
}

impl Handle {
    /// Asks again until there is room: meanwhile nothing more is read of the stream.
    async fn admit_patiently(
        &self,
        submission: &Submission,
    ) -> Result<OwnedSemaphorePermit, SubmitError> {
        loop {
            match self.admit(submission).await {
                Err(SubmitError::Overloaded) => sleep(ADMIT_AGAIN).await,
                admitted => return admitted,
            }
        }
    }
}

impl Future for Durable {
    type Output = Result<(), SubmitError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(Reply::Failed(reason)) => Err(SubmitError::Unavailable { reason }),
            Ok(Reply::Durable { .. } | Reply::Observed { .. }) => Ok(()),
            Err(_) => Err(SubmitError::Draining),
        })
    }
}
