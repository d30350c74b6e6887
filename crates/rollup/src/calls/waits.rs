//! Where a call was before a person answered: in a menu, in a queue, ringing.
//!
//! At each moment it is in one of them: it rings while any leg does, else it is where `menu` or
//! `queued` put it last. A leg rings until it ends; the call's own ringing until it is put into a menu
//! or a queue again, which ends all ringing. What nobody took goes back into its queue, but not into a
//! menu unless that is told again: nobody chose to go there.

use std::collections::BTreeSet;

use trunkline_model::event::Phase;

use super::derive::Case;

/// Lengths in milliseconds, and where the call was at last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waits {
    pub(super) menu: i64,
    pub(super) queue: i64,
    pub(super) ring: i64,
    pub(super) at_last: Place,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    #[default]
    Nowhere,
    Menu,
    Queue,
    Ringing,
}

/// Walks through the phases until a person answers or the call ends; without either, until the last
/// one.
pub(super) fn waits(case: &Case<'_>, until: Option<i64>) -> Waits {
    let mut of_step = vec![None; case.steps.len()];
    for (number, leg) in case.legs.iter().enumerate() {
        for place in &leg.steps {
            of_step[*place] = Some(number);
        }
    }
    let mut waits = Waits::default();
    let (mut base, mut ringing) = (Place::Nowhere, BTreeSet::new());
    let mut since = i64::MIN;
    for (step, leg) in case.steps.iter().zip(of_step) {
        if until.is_some_and(|until| step.at > until) || !step.is_of_call() {
            continue;
        }
        let at = step.at.max(since);
        waits.add(at.saturating_sub(since));
        since = at;
        match step.kind {
            Phase::Menu | Phase::Queued => {
                base = if step.kind == Phase::Menu {
                    Place::Menu
                } else {
                    Place::Queue
                };
                ringing.clear();
            }
            Phase::Ringing => {
                ringing.insert(leg);
                if base == Place::Menu {
                    base = Place::Nowhere;
                }
            }
            // What ends the call, at the end, ends no ringing before it.
            Phase::Ended if step.leg.is_some() && Some(step.at) != until => {
                ringing.remove(&leg);
            }
            _ => {}
        }
        waits.at_last = if ringing.is_empty() {
            base
        } else {
            Place::Ringing
        };
    }
    if let Some(until) = until {
        waits.add(until.saturating_sub(since).max(0));
    }
    waits
}

impl Waits {
    fn add(&mut self, length: i64) {
        match self.at_last {
            Place::Nowhere => {}
            Place::Menu => self.menu += length,
            Place::Queue => self.queue += length,
            Place::Ringing => self.ring += length,
        }
    }
}
