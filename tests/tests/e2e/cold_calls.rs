//! Calls beyond the horizon: their phases are on a shelf of the disk, and whatever comes for them, and
//! whatever happens to the process and to the shelf, is as if they were in memory.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use e2e::clock;
use e2e::config::{Account, Config};
use e2e::service::Service;
use serde_json::{Value, json};

use super::audit::audit;
use super::calls::{events, expected, phase, post, rows};

/// Nothing is remembered for longer than a second of arrival.
const FORGETFUL: &str = "horizon = \"1s\"\nwindow = \"1s\"";
/// Calls beside those whose rows are worked out by hand; their ids go behind these.
const CROWD: usize = 1_500;
const PATIENCE: Duration = Duration::from_mins(1);

fn cold(service: &Service) -> f64 {
    let metrics = service.door("acme").metrics();
    metrics.total("trunkline_cold_calls")
}

/// Waits until so many calls are cold and none is in memory.
fn wait_until_cold(service: &Service, calls: usize) {
    let door = service.door("acme");
    let mut beats = 0;
    clock::wait_until("the calls are cold", PATIENCE, || {
        // Time is that of arrival: it goes on as long as something arrives, if only a note.
        beats += 1;
        let beat = json!({"type": "message", "conversation": "beat", "channel": "web",
            "contact": "c", "author": "system", "private": true, "id": beats.to_string(),
            "at": "2026-01-01T00:00:00Z"});
        door.post_json(&beat);
        door.flush();
        let metrics = door.metrics();
        metrics.total("trunkline_held_calls") < 1.0 && cold(service) >= calls as f64
    });
}

/// Calls of two phases, every third of an import's run.
fn crowd() -> Vec<Value> {
    let calls = (0..CROWD).flat_map(|number| {
        let call = format!("x{number:04}");
        let from = format!("+346{:08}", number * 7);
        let mut begins = json!({"direction": "inbound", "from": from, "to": "+34600100200",
            "extension": "101"});
        if number % 3 == 0 {
            begins["batch"] = json!("run");
        }
        let talk = json!({"disposition": "answered", "talk_s": 5 + number % 40});
        [
            phase(&call, "10:00:00", "started", &begins),
            phase(&call, "10:01:00", "ended", &talk),
        ]
    });
    calls.collect()
}

/// Gives a late phase of every `step`th call of the crowd.
fn late(step: usize) -> Vec<Value> {
    let calls = (0..CROWD)
        .step_by(step)
        .map(|number| format!("x{number:04}"));
    let paid = json!({"value": "3.20", "tags": ["late"]});
    calls
        .map(|call| phase(&call, "10:02:00", "tagged", &paid))
        .collect()
}

fn retract(what: &str, id: &str) -> Value {
    json!({"type": "retract", what: id, "at": "2026-03-03T09:00:00Z"})
}

fn count(service: &Service, condition: &str) -> usize {
    let sql = format!("SELECT count() FROM calls FINAL WHERE deleted = 0 AND {condition}");
    service
        .tables()
        .text(&sql)
        .trim()
        .parse()
        .expect("a number")
}

fn shelves(service: &Service) -> Vec<PathBuf> {
    let files = fs::read_dir(service.data_dir().join("state/shelves"));
    let files = files.into_iter().flatten();
    files.map(|file| file.expect("a file").path()).collect()
}

