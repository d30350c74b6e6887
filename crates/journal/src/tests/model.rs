//! The journal against a plain list of records: append, sync, fail, crash at any byte, recover.
//!
//! What the model holds: every acknowledged batch, and the batches that were tried at the offset
//! that is next and failed. After any crash the journal is the acknowledged ones, then nothing or
//! exactly one of those tried.

use std::sync::Arc;

use proptest::prelude::*;

use super::sim::{Faults, Sim};
use super::{TestClock, drain, records, small};
use crate::recover::{Recovered, recover};
use crate::spares::Spares;
use crate::storage::Storage;
use crate::{Compression, Config, Reader, Records, verify_on};

type Record = (u64, i64, Vec<u8>);

#[derive(Debug, Clone)]
enum Step {
    /// Appends records of these lengths as one batch.
    Append(Vec<usize>),
    Fail(Faults),
    Clock(i64),
    /// Whether there is room.
    Room(bool),
    /// The process dies, the machine does not.
    Kill,
    PowerCut,
    /// The disk dies after so many bytes; the power cut comes with the next step that notices.
    DieAfter(u64),
    Shutdown,
    Retire(u64),
}

struct Run {
    sim: Sim,
    clock: TestClock,
    config: Config,
    recovered: Option<Recovered>,
    base: u64,
    acknowledged: Vec<Record>,
    tried: Vec<Vec<Record>>,
    serial: u64,
}

impl Run {
    fn new(seed: u64, segment_bytes: u64, compression: Compression) -> Self {
        let config = Config {
            compression,
            reserve_bytes: 1_000,
            ..small("/sim", segment_bytes)
        };
        Self {
            sim: Sim::new(seed),
            clock: TestClock::at(1_000_000),
            config,
            recovered: None,
            base: 0,
            acknowledged: Vec::new(),
            tried: Vec::new(),
            serial: 0,
        }
    }

    fn next_offset(&self) -> u64 {
        self.base + self.acknowledged.len() as u64
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.sim.clone())
    }

    /// Opens the journal if it is not, and compares it with the model.
    fn ensure_open(&mut self) {
        if self.recovered.is_some() {
            return;
        }
        self.sim.set_free(None);
        let recovered = recover(
            &self.storage(),
            &self.config,
            &self.clock.world(),
            |maker| Ok(Spares::inline(maker)),
        );
        let recovered = recovered.unwrap_or_else(|error| panic!("could not open: {error}"));
        let found = self.read(self.base);
        let (kept, more) = found.split_at(self.acknowledged.len().min(found.len()));
        assert_eq!(
            kept, self.acknowledged,
            "an acknowledged record is lost or changed"
        );
        if !more.is_empty() {
            assert!(
                self.tried.iter().any(|tried| tried == more),
                "found {more:?}, which was not tried: {:?}",
                self.tried
            );
        }
        self.acknowledged = found;
        self.tried.clear();
        assert_eq!(recovered.writer.next_offset, self.next_offset());
        self.check_order();
        self.recovered = Some(recovered);
    }

    fn read(&self, from: u64) -> Vec<Record> {
        let reader = Reader::open_on(self.storage(), from);
        drain(&mut reader.unwrap_or_else(|error| panic!("could not read: {error}")))
    }

    fn check_order(&self) {
        for (index, pair) in self.acknowledged.windows(2).enumerate() {
            assert_eq!(pair[0].0, self.base + index as u64, "offsets are dense");
            assert!(pair[0].1 <= pair[1].1, "received_at goes back");
        }
    }

    fn append(&mut self, lengths: &[usize]) {
        self.ensure_open();
        let mut contents: Vec<Vec<u8>> = Vec::new();
        for length in lengths {
            self.serial += 1;
            let mut content = self.serial.to_le_bytes().to_vec();
            content.resize(8 + length, (self.serial % 7) as u8);
            contents.push(content);
        }
        let framed: Records = records(&contents);
        let Some(recovered) = &mut self.recovered else {
            return;
        };
        if framed.bytes().len() > self.config.append_limit() {
            return;
        }
        let now = self.clock.now();
        let writer = &mut recovered.writer;
        let received_at = now.max(writer.received_at);
        let first = self.base + self.acknowledged.len() as u64;
        assert_eq!(writer.next_offset, first);
        let committed = writer.commit(now, [&framed].into_iter());
        let batch: Vec<Record> = contents
            .into_iter()
            .zip(first..)
            .map(|(content, offset)| (offset, received_at, content))
            .collect();
        match committed {
            Ok(committed) => {
                assert_eq!(committed.first_offset, first);
                assert_eq!(committed.received_at, received_at);
                self.acknowledged.extend(batch);
                self.tried.clear();
            }
            Err(_) => self.tried.push(batch),
        }
    }

    fn crash(&mut self, power_cut: bool) {
        self.recovered = None;
        if power_cut {
            self.sim.cut_power();
        } else {
            self.sim.revive();
        }
    }

    fn retire(&mut self, below: u64) {
        self.ensure_open();
        let Some(recovered) = &self.recovered else {
            return;
        };
        let live = recovered.writer.live_view.clone();
        let storage = self.storage();
        let retired = crate::retire::retire(storage.as_ref(), &live, below, i64::MAX);
        let base = retired.map_or(live.oldest(), |retired| retired.base);
        assert!(
            base <= below.max(self.base),
            "more than asked for was retired"
        );
        self.acknowledged.drain(..(base - self.base) as usize);
        self.base = base;
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(lengths) => self.append(lengths),
            Step::Fail(faults) => self.sim.fail(*faults),
            Step::DieAfter(bytes) => {
                self.sim.fail(Faults {
                    die_after: Some(*bytes),
                    ..Faults::default()
                });
            }
            Step::Clock(by) => self.clock.add(*by),
            Step::Room(room) => self.sim.set_free((!room).then_some(999)),
            Step::Kill => self.crash(false),
            Step::PowerCut => self.crash(true),
            Step::Shutdown => {
                self.ensure_open_after_faults();
                if let Some(mut recovered) = self.recovered.take() {
                    let finished = recovered.writer.finish(self.clock.now());
                    drop(recovered);
                    self.sim.revive();
                    if finished.is_ok() {
                        let report = verify_on(&self.sim).expect("the journal is whole");
                        assert!(report.is_clean());
                    }
                }
            }
            Step::Retire(below) => {
                self.sim.revive();
                self.retire(self.base + below);
            }
        }
    }

    fn ensure_open_after_faults(&mut self) {
        if self.recovered.is_none() {
            self.sim.revive();
        }
        self.ensure_open();
    }
}

