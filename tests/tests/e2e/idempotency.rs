//! Events come again: counted once in effect, and said so.

use e2e::doors::Receipt;
use e2e::events::{Event, Thread};
use e2e::facts;
use e2e::generate::{self, disorder};
use e2e::reference::Reference;
use serde_json::json;

use crate::accounts::own;

fn thread() -> Vec<Event> {
    Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .closed(Some("ana"), "10:10")
        .events()
}

#[test]
fn the_same_batch_twice_is_all_duplicates() {
    let own = own("twice");
    let receipt = own.door.send(&thread());
    assert_eq!(
        receipt,
        Receipt {
            accepted: 3,
            ..Receipt::default()
        }
    );
    for _ in 0..3 {
        let receipt = own.door.send(&thread());
        assert_eq!(
            receipt,
            Receipt {
                duplicates: 3,
                ..Receipt::default()
            }
        );
    }
    // Also within one batch, and with what is normalised to the same.
    let new = Thread::new("2").contact("11:00").events();
    let receipt = own.door.send(&[new.clone(), new.clone()].concat());
    assert_eq!(
        receipt,
        Receipt {
            accepted: 1,
            duplicates: 1,
            ..Receipt::default()
        }
    );
    let mut again = new[0].json();
    again["at"] = json!("2026-03-02T12:00:00+01:00");
    again["kind"] = json!("text");
    again["private"] = json!(false);
    again["nobody_knows"] = json!({"this": ["field"]});
    let receipt = Receipt::of(own.door.post_json(&again).expect_status(202));
    assert_eq!(
        receipt,
        Receipt {
            duplicates: 1,
            ..Receipt::default()
        }
    );
    own.door.flush();
    assert_eq!(own.march("messages", &[]).count(0, "messages"), 3);
    assert_eq!(own.samples("wait", "ana"), (1, 300.0));
}

#[test]
fn the_same_id_with_other_content_is_a_conflict_and_the_first_stays() {
    let own = own("conflict");
    own.door.send(&thread());
    let mut other = thread()[1].json();
    other["at"] = json!("2026-03-02T10:30:00Z");
    other["manager"] = json!("luis");
    let answer = own.door.post_json(&other);
    let receipt = Receipt::of(answer.expect_status(202));
    assert_eq!(
        receipt,
        Receipt {
            conflicts: 1,
            ..Receipt::default()
        }
    );
    // The conflicting content again is a conflict again, the first content a duplicate.
    let receipt = Receipt::of(own.door.post_json(&other).expect_status(202));
    assert_eq!(
        receipt,
        Receipt {
            conflicts: 1,
            ..Receipt::default()
        }
    );
    let receipt = own.door.send(&thread());
    assert_eq!(
        receipt,
        Receipt {
            duplicates: 3,
            ..Receipt::default()
        }
    );
    own.door.flush();
    assert_eq!(own.samples("wait", "ana"), (1, 300.0));
    assert_eq!(own.samples("wait", "luis"), (0, 0.0));
}

#[test]
fn a_messages_id_belongs_to_its_conversation_and_a_changes_id_to_the_account() {
    let own = own("list");
    let one = Thread::new("1")
        .contact("10:00")
        .closed(None, "10:10")
        .events();
    own.door.send(&one);
    let mut message = one[0].json();
    message["conversation"] = json!("2");
    let mut on_another_channel = one[0].json();
    on_another_channel["channel"] = json!("telegram");
    let receipt = Receipt::of(&own.door.post_json(&json!([message, on_another_channel])));
    assert_eq!(
        receipt,
        Receipt {
            accepted: 2,
            ..Receipt::default()
        }
    );
    let mut change = one[1].json();
    change["conversation"] = json!("2");
    let receipt = Receipt::of(&own.door.post_json(&change));
    assert_eq!(
        receipt,
        Receipt {
            conflicts: 1,
            ..Receipt::default()
        }
    );
}

#[test]
fn events_without_an_id_count_once_if_equal() {
    let own = own("bare");
    let bare = |time: &str| {
        Thread::new("1")
            .message(e2e::events::Author::Contact, None, time, |m| m.id = None)
            .events()
    };
    assert_eq!(own.door.send(&bare("10:00")).accepted, 1);
    assert_eq!(own.door.send(&bare("10:00")).duplicates, 1);
    assert_eq!(own.door.send(&bare("10:01")).accepted, 1);
    own.door.flush();
    assert_eq!(own.march("messages", &[]).count(0, "messages"), 2);
    let rows = own
        .door
        .get("/v1/reports/messages/rows", &crate::accounts::MARCH);
    let rows = rows.expect_status(200).json();
    assert_eq!(rows["rows"].as_array().unwrap().len(), 2, "{rows}");
}

