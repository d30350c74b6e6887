//! Rows of calls, and calls that go on, out of their phases.

use std::mem;

use trunkline_model::time::Time;

use super::derive::{Derived, derive, extension};
use super::log::Log;
use super::{Calls, Found, part};
use crate::account::{CallNow, View};
use crate::facts::{CallFact, LegFact, Rows};
use crate::names::Names;
use crate::rules::History;

/// What rows are made with.
pub(crate) struct Context<'a> {
    pub(crate) account: &'a str,
    pub(crate) names: &'a Names,
    pub(crate) rules: &'a History,
    /// Goes into versions, above the offset.
    pub(crate) generation: u64,
}

impl Calls {
    /// Shows the rows of changed calls, the longest waiting first, at most about `limit`; gives how
    /// many. Cold ones come last, and take half of it at most while others wait.
    pub(crate) fn gather(
        &mut self,
        limit: usize,
        context: &Context<'_>,
        rows: &mut impl Rows,
    ) -> usize {
        let cold = limit.div_ceil(1 + usize::from(!self.dirty.is_empty()));
        let cold = self.gather_cold(cold, context, rows);
        let count = limit.saturating_sub(cold).min(self.dirty.len());
        for (_, place) in self.dirty.drain(..count) {
            let call = &mut self.parts[usize::from(place.part)].calls[place.index as usize];
            call.dirty = false;
            call.over = row(&call.log, call.changed, context, rows);
        }
        cold + count
    }

    /// Shows the calls that changed since they were told last, as their rows would stand, without
    /// gathering them; `is_wanted` says whether anybody hears. Cold ones are told by [`Calls::sweep`].
    pub(crate) fn tell(&mut self, is_wanted: bool, context: &Context<'_>, rows: &mut impl Rows) {
        for place in mem::take(&mut self.untold) {
            let call = &mut self.parts[usize::from(place.part)].calls[place.index as usize];
            if mem::take(&mut call.untold) && is_wanted {
                row(&call.log, call.changed, context, rows);
            }
        }
        if !is_wanted {
            self.forget_told();
        }
    }

    /// Shows the row of one call as it would stand, without gathering it; nothing if it is not known.
    pub(crate) fn tell_one(&mut self, call: &str, context: &Context<'_>, rows: &mut impl Rows) {
        let hash = self.hash(call);
        match self.find(hash, call) {
            Some(Found::Held(index)) => {
                let held = &self.parts[usize::from(part(hash))].calls[index as usize];
                row(&held.log, held.changed, context, rows);
            }
            Some(Found::Cold(cold, log)) => {
                row(&log, cold.changed, context, rows);
            }
            Some(Found::Nowhere) | None => {}
        }
    }

    /// Shows one call of which everything was taken back as its row stood if nothing were; nothing if it
    /// is not known.
    pub(crate) fn tell_as_was(&mut self, call: &str, context: &Context<'_>, rows: &mut impl Rows) {
        let hash = self.hash(call);
        match self.find(hash, call) {
            Some(Found::Held(index)) => {
                let held = &self.parts[usize::from(part(hash))].calls[index as usize];
                row(&unretracted(&held.log), held.changed, context, rows);
            }
            Some(Found::Cold(cold, log)) => {
                row(&unretracted(&log), cold.changed, context, rows);
            }
            Some(Found::Nowhere) | None => {}
        }
    }

    /// Tells which calls go on, of those that changed since the last time.
    pub(crate) fn show(&mut self, names: &Names, rules: &History, view: &mut impl View) {
        for place in mem::take(&mut self.touched) {
            let own = &mut self.parts[usize::from(place.part)];
            let Some(call) = own.calls.get_mut(place.index as usize) else {
                continue;
            };
            if !mem::take(&mut call.touched) {
                continue;
            }
            // Most that changed were over before, and are.
            if call.over && !call.dirty && !call.shown {
                continue;
            }
            let log = Log::unpack(&call.log);
            let derived = derived(&log, names, rules).filter(Derived::is_open);
            match &derived {
                Some(open) => view.call(&now(&log, open)),
                None if call.shown => view.call_over(log.call),
                None => {}
            }
            call.shown = derived.is_some();
        }
    }
}

fn derived<'a>(log: &'a Log<'_>, names: &'a Names, rules: &History) -> Option<Derived<'a>> {
    let living = log.phases.iter().filter(|kept| !kept.retracted);
    let steps = living.map(|kept| log.step(kept, names)).collect();
    derive(steps, |at| rules.calls(at))
}

/// Gives the log as if nothing of it had been taken back.
fn unretracted(log: &[u8]) -> Box<[u8]> {
    let mut log = Log::unpack(log);
    for kept in &mut log.phases {
        kept.retracted = false;
    }
    log.pack()
}

