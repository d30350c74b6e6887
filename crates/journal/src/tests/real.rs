//! The journal through its public door, on real files.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use tempfile::TempDir;

use super::{TestClock, drain, records, small};
use crate::{
    Commit, Compression, Config, End, Journal, OpenError, Opened, ReadError, Reader, segments,
    verify,
};

type Commits = Receiver<Commit<()>>;

fn open(config: &Config, clock: &TestClock) -> (Opened<()>, Commits) {
    let (sender, commits) = sync_channel(1_000);
    let on_commit = move |commit| sender.send(commit).expect("the test listens");
    let opened = Journal::open(config, clock.world(), on_commit);
    (opened.unwrap_or_else(|error| panic!("{error}")), commits)
}

/// Appends each item as a batch of its own.
fn append(journal: &Journal<()>, commits: &Commits, items: &[&[u8]]) {
    for item in items {
        journal.append(records([item]), ()).expect("there is room");
        let commit = commits
            .recv_timeout(Duration::from_secs(10))
            .expect("a commit comes");
        commit.outcome.expect("the disk is good");
    }
}

fn temp() -> TempDir {
    TempDir::new().expect("a temporary directory")
}

fn read(dir: &Path, from: u64) -> Vec<(u64, i64, Vec<u8>)> {
    drain(&mut Reader::open(dir, from).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn a_new_journal_is_made_where_nothing_is() {
    let dir = temp();
    let config = small(dir.path().join("data/journal"), 4_096);
    let (opened, _commits) = open(&config, &TestClock::at(1));
    assert_eq!(
        (opened.base, opened.next_offset, opened.clean),
        (0, 0, true)
    );
    assert_eq!(opened.id, 0x1234_5678_9abc_def0);
    assert!(matches!(
        opened
            .journal
            .reader(1)
            .map(|mut reader| reader.next().is_none()),
        Ok(true)
    ));
}

#[test]
fn records_come_back_with_their_offsets_and_times() {
    let dir = temp();
    let clock = TestClock::at(1_000);
    let (opened, commits) = open(&small(dir.path(), 4_096), &clock);
    append(&opened.journal, &commits, &[b"one"]);
    clock.add(500);
    append(&opened.journal, &commits, &[b"", b"three"]);
    opened.journal.shutdown().expect("the disk is good");
    let expected = [
        (0, 1_000, b"one".to_vec()),
        (1, 1_500, Vec::new()),
        (2, 1_500, b"three".to_vec()),
    ];
    assert_eq!(read(dir.path(), 0), expected);
}

#[test]
fn the_id_stays_and_the_footer_tells_a_clean_stop_from_another() {
    let dir = temp();
    let config = small(dir.path(), 4_096);
    let clock = TestClock::at(1);
    let (opened, commits) = open(&config, &clock);
    append(&opened.journal, &commits, &[b"a"]);
    opened.journal.shutdown().expect("the disk is good");
    let world = crate::World {
        new_id: 77,
        ..clock.world()
    };
    let again = Journal::<()>::open(&config, world, |_| {}).expect("it is whole");
    assert_eq!((again.id, again.clean), (0x1234_5678_9abc_def0, true));
    again
        .journal
        .append(records(["b"]), ())
        .expect("there is room");
    while again.journal.next_offset() < 2 {
        std::thread::yield_now();
    }
    drop(again);
    let (opened, _commits) = open(&config, &clock);
    assert_eq!((opened.next_offset, opened.clean), (2, false));
}

#[test]
fn two_cannot_write_one_journal() {
    let dir = temp();
    let config = small(dir.path(), 4_096);
    let clock = TestClock::at(1);
    let (opened, _commits) = open(&config, &clock);
    let second = Journal::<()>::open(&config, clock.world(), |_| {});
    assert!(
        matches!(second, Err(OpenError::Locked { .. })),
        "{second:?}"
    );
    opened.journal.shutdown().expect("the disk is good");
    open(&config, &clock);
}

#[test]
fn received_at_never_goes_back_over_restarts_and_segments() {
    let dir = temp();
    let config = small(dir.path(), 300);
    let clock = TestClock::at(5_000);
    let mut times = Vec::new();
    for step in [0, -3_000, 10, -100_000, 200_000, -1] {
        clock.add(step);
        let (opened, commits) = open(&config, &clock);
        append(&opened.journal, &commits, &[b"x", b"y", b"z"]);
        times.push(read(dir.path(), 0).last().expect("there are records").1);
    }
    assert_eq!(times, [5_000, 5_000, 5_000, 5_000, 102_010, 102_010]);
    assert!(segments(dir.path()).expect("it is whole").len() > 3);
}

#[test]
fn a_reader_begins_at_any_offset() {
    let dir = temp();
    let (opened, commits) = open(&small(dir.path(), 400), &TestClock::at(1));
    let mut all = Vec::new();
    for batch in 0..12_u8 {
        let items: Vec<[u8; 2]> = (0..=batch % 4).map(|part| [batch, part]).collect();
        opened
            .journal
            .append(records(&items), ())
            .expect("there is room");
        commits
            .recv()
            .expect("a commit comes")
            .outcome
            .expect("the disk is good");
        all.extend(items);
    }
    for from in 0..=all.len() + 3 {
        let expected: Vec<(u64, i64, Vec<u8>)> = all
            .iter()
            .enumerate()
            .skip(from)
            .map(|(offset, item)| (offset as u64, 1, item.to_vec()))
            .collect();
        assert_eq!(read(dir.path(), from as u64), expected, "from {from}");
        let mut live = opened.journal.reader(from as u64).expect("it is whole");
        assert_eq!(drain(&mut live), expected, "from {from}");
    }
}

#[test]
fn retiring_takes_whole_old_segments_and_never_the_last() {
    let dir = temp();
    let config = small(dir.path(), 300);
    let clock = TestClock::at(0);
    let (opened, commits) = open(&config, &clock);
    for _ in 0..20 {
        clock.add(1_000);
        append(&opened.journal, &commits, &[b"0123456789"]);
    }
    let listed = segments(dir.path()).expect("it is whole");
    assert!(listed.len() > 4);
    let journal = &opened.journal;
    // Not covered, or not old enough: nothing goes.
    assert_eq!(
        journal
            .retire(listed[1].base - 1, i64::MAX)
            .expect("it can")
            .segments,
        0
    );
    let last_in_first = listed[1].received_before.expect("there are batches before");
    assert_eq!(
        journal
            .retire(u64::MAX, last_in_first)
            .expect("it can")
            .segments,
        0
    );
    let one = journal.retire(u64::MAX, last_in_first + 1).expect("it can");
    assert_eq!((one.segments, one.base), (1, listed[1].base));
    let two = journal.retire(listed[3].base, i64::MAX).expect("it can");
    assert_eq!(
        (two.segments, two.base, journal.base()),
        (2, listed[3].base, listed[3].base)
    );
    match journal.reader(listed[3].base - 1).map(|_| ()) {
        Err(ReadError::Retired { base, .. }) => assert_eq!(base, listed[3].base),
        other => panic!("{other:?}"),
    }
    let rest = journal.retire(u64::MAX, i64::MAX).expect("it can");
    assert_eq!(rest.base, listed[listed.len() - 1].base);
    journal.shutdown().expect("the disk is good");
    let (opened, _commits) = open(&config, &clock);
    assert_eq!((opened.base, opened.next_offset), (rest.base, 20));
    assert_eq!(read(dir.path(), rest.base).len() as u64, 20 - rest.base);
}

#[test]
fn compressed_and_plain_batches_live_side_by_side() {
    let dir = temp();
    let plain = small(dir.path(), 100_000);
    let lz4 = Config {
        compression: Compression::Lz4,
        ..plain.clone()
    };
    let clock = TestClock::at(1);
    let words = b"words and words and words ".repeat(400);
    let noise: Vec<u8> = (0..2_000_u64)
        .map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51) as u8)
        .collect();
    for config in [&plain, &lz4, &plain, &lz4] {
        let (opened, commits) = open(config, &clock);
        append(&opened.journal, &commits, &[&words, &noise]);
        opened.journal.shutdown().expect("the disk is good");
    }
    let found: Vec<Vec<u8>> = read(dir.path(), 0)
        .into_iter()
        .map(|record| record.2)
        .collect();
    assert_eq!(
        found,
        [&words, &noise]
            .repeat(4)
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    );
    let bytes = verify(dir.path()).expect("it is whole").segments[0].bytes;
    let twice_plain = 2 * (words.len() + noise.len()) as u64;
    assert!(
        (twice_plain..twice_plain + 6_000).contains(&bytes),
        "{bytes}"
    );
}