#[test]
fn an_answer_to_wait_flushed_means_that_reports_show_it() {
    let own = own("flushed");
    for index in 0..5 {
        let receipt = own
            .door
            .send_flushed(&Thread::new(&format!("{index}")).contact("10:00").events());
        assert_eq!(receipt.accepted, 1);
        assert_eq!(own.march("messages", &[]).count(0, "messages"), index + 1);
    }
    // Nothing new: it waits for the journal's end.
    let again = own
        .door
        .send_flushed(&Thread::new("0").contact("10:00").events());
    assert_eq!(
        again,
        Receipt {
            duplicates: 1,
            ..Receipt::default()
        }
    );
}

#[test]
fn the_same_events_from_many_senders_at_once_count_once() {
    let own = own("at-once");
    let events = generate::log(41, 15);
    let receipts: Vec<Receipt> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let (door, events) = (own.door.clone(), disorder(&events, sender, 0));
                scope.spawn(move || events.chunks(7).map(|batch| door.send(batch)).collect())
            })
            .collect();
        senders
            .into_iter()
            .flat_map(|sender| -> Vec<Receipt> { sender.join().unwrap() })
            .collect()
    });
    let sum = |count: fn(&Receipt) -> u64| receipts.iter().map(count).sum::<u64>();
    let unique = events.len() as u64;
    assert_eq!(sum(|receipt| receipt.accepted), unique);
    assert_eq!(sum(|receipt| receipt.duplicates), 7 * unique);
    own.door.flush();
    let reference = Reference::of(&events);
    facts::assert_exact(&own.service.views(), own.account, &reference);
}

#[test]
fn one_instant_in_any_writing_and_one_text_in_any_escape_is_one_event() {
    let own = own("writings");
    let event = |id: &str, at: &str| {
        format!(
            "{{\"type\":\"message\",\"channel\":\"web\",\"conversation\":\"1\",\"contact\":\"María\",\
             \"author\":\"contact\",\"id\":{id},\"at\":{at}}}\n"
        )
    };
    let mut body = String::new();
    for at in [
        "\"2026-03-02T10:00:00Z\"",
        "\"2026-03-02T10:00:00.000Z\"",
        "\"2026-03-02T11:00:00+01:00\"",
        "\"2026-03-02T10:00:00.0004Z\"",
        "1772445600",
        "1772445600000",
        "1772445600000000",
        "\"1772445600\"",
        "\"1772445600000\"",
    ] {
        body += &event("\"a1\"", at);
    }
    body += &event("\"\\u0061\\u0031\"", "1772445600");
    body += &event("\"a1\"", "1772445600").replace("María", "Mar\\u00eda");
    body += &event("\"a1\"", "1772445600")
        .replace("\"type\":\"message\",", "")
        .replace("}\n", ",\"type\":\"message\"}\n");
    let receipt = Receipt::of(
        own.door
            .post("application/x-ndjson", None, body.as_bytes())
            .expect_status(202),
    );
    assert_eq!(
        receipt,
        Receipt {
            accepted: 1,
            duplicates: 11,
            ..Receipt::default()
        }
    );
}

#[test]
fn lines_may_end_and_be_named_in_any_usual_way() {
    let own = own("lines");
    let line = |id: &str| {
        Thread::new(id).contact("10:00").events()[0]
            .json()
            .to_string()
    };
    let body = format!("{}\r\n\r\n\n{}\n{}", line("1"), line("2"), line("3"));
    let answer = own
        .door
        .post("application/x-ndjson; charset=utf-8", None, body.as_bytes());
    assert_eq!(
        Receipt::of(answer.expect_status(202)).accepted,
        3,
        "{}",
        answer.text()
    );
    let spaced = format!(" \n[ {} ,\n\t{} ]\n", line("4"), line("5"));
    let answer = own
        .door
        .post("Application/JSON; charset=UTF-8", None, spaced.as_bytes());
    assert_eq!(
        Receipt::of(answer.expect_status(202)).accepted,
        2,
        "{}",
        answer.text()
    );
    let nothing = own.door.post("application/json", None, b"[]");
    assert_eq!(Receipt::of(nothing.expect_status(202)).items(), 0);
}
