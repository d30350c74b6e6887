//! A disk that fails or is full: the journal refuses, promises nothing, and heals by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::sim::{Faults, Sim};
use super::{TestClock, drain, records, small};
use crate::storage::Storage;
use crate::{
    AppendError, Commit, Committed, Config, End, Journal, Observer, Reader, State, World, verify_on,
};

/// What an observer was told.
#[derive(Default)]
struct Told {
    failed: Mutex<Vec<&'static str>>,
    states: Mutex<Vec<&'static str>>,
    rolled: Mutex<Vec<u64>>,
    batches: Mutex<Vec<Committed>>,
    time: AtomicU64,
}

impl Observer for Told {
    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.time.fetch_add(1, Ordering::SeqCst))
    }

    fn committed(&self, batch: &Committed) {
        self.batches.lock().expect("whole").push(*batch);
    }

    fn rolled(&self, base: u64) {
        self.rolled.lock().expect("whole").push(base);
    }

    fn failed(&self, error: &AppendError) {
        self.failed.lock().expect("whole").push(error.kind());
    }

    fn state_changed(&self, state: &State) {
        self.states.lock().expect("whole").push(match state {
            State::Writable => "writable",
            State::Refusing(_) => "refusing",
            State::Closed => "closed",
        });
    }
}

struct Bench {
    sim: Sim,
    clock: TestClock,
    told: Arc<Told>,
    journal: Journal<u32>,
    commits: Receiver<Commit<u32>>,
}

impl Bench {
    fn new(segment_bytes: u64, reserve_bytes: u64) -> Self {
        let (sim, clock, told) = (
            Sim::new(5),
            TestClock::at(50_000),
            Arc::new(Told::default()),
        );
        let config = Config {
            reserve_bytes,
            ..small("/sim", segment_bytes)
        };
        let (sender, commits) = sync_channel(1_000);
        let world = World {
            observer: told.clone(),
            ..clock.world()
        };
        let on_commit = move |commit| sender.send(commit).expect("the test listens");
        let storage: Arc<dyn Storage> = Arc::new(sim.clone());
        let opened = Journal::open_on(storage, &config, world, on_commit);
        let journal = opened.expect("the disk is good").journal;
        sim.wait_for_spare(segment_bytes);
        Self {
            sim,
            clock,
            told,
            journal,
            commits,
        }
    }

    fn append(&self, token: u32) {
        self.journal
            .append(records([token.to_string()]), token)
            .expect("there is room");
    }

    fn next(&self) -> Commit<u32> {
        self.commits
            .recv_timeout(Duration::from_secs(10))
            .expect("a commit comes")
    }

    /// Appends and waits; gives the offset, or the kind of the failure.
    fn commit(&self, token: u32) -> Result<u64, &'static str> {
        self.append(token);
        let commit = self.next();
        assert_eq!(commit.appends.len(), 1);
        assert_eq!(commit.appends[0].token, token);
        commit
            .outcome
            .map(|()| commit.first_offset)
            .map_err(|error| error.kind())
    }

    fn wait_until_writable(&self) {
        for _ in 0..500 {
            if matches!(self.journal.state(), State::Writable) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not heal: {:?}", self.journal.state());
    }

    fn contents(&self) -> Vec<String> {
        let mut reader = Reader::open_on(Arc::new(self.sim.clone()), 0).expect("it is whole");
        let text = |record: (u64, i64, Vec<u8>)| String::from_utf8(record.2).expect("digits");
        drain(&mut reader).into_iter().map(text).collect()
    }
}

fn fail_sync() -> Faults {
    Faults {
        sync: Some(0),
        ..Faults::default()
    }
}

#[test]
fn a_failed_sync_fails_all_that_waits_and_the_next_append_goes_to_a_new_segment() {
    let bench = Bench::new(4_096, 0);
    assert_eq!(bench.commit(1), Ok(0));
    bench.sim.hold_syncs(true);
    bench.append(2);
    bench.sim.wait_for_held_sync();
    bench.append(3);
    bench.append(4);
    bench.sim.fail(fail_sync());
    bench.sim.hold_syncs(false);
    let failed = bench.next();
    let tokens: Vec<u32> = failed.appends.iter().map(|append| append.token).collect();
    assert_eq!(tokens, [2, 3, 4]);
    assert!(matches!(
        failed.outcome.as_ref().map_err(|error| &**error),
        Err(AppendError::Sync { .. })
    ));
    assert_eq!(bench.journal.next_offset(), 1, "nothing of it counts");
    assert_eq!(bench.commit(5), Ok(1));
    bench.journal.shutdown().expect("the disk is good again");
    assert_eq!(bench.contents(), ["1", "5"]);
    let report = verify_on(&bench.sim).expect("it is whole");
    let ends: Vec<End> = report.segments.iter().map(|segment| segment.end).collect();
    assert_eq!(ends, [End::Succeeded, End::Clean]);
    assert_eq!(*bench.told.failed.lock().expect("whole"), ["sync"]);
    assert_eq!(
        *bench.told.states.lock().expect("whole"),
        ["refusing", "writable", "closed"]
    );
    assert_eq!(*bench.told.rolled.lock().expect("whole"), [1]);
}

