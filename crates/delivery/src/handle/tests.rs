//! What receivers are told of calls that are taken back, and of twins, through the handle.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::call::Call;
use crate::{Cause, Leg};

const DAY: i64 = 24 * 3_600_000;

/// A handle with a receiver of all events of an account with hooks of both kinds, and the calls of the account.
struct Desk {
    handle: Handle,
    calls: HashMap<String, Call>,
    offset: u64,
    _state: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let hook = |id: &str, role: &str| json!({"id": id, "provider": "standard", "role": role});
        let account = json!({
            "id": "acme", "hook": [hook("t", "tracker"), hook("p", "pbx")],
            "webhook": [{"id": "crm", "url": "http://crm.example/in",
                "events": ["missed_call", "target_call", "attributed_call"],
                "where": "caller = \"+34911222333\""}],
        });
        let webhooks = Webhooks::new(&[serde_json::from_value(account).unwrap()]).unwrap();
        let world = World {
            clock: Arc::new(|| Time(60_000)),
            chance: Arc::new(|| 0.0),
        };
        let state = tempfile::tempdir().unwrap();
        let handle = Handle::new(state.path(), world, webhooks);
        handle.begin(1, 0).unwrap();
        Self {
            handle,
            calls: HashMap::new(),
            offset: 10,
            _state: state,
        }
    }

    /// Tells a call as the fold does: as it stands, then what brought it.
    fn tell(&mut self, call: &Call) {
        self.offset += 1;
        self.calls.insert(call.call.clone(), call.clone());
        let other = |id: &str| self.calls.get(id).cloned();
        let at = (self.offset, Time(60_000));
        self.handle.tell("acme", call, at, other);
        let cause = Cause {
            offset: self.offset,
            is_new: true,
        };
        let brought = call.attribution.as_ref();
        if brought.is_some_and(|by| self.handle.lacks_source("acme", &call.call, by)) {
            self.handle
                .tell_source("acme", call, (cause, Time(60_000)), other);
        }
    }

    /// Takes a call back at a time; gives the calls of which more is to be told.
    fn take_back(&mut self, call: &str, now: Time) -> Vec<String> {
        self.offset += 1;
        let was = self.calls[call].clone();
        self.handle.tell_gone("acme", &was, self.offset, now)
    }

    /// Sends all that waits; gives of each event, call, `corrected`, `retracted` and twin.
    fn sent(&self) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some((made, _)) = self.handle.take(true) {
            let body: Value = serde_json::from_str(&made.notice.body).unwrap();
            let word = |name: &'static str| if body[name] == true { name } else { "" };
            let twin = body["twin"].as_str().unwrap_or("");
            let words = [
                body["event"].as_str().unwrap(),
                body["call"]["call"].as_str().unwrap(),
                word("corrected"),
                word("retracted"),
                twin,
            ];
            sent.push(
                words
                    .join(" ")
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" "),
            );
            self.handle.settle(&made, Outcome::Delivered);
        }
        sent
    }
}

/// A target call with a source.
fn call(id: &str, hook: &str, number: &str, forwarded: Option<&str>) -> Call {
    let leg = |extension: &str| Leg {
        extension: Some(extension.to_owned()),
        ..Leg::default()
    };
    Call {
        call: id.to_owned(),
        hook: hook.to_owned(),
        origin: None,
        number: Some(number.to_owned()),
        legs: forwarded.map(leg).into_iter().collect(),
        ..Call::sample()
    }
}

fn tracked() -> Call {
    call("T", "t", "+34911000001", Some("+34910000001"))
}

fn switched() -> Call {
    call("P", "p", "+34910000001", Some("101"))
}

