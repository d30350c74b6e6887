//! The figures of a call and of its legs (`metrics.md` §2), in milliseconds.
//!
//! `menu`, `queue` and `ring` are times before a person answered; `talk` is from the answer to the end
//! without hold; so they and `hold` never add up to more than the call. What the sender says of
//! `talk_s` and `wait_s` is taken as given: of the call, or of its only answered leg.

use trunkline_model::event::{Direction, Phase};

use super::answer::Answer;
use super::derive::{ANSWERED, Case};
use super::holds::{Held, clipped, held, length};
use super::legs::Leg;
use super::step::Step;
use super::transfers::{Transfer, transfers};
use super::waits::{Place, Waits, waits};

/// The figures of a call.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) queued: Option<i64>,
    pub(super) ringing: Option<i64>,
    pub(super) answered: Option<i64>,
    pub(super) waits: Waits,
    pub(super) hold: i64,
    pub(super) wait: Option<i64>,
    pub(super) talk: i64,
    /// Those of the legs, in the order of the call's.
    pub(super) legs: Vec<LegFigures>,
    /// Whether somebody talks, and is on hold, as far as is told.
    pub(super) holds: bool,
}

/// The figures of a leg.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LegFigures {
    pub(super) ringing: Option<i64>,
    pub(super) answered: Option<i64>,
    pub(super) ended: Option<i64>,
    pub(super) ring: i64,
    pub(super) talk: i64,
    pub(super) hold: i64,
    pub(super) transfer: Transfer,
}

pub(super) fn figures(case: &Case<'_>, answer: &Answer) -> Figures {
    let first = |kind: Phase| {
        let own = case.steps.iter().filter(|step| step.kind == kind);
        own.map(|step| step.at).min()
    };
    let until = answer.at.or(case.ended);
    let transfers = transfers(case, answer);
    let held = held(case, answer);
    let holds = held.iter().any(|held| held.is_open);
    let mut legs: Vec<LegFigures> = (0..case.legs.len())
        .map(|place| leg_figures(case, answer, place, &held[place], transfers[place]))
        .collect();
    let hold = answer.at.map_or(0, |from| {
        let all = held.iter().flat_map(|held| &held.spans).copied();
        length(clipped(all.collect(), from, case.ended))
    });
    let only = only_answered(answer);
    let only = only.map(|leg| (leg, &case.legs[leg]));
    let said = answer.at.and_then(|_| said(case, only, |step| step.talk));
    if let (Some((only, _)), Some(said)) = (only, said) {
        legs[only].talk = said;
    }
    Figures {
        queued: first(Phase::Queued),
        ringing: first(Phase::Ringing),
        answered: answer.at,
        waits: waits(case, until),
        hold,
        wait: wait(case, answer, only),
        talk: said.unwrap_or_else(|| talk(case, answer, hold)),
        legs,
        holds,
    }
}

impl Figures {
    /// Gives how a call ended of which nobody said it; nothing while it has not.
    pub(super) fn disposition(&self, case: &Case<'_>) -> &'static str {
        if case.ended.is_none() {
            return "";
        }
        match (case.direction, self.answered, self.waits.at_last) {
            (_, Some(_), _) => ANSWERED,
            (Direction::Outbound, ..) => "no_answer",
            (.., Place::Queue) => "abandoned",
            (.., Place::Menu) => "menu",
            (.., Place::Ringing | Place::Nowhere) => "missed",
        }
    }
}

/// Gives the only leg that was answered.
fn only_answered(answer: &Answer) -> Option<usize> {
    let mut answered = answer
        .legs
        .iter()
        .enumerate()
        .filter(|(_, at)| at.is_some());
    let (only, _) = answered.next()?;
    answered.next().is_none().then_some(only)
}

/// Gives what the sender says of the call, else of its only answered leg.
fn said<'a>(
    case: &Case<'a>,
    only: Option<(usize, &Leg<'a>)>,
    of: impl Fn(&Step<'a>) -> Option<i64>,
) -> Option<i64> {
    let of_leg = || only.and_then(|(_, leg)| case.leg_said(leg, &of));
    case.said(&of).or_else(of_leg)
}

fn talk(case: &Case<'_>, answer: &Answer, hold: i64) -> i64 {
    let length = answer
        .at
        .zip(case.ended)
        .map(|(at, ended)| ended - at - hold);
    length.unwrap_or_default().max(0)
}

fn wait<'a>(case: &Case<'a>, answer: &Answer, only: Option<(usize, &Leg<'a>)>) -> Option<i64> {
    let until = answer.at.or(case.ended)?;
    let first = |kind: Phase| {
        let own = case.steps.iter().filter(|step| step.kind == kind);
        own.map(|step| step.at).filter(|at| *at <= until).min()
    };
    let from = first(Phase::Queued).or_else(|| first(Phase::Ringing));
    let counted = || (until - from.unwrap_or(case.started)).max(0);
    Some(said(case, only, |step| step.wait).unwrap_or_else(counted))
}

fn leg_figures(
    case: &Case<'_>,
    answer: &Answer,
    place: usize,
    held: &Held,
    transfer: Transfer,
) -> LegFigures {
    let (leg, answered) = (&case.legs[place], answer.legs[place]);
    let ringing = leg.first(&case.steps, Phase::Ringing);
    let ended = leg.ended(&case.steps);
    let gone = earliest([ended, transfer.gave_at]).or(case.ended);
    let (mut talk, mut hold) = (0, 0);
    if let Some(from) = answered {
        hold = length(clipped(held.spans.clone(), from, gone));
        let said = case.leg_said(leg, |step| step.talk);
        talk = said
            .or(gone.map(|gone| gone - from - hold))
            .unwrap_or_default();
    }
    let elsewhere = || {
        let others = answer.legs.iter().flatten();
        others.filter(|at| Some(**at) >= ringing).min().copied()
    };
    let stopped = answered.or_else(|| earliest([ended, elsewhere(), case.ended]));
    let ring = ringing.and_then(|ringing| Some((stopped? - ringing).max(0)));
    LegFigures {
        ringing,
        answered,
        ended,
        ring: ring.unwrap_or_default(),
        talk: talk.max(0),
        hold,
        transfer,
    }
}

fn earliest<const N: usize>(times: [Option<i64>; N]) -> Option<i64> {
    times.into_iter().flatten().min()
}

impl Figures {
    /// Says what a call that goes on is doing.
    pub(super) fn state(&self) -> &'static str {
        match (self.answered, self.waits.at_last) {
            (Some(_), _) if self.holds => "held",
            (Some(_), _) => "talking",
            (None, Place::Ringing) => "ringing",
            (None, Place::Queue) => "queued",
            (None, Place::Menu) => "menu",
            (None, Place::Nowhere) => "started",
        }
    }
}
