//! P7: durable frames against the same frames through the same code without `fdatasync`.
//!
//! Both are processes of this program with nobody where ClickHouse should be; they take turns.

use std::ffi::OsStr;

use anyhow::Result;

use crate::args::Args;
use crate::clock;
use crate::cpu::Meter;
use crate::frames::{Answers, Frames, shares};
use crate::own_stream::TOKEN;
use crate::serving::Serving;
use crate::spread::Spread;
use crate::stream::{CONNECTIONS, drive, open};
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 7;

/// CPU nanoseconds a message, and thousands of messages a second.
struct Cost {
    cpu: f64,
    rate: f64,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let start = |how: &str| {
        let folder = dir.path().join(how);
        Serving::start(&[
            OsStr::new("own-stream"),
            folder.as_os_str(),
            OsStr::new(how),
        ])
    };
    let (unsynced, synced) = (start("unsynced")?, start("sync")?);
    let mut meters = [&unsynced, &synced].map(|serving| Meter::new(serving.pid()));
    let a_round = (args.events / (args.rounds + 1)).max(1);
    let workload = Workload::generate((args.rounds + 1) * a_round, SEED);
    let mut lines = workload.lines();
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let frames = shares(lines.by_ref().take(a_round), 1, CONNECTIONS)?;
        let costs = [
            cost(&unsynced, &mut meters[0], &frames, a_round)?,
            cost(&synced, &mut meters[1], &frames, a_round)?,
        ];
        // The first warms up.
        if number > 0 {
            rounds.push(costs);
        }
    }
    let of = |figure: fn(&[Cost; 2]) -> f64| Spread::of(rounds.iter().map(figure));
    table.compare(
        "P7 without fsync ÷ durable, CPU ns/message",
        [of(|round| round[0].cpu), of(|round| round[1].cpu)],
        of(|round| round[0].cpu / round[1].cpu),
        Mark::AtLeast(0.75),
    );
    table.compare(
        "P7 durable ÷ without fsync, thousand messages/s",
        [of(|round| round[0].rate), of(|round| round[1].rate)],
        of(|round| round[1].rate / round[0].rate),
        Mark::None,
    );
    Ok(())
}

fn cost(serving: &Serving, meter: &mut Meter, frames: &[Frames], messages: usize) -> Result<Cost> {
    let senders = open(|| serving.open(TOKEN, Answers::Acks))?;
    let before = meter.read();
    let began = clock::now();
    drive(senders, frames, || {
        meter.read();
    })?;
    let wall = began.elapsed().as_secs_f64();
    Ok(Cost {
        cpu: (meter.read() - before) as f64 / messages as f64,
        rate: messages as f64 / wall / 1e3,
    })
}