#[test]
fn a_failed_write_seals_the_segment_and_heals() {
    let bench = Bench::new(4_096, 0);
    assert_eq!(bench.commit(1), Ok(0));
    bench.sim.fail(Faults {
        write: Some(0),
        ..Faults::default()
    });
    assert_eq!(bench.commit(2), Err("write"));
    assert_eq!(bench.commit(3), Ok(1));
    bench.journal.shutdown().expect("the disk is good again");
    assert_eq!(bench.contents(), ["1", "3"]);
    assert_eq!(bench.told.batches.lock().expect("whole").len(), 2);
}

#[test]
fn a_refusing_journal_heals_without_an_append() {
    let bench = Bench::new(4_096, 0);
    bench.sim.fail(fail_sync());
    assert_eq!(bench.commit(1), Err("sync"));
    bench.wait_until_writable();
    assert_eq!(bench.commit(2), Ok(0));
    assert_eq!(bench.contents(), ["2"]);
}

#[test]
fn a_broken_disk_is_not_hammered() {
    let bench = Bench::new(4_096, 0);
    assert_eq!(bench.commit(1), Ok(0));
    // The batch fails, and every new segment too.
    bench.sim.fail(Faults {
        die_after: Some(0),
        ..Faults::default()
    });
    assert_eq!(bench.commit(2), Err("write"));
    assert_eq!(bench.commit(3), Err("new_segment"));
    let tried = bench.told.failed.lock().expect("whole").len();
    // The clock stands still: from now on it is too early to try.
    for token in 4..50 {
        assert_eq!(bench.commit(token), Err("new_segment"));
    }
    std::thread::sleep(Duration::from_millis(500));
    let still = bench.told.failed.lock().expect("whole").len();
    assert!(still <= tried + 1, "{tried} tries became {still}");
    bench.sim.revive();
    bench.clock.add(100_000);
    bench.wait_until_writable();
    assert_eq!(bench.commit(99), Ok(1));
    bench.journal.shutdown().expect("the disk is good again");
    assert_eq!(bench.contents(), ["1", "99"]);
}

#[test]
fn a_disk_below_its_reserve_refuses_and_heals_when_there_is_room() {
    let bench = Bench::new(4_096, 10_000);
    assert_eq!(bench.commit(1), Ok(0));
    bench.sim.set_free(Some(9_999));
    assert_eq!(
        bench.commit(2),
        Ok(1),
        "the disk is looked at once a second"
    );
    bench.clock.add(1_000);
    assert_eq!(bench.commit(3), Err("reserve"));
    match bench.journal.state() {
        State::Refusing(error) => assert!(error.to_string().contains("9999 bytes free")),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.commit(4), Err("reserve"));
    assert_eq!(
        *bench.told.failed.lock().expect("whole"),
        ["reserve"],
        "told once"
    );
    bench.sim.set_free(Some(10_000));
    bench.wait_until_writable();
    assert_eq!(bench.commit(5), Ok(2));
    bench.journal.shutdown().expect("the disk is good");
    assert_eq!(bench.contents(), ["1", "2", "5"]);
    assert_eq!(
        verify_on(&bench.sim).expect("it is whole").segments.len(),
        1,
        "nothing was sealed"
    );
}

#[test]
fn a_new_segment_is_not_made_of_the_reserve() {
    let bench = Bench::new(400, 10_000);
    // Room above the reserve, but not for a whole segment; one spare was made before.
    assert_eq!(bench.commit(0), Ok(0));
    bench.sim.set_free(Some(10_399));
    let mut committed = 1;
    while let Ok(offset) = bench.commit(committed as u32) {
        assert_eq!(offset, committed);
        committed += 1;
        assert!(committed < 50, "segments are made out of the reserve");
    }
    assert!(matches!(bench.journal.state(), State::Refusing(_)));
    bench.sim.set_free(Some(10_400));
    bench.wait_until_writable();
    assert_eq!(bench.commit(100), Ok(committed));
}

#[test]
fn a_panic_in_the_callback_closes_the_journal() {
    let sim = Sim::new(1);
    let storage: Arc<dyn Storage> = Arc::new(sim.clone());
    let config = small("/sim", 4_096);
    let opened = Journal::open_on(storage, &config, TestClock::at(0).world(), |_| {
        panic!("this panic is part of the test")
    });
    let journal = opened.expect("the disk is good").journal;
    let (sender, receiver) = sync_channel::<()>(1);
    journal
        .append(records(["a"]), sender)
        .expect("there is room");
    assert!(
        receiver.recv().is_err(),
        "the token is dropped, nobody waits for ever"
    );
    while !matches!(journal.state(), State::Closed) {
        std::thread::yield_now();
    }
    let (sender, _receiver) = sync_channel::<()>(1);
    let rejected = journal
        .append(records(["b"]), sender)
        .expect_err("it is closed");
    assert_eq!(rejected.reason, crate::Reason::Closed);
    assert!(journal.shutdown().is_err());
}

#[test]
fn a_sync_is_measured_by_the_observers_time() {
    let bench = Bench::new(4_096, 0);
    assert_eq!(bench.commit(7), Ok(0));
    let batch = bench.told.batches.lock().expect("whole")[0];
    let expected = Committed {
        first_offset: 0,
        records: 1,
        received_at: 50_000,
        bytes: 40 + 2,
        sync: Duration::from_micros(1),
    };
    assert_eq!(batch, expected);
}
