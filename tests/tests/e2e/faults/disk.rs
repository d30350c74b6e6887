//! Disks that fill up, fail and dawdle: 503 and never 202, reads go on, and all heals without a
//! restart.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use e2e::clock::{pause, wait_until};
use e2e::config::Config;
use e2e::doors::Door;
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::generate::{conversation, seed};
use e2e::ledger::{Ledger, not_run, say, seconds};
use e2e::load::{Sent, under_load};
use e2e::mount::Mounted;
use e2e::service::Service;
use e2e::shim::{Act, Call, EIO, Point, Shim};

const SEGMENTS: &str = "segment_mb = 1\nreserve_mb = 4\n";

fn reads_answer(service: &Service, door: &Door) {
    let march = [
        ("from", "2026-03-01T00:00:00Z"),
        ("to", "2026-04-01T00:00:00Z"),
    ];
    door.get("/v1/reports/messages", &march).expect_status(200);
    let ready = door.get("/readyz", &[]);
    assert_eq!(ready.expect_status(200).json()["journal"], "refusing");
    assert_eq!(door.metrics().total("trunkline_journal_writable") as u64, 0);
    assert_eq!(service.warehouse_state(), "up");
}

/// Sends conversations, each until it is taken, or until one is refused; that one is put first of
/// the next call.
fn fill(door: &Door, seed: u64, next: &mut u64, sent: &mut Sent) {
    for _ in 0..100_000 {
        let events = conversation(seed, *next);
        let answer = door.try_send(&events).expect("an answer");
        sent.sent += events.len() as u64;
        if answer.status == 503 {
            answer.expect_problem(503, "journal_unavailable");
            assert!(answer.header("retry-after").is_some());
            sent.refused += 1;
            return;
        }
        answer.expect_status(202);
        sent.acknowledged += events.len() as u64;
        sent.events.extend(events);
        *next += 1;
    }
    panic!("the disk never filled up");
}

fn full_disk(name: &'static str, reserve: u64) {
    let disk = match Mounted::memory(14) {
        Ok(disk) => disk,
        Err(why) => return not_run(name, &why),
    };
    let seed = seed();
    let engine = Engine::start();
    let config = Config::acme()
        .journal(&format!("segment_mb = 1\nreserve_mb = {reserve}\n"))
        .warehouse(&engine.settings(engine.password()));
    let mut service = Service::prepare(config);
    service.keep_data_in(&disk.path().join("data"));
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let (mut next, mut sent) = (0, Sent::default());
    let mut size = 14;
    for round in 0..3 {
        fill(&door, seed, &mut next, &mut sent);
        reads_answer(&service, &door);
        let again = door.try_send(&conversation(seed, next)).expect("an answer");
        again.expect_problem(503, "journal_unavailable");
        size += 6;
        disk.resize(size);
        wait_until("a writable journal", Duration::from_secs(30), || {
            door.metrics().total("trunkline_journal_writable") as u64 == 1
        });
        say(&format!("  {name}, round {round}: healed"));
    }
    // And once more: it is stopped while there is no room for a checkpoint or a footer.
    fill(&door, seed, &mut next, &mut sent);
    let refused = sent.refused;
    let ledger = Ledger::draw(name, &service, &engine.views(), &sent);
    ledger
        .with(format!(
            "seed {seed}, filled up {refused} times, restarts 0"
        ))
        .close();
    service.stop();
    disk.resize(size + 40);
    service.restart();
    let again = Ledger::draw(name, &service, &engine.views(), &sent);
    again.with("stopped while full, and started again").close();
}

#[test]
fn a_disk_below_its_reserve_gets_503_and_heals_without_a_restart() {
    full_disk("disk below its reserve", 4);
}

#[test]
fn a_disk_without_any_room_gets_503_and_heals_without_a_restart() {
    full_disk("disk full to the last byte", 0);
}

/// Writes into a file until there is no room.
fn take_all(path: &Path) {
    let mut file = File::create(path).unwrap();
    let zeros = vec![0; 1 << 20];
    for _ in 0..4_096 {
        if file.write_all(&zeros).is_err() {
            return;
        }
    }
    panic!("the disk has no end");
}

