//! Many threads at once: order, group commit, and that nothing is acknowledged before its sync.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::sim::{Faults, Sim};
use super::{TestClock, drain, records, small};
use crate::storage::Storage;
use crate::{Commit, Config, Journal, Observer, Reader, Reason, State, World, verify_on};

const WAIT: Duration = Duration::from_secs(10);

fn open<T: Send + 'static>(
    sim: &Sim,
    config: &Config,
    on_commit: impl FnMut(Commit<T>) + Send + 'static,
) -> Journal<T> {
    open_in(sim, config, TestClock::at(9_000).world(), on_commit)
}

fn open_in<T: Send + 'static>(
    sim: &Sim,
    config: &Config,
    world: World,
    on_commit: impl FnMut(Commit<T>) + Send + 'static,
) -> Journal<T> {
    let storage: Arc<dyn Storage> = Arc::new(sim.clone());
    let opened = Journal::open_on(storage, config, world, on_commit);
    opened.unwrap_or_else(|error| panic!("{error}")).journal
}

/// Cuts the power at the very moment of an acknowledgement, and looks what is left.
fn check_durable(disk: &Sim, acknowledged: &BTreeMap<u64, String>) {
    let after = disk.after_power_cut();
    let mut reader = Reader::open_on(Arc::new(after), 0).expect("it is whole");
    let found: Vec<_> = drain(&mut reader)
        .into_iter()
        .map(|record| record.2)
        .collect();
    let expected: Vec<_> = acknowledged
        .values()
        .map(|text| text.as_bytes().to_vec())
        .collect();
    assert!(
        found.starts_with(&expected),
        "an acknowledged record was not durable"
    );
}

/// Appends as eight threads at once, while the disk fails now and then.
fn append_from_eight_threads(journal: &Journal<String>, sim: &Sim) {
    let append_all = |appender: usize| {
        for index in 0..40 {
            let text = format!("{appender}:{index}");
            if appender == 0 && index % 8 == 3 {
                sim.fail(Faults {
                    sync: Some(1),
                    write: Some(5),
                    ..Faults::default()
                });
            }
            journal
                .append(records([&text]), text)
                .expect("there is room");
            if index % 4 == 0 {
                thread::yield_now();
            }
        }
    };
    thread::scope(|scope| {
        for appender in 0..8 {
            let append_all = &append_all;
            scope.spawn(move || append_all(appender));
        }
    });
}

#[test]
fn acknowledged_is_durable() {
    let sim = Sim::new(42);
    let acknowledged = Arc::new(Mutex::new(BTreeMap::new()));
    let (seen, disk) = (acknowledged.clone(), sim.clone());
    let journal = open(
        &sim,
        &small("/sim", 2_000),
        move |commit: Commit<String>| {
            if commit.outcome.is_err() {
                return;
            }
            let mut seen = seen.lock().expect("whole");
            for append in commit.appends {
                assert_eq!(
                    append.first_offset,
                    seen.len() as u64,
                    "called in the order of offsets"
                );
                seen.insert(append.first_offset, append.token);
            }
            check_durable(&disk, &seen);
        },
    );
    append_from_eight_threads(&journal, &sim);
    // A fault may still be armed: then the footer fails, nothing else.
    drop(journal.shutdown());
    let seen = acknowledged.lock().expect("no acknowledgement was wrong");
    assert!(!seen.is_empty());
    for appender in 0..8 {
        let prefix = format!("{appender}:");
        let number = |text: &String| text.strip_prefix(&prefix)?.parse::<u32>().ok();
        let order: Vec<u32> = seen.values().filter_map(number).collect();
        assert!(
            order.is_sorted(),
            "the appends of one thread keep their order: {order:?}"
        );
    }
}