#[test]
fn who_was_told_of_a_call_is_told_once_that_it_never_was_and_again_if_it_was_after_all() {
    let mut desk = Desk::new();
    desk.tell(&tracked());
    assert_eq!(desk.sent(), ["target_call T", "attributed_call T"]);
    let now = Time(60_000);
    assert!(desk.handle.was_told("acme", "T") && !desk.handle.was_told("acme", "P"));
    desk.take_back("T", now);
    let taken_back = [
        "target_call T corrected retracted",
        "attributed_call T corrected retracted",
    ];
    assert_eq!(desk.sent(), taken_back);
    desk.take_back("T", now);
    assert_eq!(desk.sent(), [""; 0], "it is known");
    desk.tell(&tracked());
    assert_eq!(
        desk.sent(),
        ["target_call T corrected", "attributed_call T corrected"]
    );
    desk.take_back("T", now);
    assert_eq!(desk.sent(), taken_back);
}

#[test]
fn what_nobody_was_told_and_what_is_long_past_is_not_taken_back() {
    let mut desk = Desk::new();
    let other = Call {
        caller: Some("+34911222444".to_owned()),
        ..tracked()
    };
    desk.tell(&other);
    assert_eq!(desk.sent(), [""; 0], "`where` keeps it out");
    desk.take_back("T", Time(60_000));
    assert_eq!(desk.sent(), [""; 0]);
    desk.tell(&call("N", "t", "+34911000001", None));
    assert_eq!(desk.sent().len(), 2);
    desk.take_back("N", Time(7 * DAY + 1));
    assert_eq!(desk.sent(), [""; 0]);
    desk.take_back("N", Time(7 * DAY));
    assert_eq!(desk.sent().len(), 2);
}

#[test]
fn of_twins_that_were_both_told_that_of_the_pbx_is_taken_back_for_the_other() {
    for tracker_first in [false, true] {
        let mut desk = Desk::new();
        // Where the tracker forwards it to is told last: until then nobody knows that they are one.
        let alone = Call {
            legs: Vec::new(),
            ..tracked()
        };
        let mut both = [switched(), alone];
        if tracker_first {
            both.reverse();
        }
        for call in both {
            desk.tell(&call);
        }
        assert_eq!(desk.sent().len(), 4);
        desk.tell(&tracked());
        let taken_back = [
            "target_call P corrected retracted T",
            "attributed_call P corrected retracted T",
        ];
        assert_eq!(desk.sent(), taken_back);
        desk.tell(&switched());
        desk.tell(&tracked());
        assert_eq!(desk.sent(), [""; 0], "it is known");
        // The tracker's is taken back: that of the PBX counts after all.
        assert_eq!(desk.take_back("T", Time(60_000)), ["P"]);
        assert_eq!(desk.sent().len(), 2);
        desk.tell(&switched());
        assert_eq!(
            desk.sent(),
            ["target_call P corrected", "attributed_call P corrected"]
        );
    }
}

#[test]
fn a_twin_whose_word_was_left_out_is_told_when_the_other_is_taken_back() {
    let mut desk = Desk::new();
    desk.tell(&switched());
    assert_eq!(desk.sent(), ["target_call P", "attributed_call P"]);
    desk.tell(&tracked());
    assert_eq!(
        desk.sent(),
        [
            "attributed_call T",
            "attributed_call P corrected retracted T"
        ]
    );
    assert_eq!(desk.take_back("P", Time(60_000)), ["T"]);
    assert_eq!(desk.sent(), ["target_call P corrected retracted"]);
    desk.tell(&tracked());
    assert_eq!(desk.sent(), ["target_call T"]);
}

#[test]
fn what_was_taken_back_for_a_twin_does_not_come_again_when_that_is_forgotten() {
    let mut desk = Desk::new();
    desk.tell(&switched());
    desk.tell(&tracked());
    assert_eq!(desk.sent().len(), 4);
    desk.handle.desk().outbox.sides.forget(Time(2 * DAY));
    let mut another = switched();
    another.attribution = Some(Attribution::default());
    desk.tell(&Call {
        disposition: None,
        ..another
    });
    assert_eq!(desk.sent(), [""; 0]);
}
