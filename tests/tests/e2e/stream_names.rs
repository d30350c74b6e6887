//! Named streams: they go on after any crash of either side, nothing is lost and nothing doubled.

use std::time::Duration;

use e2e::clock::{now, pause};
use e2e::config::{Account, Config, token};
use e2e::events::{Event, Thread};
use e2e::facts::Facts;
use e2e::generate::{self, seed};
use e2e::reference::Reference;
use e2e::service::Service;
use e2e::stream::{Heard, Knock, Resuming, frame};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SENDERS: u64 = 6;
const ACCOUNTS: [&str; 2] = ["acme", "bolt"];

fn knock(service: &Service, account: &str, name: &str) -> Knock {
    let token = token(account, "ingest");
    Knock::new(service.port()).token(&token).name(name)
}

fn event(conversation: &str) -> String {
    frame(&Thread::new(conversation).contact("10:00").events())
}

#[test]
fn a_name_goes_on_where_it_stood_also_after_frames_of_which_nothing_was_taken() {
    let mut service = Service::start_without_warehouse(Config::of(ACCOUNTS.map(Account::new)));
    let (mut stream, ack) = knock(&service, "acme", "crm").greeted();
    assert_eq!(ack, 0);
    stream.send(&event("1"));
    stream.send("[]");
    stream.send("{\"type\":\"nonsense\"}");
    assert_eq!(stream.hear_ack(3).len(), 1);
    drop(stream);
    assert_eq!(knock(&service, "bolt", "crm").greeted().1, 0);
    assert_eq!(knock(&service, "acme", "other").greeted().1, 0);
    let (mut stream, ack) = knock(&service, "acme", "crm").greeted();
    assert_eq!(ack, 3);
    stream.send("5");
    assert_eq!(stream.hear_ack(4).len(), 1);
    service.kill9();
    service.restart();
    assert_eq!(knock(&service, "acme", "crm").greeted().1, 4);
    // The checkpoint of a clean stop knows it too, with and without its file.
    assert!(service.stop().success());
    service.restart();
    assert_eq!(knock(&service, "acme", "crm").greeted().1, 4);
    assert!(service.stop().success());
    std::fs::remove_file(service.data_dir().join("state/streams")).unwrap();
    service.restart();
    assert_eq!(knock(&service, "acme", "crm").greeted().1, 4);
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.observed, sums.appended), (1, 1));
}

#[test]
fn another_connection_replaces_the_first_and_knows_all_its_frames() {
    let service = Service::start_without_warehouse(Config::acme());
    let mut sent = 0;
    for round in 0..30 {
        let (mut first, ack) = knock(&service, "acme", "crm").greeted();
        assert_eq!(ack, sent, "round {round}");
        let frames: Vec<String> = (0..40).map(|n| event(&format!("{round}-{n}"))).collect();
        first.send_all(frames.iter()).unwrap();
        // The second comes while frames of the first are on their way.
        let (second, reached) = knock(&service, "acme", "crm").greeted();
        let mut acknowledged = sent;
        let ended = loop {
            match first.hear() {
                Heard::Ack(ack) => acknowledged = ack,
                other => break other,
            }
        };
        assert_eq!(ended, Heard::Closed(1008, "replaced".into()));
        assert!(
            acknowledged <= reached && reached <= sent + 40,
            "acknowledged {acknowledged}, reached {reached}, sent {}",
            sent + 40
        );
        sent = reached;
        drop(second);
    }
    let sums = service.door("acme").metrics().sums();
    assert_eq!((sums.appended, sums.duplicate), (sent, 0), "{sums:?}");
}

#[test]
fn an_account_has_a_thousand_names() {
    let service = Service::start_without_warehouse(Config::of(ACCOUNTS.map(Account::new)));
    for number in 0..1_000 {
        let (mut stream, _) = knock(&service, "acme", &format!("n{number}")).greeted();
        stream.send("[]");
        assert_eq!(stream.hear_ack(1), []);
    }
    let mut refused = knock(&service, "acme", "more").open().unwrap();
    assert_eq!(
        refused.hear(),
        Heard::Closed(1008, "too_many_streams".into())
    );
    assert_eq!(knock(&service, "acme", "n7").greeted().1, 1);
    assert_eq!(knock(&service, "bolt", "more").greeted().1, 0);
}

