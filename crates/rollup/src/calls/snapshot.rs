//! What a checkpoint takes of the calls, part by part, and how they come back.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::log::Log;
use super::{Calls, Packed, Part, Place};

/// Calls to be written to a checkpoint.
#[derive(Debug)]
pub struct PartOfCalls<'a>(&'a [Packed]);

/// Calls read from a checkpoint: what is known of each, the offset of the last record that changed
/// it, and whether it is over.
#[derive(Debug, Deserialize)]
pub struct KeptCalls(Vec<(Vec<u8>, u64, bool)>);

impl PartOfCalls<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for PartOfCalls<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.0.len()))?;
        for call in self.0 {
            list.serialize_element(&(&call.log, call.changed, call.over))?;
        }
        list.end()
    }
}

impl Calls {
    pub(crate) fn part(&self, part: u8) -> PartOfCalls<'_> {
        PartOfCalls(&self.parts[usize::from(part)].calls)
    }

    /// Restores one part, taken when all records below `taken` were in it. Nothing of it is dirty; what
    /// may go on is to be shown.
    pub(crate) fn restore(&mut self, part: u8, kept: KeptCalls, taken: u64) {
        let mut own = Part {
            taken,
            ..Part::default()
        };
        for (index, (log, changed, over)) in (0..).zip(kept.0) {
            let hash = xxh3_64_with_seed(Log::unpack(&log).call.as_bytes(), self.seed);
            own.places
                .insert_unique(hash, (hash, index), |place| place.0);
            let mut call = Packed::of(log.into_boxed_slice(), changed);
            (call.over, call.touched) = (over, !over);
            if call.touched {
                self.touched.push(Place { part, index });
            }
            own.calls.push(call);
        }
        self.parts[usize::from(part)] = own;
    }
}
