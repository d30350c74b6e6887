//! What a call comes to: a pure function of the set of its phases and of the settings.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use trunkline_model::amount::Decimal;
use trunkline_model::event::{Direction, Integrity, Phase};
use trunkline_model::settings::Country;
use trunkline_model::time::Time;

use super::answer::{Answer, answer};
use super::figures::{Figures, figures};
use super::legs::{Leg, legs};
use super::parties::{Parties, told};
use super::step::{Step, ordered};
use crate::rules::CallRules;

/// Words by which a sender says that no person answered.
const UNANSWERED: [&str; 8] = [
    "missed",
    "abandoned",
    "menu",
    "voicemail",
    "busy",
    "no_answer",
    "failed",
    "blocked",
];

/// The word for a call that a person answered.
pub(super) const ANSWERED: &str = "answered";

/// What a call comes to; times and lengths are milliseconds.
#[derive(Debug)]
pub(super) struct Derived<'a> {
    pub(super) parties: Parties<'a>,
    pub(super) hook: &'a str,
    pub(super) origin: &'a str,
    pub(super) started: i64,
    pub(super) ended: Option<i64>,
    pub(super) disposition: &'a str,
    pub(super) ghost: bool,
    pub(super) figures: Figures,
    pub(super) legs: Vec<Leg<'a>>,
    pub(super) tags: Vec<&'a str>,
    pub(super) spam: bool,
    pub(super) value: Option<Decimal>,
    pub(super) recording: &'a str,
    pub(super) integrity: Integrity,
}

/// The phases of a call in their order and legs.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) steps: Vec<Step<'a>>,
    pub(super) legs: Vec<Leg<'a>>,
    pub(super) direction: Direction,
    pub(super) started: i64,
    pub(super) ended: Option<i64>,
    /// The phase of the call itself that ended it.
    ended_by: Option<usize>,
}

/// Derives a call; none if nothing is told but a recording or tags.
pub(super) fn derive(
    steps: Vec<Step<'_>>,
    rules: impl Fn(Time) -> CallRules,
) -> Option<Derived<'_>> {
    let steps = ordered(steps);
    let started = started(&steps)?;
    let rules = rules(Time(started));
    let parties = Parties::of(&steps, rules.country);
    let case = Case::of(steps, started, &parties, rules.country);
    let word = case.disposition();
    let unanswered = word.is_some_and(|word| UNANSWERED.contains(&word));
    let mut answer = if unanswered {
        Answer::none(&case)
    } else {
        answer(&case, word)
    };
    let mut figures = figures(&case, &answer);
    let mut disposition = word.unwrap_or_else(|| figures.disposition(&case));
    let ghost = parties.direction == Direction::Inbound
        && case.ended.is_some()
        && disposition == ANSWERED
        && figures.talk < rules.min_answer;
    if ghost {
        answer = Answer::none(&case);
        figures = super::figures::figures(&case, &answer);
        disposition = "missed";
    }
    Some(case.told(parties, disposition, ghost, figures))
}

/// Gives when a call began: as it was told, else with its first phase. One of which nothing is told
/// but its end began as long before as it says that it waited and talked.
fn started(steps: &[Step<'_>]) -> Option<i64> {
    let of_call = || steps.iter().filter(|step| step.is_of_call());
    let told = of_call().filter(|step| step.kind == Phase::Started);
    let first = || {
        let before = |step: &Step<'_>| match step.kind {
            Phase::Ended => step.talk.unwrap_or_default() + step.wait.unwrap_or_default(),
            _ => 0,
        };
        of_call().map(|step| step.at - before(step)).min()
    };
    told.map(|step| step.at).min().or_else(first)
}

impl<'a> Case<'a> {
    fn of(
        steps: Vec<Step<'a>>,
        started: i64,
        parties: &Parties<'_>,
        country: Option<Country>,
    ) -> Self {
        let legs = legs(&steps, parties, country);
        let ended_by = ended_by(&steps);
        let ended = match ended_by {
            Some(place) => Some(steps[place].at),
            None => ended_in_legs(&legs, &steps),
        };
        Self {
            direction: parties.direction,
            steps,
            legs,
            started,
            ended,
            ended_by,
        }
    }

