//! `kill -9` of the service and of ClickHouse at random moments, under load with duplicates and
//! disorder, from senders who send again what was not acknowledged. In the end every row that
//! ClickHouse holds is compared with the reference: lost 0, doubled 0, wrong 0. Half of the senders
//! send by HTTP, the other half through named streams.

use std::collections::BTreeSet;
use std::fmt::{Display, Formatter};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::clock::{now, pause};
use e2e::compare;
use e2e::config::{Account, Config, token};
use e2e::doors::{Door, Receipt};
use e2e::events::Event;
use e2e::facts::Facts;
use e2e::generate::{self, seed};
use e2e::reference::Reference;
use e2e::service::{Service, freeze, kill, thaw};
use e2e::stream::{Resuming, frame};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

const SENDERS: u64 = 4;
/// Accounts, so that every fold worker has some.
const ACCOUNTS: [&str; 3] = ["acme", "bolt", "core"];
/// Conversations whose events are mixed.
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
    /// Places in the row of windows; each window has two, so that two senders send it at once.
    places: AtomicU64,
}

#[derive(Default)]
struct Kills {
    service: u64,
    starting: u64,
    stopped: u64,
    engine: u64,
    frozen: u64,
    slowest_start: Duration,
}

impl Display for Kills {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            service,
            starting,
            stopped,
            engine,
            frozen,
            slowest_start,
        } = self;
        write!(
            f,
            "killed: service {service}, at its start {starting}, ClickHouse {engine}; stopped in \
             order {stopped}; ClickHouse frozen {frozen}; slowest start {slowest_start:?}"
        )
    }
}

fn seconds() -> u64 {
    let given = std::env::var("TRUNKLINE_KILL_SECONDS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(60)
}

#[test]
fn nothing_is_lost_doubled_or_wrong_when_service_and_clickhouse_are_killed_under_load() {
    let (seed, seconds) = (seed(), seconds());
    println!("seed {seed}, {seconds} s");
    let mut service = Service::start(Config::of(ACCOUNTS.map(Account::new)));
    let doors = ACCOUNTS.map(|account| service.door(account));
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let (kills, windows) = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (doors, counts, stop) = (&doors, &counts, &stop);
                let mut ways = ways(doors, service.port(), sender);
                scope.spawn(move || send_until(&mut ways, seed, sender, counts, stop))
            })
            .collect();
        let kills = kill_for(&mut service, seed, Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
        let sent = senders
            .into_iter()
            .flat_map(|sender| sender.join().expect("a sender"));
        (kills, sent.collect::<BTreeSet<u64>>())
    });
    let done = now();
    service.wait_for_warehouse();
    doors[0].flush();
    println!("{kills}\ncaught up after {:?}", done.elapsed());
    verdict(&service, seed, &windows, &counts);
}

