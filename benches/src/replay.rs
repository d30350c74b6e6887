//! P4: reading the journal back, against parsing the same lines and nothing else.
//!
//! The journal is filled once through the real `Handle`, with nobody where ClickHouse should be.
//! Each round then replays it in a fresh process, as a start after a crash does: from opening the
//! journal to the moment the doors open. That process ends without a checkpoint, so that the next
//! round reads the whole journal again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_model::batch::{Batch, Limits, Shape};
use trunkline_model::settings::{FoldRules, Span};
use trunkline_model::time::Time;
use trunkline_pipeline::{
    AccountSettings, Config, Handle, KeepConfig, Phase, Service, Submission, World,
};
use trunkline_warehouse::{Client, Connection};

use crate::args::Args;
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::Workload;
use crate::{clock, cpu, floor};

const SEED: u64 = 4;
const BATCH: usize = 500;
const ACCOUNT: &str = "acme";
const NOW: Time = Time(1_767_300_000_000);
const WEEK_MS: i64 = 7 * 24 * 3_600_000;
const READY_LOOK: Duration = Duration::from_millis(2);

/// What one replay cost.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    events: u64,
    cpu_ns: u64,
    wall_ms: u64,
    peak_kb: u64,
}

impl Cost {
    /// Gives the CPU nanoseconds an event.
    pub(crate) fn each(&self) -> f64 {
        self.cpu_ns as f64 / self.events as f64
    }
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let workload = Workload::generate(args.events, SEED);
    fill(dir.path(), &workload)?;
    let mut rounds = Vec::new();
    for _ in 0..args.rounds {
        let parse_only = floor::parse_all(&workload)?;
        let cost = in_a_process(dir.path())?;
        ensure!(
            cost.events == workload.len() as u64,
            "the replay lost events: {cost:?}"
        );
        rounds.push((parse_only, cost));
    }
    let each = |(_, cost): &(f64, Cost)| cost.each();
    let floors = Spread::of(rounds.iter().map(|(floor, _)| *floor));
    let ours = Spread::of(rounds.iter().map(each));
    let ratio = Spread::of(rounds.iter().map(|round| round.0 / each(round)));
    table.compare(
        "P4 parse only ÷ replay, CPU ns/event",
        [floors, ours],
        ratio,
        Mark::AtLeast(0.3),
    );
    let rate = Spread::of(rounds.iter().map(|round| 1e3 / each(round)));
    table.figure("P4 replay, M events/s/core", rate, Mark::None);
    let wall = Spread::of(rounds.iter().map(|(_, cost)| cost.wall_ms as f64));
    let peak = Spread::of(rounds.iter().map(|(_, cost)| cost.peak_kb as f64 / 1024.0));
    table.note(format!(
        "replay of {} events: {wall} ms by the wall clock, at most {peak} MiB of memory",
        workload.len()
    ));
    Ok(())
}

/// Fills a journal and leaves it, for a profiler.
pub(crate) fn load(dir: &Path, events: usize) -> Result<()> {
    fill(dir, &Workload::generate(events, SEED))
}

/// Replays a journal in this process and prints what it cost.
#[expect(clippy::print_stdout, reason = "another process reads it")]
pub(crate) fn life(dir: &Path) -> Result<()> {
    let (cpu, wall) = (cpu::of_process(), clock::now());
    let life = Life::begin(dir)?;
    let cost = Cost {
        cpu_ns: cpu::of_process() - cpu,
        wall_ms: wall.elapsed().as_millis() as u64,
        events: life.handle.sums().outcomes.observed,
        peak_kb: peak_kb(),
    };
    println!("{}", serde_json::to_string(&cost)?);
    std::process::exit(0)
}

/// Replays a journal in a fresh process.
pub(crate) fn in_a_process(dir: &Path) -> Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg("replay")
        .arg(dir)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "the replay failed: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("could not read what the replay cost")
}

/// Fills a journal with messages.
pub(crate) fn fill(dir: &Path, workload: &Workload) -> Result<()> {
    let life = Life::begin(dir)?;
    for body in workload.bodies(BATCH.min(workload.len())) {
        let batch = Batch::parse(body.to_vec(), Shape::Ndjson, NOW, &Limits::default())?;
        ensure!(batch.rejected.is_empty(), "refused: {:?}", batch.rejected);
        let submission = Submission {
            account: ACCOUNT.into(),
            origin: "api".into(),
            events: batch.events,
            webhook: None,
        };
        life.runtime.block_on(life.handle.submit(submission))?;
    }
    life.crash();
    Ok(())
}

/// One life of the pipeline, ready.
struct Life {
    runtime: Runtime,
    handle: Handle,
    tasks: TaskTracker,
    kill: CancellationToken,
}

impl Life {
    fn begin(dir: &Path) -> Result<Self> {
        let world = World {
            clock: Arc::new(|| NOW),
            elapsed: Arc::new(|| Duration::ZERO),
            random: 7,
        };
        let config = Config {
            data_dir: dir.to_owned(),
            journal: trunkline_journal::Config::new(dir.join("journal")),
            workers: std::thread::available_parallelism()?.get(),
            horizon: 48 * 3_600_000,
            keep: KeepConfig {
                checkpoint_records: u64::MAX,
                checkpoint_every: Duration::from_hours(1),
                retention: 400 * 24 * 3_600_000,
                facts: Span::Months(25),
                window: WEEK_MS,
            },
        };
        // Port 1 on loopback: nobody is there.
        let away = Connection::new("http://127.0.0.1:1", "nobody", "", "trunkline")?;
        let accounts = vec![AccountSettings {
            account: ACCOUNT.into(),
            rules: FoldRules::default(),
        }];
        let (_, settings) = watch::channel(Arc::default());
        let (service, handle) =
            Service::open(config, world, Client::new(away), accounts, settings)?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let (tasks, kill) = (TaskTracker::new(), CancellationToken::new());
        let run = service.run(CancellationToken::new());
        tasks.spawn_on(
            kill.clone().run_until_cancelled_owned(run),
            runtime.handle(),
        );
        let life = Self {
            runtime,
            handle,
            tasks,
            kill,
        };
        life.until_ready()?;
        Ok(life)
    }

    fn until_ready(&self) -> Result<()> {
        self.runtime.block_on(async {
            while self.handle.status().phase != Phase::Ready {
                if self.tasks.is_empty() {
                    bail!("the pipeline ended early");
                }
                tokio::time::sleep(READY_LOOK).await;
            }
            Ok(())
        })
    }

    /// Ends as a crash does: no checkpoint is written, so that the next life reads everything.
    fn crash(self) {
        self.kill.cancel();
        drop(self.handle);
        self.runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

/// Gives the most memory this process has used, in KiB.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
