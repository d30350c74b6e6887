//! What a configuration says is what its events show, counted by hand from their JSON.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, TimeZone, Timelike, Weekday};
use serde_json::Value;
use trunkline_model::event::Event;
use trunkline_model::time::Tz;

use super::*;

const DAY: i64 = 86_400_000;

fn run(config: Config) -> Vec<(Time, Value)> {
    let centre = Simulation::new(config).unwrap();
    centre
        .map(|sending| {
            Event::parse(&sending.event).unwrap_or_else(|why| panic!("{why}: {}", sending.event));
            (
                sending.send_at,
                serde_json::from_str(&sending.event).unwrap(),
            )
        })
        .collect()
}

fn at(event: &Value) -> Time {
    Time::parse(event["at"].as_str().unwrap()).unwrap()
}

/// Keeps each event once.
fn distinct(sent: &[(Time, Value)]) -> BTreeMap<String, &Value> {
    let by_id = sent
        .iter()
        .map(|(_, event)| (event["id"].as_str().unwrap().to_owned(), event));
    by_id.collect()
}

fn count(sent: &[(Time, Value)], holds: impl Fn(&Value) -> bool) -> usize {
    distinct(sent).values().filter(|event| holds(event)).count()
}

fn is(name: &'static str, word: &'static str) -> impl Fn(&Value) -> bool {
    move |event| event[name] == word
}

fn local(event: &Value) -> chrono::DateTime<Tz> {
    let utc = chrono::DateTime::from_timestamp_millis(at(event).millis()).unwrap();
    Tz::Europe__Madrid.from_utc_datetime(&utc.naive_utc())
}

/// Four weeks across the night in which the clock goes forward.
fn four_weeks() -> Config {
    Config {
        days: 28,
        ..Config::default()
    }
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| -> Vec<(Time, String)> {
        let config = Config {
            seed,
            ..Config::default()
        };
        let centre = Simulation::new(config).unwrap();
        centre
            .map(|sending| (sending.send_at, sending.event))
            .collect()
    };
    let first = bytes(5);
    assert!(first == bytes(5) && first != bytes(6));
    assert!(first.iter().map(|(_, event)| event.len()).sum::<usize>() > 100_000);
    // Two runs in one account do not meet.
    let ids = |sent: &[(Time, String)]| -> BTreeSet<String> {
        let ids = sent
            .iter()
            .map(|(_, event)| serde_json::from_str::<Value>(event).unwrap());
        ids.map(|event| event["id"].to_string()).collect()
    };
    assert!(ids(&first).is_disjoint(&ids(&bytes(6))));
}

