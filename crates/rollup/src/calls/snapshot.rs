//! What a checkpoint takes of the calls, part by part, and how they come back.

use serde::ser::{SerializeSeq, SerializeTuple};
use serde::{Deserialize, Serialize, Serializer};

use super::cold::{Cold, Colds};
use super::log::Log;
use super::{Calls, Packed, Part, Place, second};

/// Calls to be written to a checkpoint.
#[derive(Debug)]
pub struct PartOfCalls<'a>(&'a Part);

/// Calls read from a checkpoint: what is known of each, the offset of the last record that changed
/// it, and whether it is over; and those that are cold.
#[derive(Debug, Deserialize)]
pub struct KeptCalls(Vec<(Vec<u8>, u64, bool)>, Vec<Cold>);

impl PartOfCalls<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.len() + self.0.cold.len() == 0
    }
}

impl Serialize for PartOfCalls<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut both = to.serialize_tuple(2)?;
        both.serialize_element(&Held(self.0))?;
        both.serialize_element(&OnShelf(&self.0.cold))?;
        both.end()
    }
}

/// Those in memory.
struct Held<'a>(&'a Part);

impl Serialize for Held<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.0.len()))?;
        for call in self.0.calls.iter().filter(|call| !call.is_nobody()) {
            list.serialize_element(&(&call.log, call.changed, call.over))?;
        }
        list.end()
    }
}

/// Those that are cold.
struct OnShelf<'a>(&'a Colds);

impl Serialize for OnShelf<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter())
    }
}

impl Calls {
    pub(crate) fn part(&self, part: u8) -> PartOfCalls<'_> {
        PartOfCalls(&self.parts[usize::from(part)])
    }

    /// Restores one part, taken when all records below `taken` were in it. Nothing of it is dirty; what
    /// may go on is to be shown.
    pub(crate) fn restore(&mut self, part: u8, kept: KeptCalls, taken: u64) {
        let mut own = Part {
            taken,
            cold: Colds::of(kept.1),
            ..Part::default()
        };
        for (index, (log, changed, over)) in (0..).zip(kept.0) {
            let unpacked = Log::unpack(&log);
            let (hash, arrived) = (self.hash(unpacked.call), second(unpacked.arrival().0));
            let mut call = Packed::of(log.into_boxed_slice(), changed);
            (call.over, call.touched, call.arrived) = (over, !over, arrived);
            if call.touched {
                self.touched.push(Place { part, index });
            }
            own.add(hash, call);
        }
        self.parts[usize::from(part)] = own;
    }
}
