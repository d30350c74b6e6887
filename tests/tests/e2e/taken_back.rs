//! Calls that receivers were told of and that are taken back: they hear that there was none, once, in order, and whatever
//! fails on the way.

use std::collections::BTreeMap;

use e2e::clock::{holds_within, pause, rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::receiver::Receiver;
use e2e::service::Service;
use serde_json::{Value, json};

use super::tellings::{CALLER, MARKED, WITHIN, forget_state, post, rings, taken};

const DAY: i64 = 24 * 3_600_000;

fn config(port: u16) -> Config {
    let account = Account::new("acme").section(&format!(
        "[[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{port}/in\"\n\
         events = [\"missed_call\", \"attributed_call\"]\n\
         [[account.number]]\nnumber = \"{MARKED}\"\nsource = \"flyer\"\n"
    ));
    Config::of([account])
}

/// The phases of a call from a run of an import that nobody took; it ended at `at`.
fn missed(call: &str, from: &str, at: i64) -> Value {
    let phase = |phase: &str, before: i64| {
        json!({"type": "call", "call": call, "phase": phase, "at": rfc3339(at - before), "direction": "inbound",
            "from": from, "to": MARKED, "id": format!("{call}/{phase}"), "batch": format!("run of {call}")})
    };
    json!([
        phase("started", 31_000),
        phase("ringing", 30_000),
        phase("ended", 0)
    ])
}

fn retract(what: &str, name: &str) -> Value {
    json!({"type": "retract", what: name, "at": rfc3339(wall())})
}

/// What was told of a call: event, whether it corrects, whether it takes back.
fn said(receiver: &Receiver, call: &str) -> Vec<(String, bool, bool)> {
    let notices = taken(receiver).into_iter().map(|notice| notice.json());
    let of = notices.filter(|it| it["call"]["call"] == call).map(|it| {
        let flag = |name: &str| it[name].as_bool().expect("a flag");
        let event = it["event"].as_str().expect("a text").to_owned();
        (event, flag("corrected"), flag("retracted"))
    });
    of.collect()
}

#[track_caller]
fn wait_for(receiver: &Receiver, call: &str, count: usize) {
    let told = holds_within(WITHIN, || said(receiver, call).len() >= count);
    assert!(told, "{:?}", said(receiver, call));
}

/// Asserts that nothing more is told of what is known: a call that rings now comes next.
#[track_caller]
fn assert_nothing_more(door: &Door, receiver: &Receiver, last: &str) {
    let before = taken(receiver).len();
    rings(door, last, MARKED, wall());
    wait_for(receiver, last, 1);
    pause(300);
    assert_eq!(taken(receiver).len(), before + 1, "{:?}", taken(receiver));
}

#[test]
fn a_call_that_is_taken_back_as_a_whole_is_told_as_a_correction_of_all_that_was_told_of_it() {
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port()));
    let door = service.door("acme");
    post(&door, &missed("k", CALLER, wall()));
    wait_for(&receiver, "k", 2);
    // A part of it: there is a call still.
    post(&door, &retract("target", "k/ringing"));
    assert_nothing_more(&door, &receiver, "partly");
    service.kill9();
    service.restart();
    let door = service.door("acme");
    post(&door, &retract("batch", "run of k"));
    wait_for(&receiver, "k", 4);
    let told =
        |event: &str, corrected: bool, retracted: bool| (event.to_owned(), corrected, retracted);
    let mut expected = vec![
        told("attributed_call", false, false),
        told("missed_call", false, false),
        told("missed_call", true, true),
        told("attributed_call", true, true),
    ];
    assert_eq!(said(&receiver, "k"), expected);
    let notices = taken(&receiver);
    let last = notices.last().expect("a notice").json();
    let words = ["caller", "number", "ended_at"].map(|name| last["call"][name].is_string());
    assert_eq!(words, [true; 3], "it is told as it was: {last}");
    assert_eq!(last["twin"], Value::Null);
    let revisions = notices.iter().map(|it| it.json()["revision"].as_u64());
    assert!(revisions.is_sorted());
    // What was never told and what is long past is not taken back; nor is anything told again.
    let old = wall() - 8 * DAY;
    post(&door, &missed("old", CALLER, old));
    post(&door, &retract("batch", "run of old"));
    assert_nothing_more(&door, &receiver, "after old");
    for rebuilt in [false, true] {
        service.stop();
        if rebuilt {
            forget_state(&service);
        }
        service.restart();
        assert_nothing_more(
            &service.door("acme"),
            &receiver,
            &format!("rebuilt {rebuilt}"),
        );
    }
    // It was after all: another phase, and it is told again.
    let mut again = missed("k", CALLER, wall());
    for phase in again.as_array_mut().expect("phases") {
        let id = format!("{}/again", phase["id"].as_str().expect("a text"));
        (phase["id"], phase["batch"]) = (json!(id), json!("another run"));
    }
    post(&service.door("acme"), &again);
    wait_for(&receiver, "k", 6);
    expected.push(told("attributed_call", true, false));
    expected.push(told("missed_call", true, false));
    assert_eq!(said(&receiver, "k"), expected);
}

#[test]
fn crashes_and_receivers_that_fail_lose_none_of_it_and_change_no_order() {
    const ROUNDS: usize = 12;
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port()));
    let mut ids = BTreeMap::<String, Vec<String>>::new();
    for round in 0..ROUNDS {
        let (call, caller) = (format!("k{round}"), format!("+3491122233{}", round % 2));
        receiver.answer(if round % 4 == 1 { 500 } else { 200 });
        post(&service.door("acme"), &missed(&call, &caller, wall()));
        if round % 3 == 0 {
            service.kill9();
            service.restart();
        }
        let door = service.door("acme");
        match round % 2 {
            0 => post(&door, &retract("batch", &format!("run of {call}"))),
            // One by one: with the last nothing is left.
            _ => ["started", "ended", "ringing"]
                .into_iter()
                .for_each(|phase| {
                    post(&door, &retract("target", &format!("{call}/{phase}")));
                }),
        }
        if round % 3 == 1 {
            service.kill9();
            service.restart();
        }
        ids.entry(caller).or_default().push(call);
    }
    receiver.answer(200);
    for call in ids.values().flatten() {
        wait_for(&receiver, call, 4);
    }
    wait_until("nothing waits", WITHIN, || {
        let listed = service.door("acme").get("/v1/admin/webhooks", &[]).json();
        listed["webhooks"][0]["waiting"] == 0
    });
    // Of each call that it is, then that it is not; and one after the other for each caller.
    for (caller, calls) in &ids {
        let masked = format!("+3***{}", &caller[8..]);
        let notices = taken(&receiver).into_iter().map(|notice| notice.json());
        let of = notices.filter(|it| it["call"]["caller"] == masked);
        let order: Vec<(Value, bool)> = of
            .map(|it| (it["call"]["call"].clone(), it["retracted"] == true))
            .collect();
        let expected = calls.iter().flat_map(|call| {
            let told = |is: bool| (json!(call), is);
            [told(false), told(false), told(true), told(true)]
        });
        assert_eq!(order, expected.collect::<Vec<_>>(), "{caller}");
    }
    assert_nothing_more(&service.door("acme"), &receiver, "last");
}