#[test]
fn a_full_disk_under_the_embedded_clickhouse_heals_too() {
    let name = "disk full under ClickHouse";
    let disk = match Mounted::memory(200) {
        Ok(disk) => disk,
        Err(why) => return not_run(name, &why),
    };
    let seed = seed();
    let mut service = Service::prepare(Config::acme().journal(SEGMENTS));
    service.keep_data_in(&disk.path().join("data"));
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let foreign = disk.path().join("foreign");
    let (sent, ()) = under_load(&door, seed, || {
        for _ in 0..2 {
            pause(800);
            // Somebody else's file takes all there is.
            take_all(&foreign);
            wait_until("a refusing journal", Duration::from_secs(30), || {
                door.metrics().total("trunkline_journal_writable") as u64 == 0
            });
            pause(seconds(2) * 1_000);
            door.get("/readyz", &[]).expect_status(200);
            std::fs::remove_file(&foreign).unwrap();
            wait_until("a writable journal", Duration::from_secs(30), || {
                door.metrics().total("trunkline_journal_writable") as u64 == 1
            });
        }
    });
    let refused = sent.refused;
    let ledger = Ledger::draw(name, &service, &service.views(), &sent);
    ledger
        .with(format!(
            "seed {seed}, requests refused {refused}, restarts 0"
        ))
        .close();
    assert!(refused > 0);
    drop(service);
}

#[test]
fn writes_and_syncs_that_fail_get_503_until_a_new_segment_is_durable() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("failing writes and syncs", &why),
    };
    let seed = seed();
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::prepare(Config::acme().journal(SEGMENTS).warehouse(&settings));
    service.set_environment(shim.environment());
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let faults = [
        Point::before(Call::WriteAt, "/journal/"),
        Point::before(Call::SyncData, "/journal/"),
        // Written and synced, and yet it says it was not: the batch may be there, unacknowledged.
        Point::after(Call::SyncData, "/journal/"),
        Point::before(Call::Rename, "/journal/"),
        Point::before(Call::Sync, "/journal$"),
    ];
    let each = seconds(8) * 1_000 / faults.len() as u64;
    let (sent, failed) = under_load(&door, seed, || {
        let mut failed = 0;
        for fault in faults {
            shim.arm(fault, 1, Act::Fail(EIO));
            wait_until("a failing call", Duration::from_secs(30), || {
                shim.seen() > 0
            });
            if !matches!(fault.call, Call::Rename | Call::Sync) {
                wait_until("a refusing journal", Duration::from_secs(30), || {
                    door.metrics().total("trunkline_journal_writable") as u64 == 0
                });
                reads_answer(&service, &door);
                door.try_send(&Thread::new("refused").contact("10:00").events())
                    .expect("an answer")
                    .expect_problem(503, "journal_unavailable");
            }
            pause(each);
            failed += shim.seen();
            shim.disarm();
            wait_until("a writable journal", Duration::from_secs(30), || {
                door.metrics().total("trunkline_journal_writable") as u64 == 1
            });
        }
        failed
    });
    let refused = sent.refused;
    let ledger = Ledger::draw("EIO on write and fsync", &service, &engine.views(), &sent);
    ledger
        .with(format!(
            "seed {seed}, failed calls {failed}, requests refused {refused}"
        ))
        .close();
    assert!(refused > 0);
    // What was refused is not there after a restart either: `close` has counted, now once more.
    assert!(service.stop().success(), "{}", service.log_tail());
    service.restart();
    let again = Ledger::draw("EIO, after a restart", &service, &engine.views(), &sent);
    again.close();
}

#[test]
fn a_disk_whose_syncs_take_3_ms_delays_answers_and_nothing_else() {
    let shim = match Shim::build() {
        Ok(shim) => shim,
        Err(why) => return not_run("slow fsync", &why),
    };
    let seed = seed();
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::prepare(Config::acme().journal(SEGMENTS).warehouse(&settings));
    service.set_environment(shim.environment());
    service.restart();
    let door = service.door("acme");
    shim.arm(
        Point::before(Call::SyncData, "/journal/"),
        1,
        Act::Delay(3_000),
    );
    let (sent, ()) = under_load(&door, seed, || pause(seconds(4) * 1_000));
    let syncs = shim.seen();
    shim.disarm();
    let ledger = Ledger::draw("fsync takes 3 ms more", &service, &engine.views(), &sent);
    let slowest = sent.slowest;
    ledger
        .with(format!(
            "seed {seed}, syncs {syncs}, slowest acknowledgement {slowest:?}"
        ))
        .close();
    assert!(syncs > 20 && sent.refused == 0, "{syncs}, {}", sent.refused);
    assert!(slowest >= Duration::from_millis(3) && slowest < Duration::from_secs(2));
}
