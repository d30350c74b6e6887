//! The legs of a call, and which phase is of which.
//!
//! - Phases that name one `leg` are of that leg.
//! - One without, that names an extension or a manager, is of the leg of that person which began last
//!   before it, else of one of its own.
//! - An `answered` that names neither fills in, if no `answered` names a person: it is of the only one
//!   who may have answered, begun and neither ended nor answered by then, or, if nobody had begun, in
//!   the call at all. If there are several it is nobody's.
//! - `held`, `resumed` and `transferred` that name neither are of the leg that was answered last.
//! - A recording or a tag is of no leg.
//!
//! A leg is a *person's* if it names a manager or an extension, or, of an inbound call, if it has a
//! phone number of its own in `to`: it was forwarded there.

use trunkline_model::event::{Direction, Phase};
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;

use super::parties::Parties;
use super::step::Step;

/// A leg; its phases are those of its places in the call.
#[derive(Debug, Default)]
pub(super) struct Leg<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) manager: Option<&'a str>,
    pub(super) extension: Option<&'a str>,
    /// The number it was forwarded to.
    pub(super) forwarded: Option<String>,
    pub(super) steps: Vec<usize>,
}

impl<'a> Leg<'a> {
    pub(super) fn is_person(&self) -> bool {
        self.extension.is_some() || self.manager.is_some() || self.forwarded.is_some()
    }

    /// Gives the earliest time of its phases of a kind.
    pub(super) fn first(&self, steps: &[Step<'_>], kind: Phase) -> Option<i64> {
        self.all(steps, kind).map(|step| step.at).min()
    }

    /// Walks over its phases of a kind.
    pub(super) fn all<'s>(
        &'s self,
        steps: &'s [Step<'a>],
        kind: Phase,
    ) -> impl Iterator<Item = &'s Step<'a>> {
        let all = self.steps.iter().map(|place| &steps[*place]);
        all.filter(move |step| step.kind == kind)
    }

    /// Gives when it was said to have ended.
    pub(super) fn ended(&self, steps: &[Step<'_>]) -> Option<i64> {
        self.all(steps, Phase::Ended).next().map(|step| step.at)
    }

    fn began(&self, steps: &[Step<'_>]) -> Option<i64> {
        self.steps.iter().map(|place| steps[*place].at).min()
    }

    fn take(&mut self, place: usize, step: &Step<'a>) {
        self.steps.push(place);
        self.manager = self.manager.or(step.manager);
        self.extension = self.extension.or(step.extension);
    }

    fn is_of(&self, step: &Step<'_>) -> bool {
        match (self.extension, step.extension) {
            (Some(own), Some(told)) => own == told,
            _ => self.manager.is_some() && self.manager == step.manager,
        }
    }
}

/// Sorts the phases of a call, in their order, into legs.
pub(super) fn legs<'a>(
    steps: &[Step<'a>],
    parties: &Parties<'_>,
    country: Option<Country>,
) -> Vec<Leg<'a>> {
    let mut legs = named(steps);
    if parties.direction == Direction::Inbound {
        forward(&mut legs, steps, parties, country);
    }
    let all = steps.iter().enumerate();
    let persons = all.filter(|(_, step)| step.leg.is_none() && step.names_person());
    for (place, step) in persons.filter(|(_, step)| step.is_of_call()) {
        let own = last_begun(&legs, steps, step).unwrap_or_else(|| {
            legs.push(Leg::default());
            legs.len() - 1
        });
        legs[own].take(place, step);
    }
    let all = steps.iter().enumerate();
    let nobodys = all.filter(|(_, step)| step.leg.is_none() && !step.names_person());
    let answers = |leg: &Leg<'_>| leg.is_person() && leg.first(steps, Phase::Answered).is_some();
    let is_named = legs.iter().any(answers);
    for (place, step) in nobodys {
        let own = match step.kind {
            Phase::Answered if is_named => None,
            Phase::Answered => only_one(&legs, steps, step.at),
            Phase::Held | Phase::Resumed | Phase::Transferred => {
                last_answered(&legs, steps, step.at)
            }
            _ => None,
        };
        if let Some(own) = own {
            legs[own].steps.push(place);
        }
    }
    for leg in &mut legs {
        leg.steps.sort_unstable();
    }
    legs
}

fn named<'a>(steps: &[Step<'a>]) -> Vec<Leg<'a>> {
    let mut legs: Vec<Leg<'a>> = Vec::new();
    let mut places = hashbrown::HashMap::new();
    for (place, step) in steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.is_of_call())
    {
        if let Some(id) = step.leg {
            let own = *places.entry(id).or_insert_with(|| {
                let id = Some(id);
                legs.push(Leg {
                    id,
                    ..Leg::default()
                });
                legs.len() - 1
            });
            legs[own].take(place, step);
        }
    }
    legs
}

/// Finds the legs that were forwarded to a number.
fn forward(legs: &mut [Leg<'_>], steps: &[Step<'_>], of: &Parties<'_>, country: Option<Country>) {
    for leg in legs.iter_mut().filter(|leg| !leg.is_person()) {
        let all = leg.steps.iter().map(|place| &steps[*place]);
        let to = all
            .filter(|step| step.kind != Phase::Transferred)
            .find_map(|step| step.to);
        let to = to.and_then(|to| e164(to, country));
        leg.forwarded = to.filter(|to| *to != of.number && *to != of.caller);
    }
}

fn last_begun(legs: &[Leg<'_>], steps: &[Step<'_>], step: &Step<'_>) -> Option<usize> {
    let own = legs.iter().enumerate().filter(|(_, leg)| leg.is_of(step));
    let begun = own.filter_map(|(place, leg)| Some((leg.began(steps)?, place)));
    // Of those that begin later only, the first.
    let near = |(began, place): &(i64, usize)| {
        let later = *began > step.at;
        (later, if later { *began } else { -*began }, *place)
    };
    begun.min_by_key(near).map(|(_, place)| place)
}

/// Finds the only person who may have answered at a time.
fn only_one(legs: &[Leg<'_>], steps: &[Step<'_>], at: i64) -> Option<usize> {
    let free = |leg: &Leg<'_>| {
        let over = leg.ended(steps).is_some_and(|ended| ended < at);
        leg.is_person() && !over && leg.first(steps, Phase::Answered).is_none()
    };
    let free = legs.iter().enumerate().filter(|(_, leg)| free(leg));
    let free: Vec<_> = free.map(|(place, leg)| (place, leg.began(steps))).collect();
    let begun = free
        .iter()
        .filter(|(_, began)| began.is_some_and(|began| began <= at));
    let begun: Vec<_> = begun.map(|(place, _)| *place).collect();
    match (begun.as_slice(), free.as_slice()) {
        ([only], _) | ([], [(only, _)]) => Some(*only),
        _ => None,
    }
}

/// Finds the leg that was answered last before a time.
fn last_answered(legs: &[Leg<'_>], steps: &[Step<'_>], at: i64) -> Option<usize> {
    let all = legs.iter().enumerate();
    let answered = all.filter_map(|(place, leg)| Some((leg.first(steps, Phase::Answered)?, place)));
    let before = answered.filter(|(answered, _)| *answered <= at);
    before.max().map(|(_, place)| place)
}
