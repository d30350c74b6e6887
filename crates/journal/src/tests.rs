//! Tests of the whole journal: on real files, and on a disk that fails, tears and forgets.

mod damage;
mod faults;
mod model;
mod real;
mod sim;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::{Config, Reader, Records, World};

/// A clock that stands still until it is set.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn at(now: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now)))
    }

    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    fn world(&self) -> World {
        let clock = self.clone();
        World {
            clock: Arc::new(move || clock.now()),
            observer: Arc::new(()),
            new_id: 0x1234_5678_9abc_def0,
        }
    }
}

/// Small segments, no reserve.
fn small(dir: impl Into<std::path::PathBuf>, segment_bytes: u64) -> Config {
    Config {
        segment_bytes,
        reserve_bytes: 0,
        ..Config::new(dir)
    }
}

fn records<B: AsRef<[u8]>>(items: impl IntoIterator<Item = B>) -> Records {
    let mut records = Records::new();
    for item in items {
        records.push(item.as_ref());
    }
    records
}

/// Everything a reader gives: each record with its offset and `received_at`.
fn drain(reader: &mut Reader) -> Vec<(u64, i64, Vec<u8>)> {
    let mut all = Vec::new();
    for batch in reader {
        let batch = batch.expect("the journal is whole");
        for (index, record) in batch.records().enumerate() {
            all.push((
                batch.first_offset + index as u64,
                batch.received_at,
                record.to_vec(),
            ));
        }
    }
    all
}
