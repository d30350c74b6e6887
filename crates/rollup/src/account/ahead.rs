//! Observing many events at a time: the fold waits for memory more than it computes, so the places
//! that a group of events will touch are looked up first, all at once, and then changed one by one.
//! What is observed and in which order is the same as event by event.

use std::hint::black_box;

use trunkline_model::event::Event;

use super::{Account, Outcome, Position};
use crate::names::Name;
use crate::seen::Mark;
use crate::submap::{self, Place};

/// Events that are looked up together.
pub(super) const GROUP: usize = 32;

/// An event and where it stands in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The event.
    pub event: &'a Event<'a>,
    /// The hook it came through, or `api`.
    pub origin: &'a str,
    /// Its record.
    pub at: Position,
}

/// What is computed of an event before the state is touched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prepared {
    pub(super) mark: Mark,
    /// The key of its conversation, if it is of one.
    pub(super) key: Option<u128>,
    /// The hook of an event that is known by it and its id.
    pub(super) hook: Option<Name>,
}

fn goes_by_hook(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Call(_) | Event::Lead(_) | Event::Form(_) | Event::Spend(_) | Event::Contact(_)
    )
}

impl Account {
    /// Observes events in their order; what became of them is in [`Account::counts`].
    pub fn observe_all(&mut self, told: &[Told<'_>]) {
        self.observe_each(told, |_, _| {});
    }

    /// Observes events in their order, and says of each what became of it.
    pub fn observe_each(&mut self, told: &[Told<'_>], mut heard: impl FnMut(&Told<'_>, Outcome)) {
        let mut prepared = std::mem::take(&mut self.prepared);
        if let Some(last) = told.last() {
            self.cells.turn(last.at.received_at);
        }
        for group in told.chunks(GROUP) {
            prepared.clear();
            prepared.extend(
                group
                    .iter()
                    .map(|told| self.prepare(told.event, told.origin)),
            );
            self.look_up(&prepared);
            for (told, prepared) in group.iter().zip(&prepared) {
                let outcome = self.observe_prepared(told.event, *prepared, told.at);
                heard(told, outcome);
            }
        }
        self.prepared = prepared;
        self.take_back();
    }

    /// Observes one event.
    pub fn observe(&mut self, event: &Event<'_>, origin: &str, at: Position) -> Outcome {
        self.cells.turn(at.received_at);
        let prepared = self.prepare(event, origin);
        let outcome = self.observe_prepared(event, prepared, at);
        self.take_back();
        outcome
    }

    fn prepare(&mut self, event: &Event<'_>, origin: &str) -> Prepared {
        let place = match event {
            Event::Message(message) if !message.private => {
                Some((&message.channel, &message.conversation))
            }
            Event::Conversation(change) => Some((&change.channel, &change.conversation)),
            _ => None,
        };
        let key = place.map(|(channel, conversation)| {
            submap::key(self.config.seed, self.names.number(channel), conversation)
        });
        Prepared {
            mark: self.mark(event, origin),
            key,
            hook: goes_by_hook(event).then(|| self.names.number(origin)),
        }
    }

    /// Reads what the events will need: independent reads, which the processor overlaps.
    fn look_up(&self, prepared: &[Prepared]) {
        let mut touched = 0;
        for Prepared { mark, key, .. } in prepared {
            touched ^= self.seen.touch(mark.identity);
            if let Some(key) = *key {
                touched ^= self.submaps[usize::from(submap::part(key))].touch(key);
            }
        }
        black_box(touched);
    }

    /// Reads conversations that are about to be gathered, likewise.
    pub(super) fn read_ahead(&self, places: &[Place]) {
        let conversations = places
            .iter()
            .map(|place| &self.submaps[usize::from(place.submap)].conversations[place.index]);
        black_box(conversations.fold(0, |touched, conversation| touched ^ conversation.touch()));
    }
}
