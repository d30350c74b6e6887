//! Damage on disk, through the real binary: torn tails, flipped bits, checkpoints that are damaged,
//! missing or old. Every cut and every byte is tried by the journal's own tests.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use e2e::config::Config;
use e2e::engine::Engine;
use e2e::events::Event;
use e2e::generate::seed;
use e2e::ledger::{Ledger, say};
use e2e::load::Sender;
use e2e::service::{Service, binary};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const JOURNAL: &str = "segment_mb = 1\nreserve_mb = 64\n";
/// Bytes of the footer that ends a segment closed in order.
const FOOTER: u64 = 40;

/// Lists the segments with where their last byte that is not zero ends.
fn segments(data: &Path) -> Vec<(PathBuf, u64)> {
    let files = fs::read_dir(data.join("journal")).unwrap().flatten();
    let mut found: Vec<(PathBuf, u64)> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|it| it == "seg"))
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            let end = bytes
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |it| it + 1);
            (path, end as u64)
        })
        .collect();
    found.sort();
    found
}

/// How a tail is torn.
#[derive(Clone, Copy, Debug)]
enum Tear {
    Cut,
    Zeros,
    Garbage,
}

fn tear(path: &Path, end: u64, bytes: u64, how: Tear, random: &mut StdRng) {
    let file = File::options().write(true).open(path).unwrap();
    let from = end - bytes;
    match how {
        Tear::Cut => file.set_len(from).unwrap(),
        Tear::Zeros => file.write_all_at(&vec![0; bytes as usize], from).unwrap(),
        Tear::Garbage => {
            let garbage: Vec<u8> = (0..bytes + 100).map(|_| random.random()).collect();
            file.write_all_at(&garbage, from).unwrap();
        }
    }
}

#[test]
fn a_torn_tail_costs_its_batches_and_what_is_sent_again_makes_it_exact() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::start(Config::acme().journal(JOURNAL).warehouse(&settings));
    let mut sender = Sender::new(service.door("acme"), seed, 0);
    let (mut tears, mut torn) = (0, 0);
    for round in 0..9 {
        sender.window();
        let door = service.door("acme");
        let had = door.metrics().sums().appended;
        let last: Vec<Event> = sender.sent.events.clone();
        service.kill9();
        let (path, end) = segments(&service.data_dir()).pop().unwrap();
        // From a byte of the last batch to several batches.
        let bytes = [1, 9, 200, 3_000][round % 4].min(end.saturating_sub(4_096));
        let how = [Tear::Cut, Tear::Zeros, Tear::Garbage][round % 3];
        if bytes > 0 {
            tear(&path, end, bytes, how, &mut random);
            tears += 1;
        }
        service.restart();
        let left = door.metrics().sums().appended;
        assert!(left <= had, "{left} events of {had}");
        torn += had - left;
        for batch in last.chunks(400) {
            sender.until_acknowledged(batch);
        }
    }
    let ledger = Ledger::draw("torn tails", &service, &engine.views(), &sender.sent);
    ledger
        .with(format!(
            "seed {seed}, tails torn {tears}, their events {torn}"
        ))
        .close();
    assert!(tears > 4 && torn > 0);
    assert!(
        !service.log().contains("panicked"),
        "{}",
        service.log_tail()
    );
}

fn verify(data: &Path) -> Output {
    let command = ["journal", "verify", "--data-dir"];
    let output = Command::new(binary()).args(command).arg(data).output();
    output.expect("the binary runs")
}

