//! What a checkpoint takes of the entities, part by part, and how they come back.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Entities, Packed, Part, log};

/// Entities to be written to a checkpoint.
#[derive(Debug)]
pub struct PartOfEntities<'a>(&'a [Packed]);

/// Entities read from a checkpoint: what is known of each, and the offset of the last record that
/// changed it.
#[derive(Debug, Deserialize)]
pub struct KeptEntities(Vec<(Vec<u8>, u64)>);

impl PartOfEntities<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for PartOfEntities<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(Some(self.0.len()))?;
        for entity in self.0 {
            list.serialize_element(&(&entity.log, entity.changed))?;
        }
        list.end()
    }
}

impl Entities {
    pub(crate) fn part(&self, part: u8) -> PartOfEntities<'_> {
        let part = self.parts.get(usize::from(part));
        PartOfEntities(part.map_or(&[], |part| &part.list))
    }

    /// Restores one part, taken when all records below `taken` were in it. Nothing of it is dirty.
    pub(crate) fn restore(&mut self, part: u8, kept: KeptEntities, taken: u64) {
        let mut own = Part {
            taken,
            ..Part::default()
        };
        for (index, (log, changed)) in (0..).zip(kept.0) {
            let entity = Packed::of(log.into_boxed_slice(), changed);
            let hash = xxh3_64_with_seed(&log::pack(&entity.key()), self.seed);
            own.places
                .insert_unique(hash, (hash, index), |place| place.0);
            own.list.push(entity);
        }
        self.parts[usize::from(part)] = own;
    }
}