#[test]
fn a_segment_keeps_the_size_it_was_made_with() {
    let dir = temp();
    let clock = TestClock::at(1);
    let (opened, commits) = open(&small(dir.path(), 300), &clock);
    append(&opened.journal, &commits, &[b"small"]);
    opened.journal.shutdown().expect("the disk is good");
    let (opened, commits) = open(&small(dir.path(), 6 << 20), &clock);
    // Larger than the old segment, than a batch, and than what a reader reads at once.
    let large = vec![9; 5 << 20];
    append(&opened.journal, &commits, &[&large, b"next"]);
    opened.journal.shutdown().expect("the disk is good");
    let sizes: Vec<u64> = segments(dir.path())
        .expect("it is whole")
        .iter()
        .map(|segment| fs::metadata(&segment.path).expect("it is there").len())
        .collect();
    assert_eq!(sizes, [300, 6 << 20]);
    let found = read(dir.path(), 0);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1].2, large);
}

#[test]
fn an_old_segment_too_small_for_anything_is_replaced() {
    let dir = temp();
    let clock = TestClock::at(1);
    let (opened, _commits) = open(&small(dir.path(), 256), &clock);
    opened.journal.shutdown().expect("the disk is good");
    let (opened, commits) = open(&small(dir.path(), 4_096), &clock);
    append(&opened.journal, &commits, &[&[1; 1_000]]);
    opened.journal.shutdown().expect("the disk is good");
    let report = verify(dir.path()).expect("it is whole");
    assert_eq!((report.segments.len(), report.next_offset), (1, 1));
}