#[test]
fn one_seed_gives_these_very_bytes_on_every_machine() {
    let config = Config {
        days: 2,
        rate: 100,
        ..Config::default()
    };
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for sending in Simulation::new(config).unwrap() {
        for byte in sending
            .event
            .bytes()
            .chain(sending.send_at.millis().to_le_bytes())
        {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(format!("{sum:016x}"), "4150d1474340abb7");
}

#[test]
fn as_many_conversations_begin_as_the_rate_says() {
    for rate in [40, 400] {
        let sent = run(Config {
            rate,
            bursts: 0,
            ..four_weeks()
        });
        let conversations: BTreeSet<&str> = sent
            .iter()
            .map(|(_, event)| event["conversation"].as_str().unwrap())
            .collect();
        // Twenty weekdays, and eight days of two fifths.
        let expected = f64::from(rate) * (20.0 + 8.0 * 0.4);
        let got = conversations.len() as f64;
        assert!(
            (got - expected).abs() < 4.0 * expected.sqrt(),
            "{got} for {expected}"
        );
    }
}

#[test]
fn a_burst_brings_a_quarter_of_an_hour_of_many() {
    let busiest = |bursts| {
        let sent = run(Config {
            bursts,
            rate: 800,
            ..Config::default()
        });
        let mut first: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, event) in &sent {
            let begun = first
                .entry(event["conversation"].as_str().unwrap())
                .or_insert(i64::MAX);
            *begun = (*begun).min(at(event).millis());
        }
        let mut quarters: BTreeMap<i64, u32> = BTreeMap::new();
        for begun in first.values() {
            *quarters.entry(begun / QUARTER).or_default() += 1;
        }
        quarters.into_values().max().unwrap()
    };
    // The busiest hour has 95 of a thousand: 19 in a quarter; with a burst 114.
    let (without, with) = (busiest(0), busiest(1_000));
    assert!(without < 45 && with > 70, "{without} {with}");
}

#[test]
fn managers_work_in_their_shifts_and_nobody_by_night() {
    let sent = run(four_weeks());
    let mut lunch = 0;
    let mut hours = [0; 24];
    for event in distinct(&sent)
        .values()
        .filter(|event| event["author"] == "manager")
    {
        let local = local(event);
        hours[local.hour() as usize] += 1;
        assert_ne!(local.weekday(), Weekday::Sun, "{event}");
        // `ana` is the first: early, and at lunch from 11:00.
        if event["manager"] == "ana" {
            assert!((8..16).contains(&local.hour()), "{event}");
            lunch += u32::from(local.hour() == 11 && local.minute() < 30);
        }
        if local.weekday() == Weekday::Sat {
            assert!(
                ["ana", "ines", "vera"].contains(&event["manager"].as_str().unwrap())
                    || event["manager"] == "nora",
                "{event}"
            );
        }
    }
    assert_eq!(lunch, 0);
    assert!(hours[8..20].iter().all(|count| *count > 50), "{hours:?}");
    assert!(
        hours[..8]
            .iter()
            .chain(&hours[20..])
            .all(|count| *count == 0),
        "{hours:?}"
    );
    // Contacts write by night too.
    let by_night = count(&sent, |event| {
        event["author"] == "contact" && local(event).hour() < 7
    });
    assert!(by_night > 50, "{by_night}");
}

#[test]
fn events_are_late_and_repeated_as_often_as_is_said() {
    let sent = run(Config {
        late: 50,
        repeated: 30,
        ..four_weeks()
    });
    let all = distinct(&sent).len();
    let repeated = (sent.len() - all) as f64 / all as f64;
    assert!((0.025..0.035).contains(&repeated), "{repeated}");
    let mut first: BTreeMap<&str, i64> = BTreeMap::new();
    for (send_at, event) in &sent {
        let delay = send_at.millis() - at(event).millis();
        assert!(delay > 0, "{event}");
        let known = first
            .entry(event["id"].as_str().unwrap())
            .or_insert(i64::MAX);
        *known = (*known).min(delay);
    }
    let late = first.values().filter(|delay| **delay >= MINUTE).count() as f64 / all as f64;
    assert!((0.04..0.06).contains(&late), "{late}");
    let sent = run(Config {
        late: 0,
        repeated: 0,
        ..Config::default()
    });
    assert_eq!(sent.len(), distinct(&sent).len());
    assert!(
        sent.iter()
            .all(|(send_at, event)| send_at.millis() - at(event).millis() < SECOND)
    );
}

#[test]
fn a_repeated_event_is_the_same_and_sent_later() {
    let config = Config {
        repeated: 1_000,
        ..Config::default()
    };
    let mut seen: BTreeMap<String, (Time, String)> = BTreeMap::new();
    let mut twice = 0;
    for sending in Simulation::new(config).unwrap() {
        let event: Value = serde_json::from_str(&sending.event).unwrap();
        let id = event["id"].to_string();
        if let Some((before, same)) = seen.get(&id) {
            assert!(*before < sending.send_at && *same == sending.event);
            twice += 1;
        } else {
            seen.insert(id, (sending.send_at, sending.event));
        }
    }
    assert_eq!(twice, seen.len());
}

#[test]
fn bots_hand_offs_and_closings_are_as_frequent_as_is_said() {
    let sent = run(four_weeks());
    let conversations = distinct(&sent)
        .values()
        .map(|event| event["conversation"].to_string())
        .collect::<BTreeSet<_>>();
    let share = |part: usize, of: usize| part as f64 / of as f64;
    let bots = share(count(&sent, is("author", "bot")), conversations.len());
    assert!((0.32..0.38).contains(&bots), "{bots}");
    let handed = share(
        count(&sent, is("change", "handed_off")),
        count(&sent, is("author", "bot")),
    );
    assert!((0.70..0.80).contains(&handed), "{handed}");
    let closed: BTreeSet<String> = distinct(&sent)
        .values()
        .filter(|event| event["change"] == "closed")
        .map(|event| event["conversation"].to_string())
        .collect();
    let closed = share(closed.len(), conversations.len());
    assert!((0.70..0.90).contains(&closed), "{closed}");
    let none = run(Config {
        bots: 0,
        closings: 0,
        hand_offs: 0,
        ..Config::default()
    });
    assert_eq!(
        count(&none, is("author", "bot")) + count(&none, is("change", "handed_off")),
        0
    );
    assert_eq!(count(&none, is("change", "closed")), 0);
    let (few, many) = (assignments(0), assignments(400));
    assert!(many > few * 14 / 10, "{few} {many}");
}

fn assignments(hand_offs: u32) -> usize {
    count(
        &run(Config {
            hand_offs,
            ..Config::default()
        }),
        is("change", "assigned"),
    )
}

#[test]
fn every_reply_is_of_the_manager_to_whom_the_conversation_was_last_given() {
    let sent = run(four_weeks());
    let mut events: Vec<&Value> = distinct(&sent).into_values().collect();
    events.sort_by_key(|event| at(event));
    let mut given: BTreeMap<&str, &str> = BTreeMap::new();
    let mut replies = 0;
    for event in events {
        let conversation = event["conversation"].as_str().unwrap();
        if event["change"] == "assigned" {
            given.insert(conversation, event["manager"].as_str().unwrap());
        }
        if event["author"] == "manager" {
            assert_eq!(
                given.get(conversation).copied(),
                event["manager"].as_str(),
                "{event}"
            );
            replies += 1;
        }
    }
    assert!(replies > 10_000, "{replies}");
}

#[test]
fn everybody_works_and_nothing_happens_after_the_end() {
    let config = Config {
        managers: 24,
        ..Config::default()
    };
    let (start, end) = (config.start, config.end());
    assert_eq!(end.since(start), 7 * DAY);
    let sent = run(config);
    let managers: BTreeSet<String> = sent
        .iter()
        .filter(|(_, event)| event["author"] == "manager")
        .map(|(_, event)| event["manager"].to_string())
        .collect();
    assert_eq!(managers.len(), 24);
    assert!(
        sent.iter()
            .all(|(_, event)| (start..end).contains(&at(event)))
    );
    assert!(sent.is_sorted_by_key(|(send_at, _)| *send_at));
}

#[test]
fn memory_does_not_grow_with_the_conversations() {
    let mut centre = Simulation::new(four_weeks()).unwrap();
    let mut most = 0;
    while centre.next().is_some() {
        most = most.max(centre.conversations.len());
    }
    assert!(
        centre.begun > 8_000 && most < 1_500,
        "{} {most}",
        centre.begun
    );
}

#[test]
fn a_configuration_out_of_range_is_refused_with_its_key() {
    let wrong = Config {
        managers: 0,
        ..Config::default()
    };
    let why = Simulation::new(wrong).unwrap_err();
    assert_eq!((why.key, why.value), ("managers", 0));
    assert!(why.to_string().contains("from 1 to 10000"), "{why}");
    let wrong = Config {
        late: 1_001,
        ..Config::default()
    };
    assert_eq!(Simulation::new(wrong).unwrap_err().key, "late");
}