    /// Gives what the call itself says, the last word first: tags and recordings from the last on, then
    /// what ended it and what else would have, then the others from the highest rank down.
    pub(super) fn said<T>(&self, of: impl Fn(&Step<'a>) -> Option<T>) -> Option<T> {
        let all = self.steps.iter().enumerate();
        let telling = all.filter(|(_, step)| step.leg.is_none() && of(step).is_some());
        let first = telling.min_by_key(|(place, step)| {
            let late = step.kind > Phase::Ended;
            let order = if late { usize::MAX - place } else { *place };
            let ended = Some(*place) != self.ended_by;
            (Reverse(step.kind), ended, order)
        });
        first.and_then(|(_, step)| of(step))
    }

    /// Gives what a leg says of itself, the last rank first.
    pub(super) fn leg_said<T>(
        &self,
        leg: &Leg<'a>,
        of: impl Fn(&Step<'a>) -> Option<T>,
    ) -> Option<T> {
        let own = leg.steps.iter().map(|place| &self.steps[*place]);
        let telling = own.filter(|step| step.leg.is_some() && of(step).is_some());
        let first = telling.min_by_key(|step| Reverse(step.kind));
        first.and_then(of)
    }

    /// Gives how it ended, in the word of the sender: that of the call, else that of the leg which was
    /// answered last, else of the one that ended last. Of a call that went out it is the leg of who is
    /// outside that says it, whatever ended the call.
    fn disposition(&self) -> Option<&'a str> {
        let outbound = self.direction == Direction::Outbound;
        let of_leg = |counts: &dyn Fn(&Leg<'a>) -> bool| {
            self.ended?;
            let answered = |leg: &Leg<'a>| leg.first(&self.steps, Phase::Answered);
            let legs = || self.legs.iter().filter(|leg| counts(leg));
            let is_decisive = |leg: &Leg<'a>| leg.is_person() || outbound;
            let words = legs().filter_map(|leg| {
                let word = self.leg_said(leg, |step| step.disposition)?;
                let answered = answered(leg).filter(|_| is_decisive(leg));
                Some((answered, leg.ended(&self.steps), word))
            });
            let any = |leg: &Leg<'a>| is_decisive(leg) && answered(leg).is_some();
            let is_answered = legs().any(any);
            let decisive = words.filter(|(answered, ..)| !is_answered || answered.is_some());
            decisive.max().map(|(.., word)| word)
        };
        let of_outside = || of_leg(&|leg| !leg.is_person()).filter(|_| outbound);
        let of_any = || of_leg(&|_| true).filter(|_| self.ended_by.is_none());
        let of_call = self.said(|step| step.disposition);
        of_call.or_else(of_outside).or_else(of_any)
    }

    fn told(
        self,
        parties: Parties<'a>,
        disposition: &'a str,
        ghost: bool,
        figures: Figures,
    ) -> Derived<'a> {
        let steps = &self.steps;
        let hooks = steps.iter().map(|step| step.hook);
        let tags: BTreeSet<&str> = steps.iter().flat_map(|step| &step.tags).copied().collect();
        let spam = last_word(steps, |step| step.spam);
        Derived {
            hook: hooks.clone().find(|hook| *hook != "api").unwrap_or("api"),
            origin: told(steps, |step| step.origin).unwrap_or_default(),
            spam: spam.unwrap_or_else(|| tags.contains("spam")),
            tags: tags.into_iter().collect(),
            value: last_word(steps, |step| step.value),
            recording: last_word(steps, |step| step.recording).unwrap_or_default(),
            integrity: steps
                .iter()
                .map(|step| step.integrity)
                .max()
                .unwrap_or_default(),
            started: self.started,
            ended: self.ended,
            parties,
            disposition,
            ghost,
            figures,
            legs: self.legs,
        }
    }
}

/// Gives what the last phase of the highest rank says.
fn last_word<'a, T>(steps: &[Step<'a>], of: impl Fn(&Step<'a>) -> Option<T>) -> Option<T> {
    let telling = steps.iter().filter(|step| of(step).is_some());
    let last = telling.max_by_key(|step| step.kind);
    last.and_then(of)
}

/// Finds the phase that ended the call: the first `ended` without a leg after which nothing went on,
/// else the last one.
fn ended_by(steps: &[Step<'_>]) -> Option<usize> {
    let goes_on = |step: &&Step<'_>| (Phase::Ringing..=Phase::Transferred).contains(&step.kind);
    let last = steps.iter().filter(goes_on).map(|step| step.at).max();
    let all = steps.iter().enumerate();
    let mut ends = all.filter(|(_, step)| step.kind == Phase::Ended && step.leg.is_none());
    let over = |(_, step): &(usize, &Step<'_>)| last.is_none_or(|last| last <= step.at);
    let last = ends.clone().next_back();
    ends.find(over).or(last).map(|(place, _)| place)
}

/// Gives when a call ended of which only legs were said to: with the last of them, unless one goes on.
/// What rings when somebody answers stops ringing.
fn ended_in_legs(legs: &[Leg<'_>], steps: &[Step<'_>]) -> Option<i64> {
    let answered = |leg: &Leg<'_>| leg.first(steps, Phase::Answered);
    let last = legs.iter().filter_map(answered).max();
    let goes_on = |leg: &Leg<'_>| {
        let given_on = leg.all(steps, Phase::Transferred).next().is_some();
        let rings = leg.first(steps, Phase::Ringing);
        let is_over = match (answered(leg), rings, last) {
            (None, Some(rings), Some(last)) => rings <= last,
            _ => false,
        };
        leg.ended(steps).is_none() && !given_on && !is_over
    };
    if legs.iter().any(goes_on) {
        return None;
    }
    legs.iter().filter_map(|leg| leg.ended(steps)).max()
}

impl Derived<'_> {
    /// Says whether it has not ended, as far as is told.
    pub(super) fn is_open(&self) -> bool {
        self.ended.is_none() && self.disposition.is_empty()
    }
}

/// Gives the extension of a leg, or the number it was forwarded to.
pub(super) fn extension<'l>(leg: &'l Leg<'_>) -> Cow<'l, str> {
    let forwarded = leg.forwarded.as_deref();
    Cow::Borrowed(leg.extension.or(forwarded).unwrap_or_default())
}
