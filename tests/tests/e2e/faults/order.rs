//! Deliveries again and otherwise, in any order, late by minutes to weeks, under clocks that jump.

use e2e::clock::{DAY, HOUR, MINUTE, pause};
use e2e::config::{Account, Config, token};
use e2e::doors::Receipt;
use e2e::events::Event;
use e2e::facts::Facts;
use e2e::generate::{log, seed};
use e2e::ledger::{Ledger, not_run, seconds};
use e2e::load::{Sender, Sent, under_load};
use e2e::reference::Reference;
use e2e::service::Service;
use e2e::shim::Shim;
use e2e::stream::{Resuming, frame};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Changes what an event says; none of an event without an id, which would be another event.
fn otherwise(event: &Event) -> Option<Event> {
    let mut other = event.clone();
    match &mut other {
        Event::Message(message) => {
            message.id.as_ref()?;
            message.chars = Some(message.chars.unwrap_or(0) + 1);
        }
        Event::Change(change) => {
            change.id.as_ref()?;
            change.at += 1;
        }
    }
    Some(other)
}

#[test]
fn repeated_deliveries_count_once_and_those_with_other_bodies_are_conflicts() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let mut stream = Resuming::new(service.port(), &token("acme", "ingest"), "again");
    let events = log(seed, 150);
    let (mut duplicates, mut conflicts) = (0, 0);
    let mut sender = Sender::new(door.clone(), seed, 0);
    for batch in events.chunks(60) {
        let receipt = sender.until_acknowledged(batch);
        assert_eq!(receipt.accepted, batch.len() as u64);
        let mut again = Vec::new();
        for event in batch {
            match random.random_range(0..100) {
                0..15 => {
                    duplicates += 1;
                    again.push(event.clone());
                }
                15..30 => {
                    if let Some(other) = otherwise(event) {
                        conflicts += 1;
                        again.push(other);
                    }
                }
                _ => {}
            }
        }
        // By the one door or the other.
        if random.random_bool(0.5) {
            stream.push(frame(&again));
            stream.until_acknowledged();
            sender.sent.sent += again.len() as u64;
            sender.sent.acknowledged += again.len() as u64;
        } else {
            let Receipt { accepted, .. } = sender.until_acknowledged(&again);
            assert_eq!(accepted, 0);
        }
    }
    let mut sent: Sent = sender.sent;
    sent.events = events;
    let ledger = Ledger::draw("repeated, other bodies", &service, &service.views(), &sent);
    ledger
        .with(format!(
            "seed {seed}, repeated {duplicates}, with other bodies {conflicts}"
        ))
        .close();
    let sums = door.metrics().sums();
    assert_eq!(
        (sums.duplicate, sums.conflict),
        (duplicates, conflicts),
        "{sums:?}"
    );
    assert!(conflicts > 50);
}

/// How late an event may come, in the sender's time.
fn lateness(random: &mut StdRng) -> i64 {
    match random.random_range(0..100) {
        0..50 => random.random_range(-10 * MINUTE..10 * MINUTE),
        50..70 => HOUR,
        70..85 => DAY,
        85..95 => 40 * DAY,
        _ => 0,
    }
}

#[test]
fn what_comes_up_to_forty_days_late_gives_the_same_as_what_comes_sorted() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    // The clock of arrival goes on with the events, where it can be moved.
    let shim = Shim::build().ok();
    let mut service = Service::prepare(Config::of(["acme", "sorted"].map(Account::new)));
    if let Some(shim) = &shim {
        service.set_environment(shim.environment());
    } else {
        not_run("lateness by the clock of arrival", "there is no C compiler");
    }
    service.restart();
    service.wait_for_warehouse();
    let events = log(seed, 200);
    let mut late: Vec<(i64, &Event)> = events
        .iter()
        .map(|event| (event.at() + lateness(&mut random), event))
        .collect();
    late.sort_by_key(|(arrives, _)| *arrives);
    let first = late.first().unwrap().0;
    let mut sender = Sender::new(service.door("acme"), seed, 0);
    for part in late.chunks(100) {
        if let Some(shim) = &shim {
            shim.set_clocks(part[0].0 - first, 0);
        }
        let batch: Vec<Event> = part.iter().map(|(_, event)| (*event).clone()).collect();
        sender.until_acknowledged(&batch);
        if random.random_bool(0.3) {
            service.door("acme").flush();
        }
    }
    let mut sent = sender.sent;
    sent.events.clone_from(&events);
    let ledger = Ledger::draw("late up to 40 d", &service, &service.views(), &sent);
    ledger.with(format!("seed {seed}")).close();
    let mut sorted = events.clone();
    sorted.sort_by_key(Event::at);
    for batch in sorted.chunks(100) {
        service.door("sorted").send(batch);
    }
    service.door("sorted").flush();
    let facts = Facts::compare(&service.views(), "sorted", &Reference::of(&events));
    assert!(facts.are_exact(), "{}", facts.first_differences());
    for (view, key) in [
        ("v_messages", "at, channel, conversation, message"),
        ("v_cycles", "ALL"),
    ] {
        let rows = |account: &str| {
            service.views().text(&format!(
                "SELECT * EXCEPT (account) FROM {view} WHERE account = '{account}' \
                 ORDER BY {key} FORMAT TSV"
            ))
        };
        assert!(rows("acme") == rows("sorted"), "{view} differs");
    }
}

#[test]
fn clocks_that_jump_change_no_figure() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("clock jumps", &why),
    };
    let seed = seed();
    let mut service = Service::prepare(Config::acme());
    service.set_environment(shim.environment());
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let each = seconds(4) * 1_000 / 8;
    let jumps = [HOUR, 0, -HOUR, -5 * MINUTE, DAY, -DAY, 3 * DAY, 0];
    let (sent, ()) = under_load(&door, seed, || {
        for jump in jumps {
            shim.set_clocks(jump, 0);
            pause(each);
        }
    });
    let ledger = Ledger::draw("clock jumps", &service, &service.views(), &sent);
    let (refused, unanswered) = (sent.refused, sent.unanswered);
    ledger
        .with(format!("seed {seed}, jumps {}, up to 3 d", jumps.len()))
        .close();
    assert_eq!((refused, unanswered), (0, 0));
    let age = door.metrics().total("trunkline_flush_age_seconds");
    assert!((0.0..60.0).contains(&age), "flush age {age}");
    // The journal's times never went back, or it would not verify.
    assert!(service.stop().success(), "{}", service.log_tail());
    service.restart();
    let again = Ledger::draw(
        "clock jumps, after a restart",
        &service,
        &service.views(),
        &sent,
    );
    again.close();
}
