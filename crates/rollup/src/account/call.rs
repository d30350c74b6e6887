//! An event of a call.

use trunkline_model::event::{Call, Event};

use super::{Account, Outcome, Position};
use crate::calls::{Context, Told, effective_id};
use crate::facts::Rows;
use crate::names::Name;

impl Account {
    /// Observes a phase of a call that came through a hook.
    pub(super) fn call(
        &mut self,
        event: &Event<'_>,
        call: &Call<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        if self.calls.has(&call.call, at) {
            return Outcome::Observed;
        }
        // Unseeded: the order of phases is a function of what they say.
        let content = event.content(&mut self.scratch, 0);
        let id = effective_id(event, content);
        let cap = self.rules.managers_cap(at.offset);
        let (names, counted) = (&mut self.names, at.offset >= self.taken);
        let manager = call.manager.as_deref();
        let manager = manager.map(|name| names.manager(name, cap, counted));
        let run = call.batch.as_deref().map(|run| names.number(run));
        let told = Told {
            call,
            hook: hook.unwrap_or_else(|| names.number("api")),
            manager,
            run,
            retracted: self.retractions.take_back_call(&id, run, at.offset),
            id: &id,
            content,
            at,
        };
        self.calls.insert(&told)
    }

    /// Shows the calls that events changed since the last time, of those that records from `offset` on
    /// changed; the others are passed over for good.
    pub fn changed_calls(&mut self, offset: u64, rows: &mut impl Rows) {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.calls.news(offset, &context, rows);
    }
}
