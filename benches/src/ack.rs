//! P6: the durable answer with one request in flight, against a bare fdatasync.
//!
//! Turn by turn in the same seconds: one event posted to the real service (fresh data, its own
//! ClickHouse flushing beside it), one write and fdatasync of the same bytes in a zeroed file on
//! the same disk, one event posted to the HTTP floor, which keeps nothing.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::config::token;
use e2e::service::Service;

use crate::args::Args;
use crate::clock::timed;
use crate::door::Door;
use crate::floor_door::FloorDoor;
use crate::served::acme;
use crate::spread::{Spread, rank};
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 6;
const TURNS: usize = 500;
const WARM_UP: usize = 100;
const FILE_BYTES: usize = 64 << 20;

/// Microseconds of all turns of one round.
#[derive(Default)]
struct Round {
    sync: Vec<f64>,
    ours: Vec<f64>,
    bare: Vec<f64>,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let workload = Workload::generate(WARM_UP + args.rounds * TURNS, SEED);
    let service = Service::start(acme());
    let floor = FloorDoor::start()?;
    let mut turns = Turns {
        file: Zeroed::make(&service.data_dir().join("floor"))?,
        ours: Door::open(service.port(), "/v1/events", &token("acme", "all"))?,
        bare: floor.open()?,
    };
    let mut lines = workload.lines();
    turns.round(lines.by_ref().take(WARM_UP))?;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        rounds.push(turns.round(lines.by_ref().take(TURNS))?);
    }
    for (name, part, goal) in [("p50", 0.5, 3.0), ("p99", 0.99, 2.5)] {
        let at = |pick: fn(&mut Round) -> &mut Vec<f64>, rounds: &mut [Round]| -> Vec<f64> {
            rounds
                .iter_mut()
                .map(|round| rank(pick(round), part))
                .collect()
        };
        let sync = at(|round| &mut round.sync, &mut rounds);
        let ours = at(|round| &mut round.ours, &mut rounds);
        let bare = at(|round| &mut round.bare, &mut rounds);
        let ratio = Spread::of(ours.iter().zip(&sync).map(|(ours, sync)| ours / sync));
        let mark = if part > 0.9 {
            Mark::None
        } else {
            Mark::AtMost(goal)
        };
        let columns = [Spread::of(sync), Spread::of(ours)];
        table.compare(
            &format!("P6 ack ÷ fdatasync, {name} µs"),
            columns,
            ratio,
            mark,
        );
        table.figure(
            &format!("P6 bare HTTP answer, {name} µs"),
            Spread::of(bare),
            Mark::None,
        );
    }
    Ok(())
}

struct Turns {
    file: Zeroed,
    ours: Door,
    bare: Door,
}

impl Turns {
    fn round<'a>(&mut self, lines: impl Iterator<Item = &'a [u8]>) -> Result<Round> {
        let mut round = Round::default();
        for line in lines {
            let (synced, took) = timed(|| self.file.append(line));
            synced?;
            round.sync.push(micros(took));
            let (answer, took) = timed(|| self.ours.post(line));
            ensure!(answer?.accepted == 1, "the event was not taken");
            round.ours.push(micros(took));
            let (answer, took) = timed(|| self.bare.post(line));
            answer?;
            round.bare.push(micros(took));
        }
        Ok(round)
    }
}

fn micros(took: Duration) -> f64 {
    took.as_nanos() as f64 / 1e3
}

/// A file that was written with zeros and synced before, as the journal's segments are.
struct Zeroed {
    file: File,
    at: u64,
}

impl Zeroed {
    fn make(path: &Path) -> Result<Self> {
        let file = File::create(path)?;
        file.write_all_at(&vec![0; FILE_BYTES], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        Ok(self.file.sync_data()?)
    }
}