#[test]
fn while_one_batch_syncs_the_next_gathers() {
    let sim = Sim::new(1);
    let (sender, commits) = sync_channel(100);
    let config = Config {
        batch_bytes: 90,
        ..small("/sim", 4_096)
    };
    let journal = open(&sim, &config, move |commit: Commit<u32>| {
        sender.send(commit.appends.len()).expect("the test listens");
    });
    sim.wait_for_spare(4_096);
    sim.hold_syncs(true);
    journal.append(records(["x"]), 0).expect("there is room");
    sim.wait_for_held_sync();
    for token in 1..=40 {
        journal
            .append(records(["1234"]), token)
            .expect("there is room");
    }
    assert!(
        commits.try_recv().is_err(),
        "nothing is acknowledged before its sync"
    );
    assert_eq!(journal.next_offset(), 0);
    sim.hold_syncs(false);
    let sizes: Vec<usize> = (0..4)
        .map(|_| commits.recv_timeout(WAIT).expect("a commit comes"))
        .collect();
    // 18 appends of 5 framed bytes are 90 bytes.
    assert_eq!(sizes, [1, 18, 18, 4]);
    assert_eq!(journal.next_offset(), 41);
}

#[test]
fn a_full_queue_refuses_and_gives_everything_back() {
    let sim = Sim::new(1);
    let (sender, commits) = sync_channel(100);
    let config = Config {
        queue_bytes: 200,
        ..small("/sim", 4_096)
    };
    let journal = open(&sim, &config, move |commit: Commit<u32>| {
        sender.send(commit.appends.len()).expect("the test listens");
    });
    sim.wait_for_spare(4_096);
    sim.hold_syncs(true);
    let large = [b'x'; 1_000];
    journal
        .append(records([large]), 1)
        .expect("one append is always taken");
    sim.wait_for_held_sync();
    let rejected = journal
        .append(records(["late"]), 2)
        .expect_err("it is full");
    assert_eq!((rejected.reason, rejected.token), (Reason::Full, 2));
    assert_eq!(rejected.records, records(["late"]));
    sim.hold_syncs(false);
    assert_eq!(commits.recv_timeout(WAIT), Ok(1));
    journal
        .append(rejected.records, 2)
        .expect("there is room again");
    assert_eq!(commits.recv_timeout(WAIT), Ok(1));
}

/// A clock by hand, in milliseconds.
#[derive(Default)]
struct ByHand(AtomicU64);

