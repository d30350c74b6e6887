//! P12: NDJSON of 500 messages a request through HTTP with durable answers, against a bare axum
//! door that only parses.
//!
//! Several connections, each with one request in flight. A round of ours ends when ClickHouse
//! holds its rows, so that the CPU time of the service includes observing and flushing. The CPU
//! time of its ClickHouse is another process's and is shown beside it.

use anyhow::{Context, Result, anyhow, ensure};
use e2e::config::token;
use e2e::service::Service;

use crate::args::Args;
use crate::clock;
use crate::cpu::Meter;
use crate::crowd::drive;
use crate::door::Door;
use crate::floor_door::FloorDoor;
use crate::served::acme;
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::{Bodies, Workload};

const SEED: u64 = 12;
const BATCH: usize = 500;
const CONNECTIONS: usize = 8;
const FLUSH_TRIES: usize = 4;

/// Nanoseconds of CPU an event, in one round.
struct Round {
    floor: f64,
    ours: f64,
    clickhouse: f64,
    /// Thousands of events a second by the wall clock, until the last durable answer.
    rate: f64,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let a_round = (args.events / (args.rounds + 1) / BATCH).max(1);
    let workload = Workload::generate((args.rounds + 1) * a_round * BATCH + args.rounds + 1, SEED);
    let mut bench = Bench::start(&workload)?;
    bench.round(a_round)?;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        rounds.push(bench.round(a_round)?);
    }
    let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    let columns = [of(|round| round.floor), of(|round| round.ours)];
    let ratio = of(|round| round.floor / round.ours);
    table.compare(
        "P12 bare axum ÷ NDJSON of 500, CPU ns/event",
        columns,
        ratio,
        Mark::None,
    );
    let rate = of(|round| 1e3 / round.ours);
    table.figure(
        "P12 NDJSON of 500, durable, M events/s/core",
        rate,
        Mark::AtLeast(0.7),
    );
    let beside = of(|round| round.clickhouse);
    table.figure(
        "P12 its ClickHouse beside, CPU ns/event",
        beside,
        Mark::None,
    );
    let wall = of(|round| round.rate);
    table.note(format!(
        "NDJSON over {CONNECTIONS} connections, {} events a round: {wall} thousand durable \
         events/s by the wall clock, everything on the same cores",
        a_round * BATCH
    ));
    Ok(())
}

/// Both doors, metered.
struct Bench<'w> {
    floor: FloorDoor,
    floor_meter: Meter,
    service: Service,
    meter: Meter,
    clickhouse: Meter,
    bodies: Bodies<'w>,
    last: usize,
    workload: &'w Workload,
}

impl<'w> Bench<'w> {
    fn start(workload: &'w Workload) -> Result<Self> {
        let service = Service::start(acme());
        let engine = service.engine().context("no ClickHouse was started")?;
        let floor = FloorDoor::start()?;
        Ok(Self {
            floor_meter: Meter::new(floor.pid()),
            meter: Meter::new(service.pid()),
            clickhouse: Meter::new(engine),
            floor,
            service,
            bodies: workload.bodies(BATCH),
            last: workload.len(),
            workload,
        })
    }

    fn round(&mut self, requests: usize) -> Result<Round> {
        let bodies: Vec<&[u8]> = self.bodies.by_ref().take(requests).collect();
        ensure!(bodies.len() == requests, "the workload is too small");
        let events = (requests * BATCH) as f64;

        let doors = open(|| self.floor.open())?;
        let before = self.floor_meter.read();
        drive(doors, &bodies, post, || {
            self.floor_meter.read();
        })?;
        let floor = (self.floor_meter.read() - before) as f64 / events;

        let doors = open(|| self.door("/v1/events"))?;
        let before = [self.meter.read(), self.clickhouse.read()];
        let began = clock::now();
        drive(doors, &bodies, post, || {
            self.meter.read();
            self.clickhouse.read();
        })?;
        let wall = began.elapsed();
        self.flush()?;
        let [ours, clickhouse] = [
            self.meter.read() - before[0],
            self.clickhouse.read() - before[1],
        ];
        Ok(Round {
            floor,
            ours: ours as f64 / events,
            clickhouse: clickhouse as f64 / events,
            rate: events / wall.as_secs_f64() / 1e3,
        })
    }

    fn door(&self, path: &str) -> Result<Door> {
        Door::open(self.service.port(), path, &token("acme", "all"))
    }

    /// Waits until all that was sent is in ClickHouse, by one more event that waits for it.
    fn flush(&mut self) -> Result<()> {
        let mut door = self.door("/v1/events?wait=flushed")?;
        self.last -= 1;
        let line = self.workload.lines().nth(self.last).unwrap_or_default();
        for _ in 0..FLUSH_TRIES {
            if door.post(line)?.flushed == Some(true) {
                return Ok(());
            }
        }
        Err(anyhow!("ClickHouse did not take the rows in time"))
    }
}

fn open(door: impl Fn() -> Result<Door>) -> Result<Vec<Door>> {
    (0..CONNECTIONS).map(|_| door()).collect()
}

fn post(door: &mut Door, body: &&[u8]) -> Result<()> {
    let receipt = door.post(body)?;
    let all = receipt.accepted == BATCH as u64;
    ensure!(all, "not all were taken: {receipt:?}");
    Ok(())
}
