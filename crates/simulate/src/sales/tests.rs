//! What the sales say is what a reader of their events counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trunkline_model::event::Event;

use super::*;
use crate::Simulation;

fn run(leads: u32) -> Vec<(Time, Value)> {
    let config = Config {
        days: 14,
        calls: 120,
        leads,
        ..Config::default()
    };
    let sent = Simulation::new(config).unwrap().map(|sending| {
        Event::parse(&sending.event).unwrap_or_else(|why| panic!("{why}: {}", sending.event));
        (
            sending.send_at,
            serde_json::from_str(&sending.event).unwrap(),
        )
    });
    sent.collect()
}

fn of_type<'a>(sent: &'a [(Time, Value)], kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let events = sent.iter().map(|(_, event)| event);
    let events = events.filter(|event| event["type"] == kind);
    events
        .map(|event| (event["id"].as_str().unwrap(), event))
        .collect()
}

#[test]
fn conversations_and_calls_are_the_same_with_sales_and_without() {
    let (with, without) = (run(350), run(0));
    let bare = |sent: Vec<(Time, Value)>| -> Vec<(Time, Value)> {
        let kept = sent.into_iter().map(|(at, mut event)| {
            for field in ["source", "medium", "campaign", "gclid", "ctwa_clid"] {
                event.as_object_mut().unwrap().remove(field);
            }
            (at, event)
        });
        let of_talks = |event: &Value| {
            ["message", "conversation", "call"].contains(&event["type"].as_str().unwrap())
        };
        kept.filter(|(_, event)| of_talks(event)).collect()
    };
    assert!(without.len() < with.len());
    assert_eq!(bare(with), without);
}

#[test]
fn everything_is_sent_in_the_order_of_time() {
    assert!(run(350).is_sorted_by_key(|(at, _)| *at));
}

#[test]
fn each_day_of_each_advertisement_is_told_once() {
    let sent = run(350);
    let spend = of_type(&sent, "spend");
    let days: BTreeSet<(&str, &str)> = spend
        .values()
        .map(|event| {
            (
                event["campaign"].as_str().unwrap(),
                event["date"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(days.len(), spend.len());
    // Fourteen days in UTC touch fifteen in Madrid; the last of them is told of on the next morning.
    assert_eq!(days.len(), ADVERTS.len() * 14);
    assert!(days.contains(&("brand", "2026-03-01")) && days.contains(&("doors", "2026-03-14")));
}

#[test]
fn a_lead_is_created_once_for_a_contact_and_some_are_won() {
    let sent = run(350);
    let leads = of_type(&sent, "lead");
    let created: Vec<&&Value> = leads
        .values()
        .filter(|it| it["change"] == "created")
        .collect();
    let contacts: BTreeSet<&str> = created
        .iter()
        .map(|it| it["contacts"][0].as_str().unwrap())
        .collect();
    assert_eq!(contacts.len(), created.len());
    assert!(created.len() > 500, "{}", created.len());
    let ended: Vec<&&Value> = leads
        .values()
        .filter(|it| it["change"] == "moved")
        .collect();
    let won = ended.iter().filter(|it| it["stage"] == "won").count();
    let share = won * 1_000 / ended.len();
    assert!((370..470).contains(&share), "{share}");
    assert!(
        ended
            .iter()
            .all(|it| (it["stage"] == "won") == it["amount"].is_string())
    );
    // Who called is known by the phone of the card.
    let cards = of_type(&sent, "contact");
    let callers: BTreeSet<String> = of_type(&sent, "call")
        .values()
        .filter_map(|it| it["from"].as_str().map(str::to_owned))
        .collect();
    assert!(
        cards.len() > 100
            && cards
                .values()
                .all(|it| callers.contains(it["phone"].as_str().unwrap()))
    );
}

#[test]
fn a_source_is_told_once_at_the_beginning_of_a_conversation() {
    let sent = run(350);
    let messages = of_type(&sent, "message");
    let told = messages.values().filter(|it| it["source"].is_string());
    let of: Vec<&str> = told
        .map(|it| it["conversation"].as_str().unwrap())
        .collect();
    assert_eq!(of.iter().collect::<BTreeSet<_>>().len(), of.len());
    let all: BTreeSet<&str> = messages
        .values()
        .map(|it| it["conversation"].as_str().unwrap())
        .collect();
    let share = of.len() * 1_000 / all.len();
    assert!((390..450).contains(&share), "{share}");
}
