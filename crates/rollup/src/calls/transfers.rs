//! Who gave a call on, and to whom.
//!
//! A `transferred` is of the leg that gives. Who takes is who has the number in its `to`, else who was
//! answered by then and after the giver, the last (an attended transfer), else who was answered next
//! (a blind one), else who rang next.

use trunkline_model::event::Phase;

use super::answer::Answer;
use super::derive::{Case, extension};
use super::step::Step;

/// What a leg had to do with transfers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transfer {
    /// When it gave the call on.
    pub(super) gave_at: Option<i64>,
    pub(super) took: bool,
}

/// Gives what each leg had to do with transfers.
pub(super) fn transfers(case: &Case<'_>, answer: &Answer) -> Vec<Transfer> {
    let mut all = vec![Transfer::default(); case.legs.len()];
    for (giver, leg) in case.legs.iter().enumerate() {
        for step in leg.all(&case.steps, Phase::Transferred) {
            // What gives on without having answered has nothing to end.
            let gave = answer.legs[giver].map(|answered| step.at.max(answered));
            all[giver].gave_at = all[giver].gave_at.or(gave);
            if let Some(taker) = taker(case, answer, giver, step) {
                all[taker].took = true;
            }
        }
    }
    all
}

fn taker(case: &Case<'_>, answer: &Answer, giver: usize, step: &Step<'_>) -> Option<usize> {
    let persons = || {
        let all = case.legs.iter().enumerate();
        all.filter(move |(place, leg)| *place != giver && leg.is_person())
    };
    let named = persons().find(|(_, leg)| step.to.is_some_and(|to| extension(leg) == to));
    let answered = || persons().filter_map(|(place, _)| Some((answer.legs[place]?, place)));
    let with_him = || {
        let after = answered().filter(|(at, _)| Some(*at) > answer.legs[giver]);
        let still = after.filter(|(at, place)| {
            let ended = case.legs[*place].ended(&case.steps);
            *at <= step.at && ended.is_none_or(|ended| ended >= step.at)
        });
        still.max()
    };
    let next = || answered().filter(|(at, _)| *at >= step.at).min();
    let rang = || {
        let rang = persons()
            .filter_map(|(place, leg)| Some((leg.first(&case.steps, Phase::Ringing)?, place)));
        rang.filter(|(at, _)| *at >= step.at).min()
    };
    let named = named.map(|(place, _)| place);
    named.or_else(|| {
        with_him()
            .or_else(next)
            .or_else(rang)
            .map(|(_, place)| place)
    })
}
