//! `kill -9` of the service and of ClickHouse at random moments, under load with duplicates and
//! disorder, from senders who send again what was not acknowledged. In the end every row that
//! ClickHouse holds is compared with the reference: lost 0, doubled 0, wrong 0.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::clock::{now, pause};
use e2e::compare;
use e2e::config::Config;
use e2e::doors::{Door, Receipt};
use e2e::events::Event;
use e2e::facts::Facts;
use e2e::generate::{self, seed};
use e2e::reference::Reference;
use e2e::service::{Service, freeze, kill, thaw};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

const SENDERS: u64 = 4;
/// Conversations whose events a sender mixes.
const WINDOW: u64 = 30;
/// Milliseconds between two batches of one sender: enough load to be always in the middle of
/// something.
const PACE: u64 = 60;

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    unanswered: AtomicU64,
    refused: AtomicU64,
    conversations: AtomicU64,
}

#[derive(Default)]
struct Kills {
    service: u64,
    starting: u64,
    engine: u64,
    frozen: u64,
    slowest_start: Duration,
}

fn seconds() -> u64 {
    let given = std::env::var("TRUNKLINE_KILL_SECONDS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(60)
}

#[test]
fn nothing_is_lost_doubled_or_wrong_when_service_and_clickhouse_are_killed_under_load() {
    let (seed, seconds) = (seed(), seconds());
    println!("seed {seed}, {seconds} s");
    let service = Mutex::new(Service::start(Config::acme()));
    let door = service.lock().unwrap().door("acme");
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let mut kills = Kills::default();
    let events = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (door, counts, stop) = (door.clone(), &counts, &stop);
                scope.spawn(move || send_until(&door, seed, sender, counts, stop))
            })
            .collect();
        kills = kill_for(
            &mut service.lock().unwrap(),
            seed,
            Duration::from_secs(seconds),
        );
        stop.store(true, Ordering::Relaxed);
        senders
            .into_iter()
            .flat_map(|sender| sender.join().expect("a sender"))
            .collect::<Vec<_>>()
    });
    let service = service.into_inner().unwrap();
    let caught_up = now();
    service.wait_for_warehouse();
    door.flush();
    println!("caught up after {:?}", caught_up.elapsed());
    verdict(&service, &events, &counts, &kills);
}

/// Kills the service or its ClickHouse, or freezes ClickHouse, every now and then, and starts the
/// service again.
fn kill_for(service: &mut Service, seed: u64, how_long: Duration) -> Kills {
    let mut random = StdRng::seed_from_u64(seed);
    let (start, mut kills) = (now(), Kills::default());
    while start.elapsed() < how_long {
        pause(random.random_range(20..1_500));
        match random.random_range(0..10) {
            0..5 => {
                service.kill9();
                kills.service += 1;
                pause(random.random_range(0..300));
                while random.random_bool(0.3) {
                    // Killed while it starts, reads its journal or makes contact with ClickHouse.
                    service.launch();
                    pause(random.random_range(0..400));
                    service.kill9();
                    kills.starting += 1;
                }
                let launched = now();
                service.restart();
                kills.slowest_start = kills.slowest_start.max(launched.elapsed());
            }
            5..9 => {
                if let Some(engine) = service.engine() {
                    kill(engine);
                    kills.engine += 1;
                }
            }
            _ => {
                if let Some(engine) = service.engine() {
                    freeze(engine);
                    pause(random.random_range(100..2_000));
                    thaw(engine);
                    kills.frozen += 1;
                }
            }
        }
    }
    kills
}

/// Sends window after window of conversations, mixed and partly twice, until told to stop; each
/// batch until it is acknowledged. Returns the events of all windows.
fn send_until(
    door: &Door,
    seed: u64,
    sender: u64,
    counts: &Counts,
    stop: &AtomicBool,
) -> Vec<Event> {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(sender + 1));
    let mut all = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let first = counts.conversations.fetch_add(WINDOW, Ordering::Relaxed);
        let events: Vec<Event> = (first..first + WINDOW)
            .flat_map(|index| generate::conversation(seed, index))
            .collect();
        let mut mixed = events.clone();
        mixed.extend(events.iter().filter(|_| random.random_bool(0.3)).cloned());
        mixed.shuffle(&mut random);
        let mut rest = mixed.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(random.random_range(1..120).min(rest.len()));
            until_acknowledged(door, batch, counts);
            rest = later;
            pause(PACE);
        }
        all.extend(events);
    }
    all
}

fn until_acknowledged(door: &Door, batch: &[Event], counts: &Counts) {
    let start = now();
    loop {
        counts.sent.fetch_add(batch.len() as u64, Ordering::Relaxed);
        match door.try_send(batch) {
            Ok(answer) if answer.status == 202 => {
                let receipt = Receipt::of(&answer);
                assert_eq!((receipt.items(), receipt.rejected), (batch.len() as u64, 0));
                assert_eq!(receipt.conflicts, 0, "{}", answer.text());
                counts
                    .acknowledged
                    .fetch_add(batch.len() as u64, Ordering::Relaxed);
                return;
            }
            Ok(answer) => {
                assert!(
                    [429, 503].contains(&answer.status),
                    "{}: {}",
                    answer.status,
                    answer.text()
                );
                counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                counts.unanswered.fetch_add(1, Ordering::Relaxed);
            }
        }
        assert!(
            start.elapsed() < Duration::from_mins(2),
            "no acknowledgement for two minutes"
        );
        pause(20);
    }
}

fn verdict(service: &Service, events: &[Event], counts: &Counts, kills: &Kills) {
    let began = now();
    let reference = Reference::of(events);
    let facts = Facts::compare(&service.views(), "acme", &reference);
    let sums = service.door("acme").metrics().sums();
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "kills: service {}, at its start {}, ClickHouse {}, frozen {}; slowest start {:?}",
        kills.service, kills.starting, kills.engine, kills.frozen, kills.slowest_start
    );
    println!(
        "requests without an answer {}, refused {}",
        read(&counts.unanswered),
        read(&counts.refused)
    );
    println!(
        "sent {}, acknowledged {}, unique {}, observed {}, public messages {}, in ClickHouse {}",
        read(&counts.sent),
        read(&counts.acknowledged),
        events.len(),
        sums.observed,
        reference.messages().len(),
        facts.messages.found,
    );
    println!("messages: {}", facts.messages);
    println!("responses: {}", facts.responses);
    println!("cycles: {}", facts.cycles);
    println!("conversations: {}", facts.conversations);
    println!("compared in {:?}", began.elapsed());
    assert!(facts.are_exact(), "{}", facts.first_differences());
    assert_eq!(sums.observed, events.len() as u64, "{sums:?}");
    assert_eq!(
        (sums.conflict, sums.quarantined, sums.pending),
        (0, 0, 0),
        "{sums:?}"
    );
    assert!(sums.balance(), "{sums:?}");
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
}