#[test]
fn the_report_counts_what_is_there() {
    let dir = temp();
    let clock = TestClock::at(10);
    let (opened, commits) = open(&small(dir.path(), 260), &clock);
    append(&opened.journal, &commits, &[b"abc"]);
    clock.add(1);
    append(&opened.journal, &commits, &[b"def"]);
    clock.add(1);
    append(&opened.journal, &commits, &[&[0; 40]]);
    let report = verify(dir.path()).expect("it is whole, though in use");
    assert_eq!((report.base, report.next_offset), (0, 3));
    let [first, second] = &report.segments[..] else {
        panic!("two segments: {report:?}");
    };
    // Header 64, two batches of 40 + 4.
    assert_eq!(
        (first.batches, first.records, first.bytes),
        (2, 2, 64 + 2 * 44)
    );
    assert_eq!(
        (first.first_received_at, first.last_received_at),
        (Some(10), Some(11))
    );
    assert_eq!((second.base, second.batches, second.bytes), (2, 1, 64 + 81));
    assert_eq!((first.end, second.end), (End::Succeeded, End::Unmarked));
    opened.journal.shutdown().expect("the disk is good");
    assert!(verify(dir.path()).expect("it is whole").is_clean());
}

#[test]
fn settings_out_of_range_are_named() {
    let dir = temp();
    for (config, name) in [
        (small(dir.path(), 255), "segment_bytes"),
        (small(dir.path(), (1 << 30) + 1), "segment_bytes"),
        (
            Config {
                batch_bytes: 0,
                ..small(dir.path(), 4_096)
            },
            "batch_bytes",
        ),
        (
            Config {
                queue_bytes: 0,
                ..small(dir.path(), 4_096)
            },
            "queue_bytes",
        ),
    ] {
        match Journal::<()>::open(&config, TestClock::at(0).world(), |_| {}).map(|_| ()) {
            Err(OpenError::Config { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_empty_directory_has_no_journal_to_read() {
    let dir = temp();
    assert!(matches!(
        Reader::open(dir.path(), 0).map(|_| ()),
        Err(ReadError::Empty { .. })
    ));
    assert!(matches!(verify(dir.path()), Err(ReadError::Empty { .. })));
    assert!(matches!(
        verify(dir.path().join("none")),
        Err(ReadError::Io { .. })
    ));
}

#[test]
fn a_disk_without_room_refuses_to_open() {
    let dir = temp();
    let config = Config {
        reserve_bytes: u64::MAX / 2,
        ..small(dir.path(), 4_096)
    };
    let opened = Journal::<()>::open(&config, TestClock::at(0).world(), |_| {});
    assert!(
        matches!(opened, Err(OpenError::Reserve { .. })),
        "{opened:?}"
    );
}

#[test]
fn only_the_owner_may_read_what_people_wrote() {
    use std::os::unix::fs::PermissionsExt;
    let dir = temp();
    let inside = dir.path().join("journal");
    let (_opened, _commits) = open(&small(&inside, 4_096), &TestClock::at(0));
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&inside), 0o700);
    assert_eq!(mode(&inside.join("00000000000000000000.seg")), 0o600);
}