fn run(seed: u64, segment_bytes: u64, compression: Compression, steps: &[Step]) {
    let mut run = Run::new(seed, segment_bytes, compression);
    for step in steps {
        // Opening on a failing disk is allowed to fail: that is tested on its own.
        if run.recovered.is_none() {
            run.sim.revive();
        }
        run.ensure_open();
        run.take(step);
    }
    run.crash(true);
    run.ensure_open();
    let middle = run.base + run.acknowledged.len() as u64 / 2;
    assert_eq!(
        run.read(middle),
        run.acknowledged[(middle - run.base) as usize..]
    );
    let report = verify_on(&run.sim).expect("the journal is whole");
    let total: u64 = report.segments.iter().map(|segment| segment.records).sum();
    assert_eq!(
        (report.base, total),
        (run.base, run.acknowledged.len() as u64)
    );
}

fn faults() -> impl Strategy<Value = Faults> {
    let soon = || proptest::option::weighted(0.3, 0..4_u64);
    (soon(), soon(), soon(), soon(), soon()).prop_map(|(write, sync, dir_sync, rename, create)| {
        Faults {
            write,
            sync,
            dir_sync,
            rename,
            create,
            die_after: None,
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => proptest::collection::vec(0..40_usize, 1..5).prop_map(Step::Append),
        3 => faults().prop_map(Step::Fail),
        2 => (-5_000..15_000_i64).prop_map(Step::Clock),
        1 => any::<bool>().prop_map(Step::Room),
        1 => Just(Step::Kill),
        2 => Just(Step::PowerCut),
        2 => (0..700_u64).prop_map(Step::DieAfter),
        1 => Just(Step::Shutdown),
        1 => (0..30_u64).prop_map(Step::Retire),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn after_any_crash_the_journal_is_what_was_acknowledged(
        seed in any::<u64>(),
        segment_bytes in 400..1_200_u64,
        lz4 in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..50),
    ) {
        let compression = if lz4 { Compression::Lz4 } else { Compression::None };
        run(seed, segment_bytes, compression, &steps);
    }
}

#[test]
fn a_crash_at_every_single_byte_loses_nothing_acknowledged() {
    let appends: Vec<Step> = (0..12)
        .map(|index| Step::Append(vec![index, 20, 3]))
        .collect();
    let mut whole = Run::new(1, 500, Compression::None);
    for step in &appends {
        whole.take(step);
    }
    let total = whole.sim.written();
    assert!(total > 3 * 500, "several segments were written: {total}");
    for bytes in 0..=total {
        // The first segment is made by open, before the disk can die.
        let mut run = Run::new(bytes + 77, 500, Compression::None);
        run.ensure_open();
        run.take(&Step::DieAfter(bytes));
        for step in &appends {
            run.take(step);
        }
        run.crash(bytes % 5 != 0);
        run.ensure_open();
        run.append(&[1]);
        run.crash(true);
        run.ensure_open();
        assert!(!run.acknowledged.is_empty());
    }
}

#[test]
fn open_may_fail_at_any_byte_and_loses_nothing() {
    for bytes in 0..1_200 {
        let mut run = Run::new(bytes + 3, 600, Compression::None);
        run.ensure_open();
        run.append(&[5, 6]);
        run.append(&[7]);
        run.sim.fail(Faults {
            die_after: Some(20),
            ..Faults::default()
        });
        run.append(&[8, 9]);
        run.crash(bytes % 2 == 0);
        // The disk dies again while the tail is cut.
        run.sim.fail(Faults {
            die_after: Some(bytes),
            ..Faults::default()
        });
        let opened = recover(&run.storage(), &run.config, &run.clock.world(), |maker| {
            Ok(Spares::inline(maker))
        });
        drop(opened);
        run.sim.cut_power();
        run.ensure_open();
        assert!(run.acknowledged.len() >= 3);
    }
}
