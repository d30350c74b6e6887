//! Too much at once: ten times what the disk takes, ten thousand connections that say nothing, and
//! another manager for every message.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::clock::{now, pause, wait_until};
use e2e::config::{Config, token};
use e2e::doors::Door;
use e2e::engine::Engine;
use e2e::events::{Author, Event, Message, Thread};
use e2e::ledger::{Ledger, not_run, say, seconds};
use e2e::load::Sent;
use e2e::service::Service;
use e2e::shim::{Act, Call, Point, Shim};
use e2e::stream::Resuming;
use serde_json::{Value, json};

/// Events of one large body, and the bytes that each carries along.
const EVENTS: u64 = 60;
const PADDING: usize = 14 << 10;
/// Between two bodies, whatever became of those before: some 42 MB a second.
const EVERY_MS: u64 = 20;
/// A sync of the journal's disk, so that it takes a tenth of that.
const SYNC_MICROS: u64 = 250_000;
const HOLDS_AT_MOST: u64 = 300 << 20;
/// What is taken waits for the sync in flight, for its own and, where two came at once, for one in
/// between; the rest is for a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_micros(3 * SYNC_MICROS + 750_000);

fn message(conversation: u64, n: u64) -> Event {
    Event::Message(Message {
        channel: "web".into(),
        conversation: format!("o{conversation}"),
        contact: "c".into(),
        author: Author::Contact,
        at: e2e::clock::at("2026-03-02T10:00:00Z") + (n as i64) * 1_000,
        manager: None,
        id: Some(format!("{n}")),
        kind: None,
        private: false,
        expects_reply: true,
        chars: None,
    })
}

/// A large body: the events of one conversation, each with something that nobody knows.
fn large(number: u64) -> (Vec<Event>, String) {
    let events: Vec<Event> = (0..EVENTS).map(|n| message(number, n)).collect();
    let padded = events.iter().map(|event| {
        let mut json = event.json();
        json["padding"] = json!("x".repeat(PADDING));
        json
    });
    let body = padded.collect::<Value>().to_string();
    (events, body)
}

/// Sends one large body, and says whether and after how long it was taken.
fn one(door: &Door, number: u64) -> Option<(Vec<Event>, Duration)> {
    let (events, body) = large(number);
    let asked = now();
    let answer = door
        .try_post("", "application/json", None, body.as_bytes())
        .expect("an answer");
    if answer.status == 202 {
        return Some((events, asked.elapsed()));
    }
    let json = answer.json();
    let known = ["overloaded", "journal_unavailable"].map(|code| json["code"] == code);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(known.contains(&true), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    None
}

fn one_again(door: &Door, number: u64) -> Vec<Event> {
    let mut taken = None;
    wait_until("room again", Duration::from_mins(1), || {
        taken = one(door, number);
        taken.is_some()
    });
    taken.expect("taken").0
}

/// Sends a body every [`EVERY_MS`] for a while, whatever became of the others; then the disk is as
/// fast as it can be. What was refused may be there or not: it is sent again.
fn open_loop(service: &Service, shim: &Shim, how_long: Duration) -> (Sent, Vec<Duration>) {
    let began = now();
    let (mut sent, mut times) = (Sent::default(), Vec::new());
    std::thread::scope(|scope| {
        let mut asked = Vec::new();
        while began.elapsed() < how_long {
            let (number, door) = (asked.len() as u64, service.door("acme"));
            asked.push(scope.spawn(move || one(&door, number)));
            let due = Duration::from_millis(EVERY_MS * asked.len() as u64);
            pause(due.saturating_sub(began.elapsed()).as_millis() as u64);
        }
        shim.disarm();
        for (number, one) in (0..).zip(asked) {
            sent.sent += EVENTS;
            let taken = one.join().unwrap().map_or_else(
                || {
                    sent.refused += 1;
                    sent.sent += EVENTS;
                    one_again(&service.door("acme"), number)
                },
                |(events, took)| {
                    times.push(took);
                    events
                },
            );
            sent.acknowledged += EVENTS;
            sent.events.extend(taken);
        }
    });
    times.sort();
    (sent, times)
}

#[test]
fn ten_times_what_the_disk_takes_is_refused_and_what_was_taken_is_exact() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("overload", &why),
    };
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::prepare(Config::acme().warehouse(&settings));
    service.set_environment(shim.environment());
    service.restart();
    service.wait_for_warehouse();
    let sync = Point::before(Call::SyncData, ".seg");
    shim.arm(sync, 1, Act::Delay(SYNC_MICROS));
    let port = service.port();
    let frames = std::thread::spawn(move || {
        let mut stream = Resuming::new(port, &token("acme", "ingest"), "crowd");
        let mut events = Vec::new();
        for number in 0..10 {
            let (of_frame, frame) = large(1_000_000 + number);
            events.extend(of_frame);
            stream.push(frame);
        }
        stream.until_acknowledged();
        events
    });
    let (mut sent, times) = open_loop(&service, &shim, Duration::from_secs(seconds(10)));
    let peak = service.peak_memory();
    let framed = frames.join().unwrap();
    sent.sent += framed.len() as u64;
    sent.acknowledged += framed.len() as u64;
    sent.events.extend(framed);
    let ledger = Ledger::draw("overload", &service, &engine.views(), &sent);
    let of = |share: usize| times.get(times.len() * share / 100);
    ledger
        .with(format!(
            "bodies taken {}, refused {}; p50 {:?}, p99 {:?}; most memory {} MiB",
            times.len(),
            sent.refused,
            of(50),
            of(99),
            peak >> 20
        ))
        .close();
    assert!(sent.refused > 0 && !times.is_empty(), "it was no overload");
    assert!(peak < HOLDS_AT_MOST, "{peak} bytes");
    assert!(of(99).is_some_and(|it| *it < ANSWERED_WITHIN), "{times:?}");
}

