//! Rows out of the state: of what changed, some at a time.

use super::Account;
use super::ahead::GROUP;
use crate::calls;
use crate::conversation::Context;
use crate::facts::Rows;
use crate::submap::Place;

impl Account {
    /// Shows changed rows, of contacts first, then of entities, calls and conversations, the longest
    /// waiting first, until there were `limit` identities, entities, messages and calls or there are no
    /// more; gives how many of these there were. Entities, and then calls, take half of what is left at
    /// most while others wait. `generation` goes into the rows' versions.
    pub fn gather(&mut self, generation: u64, limit: usize, rows: &mut impl Rows) -> usize {
        let mut messages = self.contacts.gather(&self.id, generation, limit, rows);
        let alone = self.changed.dirty.is_empty();
        let context = calls::Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: generation << 48,
        };
        let half = |alone: bool, messages: usize| {
            let left = limit.saturating_sub(messages);
            if alone { left } else { left.div_ceil(2) }
        };
        let share = half(alone && self.calls.dirty() == 0, messages);
        messages += self.entities.gather(share, &context, rows);
        let share = half(alone, messages);
        messages += self.calls.gather(share, &context, rows);
        while messages < limit && !self.changed.dirty.is_empty() {
            let group: Vec<Place> = {
                let group = self.changed.dirty.len().min(GROUP);
                self.changed
                    .dirty
                    .drain(..group)
                    .map(|(_, place)| place)
                    .collect()
            };
            self.read_ahead(&group);
            for place in group {
                messages += self.gather_one(place, generation, rows);
            }
        }
        messages
    }

    fn gather_one(&mut self, place: Place, generation: u64, rows: &mut impl Rows) -> usize {
        let submap = &mut self.submaps[usize::from(place.submap)];
        let conversation = &mut submap.conversations[place.index];
        conversation.dirty = false;
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: self.rules.of(conversation.channel, &self.names, u64::MAX),
            generation: generation << 48,
        };
        conversation.gather(&context, &mut self.cells, rows)
    }
}
