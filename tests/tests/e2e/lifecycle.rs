//! Stops, restarts and crashes: what was acknowledged is there, and the answers are the same.

use std::fs;
use std::process::Command;
use std::time::Duration;

use e2e::clock::pause;
use e2e::compare;
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::events::{Event, Thread};
use e2e::facts;
use e2e::generate::{self, disorder, seed};
use e2e::reference::Reference;
use e2e::service::{Service, binary};

fn answers(door: &Door) -> Vec<String> {
    let span = [
        ("from", "2026-01-01T00:00:00Z"),
        ("to", "2026-12-31T00:00:00Z"),
        ("by", "manager"),
    ];
    ["response-times", "conversations", "messages"]
        .into_iter()
        .map(|report| {
            let answer = door.get(&format!("/v1/reports/{report}"), &span);
            let mut json = answer.expect_status(200).json();
            json["as_of"] = serde_json::Value::Null;
            // How long the longest waits grows with `as_of`; it is the last column.
            if report == "response-times" {
                for row in json["rows"].as_array_mut().expect("rows") {
                    row.as_array_mut().expect("a row").pop();
                }
            }
            json.to_string()
        })
        .collect()
}

fn send(door: &Door, events: &[Event]) {
    for batch in events.chunks(400) {
        door.send(batch);
    }
}

#[test]
fn a_graceful_stop_and_a_restart_change_no_answer() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(21, 120);
    send(&door, &events);
    let status = service.stop();
    assert!(status.success(), "{status}: {}", service.log_tail());
    let verified = Command::new(binary())
        .args(["journal", "verify", "--data-dir"])
        .arg(service.data_dir())
        .output()
        .expect("the binary runs");
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );

    service.restart();
    service.wait_for_warehouse();
    door.flush();
    let reference = Reference::of(&events);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&door, &reference, reference.span());
    let before = answers(&door);
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.observed, events.len() as u64);
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    assert_eq!(answers(&door), before);
    // What came before the stop is remembered after it.
    let receipt = door.send(&events[..100]);
    assert_eq!((receipt.accepted, receipt.duplicates), (0, 100));
    let log = service.log();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn acknowledged_is_durable() {
    let seed = seed();
    println!("seed {seed}");
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(seed, 150);
    let sent = disorder(&events, seed, 20);
    // Killed at once after an acknowledgement, nothing of it flushed or in a checkpoint; and again.
    for part in sent.chunks(sent.len().div_ceil(6)) {
        send(&door, part);
        service.kill9();
        service.restart();
    }
    service.wait_for_warehouse();
    let receipt = door.send(&sent[..50]);
    assert_eq!((receipt.accepted, receipt.duplicates), (0, 50));
    door.flush();
    let reference = Reference::of(&events);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&door, &reference, reference.span());
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.observed, events.len() as u64);
}

#[test]
fn a_clickhouse_that_lost_everything_is_filled_again() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(22, 80);
    send(&door, &events);
    door.flush();
    service.stop();
    fs::remove_dir_all(service.data_dir().join("clickhouse")).expect("ClickHouse's directory");
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    let reference = Reference::of(&events);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&door, &reference, reference.span());
}

#[test]
fn damaged_checkpoints_cost_time_and_no_figure() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(23, 80);
    send(&door, &events);
    door.flush();
    let before = answers(&door);
    service.stop();
    let checkpoints = service.data_dir().join("state/checkpoints");
    let mut damaged = 0;
    for entry in fs::read_dir(checkpoints)
        .expect("a directory of checkpoints")
        .flatten()
    {
        let mut bytes = fs::read(entry.path()).expect("a checkpoint");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::write(entry.path(), bytes).expect("written");
        damaged += 1;
    }
    assert!(damaged > 0, "no checkpoint found");
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    assert_eq!(answers(&door), before);
    facts::assert_exact(&service.views(), "acme", &Reference::of(&events));
}

#[test]
fn a_damaged_journal_stops_the_start_and_says_where() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    send(&door, &generate::log(24, 40));
    service.stop();
    let journal = service.data_dir().join("journal");
    let mut segments: Vec<_> = fs::read_dir(&journal)
        .expect("a journal")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    segments.sort();
    let segment = segments
        .iter()
        .find(|path| {
            let bytes = fs::read(path).unwrap_or_default();
            bytes.len() > 20_000 && bytes[10_000..20_000].iter().any(|byte| *byte != 0)
        })
        .expect("a segment with records");
    let mut bytes = fs::read(segment).expect("a segment");
    bytes[15_000] ^= 0x01;
    fs::write(segment, bytes).expect("written");

    service.launch();
    let ended = service.wait_for_end(Duration::from_secs(30));
    assert!(!ended.success(), "it started on a damaged journal");
    let name = segment
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    assert!(
        service.log_tail().contains(&name),
        "no segment named: {}",
        service.log_tail()
    );
    let verified = Command::new(binary())
        .args(["journal", "verify", "--data-dir"])
        .arg(service.data_dir())
        .output();
    let verified = verified.expect("the binary runs");
    assert!(!verified.status.success());
    let said = String::from_utf8_lossy(&verified.stderr).into_owned()
        + &String::from_utf8_lossy(&verified.stdout);
    assert!(said.contains(&name), "{said}");
}