const IDLE: usize = 10_000;
const SILENT: usize = 1_000;

#[test]
fn ten_thousand_idle_connections_disturb_nobody_and_silent_ones_are_dropped() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if limit.current.is_some_and(|files| files < 14_000) {
        return not_run(
            "10,000 idle connections",
            "a process may open too few files",
        );
    }
    let mut service = Service::prepare(Config::acme());
    service.set_environment([
        ("TRUNKLINE__SERVER__MAX_CONNECTIONS", "12000"),
        ("TRUNKLINE__SERVER__MAX_CONNECTIONS_PER_IP", "12000"),
    ]);
    service.restart();
    let (port, before) = (service.port(), service.peak_memory());
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut stream = connect();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        idle.push(stream);
    }
    let silent: Vec<TcpStream> = (0..SILENT).map(|_| connect()).collect();
    let began = now();
    let door = service.door("acme");
    let mut slowest = Duration::ZERO;
    for number in 0..100 {
        let asked = now();
        door.send(&Thread::new(&format!("{number}")).contact("10:00").events());
        slowest = slowest.max(asked.elapsed());
    }
    let dropped = silent.into_iter().filter(|it| hung_up(it, began)).count();
    let after = began.elapsed();
    let open = door.metrics().total("trunkline_http_connections") as u64;
    let grown = service.peak_memory().saturating_sub(before);
    say(&format!(
        "idle crowd: {IDLE} idle, {open} open, silent {SILENT}, dropped {dropped} within {after:?}; \
         slowest answer to a neighbour {slowest:?}; memory grew by {} MiB",
        grown >> 20
    ));
    assert_eq!(dropped, SILENT);
    assert!(open as usize >= IDLE, "{open}");
    assert!(slowest < Duration::from_secs(2) && grown < 400 << 20);
    drop(idle);
}

/// Waits until the service hung up, at most until 15 s after `began`.
fn hung_up(mut stream: &TcpStream, began: Instant) -> bool {
    let left = Duration::from_secs(15).saturating_sub(began.elapsed());
    let left = left.max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left)).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).is_ok() || said.starts_with(b"HTTP/1.1 408")
}

/// How many managers there are: a million with `TRUNKLINE_FAULT_MANAGERS=1000000`.
fn managers() -> u64 {
    let given = std::env::var("TRUNKLINE_FAULT_MANAGERS").ok();
    let given = given.and_then(|text| text.parse().ok()).unwrap_or(30_000);
    given.max(2 * CAP)
}

/// Managers of an account that have a name of their own; the others share one.
const CAP: u64 = 10_000;
const OTHERS: &str = "__other__";
/// What a manager beyond the cap may cost: less than a name.
const BYTES_OF_ONE_MORE: u64 = 16;

fn answer(number: u64, manager: &str) -> Event {
    let mut event = message(number / 10, number % 10);
    if let Event::Message(message) = &mut event {
        message.author = Author::Manager;
        message.manager = Some(manager.into());
    }
    event
}

/// Sends a message for each number, of as many managers as said, and gives by how many bytes the
/// memory grew.
fn crowd(many: u64, of: u64) -> u64 {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let before = service.peak_memory();
    let mut sent = Sent::default();
    let all: Vec<u64> = (0..many).collect();
    for batch in all.chunks(5_000) {
        let name = |number: &u64| format!("manager-number-{}", number % of);
        let shown = |number: &u64| (number % of < CAP).then(|| name(number));
        let events = |name: &dyn Fn(&u64) -> String| -> Vec<Event> {
            batch.iter().map(|it| answer(*it, &name(it))).collect()
        };
        door.send(&events(&name));
        let shown = |number: &u64| shown(number).unwrap_or_else(|| OTHERS.into());
        sent.events.extend(events(&shown));
    }
    (sent.sent, sent.acknowledged) = (many, many);
    let ledger = Ledger::draw("many managers", &service, &service.views(), &sent);
    let grown = service.peak_memory().saturating_sub(before);
    ledger
        .with(format!("managers {of}, memory grew by {} KiB", grown >> 10))
        .close();
    grown
}

#[test]
fn memory_per_manager_is_bounded_by_a_cap_and_every_message_is_in_a_figure() {
    let many = managers();
    let [few, all] = [CAP, many].map(|of| crowd(many, of));
    let each = all.saturating_sub(few) / (many - CAP);
    say(&format!(
        "many managers: {each} bytes for each of the {} beyond {CAP}",
        many - CAP
    ));
    // A part of the noise of an allocator counts for nothing.
    assert!(all.saturating_sub(few) < (many - CAP) * BYTES_OF_ONE_MORE + (16 << 20));
}