#[test]
fn late_repeated_and_retracted_phases_of_cold_calls_are_exact_through_kills() {
    let mut service = Service::start(Config::acme().fold(FORGETFUL));
    let all = [events(), crowd()].concat();
    let calls = 4 + CROWD;
    post(&service.door("acme"), &all);
    wait_until_cold(&service, calls);
    // They are known, and stay where they are.
    let again = post(&service.door("acme"), &all);
    assert_eq!(again["duplicates"], json!(all.len()));
    assert!(cold(&service) >= calls as f64);
    // Nothing of the shelf is in a checkpoint yet.
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    wait_until_cold(&service, calls);
    assert_eq!(rows(&service, "acme").len(), calls);
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    assert!(
        !service.log().contains("passed over"),
        "{}",
        service.log_tail()
    );
    assert!(cold(&service) >= calls as f64);
    let corrected = post(&service.door("acme"), &late(5));
    assert_eq!(corrected["accepted"], json!(CROWD / 5));
    service.door("acme").flush();
    assert_eq!(count(&service, "has(tags, 'late')"), CROWD / 5);
    wait_until_cold(&service, calls);
    // Of a run, and of one call all phases.
    let gone = [
        "a/10:00:40/heldl1",
        "x0001/10:00:00/started",
        "x0001/10:01:00/ended",
    ];
    let mut back: Vec<Value> = gone.iter().map(|id| retract("target", id)).collect();
    back.push(retract("batch", "run"));
    post(&service.door("acme"), &back);
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    wait_until_cold(&service, calls);
    assert_eq!(count(&service, "startsWith(call, 'x')"), CROWD - 1);
    assert_eq!(
        count(
            &service,
            "startsWith(call, 'x') AND startsWith(caller, '+346')"
        ),
        CROWD * 2 / 3 - 1
    );
    // What is taken back stays known.
    let again = post(&service.door("acme"), &all);
    assert_eq!(again["duplicates"], json!(all.len()));
    // A first country concerns all of them, and only rows are written.
    assert_eq!(count(&service, "caller = '+34911222333'"), 0);
    let spain = Account::new("acme").setting("country = \"ES\"");
    service.configure(Config::of([spain]).fold(FORGETFUL));
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    assert!(cold(&service) >= calls as f64);
    let [mut a, b, c, d] = expected();
    (a[9], a[10], a[14]) = (json!(0), json!(60_000), json!([60_000]));
    assert_eq!(rows(&service, "acme")[..4], [a, b, c, d]);
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_damaged_shelf_costs_time_and_no_call() {
    let mut service = Service::start(Config::acme().fold(FORGETFUL));
    let all = [events(), crowd()].concat();
    let calls = 4 + CROWD;
    post(&service.door("acme"), &all);
    wait_until_cold(&service, calls);
    service.stop();
    let files = shelves(&service);
    assert_eq!(files.len(), 1, "{files:?}");
    let mut bytes = fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[0], bytes).unwrap();
    service.restart();
    service.wait_for_warehouse();
    let log = service.log();
    assert!(
        log.contains("cold calls cannot be read from their shelf"),
        "{}",
        service.log_tail()
    );
    let again = post(&service.door("acme"), &all);
    assert_eq!(again["duplicates"], json!(all.len()));
    wait_until_cold(&service, calls);
    // It breaks while it is in use: what is answered must not rest on it.
    for path in shelves(&service) {
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(36)).unwrap();
        file.write_all(&vec![0xa5; length as usize - 36]).unwrap();
    }
    let lines: Vec<String> = late(3).iter().map(Value::to_string).collect();
    let answer = service.door("acme").try_post(
        "",
        "application/x-ndjson",
        None,
        lines.join("\n").as_bytes(),
    );
    if let Ok(answer) = answer {
        assert!(
            answer.status >= 500 || answer.json()["observed"] == false,
            "{}",
            answer.text()
        );
    }
    let end = service.wait_for_end(Duration::from_secs(30));
    assert!(!end.success(), "{end}");
    let log = service.log();
    assert!(
        log.contains("a cold call cannot be read from its shelf"),
        "{}",
        service.log_tail()
    );
    service.restart();
    service.wait_for_warehouse();
    post(&service.door("acme"), &late(3));
    service.door("acme").flush();
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance() && sums.pending == 0, "{sums:?}");
    assert_eq!(count(&service, "has(tags, 'late')"), CROWD / 3);
    wait_until_cold(&service, calls);
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}
