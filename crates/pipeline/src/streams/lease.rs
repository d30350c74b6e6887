//! The right of one connection to append frames of a named stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Stream, Streams, TooMany, lock};

/// How long a connection waits for the last append of the one it replaces.
const SETTLES_WITHIN: Duration = Duration::from_secs(40);

/// Why a connection did not get a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// The account has as many names as it may have.
    #[error("the account has 1,000 names of streams: use one of them, or none")]
    TooMany,
    /// Yet another connection took the name meanwhile.
    #[error("another connection took the name")]
    Replaced,
    /// The connection before still waits for the disk.
    #[error("the last frames of the connection before are not settled: the disk does not answer")]
    Unsettled,
}

impl From<TooMany> for AttachError {
    fn from(TooMany: TooMany) -> Self {
        Self::TooMany
    }
}

/// A name, held by one connection and by its appends on their way.
#[derive(Debug)]
pub struct Lease {
    stream: Arc<Stream>,
    began_at: u64,
    owner: CancellationToken,
    _turn: OwnedMutexGuard<()>,
}

impl Lease {
    /// The highest frame in the journal when the connection got the name.
    pub fn began_at(&self) -> u64 {
        self.began_at
    }

    /// Cancelled when another connection wants the name.
    pub fn replaced(&self) -> &CancellationToken {
        &self.owner
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The record that says that all frames up to this one are in the journal.
    pub(crate) fn mark(&self, frame: u64) -> Vec<u8> {
        crate::record::mark(&self.stream.account, &self.stream.name, frame)
    }
}

impl Streams {
    /// Takes a name from whoever has it, and waits until that connection's frames are settled.
    pub(crate) async fn attach(
        &self,
        account: &Arc<str>,
        name: &str,
    ) -> Result<Arc<Lease>, AttachError> {
        let stream = self.find(account, name)?;
        let owner = CancellationToken::new();
        let before = std::mem::replace(&mut lock(&stream.state).owner, owner.clone());
        before.cancel();
        let turn = timeout(SETTLES_WITHIN, Arc::clone(&stream.turn).lock_owned());
        let turn = tokio::select! {
            biased;
            () = owner.cancelled() => return Err(AttachError::Replaced),
            turn = turn => turn.map_err(|_| AttachError::Unsettled)?,
        };
        Ok(Arc::new(Lease {
            began_at: self.stands_at(&stream),
            stream,
            owner,
            _turn: turn,
        }))
    }
}
