//! P13: observing with two accounts on two cores against one on one.
//!
//! An account belongs to one worker and workers share nothing, so an account is a shard. Each round
//! folds the same messages into fresh accounts: one alone, then two at the same time.

use std::sync::Barrier;
use std::thread;

use anyhow::{Result, anyhow};
use trunkline_model::time::Time;
use trunkline_rollup::Told;

use crate::args::Args;
use crate::clock;
use crate::folded::{account, observe, parse, told};
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 13;
const NOW: Time = Time(1_767_300_000_000);

/// CPU nanoseconds an event of one account, and millions of events a second of all.
struct Cost {
    cpu: f64,
    rate: f64,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    if thread::available_parallelism()?.get() < 2 {
        table.missing("P13 two accounts on two cores", "there is one core");
        return Ok(());
    }
    let workload = Workload::generate((args.events / args.rounds).max(1), SEED);
    let body: Vec<u8> = workload.lines().flatten().copied().collect();
    let events = parse(&body, NOW)?;
    let told = told(&events, 0);
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let costs = [at_once(1, &told)?, at_once(2, &told)?];
        // The first warms up.
        if number > 0 {
            rounds.push(costs);
        }
    }
    let of = |figure: fn(&[Cost; 2]) -> f64| Spread::of(rounds.iter().map(figure));
    table.compare(
        "P13 2 × alone ÷ two at once, CPU ns/event",
        [of(|round| round[0].cpu), of(|round| round[1].cpu)],
        of(|round| 2.0 * round[0].cpu / round[1].cpu),
        Mark::AtLeast(1.7),
    );
    table.compare(
        "P13 two at once ÷ alone, M events/s by the clock",
        [of(|round| round[0].rate), of(|round| round[1].rate)],
        of(|round| round[1].rate / round[0].rate),
        Mark::None,
    );
    Ok(())
}

/// Folds the events into so many fresh accounts, each on a thread of its own.
fn at_once(accounts: usize, told: &[Told<'_>]) -> Result<Cost> {
    let start = Barrier::new(accounts + 1);
    let ids = ["acme", "globex"];
    thread::scope(|scope| {
        let threads: Vec<_> = ids
            .iter()
            .take(accounts)
            .map(|id| {
                let start = &start;
                scope.spawn(move || {
                    let mut account = account(id);
                    start.wait();
                    let began = clock::now();
                    let cpu = observe(&mut account, told);
                    (cpu, began, clock::now(), account)
                })
            })
            .collect();
        start.wait();
        let mut ended = Vec::new();
        for thread in threads {
            ended.push(thread.join().map_err(|_| anyhow!("a fold panicked"))?);
        }
        let began = ended.iter().map(|(_, began, ..)| *began).min();
        let over = ended.iter().map(|(_, _, over, _)| *over).max();
        let wall = began.zip(over).map(|(began, over)| over - began);
        let wall = wall.unwrap_or_default().as_secs_f64();
        let cpu = ended.iter().map(|(cpu, ..)| *cpu as f64).sum::<f64>();
        let events = (accounts * told.len()) as f64;
        Ok(Cost {
            cpu: cpu / events,
            rate: events / wall / 1e6,
        })
    })
}
