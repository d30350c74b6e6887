//! Calls as they are told: counted by hand from their JSON.

use std::collections::BTreeMap;

use serde_json::Value;
use trunkline_model::event::Event;
use trunkline_model::time::Time;

use crate::{Config, Sending, Simulation};

fn config(calls: u32) -> Config {
    Config {
        days: 7,
        rate: 100,
        calls,
        ..Config::default()
    }
}

fn sent(config: Config) -> Vec<Sending> {
    Simulation::new(config).unwrap().collect()
}

fn read(sending: &Sending) -> Value {
    Event::parse(&sending.event).unwrap_or_else(|why| panic!("{why}: {}", sending.event));
    serde_json::from_str(&sending.event).unwrap()
}

/// Each call's events in the order of their times, each once.
fn calls(config: Config) -> BTreeMap<String, Vec<Value>> {
    let mut calls: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for sending in sent(config) {
        let event = read(&sending);
        if event["type"] == "call" {
            let word = |name: &str| event[name].as_str().unwrap().to_owned();
            let call = calls.entry(word("call")).or_default();
            call.insert(word("id"), event.clone());
        }
    }
    let sorted = calls.into_iter().map(|(call, events)| {
        let mut events: Vec<Value> = events.into_values().collect();
        events.sort_by_key(|event| event["at"].as_str().unwrap().to_owned());
        (call, events)
    });
    sorted.collect()
}

fn at(event: &Value) -> Time {
    Time::parse(event["at"].as_str().unwrap()).unwrap()
}

#[test]
fn conversations_are_the_same_with_calls_and_without() {
    let without = sent(config(0));
    let with = sent(config(300));
    assert!(with.is_sorted_by_key(|sending| sending.send_at));
    let messages = with
        .iter()
        .filter(|sending| read(sending)["type"] != "call");
    assert!(
        messages
            .map(|it| &it.event)
            .eq(without.iter().map(|it| &it.event))
    );
    assert!(with.len() > without.len() + 5_000);
}

#[test]
fn a_call_begins_once_and_ends_once_unless_the_centre_ends_before() {
    let calls = calls(config(300));
    // Five weekdays and two days with 2 in 5 of them, and calls back.
    assert!((1_500..2_300).contains(&calls.len()), "{}", calls.len());
    let end = config(300).end();
    for (call, events) in &calls {
        let of = |phase: &str| {
            events
                .iter()
                .filter(|event| event["phase"] == phase)
                .count()
        };
        assert_eq!(of("started"), 1, "{call}");
        assert_eq!(events[0]["phase"], "started", "{call}");
        let lasts = end.since(at(&events[0])) < 2 * 3_600_000;
        assert!(of("ended") == 1 || lasts, "{call}");
        assert!(events.iter().all(|event| at(event) < end));
    }
}

#[test]
fn most_calls_are_answered_some_wait_in_vain_and_some_are_passed_on() {
    let calls = calls(config(300));
    let with = |phase: &'static str| {
        let mut found = calls.values();
        let has = |events: &&Vec<Value>| events.iter().any(|event| event["phase"] == phase);
        found.by_ref().filter(has).count()
    };
    let answered = with("answered");
    assert!(
        answered * 10 > calls.len() * 6,
        "{answered} of {}",
        calls.len()
    );
    assert!(
        answered * 100 < calls.len() * 97,
        "{answered} of {}",
        calls.len()
    );
    assert!(with("transferred") > 20 && with("held") > 50);
}

#[test]
fn nobody_talks_in_two_calls_at_once() {
    let mut talks: BTreeMap<String, Vec<(Time, Time)>> = BTreeMap::new();
    for events in calls(config(300)).values() {
        for (place, event) in events.iter().enumerate() {
            if event["phase"] != "answered" {
                continue;
            }
            let over = |later: &&Value| {
                ["transferred", "ended"].contains(&later["phase"].as_str().unwrap())
            };
            if let Some(over) = events[place..].iter().find(over) {
                let manager = event["manager"].as_str().unwrap().to_owned();
                talks
                    .entry(manager)
                    .or_default()
                    .push((at(event), at(over)));
            }
        }
    }
    for (manager, talks) in &mut talks {
        talks.sort();
        for pair in talks.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{manager}: {pair:?}");
        }
    }
    assert!(talks.len() > 5);
}
