//! Time on hold: from `held` to the next `resumed` of the leg, else to its end.

use trunkline_model::event::Phase;

use super::answer::Answer;
use super::derive::Case;

/// The times of one leg on hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    /// From when until when; a time without an end is until the end of all.
    pub(super) spans: Vec<(i64, i64)>,
    /// Whether it is on hold, as far as is told.
    pub(super) is_open: bool,
}

/// Gives the times on hold of each leg that a person answered.
pub(super) fn held(case: &Case<'_>, answer: &Answer) -> Vec<Held> {
    let legs = case.legs.iter().zip(&answer.legs);
    let held = legs.map(|(leg, answered)| {
        let mut held = Held::default();
        let Some(answered) = answered else {
            return held;
        };
        let gone = [Phase::Ended, Phase::Transferred]
            .into_iter()
            .filter_map(|kind| leg.first(&case.steps, kind))
            .filter(|at| at >= answered)
            .chain(case.ended)
            .min();
        let mut since = None;
        for place in &leg.steps {
            let step = &case.steps[*place];
            match step.kind {
                Phase::Held => since = since.or(Some(step.at)),
                Phase::Resumed => {
                    let span = since.take().map(|since| (since, step.at));
                    held.spans.extend(span.filter(|(from, until)| from < until));
                }
                _ => {}
            }
        }
        match (since, gone) {
            (Some(since), Some(gone)) if since < gone => held.spans.push((since, gone)),
            (Some(_), None) => held.is_open = true,
            _ => {}
        }
        held
    });
    held.collect()
}

/// Gives what of spans lies between two times; without an end all to the last.
pub(super) fn clipped(spans: Vec<(i64, i64)>, from: i64, until: Option<i64>) -> Vec<(i64, i64)> {
    let until = until.unwrap_or(i64::MAX);
    let clipped = spans
        .into_iter()
        .map(|span| (span.0.max(from), span.1.min(until)));
    clipped.filter(|(from, until)| from < until).collect()
}

/// Gives how long spans are together, what lies in several counted once.
pub(super) fn length(mut spans: Vec<(i64, i64)>) -> i64 {
    spans.sort_unstable();
    let (mut length, mut reached) = (0, i64::MIN);
    for (from, until) in spans {
        length += (until - from.max(reached)).max(0);
        reached = reached.max(until);
    }
    length
}
