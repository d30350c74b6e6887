//! What is known of calls: the whole of each, told anew when it changes.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use crate::attribution::Outcome;
use crate::leases::LONGEST_CALL;
use crate::names::Name;
use crate::store::Named;

/// A call as it stands.
#[derive(Clone, Copy, Debug)]
pub struct CallSeen<'a> {
    /// The number of ours, in the form of the settings.
    pub number: &'a str,
    /// Who is outside; counts only if `known`.
    pub caller: &'a str,
    /// Whether that is a phone number.
    pub known: bool,
    /// The contact that the caller is, once linked.
    pub contact: Option<&'a str>,
    /// Whether it came from outside; others have no source.
    pub inbound: bool,
    /// When it began.
    pub started_at: Time,
    /// When it ended; none while that was not told.
    pub ended_at: Option<Time>,
}

/// A call as it is held: some 0.2 KB.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    pub(crate) id: CompactString,
    pub(crate) number: Name,
    /// Its phone number and its contact.
    pub(crate) parties: [Option<Name>; 2],
    pub(crate) started: i64,
    pub(crate) ended: Option<i64>,
    pub(crate) gone: bool,
    /// The offset with which it was told.
    pub(crate) told: u64,
    /// The version of its row without the generation.
    pub(crate) changed: u64,
    pub(crate) received_at: i64,
    #[serde(skip)]
    pub(crate) outcome: Outcome,
}

/// The place of a call among others: its start, a hash of its id, where it is kept. Only the first two order, so the order
/// of arrival has no part in it.
pub(crate) type Key = (i64, u64, u32);

impl Known {
    /// Gives when it renews its lease to, without the hold.
    pub(crate) fn renews_to(&self) -> i64 {
        let longest = self.started + LONGEST_CALL;
        self.ended
            .map_or(longest, |ended| ended.clamp(self.started, longest))
    }

    pub(crate) fn parties(&self) -> impl Iterator<Item = Name> + use<> {
        self.parties.into_iter().flatten()
    }
}

impl Named for Known {
    fn id(&self) -> &str {
        &self.id
    }
}

/// Adds a key in its place.
pub(crate) fn add(keys: &mut Vec<Key>, key: Key) {
    if let Err(place) = keys.binary_search(&key) {
        keys.insert(place, key);
    }
}

/// Takes a key out.
pub(crate) fn remove(keys: &mut Vec<Key>, key: Key) {
    if let Ok(place) = keys.binary_search(&key) {
        keys.remove(place);
    }
}

/// Gives the keys of calls that began at `from` or later.
pub(crate) fn from(keys: &[Key], from: i64) -> &[Key] {
    &keys[keys.partition_point(|key| key.0 < from)..]
}
