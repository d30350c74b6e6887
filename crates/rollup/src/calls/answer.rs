//! Who answered a call, and when.
//!
//! - An inbound or internal call is answered by a *person's* leg. What a menu or a machine answers
//!   is of no person.
//! - An outbound call is answered by who is outside: on a leg of his own, if one is told, else by any
//!   `answered`. The manager's part begins then, however early his own phone was taken up; if nobody
//!   of ours answered, it is the only person of the call.
//! - A missing answer is filled in from what is said of the end: `talk_s` before it, for the person
//!   whom it names; for an outbound call, or one whose disposition is `answered`, without that.

use trunkline_model::event::{Direction, Phase};

use super::derive::{ANSWERED, Case};
use super::legs::Leg;
use super::step::Step;

/// The answers of a call.
#[derive(Debug)]
pub(super) struct Answer {
    /// When a person answered first.
    pub(super) at: Option<i64>,
    /// When each leg of a person was.
    pub(super) legs: Vec<Option<i64>>,
}

impl Answer {
    /// Gives a call that nobody answered.
    pub(super) fn none(case: &Case<'_>) -> Self {
        let legs = vec![None; case.legs.len()];
        Self { at: None, legs }
    }
}

/// Finds the answers of a call, whose disposition is this one in the word of the sender.
pub(super) fn answer(case: &Case<'_>, word: Option<&str>) -> Answer {
    let steps = &case.steps;
    let of_persons = |of: &dyn Fn(&Leg<'_>) -> Option<i64>| -> Vec<Option<i64>> {
        let all = case.legs.iter();
        all.map(|leg| of(leg).filter(|_| leg.is_person())).collect()
    };
    let mut legs = of_persons(&|leg| leg.first(steps, Phase::Answered));
    if legs.iter().all(Option::is_none) {
        legs = of_persons(&|leg| talked_from(leg, steps));
    }
    let at = match case.direction {
        Direction::Outbound => outside(case),
        Direction::Inbound | Direction::Internal => legs.iter().flatten().min().copied(),
    };
    let at = at.or_else(|| filled(case, word));
    if legs.iter().all(Option::is_none)
        && let Some(only) = only_person(case)
    {
        legs[only] = at;
    }
    if case.direction == Direction::Outbound {
        let not_before = |leg: Option<i64>| Some(leg?.max(at?));
        for leg in &mut legs {
            *leg = not_before(*leg);
        }
    }
    Answer { at, legs }
}

/// Gives when a leg was answered, of which only is said when it ended and how long it talked.
fn talked_from(leg: &Leg<'_>, steps: &[Step<'_>]) -> Option<i64> {
    let mut ends = leg.all(steps, Phase::Ended);
    ends.find_map(|end| Some(end.at - end.talk.filter(|talk| *talk > 0)?))
}

/// Gives when who is outside answered an outbound call.
fn outside(case: &Case<'_>) -> Option<i64> {
    let of_outside = || case.legs.iter().filter(|leg| !leg.is_person());
    if of_outside().next().is_some() {
        let answered = of_outside().filter_map(|leg| leg.first(&case.steps, Phase::Answered));
        return answered.min();
    }
    any_answered(case)
}

fn any_answered(case: &Case<'_>) -> Option<i64> {
    let answered = case
        .steps
        .iter()
        .filter(|step| step.kind == Phase::Answered);
    answered.map(|step| step.at).min()
}

/// Gives when a call was answered of which no answer is told that counts.
fn filled(case: &Case<'_>, word: Option<&str>) -> Option<i64> {
    let by_word = word == Some(ANSWERED);
    let talk = case.said(|step| step.talk).filter(|talk| *talk > 0);
    let before_end = || Some(case.ended? - talk?);
    match case.direction {
        _ if by_word => any_answered(case).or_else(before_end),
        Direction::Outbound => before_end(),
        Direction::Inbound | Direction::Internal => None,
    }
}

fn only_person(case: &Case<'_>) -> Option<usize> {
    let mut persons = case
        .legs
        .iter()
        .enumerate()
        .filter(|(_, leg)| leg.is_person());
    let (only, _) = persons.next()?;
    persons.next().is_none().then_some(only)
}
