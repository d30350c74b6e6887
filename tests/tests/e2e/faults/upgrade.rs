//! Data folders that older programs left behind (`tests/data/upgrade-*`), read by this one: the
//! journal is understood for ever; what is only a help (checkpoints, dedup files) is understood or
//! made again, never guessed.
//!
//! A folder holds `journal/` and `state/` after a clean stop, each file by itself compressed with
//! zstd, and `events.json.zst`: what was sent, as an array, the first of two with one identity
//! first. `make_golden_files` makes one; add one whenever a format changes, and never change one.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::config::{Account, Config, token};
use e2e::doors::{unzstd, zstd};
use e2e::events::Event;
use e2e::generate::log;
use e2e::ledger::Ledger;
use e2e::load::Sent;
use e2e::service::Service;
use e2e::stream::{Heard, Knock, Resuming, frame};
use serde_json::Value;

const EVENTS: &str = "events.json.zst";
const STREAM: &str = "golden";
const FRAMES: u64 = 5;

fn config() -> Config {
    let gap = "[[account.channel]]\nid = \"telegram\"\nname = \"T\"\n";
    Config::of([Account::new("acme").section(gap)]).journal("segment_mb = 1\nreserve_mb = 64\n")
}

fn folders() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut found: Vec<PathBuf> = fs::read_dir(data)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("/upgrade-"))
        .collect();
    found.sort();
    found
}

/// Lists the files below a folder, by their path from it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = PathBuf::from(entry.file_name());
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|file| name.join(file)));
        } else {
            found.push(name);
        }
    }
    found
}

pub(super) fn unpack(golden: &Path, to: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    for file in files(golden) {
        let bytes = unzstd(&fs::read(golden.join(&file)).unwrap());
        if file.as_os_str() == EVENTS {
            let json: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
            events = json.iter().map(Event::parse).collect();
            continue;
        }
        let path = to.join(file.with_extension(""));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    events
}

#[test]
fn what_older_programs_left_is_read_with_and_without_its_state() {
    let folders = folders();
    assert!(!folders.is_empty());
    for golden in folders {
        for with_state in [true, false] {
            let mut service = Service::prepare(config());
            let events = unpack(&golden, &service.data_dir());
            if !with_state {
                fs::remove_dir_all(service.data_dir().join("state")).unwrap();
            }
            service.restart();
            service.wait_for_warehouse();
            let knock = Knock::new(service.port()).token(&token("acme", "ingest"));
            let Heard::Hello(_, ack) = knock.name(STREAM).open().unwrap().hear() else {
                panic!("no hello");
            };
            assert_eq!(ack, FRAMES);
            let mut sent = Sent::default();
            let receipt = service.door("acme").send(&events[..20]);
            assert_eq!(receipt.duplicates, 20, "{receipt:?}");
            sent.events = events;
            let name = golden.file_name().unwrap().to_string_lossy().into_owned();
            let ledger = Ledger::draw("upgrade", &service, &service.views(), &sent);
            ledger
                .with(format!("from {name}, with its state: {with_state}"))
                .close();
            assert_eq!(service.door("acme").metrics().sums().conflict, 1);
        }
    }
}

/// Makes `tests/data/upgrade-new` with this program. Name it after what is new in it.
#[test]
#[ignore = "makes files of the repository"]
fn make_golden_files() {
    let mut service = Service::start(config());
    let events = log(77, 30);
    let door = service.door("acme");
    let (posted, streamed) = events.split_at(events.len() / 2);
    door.send(posted);
    door.send(&posted[..7]);
    let mut stream = Resuming::new(service.port(), &token("acme", "ingest"), STREAM);
    for part in streamed.chunks(streamed.len().div_ceil(FRAMES as usize)) {
        stream.push(frame(part));
    }
    stream.until_acknowledged();
    assert_eq!(stream.frames(), FRAMES);
    let named = events.iter().find_map(|event| match event {
        Event::Message(message) if message.id.is_some() => Some(message),
        _ => None,
    });
    let mut other = named.unwrap().clone();
    other.chars = Some(9_999);
    assert_eq!(door.send(&[Event::Message(other)]).conflicts, 1);
    door.flush();
    assert!(service.stop().success());
    let golden = keep(&service.data_dir(), "upgrade-new");
    let json: Value = events.iter().map(Event::json).collect();
    fs::write(golden.join(EVENTS), zstd(json.to_string().as_bytes())).unwrap();
}

/// Keeps what a program left behind in a folder of the repository.
pub(super) fn keep(data_dir: &Path, name: &str) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data")
        .join(name);
    for part in ["journal", "state"] {
        for file in files(&data_dir.join(part)) {
            if ["lock", "next.tmp"].iter().any(|it| file.ends_with(it)) {
                continue;
            }
            let bytes = fs::read(data_dir.join(part).join(&file)).unwrap();
            let mut name = golden.join(part).join(file).into_os_string();
            name.push(".zst");
            let path = PathBuf::from(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, zstd(&bytes)).unwrap();
        }
    }
    golden
}
