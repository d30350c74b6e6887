//! What a checkpoint takes of the entities, part by part, and how they come back.

use serde::{Deserialize, Serialize};

use super::{Body, Entities, Packed, Part, Place};

/// Entities to be written to a checkpoint.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PartOfEntities<'a>(&'a [Packed]);

/// Entities read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct KeptEntities(Vec<Packed>);

impl PartOfEntities<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        self.held.retain(|place| place.part != part);
        for entity in kept.0 {
            let is_held = matches!(entity.log, Body::Held(_));
            own.list.push(entity);
            let place: Place = own.number(part);
            if is_held {
                self.held.push_back(place);
            }
        }
        self.parts[usize::from(part)] = own;
    }
}
