//! Calls in progress. One of which nothing was heard for hours is taken for over: its end was lost.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::event::Direction;
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;
use trunkline_pipeline::{Attribution, CallGoesOn, LiveAccount, Reason};

use super::asked::Asked;
use super::is_shown;
use crate::directory::Grant;
use crate::phones;

/// How long after its last phase a call without an end is taken for one that goes on (`metrics.md`
/// §2), in milliseconds.
const TIMES_OUT: i64 = 4 * 3_600_000;

/// A call in progress.
#[expect(clippy::struct_field_names, reason = "named as what readers get")]
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CallNow")]
pub(super) struct Call {
    call: String,
    direction: Direction,
    /// Who calls; empty if unknown.
    from: String,
    to: String,
    since: Time,
    /// `started`, `menu`, `queued`, `ringing`, `talking` or `held`.
    state: &'static str,
    /// Who talks, else whom it rang last.
    manager: Option<String>,
    extension: Option<String>,
    /// What brought it, as far as all that may have brought it agree.
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    /// How sure that is: `certain`, `repeat`, `likely`, `ambiguous` or `unattributed`.
    certainty: Option<&'static str>,
    /// All that may have brought it; `null` of one that is not from outside, or where numbers are not tracked.
    attribution: Option<Brought>,
}

/// What brought a call (`metrics.md` §3).
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CallAttribution")]
struct Brought {
    /// `certain`, `repeat`, `likely`, `ambiguous` or `unattributed`.
    certainty: &'static str,
    /// Why it is unattributed.
    reason: Option<&'static str>,
    /// The rule that it follows from, by its number.
    rule: u8,
    /// What it may have been, the likeliest first; the weights sum to 1.
    candidates: Vec<By>,
}

/// One of the things that may have brought a call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "CallSourceCandidate")]
struct By {
    weight: f64,
    /// The key of the visit, if it was one.
    visit: Option<String>,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
}

impl Brought {
    fn of(attribution: Attribution) -> Self {
        let text = |text: Option<_>| text.map(|text: compact_str::CompactString| text.into());
        let candidates = attribution.candidates.into_iter();
        Self {
            certainty: attribution.certainty.as_str(),
            reason: attribution.reason.map(Reason::as_str),
            rule: attribution.rule,
            candidates: candidates
                .map(|by| By {
                    weight: by.weight,
                    visit: by.visit_key(),
                    source: text(by.source.source),
                    medium: text(by.source.medium),
                    campaign: text(by.source.campaign),
                })
                .collect(),
        }
    }

    /// Gives what all candidates have as `part`, if they agree in it. Of a number that nobody knows the contact's touches
    /// would tell.
    fn agreed<'b, T: PartialEq>(&'b self, part: impl Fn(&'b By) -> T) -> Option<T> {
        let is_known = self.reason != Some(Reason::UnknownNumber.as_str());
        let (first, rest) = self.candidates.split_first().filter(|_| is_known)?;
        let first = part(first);
        rest.iter().all(|by| part(by) == first).then_some(first)
    }
}

/// Lists the calls in progress, the longest first. Spam and what stays in the house are not shown.
pub(super) fn calls(live: &LiveAccount, grant: &Grant, asked: &Asked, now: Time) -> Vec<Call> {
    let people = grant.people();
    let mut calls = live.calls();
    for call in &mut calls {
        let extension = call.extension.as_deref();
        call.manager = people.at_call(call.manager.take(), extension, call.since);
    }
    calls.retain(|call| {
        !call.spam
            && call.direction != Direction::Internal
            && now.since(call.heard_at) < TIMES_OUT
            && is_shown(call.manager.as_deref(), grant, asked, now)
    });
    calls.sort_by(|a, b| (a.since, &a.call).cmp(&(b.since, &b.call)));
    let phones = grant.may(Scope::ReadPhones);
    let shown = calls.into_iter().take(asked.limit);
    shown.map(|call| Call::of(call, phones)).collect()
}

impl Call {
    fn of(call: CallGoesOn, phones: bool) -> Self {
        let text = |text: String| {
            if phones { text } else { phones::masked(text) }
        };
        let brought = call.attribution.map(Brought::of);
        let by = brought.as_ref();
        let source = by.and_then(|by| by.agreed(|by| &by.source));
        let medium = by.and_then(|by| by.agreed(|by| (&by.source, &by.medium)));
        let campaign = by.and_then(|by| by.agreed(|by| (&by.source, &by.medium, &by.campaign)));
        let (outside, ours) = (text(call.caller), call.number);
        let (from, to) = match call.direction {
            Direction::Outbound => (ours, outside),
            Direction::Inbound | Direction::Internal => (outside, ours),
        };
        Self {
            call: call.call,
            direction: call.direction,
            from,
            to,
            since: call.since,
            state: call.state,
            manager: call.manager,
            extension: call.extension.map(text),
            source: source.cloned().flatten(),
            medium: medium.and_then(|it| it.1.clone()),
            campaign: campaign.and_then(|it| it.2.clone()),
            certainty: by.map(|by| by.certainty),
            attribution: brought,
        }
    }
}
