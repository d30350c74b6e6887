//! P10: what our inserts cost ClickHouse, against the same events put in as they are.
//!
//! One ClickHouse, two ways in, in turns: the rows that the fold gives, through our own writer into
//! our own tables, and the same messages as `JSONEachRow` into a plain `MergeTree`, as one would do
//! without us. Both come in so many messages an INSERT; each turn ends when ClickHouse has nothing
//! left to merge. Only ClickHouse's own CPU time counts.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::clock::wait_until;
use e2e::engine::Engine;
use e2e::views::Views;
use tokio::runtime::{Builder, Runtime};
use trunkline_model::time::Time;
use trunkline_rollup::Account;
use trunkline_warehouse::writer::Batch;
use trunkline_warehouse::{Client, Connection, Writer, migrations};

use crate::args::Args;
use crate::cpu::Meter;
use crate::folded::{account, observe, parse, told};
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 10;
/// Messages of one INSERT: a second of flushing.
const A_SECOND: usize = 10_000;
const NOW: Time = Time(1_767_300_000_000);
const MERGED_WITHIN: Duration = Duration::from_mins(1);
const RAW: &str = "CREATE TABLE raw_events (`type` LowCardinality(String), id String, \
                   at DateTime64(3, 'UTC'), channel LowCardinality(String), conversation String, \
                   contact String, author LowCardinality(String), manager LowCardinality(String), \
                   `text` String) ENGINE = MergeTree ORDER BY (channel, conversation, at) \
                   PARTITION BY toYYYYMM(at)";

/// CPU nanoseconds of ClickHouse a message.
struct Round {
    raw: f64,
    facts: f64,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let inserts = (args.events / (args.rounds + 1) / A_SECOND).max(1);
    let messages = inserts * A_SECOND;
    let workload = Workload::generate((args.rounds + 1) * messages, SEED);
    let mut bodies = workload.bodies(A_SECOND);
    let mut bench = Bench::start()?;
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let bodies: Vec<&[u8]> = bodies.by_ref().take(inserts).collect();
        let raw = bench.raw(&bodies)? as f64 / messages as f64;
        let facts = bench.facts(&bodies)? as f64 / messages as f64;
        // The first warms up.
        if number > 0 {
            rounds.push(Round { raw, facts });
        }
    }
    let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    table.compare(
        "P10 facts ÷ raw events, ClickHouse ns/message",
        [of(|round| round.raw), of(|round| round.facts)],
        of(|round| round.facts / round.raw),
        Mark::AtMost(0.7),
    );
    let rows = bench.rows as f64 / bench.offset as f64;
    table.note(format!(
        "inserts of {A_SECOND} messages each; facts are {rows:.2} rows a message, of messages and \
         of the conversations they changed"
    ));
    Ok(())
}

/// ClickHouse, and the fold whose rows it gets.
struct Bench {
    /// It ends with this.
    _engine: Engine,
    meter: Meter,
    views: Views,
    runtime: Runtime,
    writer: Writer,
    account: Account,
    offset: u64,
    rows: u64,
}

impl Bench {
    fn start() -> Result<Self> {
        let engine = Engine::start();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connection = Connection::new(
            &engine.url(),
            engine.user(),
            engine.password(),
            engine.database(),
        );
        let client = Client::new(connection?);
        runtime.block_on(migrations::migrate(&client))?;
        let views = engine.views();
        views.text(RAW);
        Ok(Self {
            meter: Meter::new(engine.pid()),
            _engine: engine,
            views,
            runtime,
            writer: Writer::new(client),
            account: account("acme"),
            offset: 0,
            rows: 0,
        })
    }

    /// Puts messages in as they are.
    fn raw(&mut self, bodies: &[&[u8]]) -> Result<u64> {
        let mut spent = 0;
        for body in bodies {
            let text = str::from_utf8(body)?;
            let statement = format!("INSERT INTO raw_events FORMAT JSONEachRow\n{text}");
            spent += self.metered(|this| {
                this.views.text(&statement);
                Ok(())
            })?;
        }
        Ok(spent + self.merged()?)
    }

    /// Puts the rows in that the fold makes of the same messages.
    fn facts(&mut self, bodies: &[&[u8]]) -> Result<u64> {
        let mut spent = 0;
        for body in bodies {
            let mut rows = self.fold(body)?;
            spent += self.metered(|this| {
                let written = this.runtime.block_on(this.writer.write(&mut rows));
                this.rows += written.context("ClickHouse did not take the rows")?.rows;
                Ok(())
            })?;
        }
        Ok(spent + self.merged()?)
    }

    fn fold(&mut self, body: &[u8]) -> Result<Batch> {
        let events = parse(body, NOW)?;
        observe(&mut self.account, &told(&events, self.offset));
        self.offset += events.len() as u64;
        let mut rows = Batch::default();
        self.account.gather(1, usize::MAX, &mut rows);
        drop(self.account.take_fresh());
        Ok(rows)
    }

    fn merged(&mut self) -> Result<u64> {
        self.metered(|this| {
            let merging = "SELECT count() FROM system.merges";
            wait_until("merged parts", MERGED_WITHIN, || {
                this.views.lines(merging) == ["0"]
            });
            Ok(())
        })
    }

    fn metered(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<u64> {
        let before = self.meter.read();
        work(self)?;
        Ok(self.meter.read() - before)
    }
}