#[test]
fn two_services_on_one_data_directory_are_one_too_many() {
    let service = Service::start(Config::acme());
    let config = service
        .data_dir()
        .parent()
        .expect("a parent")
        .join("trunkline.toml");
    let port = e2e::service::free_port();
    let second = Command::new(binary())
        .args(["serve", "--config"])
        .arg(config)
        .env("TRUNKLINE__SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .output()
        .expect("the binary runs");
    assert!(!second.status.success());
    service
        .door("acme")
        .send(&Thread::new("1").contact("10:00").events());
}

#[test]
fn settings_take_effect_at_a_restart_for_all_of_the_past() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = Thread::new("1")
        .contact("10:00")
        .bot("10:01")
        .handed_off(Some("ana"), "10:20")
        .manager("ana", "10:30")
        .events();
    door.send_flushed(&events);
    let wait = |door: &Door| {
        let march = [
            ("from", "2026-03-01T00:00:00Z"),
            ("to", "2026-04-01T00:00:00Z"),
        ];
        door.report("response-times", &march).millis(0, "sum_s")
    };
    assert_eq!(wait(&door), Some(600_000));
    service.stop();
    let team = "[[account.team]]\nid = \"north\"\nname = \"North\"\nmanagers = [\"ana\"]\n";
    service.configure(Config::of([Account::new("acme")
        .setting("bot_replies = \"ignore\"")
        .section(team)]));
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    assert_eq!(wait(&door), Some(1_800_000));
    let teams = door.report(
        "response-times",
        &[
            ("from", "2026-03-01T00:00:00Z"),
            ("to", "2026-04-01T00:00:00Z"),
            ("by", "team"),
        ],
    );
    assert_eq!(teams.column("team"), ["north"]);
}

#[test]
fn a_disk_with_less_than_the_reserve_takes_no_events_and_still_answers() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .events();
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    door.send_flushed(&events);
    service.stop();
    // More megabytes than any disk has.
    let full = "segment_mb = 8\nreserve_mb = 4000000000\n";
    service.configure(Config::acme().journal(full));
    service.restart();
    service.wait_for_warehouse();
    let more = Thread::new("2").contact("11:00").events();
    let answer = door.try_send(&more).expect("an answer");
    answer.expect_problem(503, "journal_unavailable");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(door.metrics().total("trunkline_journal_writable") as u64, 0);
    assert!(door.metrics().sums().balance());
    assert_eq!(answers(&door).len(), 3);
    service.stop();
    service.configure(Config::acme());
    service.restart();
    assert_eq!(door.send(&more).accepted, 1);
    assert_eq!(door.send(&events).duplicates, 2);
}

#[test]
fn a_stop_under_load_keeps_every_acknowledged_event_and_answers_what_it_took() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let acknowledged = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..4_u64)
            .map(|sender| {
                let door = door.clone();
                scope.spawn(move || {
                    let mut taken = Vec::new();
                    // Far apart, so that no sender reaches another's conversations.
                    for index in sender * 1_000_000.. {
                        let events = generate::conversation(51, index);
                        match door.try_send(&events) {
                            Ok(answer) if answer.status == 202 => taken.extend(events),
                            // Not taken, and said so: a refused one must not be there later.
                            Ok(answer) if answer.status == 503 => return taken,
                            Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
                            Err(_) => return taken,
                        }
                    }
                    taken
                })
            })
            .collect();
        pause(700);
        let status = service.stop();
        assert!(status.success(), "{status}: {}", service.log_tail());
        senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap())
            .collect::<Vec<Event>>()
    });
    assert!(
        acknowledged.len() > 100,
        "only {} events before the stop",
        acknowledged.len()
    );
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    let sums = door.metrics().sums();
    assert_eq!(sums.observed, acknowledged.len() as u64, "{sums:?}");
    facts::assert_exact(&service.views(), "acme", &Reference::of(&acknowledged));
}
