//! What is said of contacts: who is who is known here; the rest waits for its room.

use trunkline_model::event::{ContactChange, Event};

use super::{Account, Outcome, Position};
use crate::contacts::{self, Heard};

impl Account {
    /// Hears what is said of a contact.
    pub(super) fn contact(
        &mut self,
        event: &Event<'_>,
        change: &ContactChange<'_>,
        at: Position,
    ) -> Outcome {
        let event = contacts::Event {
            change,
            content: event.content(&mut self.scratch, 0),
            offset: at.offset,
            received_at: at.received_at,
        };
        let retractions = &self.retractions;
        let taken_back = |id: &str| retractions.take_back_anywhere(id, at.offset);
        match self.contacts.hear(&event, taken_back) {
            Heard::New => Outcome::Observed,
            Heard::Same => Outcome::Duplicate,
            Heard::Other => Outcome::Waiting,
        }
    }
}
