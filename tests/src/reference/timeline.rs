//! The order of a conversation: by time, messages before changes of the same time, messages by id.
//! Notes are no part.

use std::cmp::Ordering;

use crate::events::Event;

/// Returns the public timeline in the order in which it happened.
pub(super) fn sorted(events: Vec<&Event>) -> Vec<Event> {
    let mut timeline: Vec<Event> = events
        .into_iter()
        .filter(|event| !matches!(event, Event::Message(message) if message.private))
        .cloned()
        .collect();
    timeline.sort_by(|a, b| a.at().cmp(&b.at()).then_with(|| same_time(a, b)));
    timeline
}

fn same_time(a: &Event, b: &Event) -> Ordering {
    match (a, b) {
        (Event::Message(_), Event::Change(_)) => Ordering::Less,
        (Event::Change(_), Event::Message(_)) => Ordering::Greater,
        (Event::Message(a), Event::Message(b)) => ids(
            a.id.as_deref().unwrap_or_default(),
            b.id.as_deref().unwrap_or_default(),
        ),
        (Event::Change(_), Event::Change(_)) => Ordering::Equal,
    }
}

/// Ids of digits only come first, the shorter first and then as text; then the others as text.
pub(super) fn ids(a: &str, b: &str) -> Ordering {
    let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match (digits(a), digits(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}
