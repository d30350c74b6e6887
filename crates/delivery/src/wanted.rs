//! Which notices a call gives. Whether one was told before, the outbox knows: each is told once.

use trunkline_model::event::Direction;
use trunkline_model::settings::{CallRules, WebhookEvent};
use trunkline_model::time::Time;

use crate::call::Call;

/// Calls that nobody took (`metrics.md` §2).
const UNANSWERED: [&str; 3] = ["missed", "abandoned", "voicemail"];
/// The certainty of a call whose source nobody knows.
const UNATTRIBUTED: &str = "unattributed";
/// How long after its end a call is news, in milliseconds: history that is imported is none. Shorter
/// than the outbox remembers what it told.
const NEWS: i64 = 24 * 3_600_000;
/// How long after its end is told that another source brought it, or that it never was. Shorter than the outbox remembers what it told of it.
const CORRECTED: i64 = 7 * 24 * 3_600_000;

/// Lists the kinds of notices that a call gives as it stands, `now` being when the record that changed
/// it arrived; its source is another question.
///
/// `missed_call`: inbound, over, nobody took it, not short. `target_call`: inbound, over, answered, and
/// talked long enough. Spam, internal calls and those of a dialler give none, as they count in no report.
pub(crate) fn kinds(call: &Call, rules: &CallRules, now: Time) -> Vec<WebhookEvent> {
    if !(counts(call) && age(call, now) <= NEWS) {
        return Vec::new();
    }
    let ended = call.disposition.as_deref().unwrap_or_default();
    let short = f64::from(rules.short_abandon_s);
    let is_short = call.wait_s.is_some_and(|wait| wait < short);
    let is_target = ended == "answered"
        && call.ended_at.is_some()
        && call.talk_s >= f64::from(rules.target_call_s);
    let holds = [
        (
            WebhookEvent::MissedCall,
            UNANSWERED.contains(&ended) && !is_short,
        ),
        (WebhookEvent::TargetCall, is_target),
    ];
    let kinds = holds.into_iter().filter(|(_, holds)| *holds);
    kinds.map(|(kind, _)| kind).collect()
}

/// Says whether it is news that a call's source is known: an inbound one, as soon as it is. What stands in for the source
/// of a call that is `unattributed` is none.
pub(crate) fn is_attributed(call: &Call, now: Time) -> bool {
    let by = call
        .attribution
        .as_ref()
        .filter(|by| by.certainty.as_deref() != Some(UNATTRIBUTED));
    let source = by.and_then(|by| by.source.as_ref());
    counts(call) && source.is_some() && age(call, now) <= NEWS
}

/// Says whether those who were told of a call's source are to know that it is another.
pub(crate) fn is_corrected(call: &Call, now: Time) -> bool {
    counts(call) && call.attribution.is_some() && age(call, now) <= CORRECTED
}

/// Says whether those who were told of a call are to know that it never was, whatever it was.
pub(crate) fn is_remembered(call: &Call, now: Time) -> bool {
    age(call, now) <= CORRECTED
}

fn counts(call: &Call) -> bool {
    call.direction == Direction::Inbound && !call.spam && call.origin.as_deref() != Some("dialler")
}

/// Gives how long ago a call ended, or began while it goes on, in milliseconds.
fn age(call: &Call, now: Time) -> i64 {
    now.since(call.ended_at.unwrap_or(call.at))
}

#[cfg(test)]
mod tests {
    use WebhookEvent::{MissedCall, TargetCall};

    use super::*;

    fn told(change: impl FnOnce(&mut Call)) -> Vec<WebhookEvent> {
        let mut call = Call {
            origin: None,
            attribution: None,
            ..Call::sample()
        };
        change(&mut call);
        kinds(&call, &CallRules::default(), Time(60_000))
    }

    fn missed(call: &mut Call) {
        call.disposition = Some("missed".to_owned());
        (call.answered_at, call.talk_s, call.wait_s) = (None, 0.0, Some(5.0));
    }

    #[test]
    fn a_call_that_nobody_took_is_missed_unless_it_was_short_or_spam() {
        assert_eq!(told(missed), [MissedCall]);
        for word in ["abandoned", "voicemail"] {
            let told = told(|call| {
                missed(call);
                call.disposition = Some(word.to_owned());
            });
            assert_eq!(told, [MissedCall], "{word}");
        }
        let not: [fn(&mut Call); 6] = [
            |call| call.wait_s = Some(4.999),
            |call| call.spam = true,
            |call| call.direction = Direction::Outbound,
            |call| call.disposition = Some("menu".to_owned()),
            |call| call.disposition = None,
            |call| call.origin = Some("dialler".to_owned()),
        ];
        for change in not {
            let told = told(|call| {
                missed(call);
                change(call);
            });
            assert_eq!(told, []);
        }
    }

    #[test]
    fn a_target_call_was_answered_and_talked_long_enough() {
        assert_eq!(told(|_| {}), [TargetCall]);
        assert_eq!(told(|call| call.talk_s = 60.0), [TargetCall]);
        assert_eq!(told(|call| call.talk_s = 59.999), []);
        assert_eq!(told(|call| call.ended_at = None), []);
    }

    fn sourced(change: impl FnOnce(&mut Call)) -> Call {
        let mut call = Call {
            origin: None,
            ..Call::sample()
        };
        change(&mut call);
        call
    }

    #[test]
    fn a_call_is_told_as_attributed_while_it_rings_once_its_source_is_known() {
        let rings = sourced(|call| (call.disposition, call.ended_at) = (None, None));
        assert!(is_attributed(&rings, Time(0)));
        let not: [fn(&mut Call); 6] = [
            |call| call.attribution = None,
            |call| {
                let by = call.attribution.as_mut().unwrap();
                by.certainty = Some("unattributed".to_owned());
            },
            |call| call.attribution = Some(crate::Attribution::default()),
            |call| call.spam = true,
            |call| call.direction = Direction::Internal,
            |call| call.origin = Some("dialler".to_owned()),
        ];
        for change in not {
            assert!(!is_attributed(&sourced(change), Time(0)));
        }
    }

    #[test]
    fn a_source_that_is_known_no_more_is_a_correction_and_for_a_week() {
        let call = sourced(|call| call.attribution = Some(crate::Attribution::default()));
        assert!(is_corrected(&call, Time(CORRECTED)) && !is_corrected(&call, Time(CORRECTED + 1)));
        let call = sourced(|_| {});
        assert!(is_attributed(&call, Time(NEWS)) && !is_attributed(&call, Time(NEWS + 1)));
    }

    #[test]
    fn what_ended_more_than_a_day_ago_is_no_news() {
        let call = Call {
            origin: None,
            ..Call::sample()
        };
        let kinds = |now| kinds(&call, &CallRules::default(), Time(now)).len();
        assert_eq!([kinds(NEWS), kinds(NEWS + 1)], [1, 0]);
    }
}
