use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::hours::HOUR;

fn config() -> Config {
    Config {
        days: 4,
        leads: 500,
        ..Config::default()
    }
}

fn opens() -> Time {
    config().start.plus(60 * HOUR)
}

fn shop() -> Shop {
    Shop::new(&config(), 1_000, opens()).unwrap()
}

fn past() -> Vec<(Time, Value)> {
    let told = |sending: Sending| {
        let event = serde_json::from_str(&sending.event).unwrap();
        (sending.send_at, event)
    };
    shop().past().map(told).collect()
}

fn of<'a>(events: &'a [(Time, Value)], kind: &'static str) -> impl Iterator<Item = &'a Value> {
    let events = events.iter().map(|(_, event)| event);
    events.filter(move |event| event["type"] == kind)
}

#[test]
fn the_same_seed_gives_the_same_in_the_order_of_time() {
    let all: Vec<Heard> = shop().collect();
    assert_eq!(all, shop().collect::<Vec<_>>());
    assert!(all.is_sorted_by_key(|heard| heard.at));
    let past = past();
    assert!(past.is_sorted_by_key(|(at, _)| *at));
    assert!(past.len() > 2_000, "{}", past.len());
}

#[test]
fn a_visit_asks_for_a_number_from_the_opening_on_and_is_told_by_the_tracker_before() {
    let mut asking = BTreeSet::new();
    let mut began = BTreeMap::new();
    for heard in shop() {
        let Some(visit) = heard.visit else {
            assert!(!heard.asks, "{heard:?}");
            continue;
        };
        let begins = matches!(heard.told, Told::Page { is_first: true, .. });
        assert_eq!(begins, !began.contains_key(&visit.number), "{heard:?}");
        let begun = *began.entry(visit.number).or_insert(heard.at);
        assert_eq!(heard.asks, begun >= opens(), "{heard:?}");
        if heard.asks {
            asking.insert(visit.number);
        }
    }
    assert!(asking.len() > 1_000, "{}", asking.len());
    let past = past();
    let told: BTreeSet<&str> = of(&past, "visit")
        .map(|event| event["visit"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), began.len() - asking.len());
    for event in of(&past, "visit") {
        // Nothing that only the service decides.
        for field in ["number", "pool", "site", "served", "expires_at"] {
            assert!(event.get(field).is_none(), "{event}");
        }
    }
}

#[test]
fn calls_are_whole_and_dial_the_number_that_everybody_knows() {
    let mut calls: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let events = shop().filter_map(|heard| match heard.told {
        Told::Call(event) => Some(event),
        _ => None,
    });
    for event in events {
        let event: Value = serde_json::from_str(&event).unwrap();
        let call = event["call"].as_str().unwrap().to_owned();
        calls.entry(call).or_default().push(event);
    }
    let (mut answered, mut missed) = (0, 0);
    for phases in calls.values() {
        assert_eq!(phases[0]["phase"], "started");
        assert_eq!(phases[0]["to"], MAIN);
        let talks = phases.iter().any(|phase| phase["phase"] == "answered");
        answered += u32::from(talks);
        missed += u32::from(!talks);
        assert!(!talks || phases.iter().any(|phase| phase["manager"].is_string()));
    }
    // Of some four days of about a thousand visits, 60 in 1,000, each with a tenth and a quarter more.
    assert!(answered > 100 && missed > 20, "{answered} {missed}");
}

#[test]
fn who_calls_is_nobody_of_those_who_never_saw_the_site() {
    let past = past();
    let phones = of(&past, "form").map(|event| event["phone"].as_str().unwrap());
    let callers = of(&past, "call").filter_map(|event| event["from"].as_str());
    let all: Vec<&str> = phones.chain(callers).collect();
    assert!(all.len() > 50, "{}", all.len());
    assert!(all.iter().all(|phone| !phone.starts_with("+34600")));
    let contacts: BTreeSet<&str> = of(&past, "contact")
        .map(|event| event["phone"].as_str().unwrap())
        .collect();
    assert!(!contacts.is_empty());
    assert!(contacts.iter().all(|phone| !phone.starts_with("+34600")));
    assert!(of(&past, "lead").any(|event| event["stage"] == "won"));
}