#[test]
fn every_flipped_bit_that_was_tried_is_found_and_named() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut service = Service::start_without_warehouse(Config::acme().journal(JOURNAL));
    let mut sender = Sender::new(service.door("acme"), seed, 0);
    while segments(&service.data_dir()).len() < 3 {
        sender.window();
    }
    assert!(service.stop().success());
    assert!(verify(&service.data_dir()).status.success());
    let (all, flips) = (segments(&service.data_dir()), 60);
    let (mut found, mut refused) = (0, 0);
    for flip in 0..flips {
        let segment = random.random_range(0..all.len());
        let (path, end) = &all[segment];
        let file = File::options().read(true).write(true).open(path).unwrap();
        // A flip in the last segment's footer looks like a footer torn off, and costs nothing.
        let footer = if segment + 1 == all.len() { FOOTER } else { 0 };
        let at = random.random_range(0..end - footer);
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        let flipped = byte[0] ^ 1 << random.random_range(0..8);
        file.write_all_at(&[flipped], at).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let output = verify(&service.data_dir());
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{name}, byte {at}: {said}");
        found += 1;
        if flip % 20 == 0 {
            service.launch();
            assert!(!service.wait_for_end(Duration::from_secs(30)).success());
            refused += 1;
        }
        file.write_all_at(&byte, at).unwrap();
    }
    say(&format!(
        "flipped bits: seed {seed}, tried {flips} in {} segments, found {found}, starts refused \
         {refused}",
        all.len()
    ));
    assert!(verify(&service.data_dir()).status.success());
    service.restart();
    let sums = service.door("acme").metrics().sums();
    assert_eq!(sums.observed, sender.sent.events.len() as u64, "{sums:?}");
}

fn checkpoints(service: &Service) -> Vec<PathBuf> {
    let folder = service.data_dir().join("state/checkpoints");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|file| file.path())
        .collect();
    found.sort();
    found
}

/// Something done to two checkpoints, the newest last.
type Harm = fn(&[PathBuf], &mut StdRng);

#[test]
fn damaged_missing_and_old_checkpoints_change_nothing() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::start(Config::acme().warehouse(&settings));
    let mut sender = Sender::new(service.door("acme"), seed, 0);
    let harms: [(&str, Harm); 6] = [
        ("newest missing", |found, _| {
            fs::remove_file(&found[1]).unwrap();
        }),
        ("newest cut short", |found, random| {
            let file = File::options().write(true).open(&found[1]).unwrap();
            let length = file.metadata().unwrap().len();
            file.set_len(random.random_range(0..length)).unwrap();
        }),
        ("newest flipped", |found, random| {
            let mut bytes = fs::read(&found[1]).unwrap();
            let at = random.random_range(0..bytes.len());
            bytes[at] ^= 1 << random.random_range(0..8);
            fs::write(&found[1], bytes).unwrap();
        }),
        ("the old one under the newest name", |found, _| {
            fs::rename(&found[0], &found[1]).unwrap();
        }),
        ("both flipped", |found, random| {
            for path in found {
                let mut bytes = fs::read(path).unwrap();
                let at = random.random_range(8..bytes.len());
                bytes[at] ^= 0x10;
                fs::write(path, bytes).unwrap();
            }
        }),
        ("all missing", |found, _| {
            for path in found {
                fs::remove_file(path).unwrap();
            }
        }),
    ];
    for (name, harm) in harms {
        while checkpoints_after_a_stop(&mut service, &mut sender).len() < 2 {}
        harm(&checkpoints(&service), &mut random);
        service.restart();
        let ledger = Ledger::draw("checkpoints", &service, &engine.views(), &sender.sent);
        ledger.with(format!("seed {seed}, {name}")).close();
        // What was seen before is known after it.
        let again = sender.sent.events[..50].to_vec();
        let receipt = sender.until_acknowledged(&again);
        assert_eq!(receipt.duplicates, 50, "{name}: {receipt:?}");
    }
}

/// Sends something and stops; leaves the service stopped if there are two checkpoints then.
fn checkpoints_after_a_stop(service: &mut Service, sender: &mut Sender) -> Vec<PathBuf> {
    sender.window();
    assert!(service.stop().success(), "{}", service.log_tail());
    let found = checkpoints(service);
    if found.len() < 2 {
        service.restart();
    }
    found
}
