//! What a checkpoint takes comes back as if nothing had happened, whenever its parts were taken.

use proptest::prelude::*;

use super::cold::cool;
use super::traffic::{Chance, all_rows, fold_all, records};
use super::*;
use crate::PARTS;

/// A checkpoint: the bytes of its parts, each of visits and calls with the offset below which all records are in it.
pub(super) struct Checkpoint {
    visits: Vec<(u64, Vec<u8>)>,
    calls: Vec<(u64, Vec<u8>)>,
    ledger: Vec<u8>,
}

/// Hears records from `from` on while it takes the parts of a checkpoint at places by chance.
pub(super) fn take(
    tracking: &mut Tracking,
    records: &[Record],
    mut next: u64,
    chance: &mut Chance,
) -> (Checkpoint, u64) {
    let mut pause = |tracking: &mut Tracking, next: &mut u64| {
        for _ in 0..chance.below(3) / 2 {
            if let Some(record) = records.get(*next as usize - 1) {
                hear(tracking, record, *next);
                *next += 1;
            }
        }
        tracking.settle();
        if chance.one_in(9) {
            cool(tracking, 9);
        }
    };
    tracking.begin_checkpoint();
    let mut visits = Vec::new();
    let mut calls = Vec::new();
    for part in 0..PARTS {
        pause(tracking, &mut next);
        visits.push((
            next,
            postcard::to_allocvec(&tracking.part_of_visits(part)).unwrap(),
        ));
    }
    for part in 0..PARTS {
        pause(tracking, &mut next);
        calls.push((
            next,
            postcard::to_allocvec(&tracking.part_of_calls(part)).unwrap(),
        ));
    }
    let ledger = postcard::to_allocvec(&tracking.ledger()).unwrap();
    (
        Checkpoint {
            visits,
            calls,
            ledger,
        },
        next,
    )
}

/// Restores a checkpoint; gives the first record to be heard again.
pub(super) fn restore(of: &Checkpoint) -> (Tracking, u64) {
    let mut tracking = Tracking::new("acme".into(), 7);
    for (part, (_, bytes)) in (0..).zip(&of.visits) {
        tracking.restore_visits(part, postcard::from_bytes(bytes).unwrap());
    }
    for (part, (_, bytes)) in (0..).zip(&of.calls) {
        tracking.restore_calls(part, postcard::from_bytes(bytes).unwrap());
    }
    tracking.restore_ledger(postcard::from_bytes(&of.ledger).unwrap());
    let all = of.visits.iter().chain(&of.calls).map(|(taken, _)| *taken);
    (tracking, all.min().unwrap())
}

#[test]
fn nothing_is_dirty_after_a_restart_until_it_is_asked_for() {
    let log = records(3, 60);
    let mut tracking = fold_all(&log);
    let (checkpoint, _) = take(
        &mut tracking,
        &[],
        log.len() as u64 + 1,
        &mut Chance::new(1),
    );
    let (mut restored, _) = restore(&checkpoint);
    assert_eq!((restored.dirty(), restored.oldest_dirty()), (0, None));
    assert_eq!(restored.counts(), tracking.counts());
    restored.rewind(log.len() as u64);
    assert!(restored.dirty() > 0 && restored.oldest_dirty() == Some(log.len() as u64));
    assert!(restored.dirty() < tracking.dirty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A restart is seen in no row: what ClickHouse has, with what is gathered after it, is what would have been.
    #[test]
    fn a_restart_is_seen_in_no_row(seed in any::<u64>(), chance in any::<u64>()) {
        let log = records(seed, 120);
        let mut chance = Chance::new(chance);
        let mut tracking = Tracking::new("acme".into(), 7);
        let mut stored = Rows::default();
        let begin = chance.below(log.len() as u64) + 1;
        let mut flushed = 0;
        for (offset, record) in (1..begin).zip(&log) {
            hear(&mut tracking, record, offset);
            if chance.one_in(10) {
                tracking.gather(1, 1_000, &mut stored);
                flushed = offset + 1;
            }
        }
        let (checkpoint, mut next) = take(&mut tracking, &log, begin, &mut chance);
        for _ in 0..chance.below(20) {
            if let Some(record) = log.get(next as usize - 1) {
                hear(&mut tracking, record, next);
                next += 1;
            }
        }
        // Some rows of the last flush arrived, but nobody knows.
        let unsure = chance.below(30) as usize;
        tracking.gather(1, unsure, &mut stored);
        drop(tracking);
        let (mut restored, first) = restore(&checkpoint);
        restored.rewind(flushed);
        for (offset, record) in (1..).zip(&log).skip(first as usize - 1) {
            hear(&mut restored, record, offset);
            if chance.one_in(10) {
                gather_newer(&mut restored, &mut stored);
            }
        }
        gather_newer(&mut restored, &mut stored);
        let versions = stored.visits.values_mut().chain(stored.attributions.values_mut());
        versions.for_each(|row| row.0 = 0);
        let expected = all_rows(&mut fold_all(&log));
        for (id, row) in &expected.visits { if stored.visits.get(id) != Some(row) { eprintln!("V {id}\n got {:?}\n exp {row:?}", stored.visits.get(id)); } }
        for (id, row) in &expected.attributions { if stored.attributions.get(id) != Some(row) { eprintln!("A {id}\n got {:?}\n exp {row:?}", stored.attributions.get(id)); } }
        prop_assert_eq!(&stored, &expected);
        prop_assert_eq!(all_rows(&mut restored), expected);
    }
}

/// Gathers as ClickHouse would keep it: the highest version of a row stands.
pub(super) fn gather_newer(tracking: &mut Tracking, stored: &mut Rows) {
    let mut fresh = Rows::default();
    while tracking.gather(1, 1_000, &mut fresh) > 0 {}
    let newer =
        |old: Option<&(u64, String)>, new: &(u64, String)| old.is_none_or(|old| old.0 <= new.0);
    for (id, row) in fresh.visits {
        if newer(stored.visits.get(&id), &row) {
            stored.visits.insert(id, row);
        }
    }
    for (id, row) in fresh.attributions {
        if newer(stored.attributions.get(&id), &row) {
            stored.attributions.insert(id, row);
        }
    }
}
