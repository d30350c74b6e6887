//! Types whose room does not exist yet: taken, kept, counted as waiting.

use e2e::doors::Receipt;
use serde_json::{Value, json};

use crate::accounts::own;

const AT: &str = "2026-03-02T10:00:00Z";

fn one_of_each() -> Vec<Value> {
    vec![
        json!({"type": "purchase", "purchase": "u1", "contacts": ["c1"], "at": AT,
               "status": "bought"}),
        json!({"type": "contact", "contact": "c1", "change": "assigned", "manager": "ana",
               "at": AT}),
        json!({"type": "contact", "contact": "c1", "change": "state", "state": "won", "at": AT}),
        json!({"type": "task", "task": "t1", "change": "created", "at": AT, "manager": "ana"}),
        json!({"type": "rating", "contact": "c1", "kind": "nps", "value": 9, "at": AT}),
        json!({"type": "upload", "file": {"name": "a.pdf", "size": 10, "mime": "application/pdf"},
               "origin": "note", "manager": "ana", "at": AT}),
        json!({"type": "presence", "manager": "ana", "state": "active", "at": AT}),
    ]
}

#[test]
fn events_of_later_rooms_are_kept_and_counted_as_waiting_even_when_they_come_twice() {
    let own = own("waiting");
    let before = own.door.metrics().sums();
    let events = one_of_each();
    let count = events.len() as u64;
    let answer = own.door.post_json(&Value::Array(events.clone()));
    let receipt = Receipt::of(answer.expect_status(202));
    assert_eq!(receipt.rejected, 0, "{}", answer.text());
    assert_eq!(receipt.items(), count);
    let again = Receipt::of(own.door.post_json(&Value::Array(events)).expect_status(202));
    assert_eq!((again.duplicates, again.items()), (count, count));
    own.door.flush();
    let after = own.door.metrics().sums();
    assert!(after.balance(), "{after:?}");
    let settled = after.waiting + after.duplicate;
    assert!(
        settled >= before.waiting + before.duplicate + 2 * count,
        "{before:?} {after:?}"
    );
    assert!(
        after.waiting >= before.waiting + count,
        "{before:?} {after:?}"
    );
    assert_eq!(own.march("messages", &[]).count(0, "messages"), 0);
}

#[test]
fn a_bad_event_of_a_later_room_is_refused_today() {
    let own = own("waiting");
    for (event, code) in [
        (
            json!({"type": "call", "call": "k1", "phase": "sung", "at": AT}),
            "invalid_field",
        ),
        (
            json!({"type": "call", "phase": "started", "at": AT}),
            "missing_field",
        ),
        (
            json!({"type": "rating", "contact": "c", "kind": "nps", "value": 11, "at": AT}),
            "invalid_field",
        ),
        (
            json!({"type": "lead", "lead": "l", "change": "exploded", "at": AT}),
            "invalid_field",
        ),
    ] {
        own.door.post_json(&event).expect_problem(400, code);
    }
}
