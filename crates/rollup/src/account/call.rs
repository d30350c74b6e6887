//! An event of a call, and where calls are when nothing comes of them any more.

use std::any::Any;

use compact_str::CompactString;
use trunkline_model::event::{Call, Event};

use super::{Account, Outcome, Position};
use crate::calls::{CallHorizon, Context, Told, effective_id};
use crate::facts::Rows;
use crate::names::Name;
use trunkline_model::shelf::{Shelf, Torn};

impl Account {
    /// Shows the calls that changed since they were told last, as their rows would stand, without
    /// gathering them; `is_wanted` says whether anybody hears.
    pub fn tell_calls(&mut self, is_wanted: bool, rows: &mut impl Rows) {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.calls.tell(is_wanted, &context, rows);
    }

    /// Shows one call as its row would stand, without gathering it; nothing if it is not known.
    pub fn tell_call(&mut self, call: &str, rows: &mut impl Rows) {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.calls.tell_one(call, &context, rows);
    }

    /// Shows a call of which everything was taken back as it was, all its phases standing; nothing if it
    /// is not known.
    pub fn tell_call_as_was(&mut self, call: &str, rows: &mut impl Rows) {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.calls.tell_as_was(call, &context, rows);
    }

    /// Has all calls told again, because of the record at `offset`.
    pub fn tell_all_calls(&mut self, offset: u64) {
        self.calls.tell_all(offset);
    }

    /// Gives the contact that a phone number in E.164 belongs to.
    pub fn contact_of_phone(&mut self, phone: &str) -> Option<CompactString> {
        self.contacts.of_phone(phone)
    }

    /// Gives the contact that an id on a channel belongs to.
    pub fn contact_on_channel(&mut self, channel: &str, id: &str) -> Option<CompactString> {
        self.contacts.on_channel(channel, id)
    }

    /// Gives the contact that one became part of; none if of no other.
    pub fn survivor_of(&mut self, contact: &str) -> Option<CompactString> {
        self.contacts.survivor(contact)
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

impl Account {
    /// Takes the shelf on which its calls are to go cold. Fails if some that are cold cannot be there.
    pub fn shelve(&mut self, shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        self.calls.shelve(shelf)
    }

    /// Gives the shelf, if it has one of this kind.
    pub fn shelf<S: Shelf>(&self) -> Option<&S> {
        let shelf: &dyn Any = self.calls.shelf()?;
        shelf.downcast_ref()
    }

    /// Gives the shelf likewise, to be changed.
    pub fn shelf_mut<S: Shelf>(&mut self) -> Option<&mut S> {
        let shelf: &mut dyn Any = self.calls.shelf_mut()?;
        shelf.downcast_mut()
    }

    /// Lets calls, and entities, beyond the horizon go cold, going on where it stopped the last time: about `most` of each are
    /// looked at, so that nothing waits for all; and has the shelves made shorter. Gives how many calls went.
    pub fn cool(&mut self, horizon: &CallHorizon, most: usize) -> usize {
        self.entities.cool(horizon, most);
        let cooled = self.calls.cool(horizon, most);
        self.calls.tidy();
        cooled
    }

    /// Says whether retractions are still to be carried out in cold calls, or cold calls to be told: until
    /// then no checkpoint of it can be taken.
    pub fn is_sweeping(&self) -> bool {
        self.calls.is_sweeping()
    }

    /// Carries retractions out in some more cold calls, which [`Account::tell_calls`] shows then, and shows
    /// some more of those cold ones that are to be told.
    pub fn sweep(&mut self, rows: &mut impl Rows) {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.calls.sweep(&context, rows);
    }

    /// Gives why a shelf cannot be read, once one could not: what was observed since is not whole, and
    /// nothing of this account is to be relied on.
    pub fn torn(&self) -> Option<&Torn> {
        self.calls.torn().or_else(|| self.entities.torn())
    }
}