fn now<'a>(log: &'a Log<'_>, open: &'a Derived<'_>) -> CallNow<'a> {
    let figures = open.figures.legs.iter().zip(&open.legs);
    let persons = figures.filter(|(_, leg)| leg.is_person());
    // Who talks, else who rang last.
    let who = persons.max_by_key(|(figures, _)| (figures.answered, figures.ringing));
    let leg = who.map(|(_, leg)| leg);
    CallNow {
        call: log.call,
        direction: open.parties.direction,
        caller: &open.parties.caller,
        number: &open.parties.number,
        since: Time(open.started),
        state: open.figures.state(),
        manager: leg.and_then(|leg| leg.manager),
        extension: leg.and_then(|leg| leg.extension.or(leg.forwarded.as_deref())),
        spam: open.spam,
        heard_at: last_arrival(log),
    }
}

/// Gives when the latest phase arrived of those that were not taken back.
fn last_arrival(log: &Log<'_>) -> Time {
    let living = log.phases.iter().filter(|kept| !kept.retracted);
    let last = living.map(|kept| kept.received_at).max();
    Time(last.unwrap_or_else(|| log.arrival().0))
}

/// Shows the row of a call, changed last by the record at `changed`; says whether the call is over, as
/// far as is told.
pub(super) fn row(log: &[u8], changed: u64, context: &Context<'_>, rows: &mut impl Rows) -> bool {
    let log = Log::unpack(log);
    let derived = derived(&log, context.names, context.rules);
    let own = Own {
        account: context.account,
        log: &log,
        version: context.generation | changed,
    };
    match &derived {
        Some(derived) => own.show(derived, rows),
        None => rows.call(&own.gone()),
    }
    derived.is_none_or(|derived| !derived.is_open())
}

/// What a row has of its call and not of what it comes to.
struct Own<'a> {
    account: &'a str,
    log: &'a Log<'a>,
    version: u64,
}

impl<'a> Own<'a> {
    /// Gives the row of a call of which nothing is left.
    fn gone(&self) -> CallFact<'a> {
        CallFact {
            account: self.account,
            call: self.log.call,
            started_at: self.log.first_at(),
            last_received_at: self.log.arrival(),
            received_at: self.log.arrival(),
            version: self.version,
            deleted: true,
            ..CallFact::default()
        }
    }

    fn show(&self, derived: &Derived<'_>, rows: &mut impl Rows) {
        let figures = &derived.figures;
        let persons = derived.legs.iter().zip(&figures.legs).enumerate();
        let persons = persons.filter(|(_, (leg, _))| leg.is_person());
        let extensions: Vec<_> = derived.legs.iter().map(extension).collect();
        let mut legs: Vec<LegFact<'_>> = persons
            .map(|(place, (leg, figures))| LegFact {
                leg: leg.id.unwrap_or_default(),
                manager: leg.manager.unwrap_or_default(),
                extension: &extensions[place],
                ringing_at: figures.ringing.map(Time),
                answered_at: figures.answered.map(Time),
                ended_at: figures.ended.map(Time),
                ring_ms: figures.ring,
                talk_ms: figures.talk,
                hold_ms: figures.hold,
                transferred_out: figures.transfer.gave_at.is_some(),
                transferred_in: figures.transfer.took,
            })
            .collect();
        legs.sort_by_cached_key(|leg| {
            let began = leg.ringing_at.or(leg.answered_at).or(leg.ended_at);
            let who = [leg.extension, leg.manager, leg.leg];
            (began.is_none(), began, who.map(str::to_owned))
        });
        rows.call(&CallFact {
            account: self.account,
            call: self.log.call,
            hook: derived.hook,
            direction: derived.parties.direction,
            origin: derived.origin,
            caller: &derived.parties.caller,
            known: derived.parties.known,
            number: &derived.parties.number,
            started_at: Time(derived.started),
            queued_at: figures.queued.map(Time),
            ringing_at: figures.ringing.map(Time),
            answered_at: figures.answered.map(Time),
            ended_at: derived.ended.map(Time),
            disposition: derived.disposition,
            ghost: derived.ghost,
            menu_ms: figures.waits.menu,
            queue_ms: figures.waits.queue,
            ring_ms: figures.waits.ring,
            hold_ms: figures.hold,
            wait_ms: figures.wait,
            talk_ms: figures.talk,
            tags: &derived.tags,
            spam: derived.spam,
            value: derived.value,
            recording: derived.recording,
            integrity: derived.integrity,
            legs: &legs,
            last_received_at: last_arrival(self.log),
            received_at: self.log.arrival(),
            version: self.version,
            deleted: false,
        });
    }
}