/// Kills the service or its ClickHouse, or freezes ClickHouse, every now and then, and starts the
/// service again.
fn kill_for(service: &mut Service, seed: u64, how_long: Duration) -> Kills {
    let mut random = StdRng::seed_from_u64(seed);
    let (start, mut kills) = (now(), Kills::default());
    while start.elapsed() < how_long {
        pause(random.random_range(20..1_500));
        match random.random_range(0..20) {
            0 => {
                // In order for once: the next kill then recovers from a checkpoint.
                service.stop();
                kills.stopped += 1;
                service.restart();
            }
            1..10 => {
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
            10..18 => {
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

/// The events of a window: conversations of one account.
fn window(seed: u64, window: u64) -> Vec<Event> {
    let conversations = window * WINDOW..(window + 1) * WINDOW;
    conversations
        .flat_map(|index| generate::conversation(seed, index))
        .collect()
}

fn account_of(window: u64) -> usize {
    (window % ACCOUNTS.len() as u64) as usize
}

/// How a sender reaches an account.
enum Way<'a> {
    Http(&'a Door),
    Stream(Box<Resuming>),
}

/// Gives a sender its way to each account: every other one has streams of its own.
fn ways(doors: &[Door], port: u16, sender: u64) -> Vec<Way<'_>> {
    let way = |(door, account)| {
        if sender.is_multiple_of(2) {
            return Way::Http(door);
        }
        let token = token(account, "ingest");
        let stream = Resuming::new(port, &token, &format!("sender-{sender}"));
        Way::Stream(Box::new(stream))
    };
    doors.iter().zip(ACCOUNTS).map(way).collect()
}

impl Way<'_> {
    fn until_acknowledged(&mut self, batch: &[Event], counts: &Counts) {
        match self {
            Way::Http(door) => until_acknowledged(door, batch, counts),
            Way::Stream(stream) => {
                let events = batch.len() as u64;
                let before = stream.frames_sent;
                stream.push(frame(batch));
                stream.until_acknowledged();
                let times = stream.frames_sent - before;
                counts.sent.fetch_add(times * events, Ordering::Relaxed);
                counts.acknowledged.fetch_add(events, Ordering::Relaxed);
            }
        }
    }
}

/// Sends window after window, mixed and partly twice, until told to stop; each batch until it is
/// acknowledged. Returns the windows.
fn send_until(
    ways: &mut [Way<'_>],
    seed: u64,
    sender: u64,
    counts: &Counts,
    stop: &AtomicBool,
) -> Vec<u64> {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(sender + 1));
    let mut windows = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let next = counts.places.fetch_add(1, Ordering::Relaxed) / 2;
        let mut mixed = window(seed, next);
        let again: Vec<Event> = mixed
            .iter()
            .filter(|_| random.random_bool(0.2))
            .cloned()
            .collect();
        mixed.extend(again);
        mixed.shuffle(&mut random);
        let mut rest = mixed.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(random.random_range(1..120).min(rest.len()));
            ways[account_of(next)].until_acknowledged(batch, counts);
            rest = later;
            pause(PACE);
        }
        windows.push(next);
    }
    windows
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
                let again = [429, 503].contains(&answer.status);
                assert!(again, "{}: {}", answer.status, answer.text());
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

fn verdict(service: &Service, seed: u64, windows: &BTreeSet<u64>, counts: &Counts) {
    let mut logs: [Vec<Event>; 3] = Default::default();
    for &place in windows {
        logs[account_of(place)].extend(window(seed, place));
    }
    let unique = logs.iter().map(Vec::len).sum::<usize>() as u64;
    let references = logs.map(|log| Reference::of(&log));
    let facts: Vec<Facts> = ACCOUNTS
        .iter()
        .zip(&references)
        .map(|(account, reference)| Facts::compare(&service.views(), account, reference))
        .collect();
    let sums = service.door(ACCOUNTS[0]).metrics().sums();
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let (unanswered, refused) = (read(&counts.unanswered), read(&counts.refused));
    println!("requests without an answer {unanswered}, refused {refused}");
    println!(
        "sent {}, acknowledged {}, unique {unique}, observed {}, public messages {}, in ClickHouse {}",
        read(&counts.sent),
        read(&counts.acknowledged),
        sums.observed,
        facts
            .iter()
            .map(|facts| facts.messages.expected)
            .sum::<usize>(),
        facts
            .iter()
            .map(|facts| facts.messages.found)
            .sum::<usize>(),
    );
    for (account, facts) in ACCOUNTS.iter().zip(&facts) {
        println!("{account}: {facts}");
    }
    for facts in &facts {
        assert!(facts.are_exact(), "{}", facts.first_differences());
    }
    assert_eq!(sums.observed, unique, "{sums:?}");
    assert_eq!(
        (sums.conflict, sums.quarantined, sums.pending),
        (0, 0, 0),
        "{sums:?}"
    );
    assert!(sums.balance(), "{sums:?}");
    for (account, reference) in ACCOUNTS.iter().zip(&references) {
        compare::assert_equal(&service.door(account), reference, reference.span());
    }
}
