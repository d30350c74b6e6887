//! How calls stand, for call tracking: told after each batch, of those that changed.

use std::mem;

use trunkline_model::event::Direction;
use trunkline_model::time::Time;

use super::gather::{derived, last_arrival};
use super::log::Log;
use super::{Calls, Place};
use crate::names::Names;
use crate::rules::History;

/// A call as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallTold<'a> {
    /// The call.
    pub call: &'a str,
    /// Which way it goes.
    pub direction: Direction,
    /// Who is outside, as in [`CallFact`](crate::facts::CallFact).
    pub caller: &'a str,
    /// Whether that is a phone number.
    pub known: bool,
    /// The number of ours.
    pub number: &'a str,
    /// When it began.
    pub started_at: Time,
    /// When it ended; none while that was not told.
    pub ended_at: Option<Time>,
    /// Whether nothing is left of it: what else is here then says nothing.
    pub gone: bool,
    /// The offset of the last record that changed it.
    pub changed: u64,
    /// When its latest phase arrived.
    pub heard_at: Time,
}

impl Calls {
    /// Tells the calls that changed since the last time.
    pub(crate) fn tell(
        &mut self,
        names: &Names,
        rules: &History,
        mut tell: impl FnMut(&CallTold<'_>),
    ) {
        for place in mem::take(&mut self.untold) {
            let call = &mut self.parts[usize::from(place.part)].calls[place.index as usize];
            call.untold = false;
            let log = Log::unpack(&call.log);
            let derived = derived(&log, names, rules);
            let of = derived.as_ref();
            tell(&CallTold {
                call: log.call,
                direction: of.map_or(Direction::Inbound, |of| of.parties.direction),
                caller: of.map_or("", |of| &of.parties.caller),
                known: of.is_some_and(|of| of.parties.known),
                number: of.map_or("", |of| &of.parties.number),
                started_at: of.map_or(log.first_at(), |of| Time(of.started)),
                ended_at: of.and_then(|of| of.ended).map(Time),
                gone: of.is_none(),
                changed: call.changed,
                heard_at: last_arrival(&log),
            });
        }
    }

    /// Has all calls told again that records from `offset` on changed.
    pub(crate) fn retell(&mut self, offset: u64) {
        for (part, own) in (0..=u8::MAX).zip(&mut self.parts) {
            for (index, call) in (0..).zip(&mut own.calls) {
                if call.changed >= offset && !call.untold {
                    call.untold = true;
                    self.untold.push(Place { part, index });
                }
            }
        }
    }
}
