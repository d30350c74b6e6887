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
const CALLS: usize = 4 + CROWD;
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

/// Gives a service all of whose calls are cold, and what they were told by.
fn all_cold() -> (Service, Vec<Value>) {
    let service = Service::start(Config::acme().fold(FORGETFUL));
    let all = [events(), crowd()].concat();
    post(&service.door("acme"), &all);
    wait_until_cold(&service, CALLS);
    (service, all)
}

fn restart(service: &mut Service) {
    service.restart();
    service.wait_for_warehouse();
}

/// All that is told again is known.
fn assert_known(service: &Service, all: &[Value]) {
    let again = post(&service.door("acme"), all);
    assert_eq!(again["duplicates"], json!(all.len()));
}

fn assert_clean(mut service: Service) {
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance() && sums.pending == 0, "{sums:?}");
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn late_repeated_and_retracted_phases_of_cold_calls_are_exact_through_kills() {
    let (mut service, all) = all_cold();
    // They are known, and stay where they are.
    assert_known(&service, &all);
    assert!(cold(&service) >= CALLS as f64);
    // Nothing of the shelf is in a checkpoint yet.
    service.kill9();
    restart(&mut service);
    wait_until_cold(&service, CALLS);
    assert_eq!(rows(&service, "acme").len(), CALLS);
    service.stop();
    restart(&mut service);
    let log = service.log();
    assert!(!log.contains("passed over"), "{}", service.log_tail());
    assert!(cold(&service) >= CALLS as f64);
    let corrected = post(&service.door("acme"), &late(5));
    assert_eq!(corrected["accepted"], json!(CROWD / 5));
    service.door("acme").flush();
    assert_eq!(count(&service, "has(tags, 'late')"), CROWD / 5);
    wait_until_cold(&service, CALLS);
    // Of a run, and of one call all phases.
    let gone = ["00:00/started", "01:00/ended"];
    let gone = gone.map(|phase| retract("target", &format!("x0001/10:{phase}")));
    let back = [gone.to_vec(), vec![retract("batch", "run")]].concat();
    post(&service.door("acme"), &back);
    service.kill9();
    restart(&mut service);
    service.door("acme").flush();
    wait_until_cold(&service, CALLS);
    assert_eq!(count(&service, "startsWith(call, 'x')"), CROWD - 1);
    let known = count(&service, "startsWith(caller, '+346')");
    assert_eq!(known, CROWD * 2 / 3 - 1);
    // What is taken back stays known.
    assert_known(&service, &all);
    assert_clean(service);
}

#[test]
fn other_settings_reach_cold_calls_and_leave_them_cold() {
    let (mut service, _) = all_cold();
    service.stop();
    restart(&mut service);
    assert_eq!(count(&service, "caller = '+34911222333'"), 0);
    // A first country holds for all time.
    let spain = Account::new("acme").setting("country = \"ES\"");
    service.configure(Config::of([spain]).fold(FORGETFUL));
    service.stop();
    restart(&mut service);
    service.door("acme").flush();
    assert_eq!(rows(&service, "acme")[..4], expected());
    assert!(cold(&service) >= CALLS as f64);
    assert_clean(service);
}

#[test]
fn call_tracking_hears_of_cold_calls_when_it_begins_and_when_one_is_taken_back() {
    let (mut service, _) = all_cold();
    let numbers = "[[account.number]]\nnumber = \"+34600100200\"\nsource = \"flyer\"\n";
    let flyer = Account::new("acme").section(numbers);
    service.configure(Config::of([flyer]).fold(FORGETFUL));
    service.stop();
    restart(&mut service);
    service.door("acme").flush();
    let attributed = || {
        let sql = "SELECT count() FROM attributions FINAL WHERE deleted = 0 AND rule = 0 \
                   AND candidates.source = ['flyer']";
        let text = service.tables().text(sql);
        text.trim().parse::<usize>().expect("a number")
    };
    // All but the one that goes out.
    assert_eq!(attributed(), CALLS - 1);
    assert!(cold(&service) >= CALLS as f64);
    let gone = ["00:00/started", "01:00/ended"];
    let gone = gone.map(|phase| retract("target", &format!("x0001/10:{phase}")));
    post(&service.door("acme"), &gone);
    service.door("acme").flush();
    assert_eq!(attributed(), CALLS - 2);
    assert_clean(service);
}

#[test]
fn a_shelf_that_is_damaged_costs_a_start_time_and_no_call() {
    let (mut service, all) = all_cold();
    service.stop();
    let files = shelves(&service);
    assert_eq!(files.len(), 1, "{files:?}");
    let mut bytes = fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[0], bytes).unwrap();
    restart(&mut service);
    let log = service.log();
    let said = "what is cold cannot be read from its shelf";
    assert!(log.contains(said), "{}", service.log_tail());
    assert_known(&service, &all);
    wait_until_cold(&service, CALLS);
    service.stop();
    // It is in files of its own now, and the others go with the checkpoint that names them.
    restart(&mut service);
    assert!(cold(&service) >= CALLS as f64);
    assert_clean(service);
}

#[test]
fn a_shelf_that_breaks_in_use_ends_the_service_and_nothing_rests_on_it() {
    let (mut service, _) = all_cold();
    for path in shelves(&service) {
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(36)).unwrap();
        file.write_all(&vec![0xa5; length as usize - 36]).unwrap();
    }
    let lines: Vec<String> = late(3).iter().map(Value::to_string).collect();
    let body = lines.join("\n").into_bytes();
    let door = service.door("acme");
    if let Ok(answer) = door.try_post("", "application/x-ndjson", None, &body) {
        let rests = answer.status < 300 && answer.json()["observed"] != false;
        assert!(!rests, "{}", answer.text());
    }
    let end = service.wait_for_end(Duration::from_secs(30));
    assert!(!end.success(), "{end}");
    let log = service.log();
    let said = "what is cold cannot be read from its shelf";
    assert!(log.contains(said), "{}", service.log_tail());
    restart(&mut service);
    post(&service.door("acme"), &late(3));
    service.door("acme").flush();
    assert_eq!(count(&service, "has(tags, 'late')"), CROWD / 3);
    wait_until_cold(&service, CALLS);
    assert_clean(service);
}
