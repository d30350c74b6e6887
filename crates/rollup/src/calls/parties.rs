//! Who is in a call: which way it goes, who is outside, which number of ours.
//!
//! Each is taken from the phase of the lowest rank that tells it, one of the call itself before one of
//! a leg: a leg's own parties are those of the leg.

use std::borrow::Cow;

use trunkline_model::event::{Direction, Phase};
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;

use super::step::Step;

/// What providers write in the place of a number that is withheld.
const WITHHELD: [&str; 12] = [
    "anonymous",
    "private",
    "restricted",
    "unknown",
    "unavailable",
    "withheld",
    "hidden",
    "blocked",
    "no number",
    "not available",
    "caller id blocked",
    "anonymous@anonymous.invalid",
];

/// The parties of a call.
#[derive(Debug)]
pub(super) struct Parties<'a> {
    pub(super) direction: Direction,
    /// Who is outside; empty if nobody told.
    pub(super) caller: Cow<'a, str>,
    /// Whether that is a phone number.
    pub(super) known: bool,
    /// The number of ours.
    pub(super) number: Cow<'a, str>,
}

impl<'a> Parties<'a> {
    pub(super) fn of(steps: &[Step<'a>], country: Option<Country>) -> Self {
        let direction = told(steps, |step| step.direction).unwrap_or(Direction::Inbound);
        let from = told(steps, |step| step.from).unwrap_or_default();
        let to = told(steps, |step| step.to).unwrap_or_default();
        let (outside, ours) = match direction {
            Direction::Outbound => (to, from),
            Direction::Inbound | Direction::Internal => (from, to),
        };
        let caller = e164(outside, country);
        Self {
            direction,
            known: caller.is_some(),
            caller: caller.map_or_else(|| Cow::Borrowed(as_told(outside)), Cow::Owned),
            number: number(ours, country),
        }
    }
}

/// Gives the E.164 form of a number, else what was told.
pub(super) fn number(text: &str, country: Option<Country>) -> Cow<'_, str> {
    e164(text, country).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Gives what the first phase tells that does: of the call before of a leg, of a low rank before of a
/// high one.
pub(super) fn told<'a, T>(steps: &[Step<'a>], of: impl Fn(&Step<'a>) -> Option<T>) -> Option<T> {
    // A transfer's parties are those that it is given on by and to.
    let all = steps.iter().filter(|step| step.kind != Phase::Transferred);
    let told = all.filter(|step| of(step).is_some());
    let first = told.min_by_key(|step| (step.leg.is_some(), step.names_person(), step.kind));
    first.and_then(of)
}

fn as_told(text: &str) -> &str {
    let text = text.trim();
    let withheld = WITHHELD.iter().any(|word| text.eq_ignore_ascii_case(word));
    if withheld { "" } else { text }
}
