//! What is said of contacts: who is who is known here; tags are kept elsewhere, and the rest
//! waits for its room.

use trunkline_model::event::{ContactChange, Event};

use super::{Account, Outcome, Position};
use crate::contacts::{self, Heard};
use crate::names::Name;

impl Account {
    /// Hears what is said of a contact.
    pub(super) fn contact(
        &mut self,
        event: &Event<'_>,
        change: &ContactChange<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let heard = contacts::Event {
            change,
            content: event.content(&mut self.scratch, 0),
            offset: at.offset,
            received_at: at.received_at,
        };
        let retractions = &self.retractions;
        let taken_back = |id: &str| retractions.take_back_anywhere(id, at.offset);
        match self.contacts.hear(&heard, taken_back) {
            Heard::New => Outcome::Observed,
            Heard::Same => Outcome::Duplicate,
            Heard::Other => self.tag(event, change, hook, at),
        }
    }
}