/// Conversations of one sender, every event with an id, so that each is one of its own.
fn events(seed: u64, sender: u64, part: u64) -> Vec<Event> {
    let first = sender * 1_000_000 + part * 10;
    let mut events: Vec<Event> = (first..first + 10)
        .flat_map(|index| generate::conversation(seed, index))
        .collect();
    for (number, event) in events.iter_mut().enumerate() {
        let id = match event {
            Event::Message(message) => &mut message.id,
            Event::Change(change) => &mut change.id,
        };
        *id = Some(format!("{sender}.{part}.{number}"));
    }
    events
}

#[test]
fn nothing_is_lost_or_doubled_in_named_streams_when_the_service_is_killed() {
    let seed = seed();
    println!("seed {seed}");
    let mut service = Service::start(Config::of(ACCOUNTS.map(Account::new)));
    let port = service.port();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (kills, senders) = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let stop = &stop;
                scope.spawn(move || send(port, seed, sender, stop))
            })
            .collect();
        let kills = kill_for(&mut service, seed, Duration::from_secs(20));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let senders: Vec<_> = senders.into_iter().map(|it| it.join().unwrap()).collect();
        (kills, senders)
    });
    service.wait_for_warehouse();
    service.door("acme").flush();
    let mut logs: [Vec<Event>; 2] = Default::default();
    let (mut frames, mut sent, mut connections) = (0, 0, 0);
    for (sender, (parts, resuming)) in (0..).zip(&senders) {
        let log = &mut logs[(sender % 2) as usize];
        (0..*parts).for_each(|part| log.extend(events(seed, sender, part)));
        frames += resuming.frames();
        sent += resuming.frames_sent;
        connections += resuming.connections;
    }
    let unique = logs.iter().map(Vec::len).sum::<usize>() as u64;
    let sums = service.door("acme").metrics().sums();
    println!(
        "kills {kills}, connections {connections}; frames {frames}, sent {sent} times; events \
         {unique}, observed {}, duplicate {}",
        sums.observed, sums.duplicate
    );
    assert!(kills >= 5 && connections > SENDERS, "nothing was tried");
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(
        (sums.observed, sums.duplicate, sums.conflict),
        (unique, 0, 0),
        "{sums:?}"
    );
    for (account, log) in ACCOUNTS.iter().zip(&logs) {
        let facts = Facts::compare(&service.views(), account, &Reference::of(log));
        println!("{account}: {facts}");
        assert!(facts.are_exact(), "{}", facts.first_differences());
    }
    for (sender, (_, resuming)) in (0_u64..).zip(&senders) {
        let account = ACCOUNTS[(sender % 2) as usize];
        let (_, ack) = knock(&service, account, &format!("s{sender}")).greeted();
        assert_eq!(ack, resuming.frames(), "sender {sender}");
    }
}

/// Sends part after part through one stream, each until it is acknowledged; some frames are empty
/// or hold nothing good. Gives how many parts there were.
fn send(
    port: u16,
    seed: u64,
    sender: u64,
    stop: &std::sync::atomic::AtomicBool,
) -> (u64, Resuming) {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(sender));
    let token = token(ACCOUNTS[(sender % 2) as usize], "ingest");
    let mut resuming = Resuming::new(port, &token, &format!("s{sender}"));
    let mut parts = 0;
    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
        let events = events(seed, sender, parts);
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let count = [1, 1, 1, 5, 30][random.random_range(0..5)];
            let (now, later) = rest.split_at(rest.len().min(count));
            resuming.push(frame(now));
            if random.random_bool(0.05) {
                resuming.push("[]".into());
            }
            rest = later;
        }
        resuming.until_acknowledged();
        if random.random_bool(0.05) {
            resuming.hang_up();
        }
        parts += 1;
        pause(random.random_range(0..20));
    }
    (parts, resuming)
}

fn kill_for(service: &mut Service, seed: u64, how_long: Duration) -> u64 {
    let mut random = StdRng::seed_from_u64(seed ^ 1);
    let (began, mut kills) = (now(), 0);
    while began.elapsed() < how_long {
        pause(random.random_range(20..800));
        if random.random_bool(0.15) {
            service.stop();
        } else {
            service.kill9();
            kills += 1;
        }
        service.restart();
    }
    kills
}
