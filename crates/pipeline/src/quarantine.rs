//! The last events that the fold could not apply: kept in the journal, listed for those who run the service.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use trunkline_model::time::Time;

/// How many are listed.
const LISTED: usize = 100;

/// A journalled event that the fold could not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its offset in the journal.
    pub offset: u64,
    /// When it arrived.
    pub received_at: Time,
    /// Its account, if that could be read.
    pub account: Option<String>,
    /// Why.
    pub reason: String,
}

/// The list.
#[derive(Debug, Default)]
pub(crate) struct Quarantine(Mutex<VecDeque<Quarantined>>);

impl Quarantine {
    pub(crate) fn add(&self, event: Quarantined) {
        tracing::warn!(
            journal.offset = event.offset,
            reason = event.reason,
            "an event was quarantined: it is kept in the journal, but in no figure"
        );
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() == LISTED {
            list.pop_front();
        }
        list.push_back(event);
    }

    pub(crate) fn list(&self) -> Vec<Quarantined> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}