impl Observer for ByHand {
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn a_slow_disk_makes_a_crowd_of_what_does_not_fit_into_the_next_batch() {
    let sim = Sim::new(1);
    let (sender, commits) = sync_channel(100);
    let hands = Arc::new(ByHand::default());
    let config = Config {
        batch_bytes: 100,
        queue_wait: Duration::from_millis(25),
        ..small("/sim", 4_096)
    };
    let world = World {
        observer: hands.clone(),
        ..TestClock::at(9_000).world()
    };
    let journal = open_in(&sim, &config, world, move |commit: Commit<u32>| {
        sender.send(commit.appends.len()).expect("the test listens");
    });
    sim.wait_for_spare(4_096);
    sim.hold_syncs(true);
    let large = [b'x'; 90];
    let unknown = journal.is_crowded(1_000);
    journal.append(records([large]), 1).expect("there is room");
    sim.wait_for_held_sync();
    hands.0.store(30, Ordering::Relaxed);
    let behind_nothing = journal.is_crowded(1_000);
    journal.append(records([large]), 2).expect("there is room");
    let [in_the_next, in_the_one_after] = [5, 50].map(|bytes| journal.is_crowded(bytes));
    sim.hold_syncs(false);
    assert_eq!(commits.recv_timeout(WAIT), Ok(1));
    assert_eq!(commits.recv_timeout(WAIT), Ok(1));
    assert!(!unknown && !behind_nothing && !in_the_next);
    assert!(in_the_one_after);
    assert!(!journal.is_crowded(1_000), "nothing waits");
}

#[test]
fn what_cannot_be_appended_is_given_back() {
    let sim = Sim::new(1);
    let journal = open(&sim, &small("/sim", 1_000), |_: Commit<u32>| {});
    let empty = journal
        .append(records::<&str>([]), 1)
        .expect_err("there is nothing");
    assert_eq!(empty.reason, Reason::Empty);
    // Header 64, batch header 40, room for a footer 40: 856 bytes are left, two for the length.
    let large = journal
        .append(records([[0; 855]]), 2)
        .expect_err("it does not fit");
    assert_eq!(large.reason, Reason::TooLarge);
    journal.append(records([[0; 854]]), 3).expect("it fits");
    journal.shutdown().expect("the disk is good");
    let closed = journal.append(records(["x"]), 4).expect_err("it is closed");
    assert_eq!(closed.reason, Reason::Closed);
    assert!(matches!(journal.state(), State::Closed));
}

#[test]
fn shutdown_commits_what_waits_and_writes_the_footer() {
    let sim = Sim::new(1);
    let (sender, commits) = sync_channel(100);
    let journal = open(&sim, &small("/sim", 4_096), move |commit: Commit<u32>| {
        assert!(commit.outcome.is_ok());
        sender.send(commit.appends.len()).expect("the test listens");
    });
    for token in 0..30 {
        journal
            .append(records(["x"]), token)
            .expect("there is room");
    }
    journal.shutdown().expect("the disk is good");
    journal.shutdown().expect("a second time does nothing");
    assert_eq!(commits.try_iter().sum::<usize>(), 30);
    let report = verify_on(&sim).expect("it is whole");
    assert!(report.is_clean());
    assert_eq!(report.next_offset, 30);
}

#[test]
fn dropping_the_last_handle_is_like_a_crash() {
    let sim = Sim::new(1);
    let (sender, commits) = sync_channel(100);
    let journal = open(&sim, &small("/sim", 4_096), move |commit: Commit<u32>| {
        sender.send(commit.first_offset).expect("the test listens");
    });
    let other = journal.clone();
    journal.append(records(["x"]), 0).expect("there is room");
    assert_eq!(commits.recv_timeout(WAIT), Ok(0));
    drop(journal);
    other.append(records(["y"]), 1).expect("there is room");
    assert_eq!(commits.recv_timeout(WAIT), Ok(1));
    drop(other);
    let report = verify_on(&sim.after_power_cut()).expect("it is whole");
    assert_eq!((report.next_offset, report.is_clean()), (2, false));
    // The lock is free again.
    let again = open(&sim, &small("/sim", 4_096), |_: Commit<u32>| {});
    assert_eq!(again.next_offset(), 2);
}

#[test]
fn the_last_handle_may_be_dropped_by_the_callback() {
    let sim = Sim::new(1);
    let slot: Arc<Mutex<Option<Journal<u32>>>> = Arc::default();
    let (sender, done) = sync_channel(1);
    let held = slot.clone();
    let journal = open(&sim, &small("/sim", 4_096), move |_: Commit<u32>| {
        drop(held.lock().expect("whole").take());
        sender.send(()).expect("the test listens");
    });
    let sent = journal.clone();
    *slot.lock().expect("whole") = Some(journal);
    let guard = slot.lock().expect("whole");
    sent.append(records(["x"]), 0).expect("there is room");
    drop(sent);
    drop(guard);
    assert_eq!(done.recv_timeout(WAIT), Ok(()));
}

#[test]
fn a_reader_follows_the_durable_end_through_all_segments() {
    let sim = Sim::new(3);
    let (sender, commits) = sync_channel(100);
    let journal = open(&sim, &small("/sim", 300), move |commit: Commit<u32>| {
        sender
            .send(commit.outcome.is_ok())
            .expect("the test listens");
    });
    let mut reader = journal.reader(0).expect("it is whole");
    assert!(reader.next().is_none());
    let mut expected = Vec::new();
    for token in 0..40_u32 {
        if token % 7 == 3 {
            sim.fail(Faults {
                sync: Some(0),
                ..Faults::default()
            });
        }
        journal
            .append(records([token.to_string()]), token)
            .expect("there is room");
        if commits.recv_timeout(WAIT) == Ok(true) {
            expected.push(token.to_string().into_bytes());
        }
        let fresh = drain(&mut reader);
        let first = expected.len() - fresh.len();
        let fresh: Vec<_> = fresh.into_iter().map(|(_, _, record)| record).collect();
        assert_eq!(fresh, expected[first..]);
        assert!(
            first >= expected.len().saturating_sub(1),
            "the reader follows at once"
        );
    }
    assert!(expected.len() > 20);
    assert!(sim.names().len() > 5, "several segments were made");
}
