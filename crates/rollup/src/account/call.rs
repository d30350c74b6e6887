//! An event of a call.

use trunkline_model::event::{Call, Event};

use super::{Account, Outcome, Position};
use crate::calls::{CallTold, Told, effective_id};
use crate::names::Name;

impl Account {
    /// Tells the calls that changed since the last time, in no order.
    pub fn tell_calls(&mut self, tell: impl FnMut(&CallTold<'_>)) {
        self.take_back();
        self.calls.tell(&self.names, &self.rules, tell);
    }

    /// Has all calls told again that records from `offset` on changed: what was told of them is lost.
    pub fn retell_calls(&mut self, offset: u64) {
        self.calls.retell(offset);
    }

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
}
