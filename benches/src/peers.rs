//! P5: the same job by others: twenty lines of Python, and Bytewax.
//!
//! They read a file of messages and keep response times by manager and minute; ours replays the
//! journal of the same messages, and takes them in through a WebSocket until they are durably
//! acknowledged and observed. Each takes its turn in each round. The programs are in `peers/`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use e2e::config::token;
use e2e::service::Service;
use serde::Deserialize;
use tempfile::TempDir;

use crate::args::Args;
use crate::cpu::Meter;
use crate::frames::{Answers, Sender, shares};
use crate::served::{acme, observed};
use crate::spread::Spread;
use crate::stream::{CONNECTIONS, drive, open};
use crate::table::{Mark, Table};
use crate::workload::Workload;
use crate::{replay, workload};

const SEED: u64 = 5;
const SCRIPT: &str = "script.py";
const FLOW: &str = "flow.py";
/// Where `deploy/setup-peers` puts the modules, from this package's folder.
const MODULES: &str = "../.tools/python";

/// CPU nanoseconds a message.
struct Round {
    script: f64,
    flow: Option<f64>,
    replay: f64,
    stream: f64,
}

/// What a program of `peers/` says.
#[derive(Debug, Deserialize)]
struct Said {
    events: usize,
    cpu_ns: u64,
    answers: u64,
    by: String,
}

impl Said {
    fn each(&self) -> f64 {
        self.cpu_ns as f64 / self.events as f64
    }
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let mut bench = match Bench::start((args.events / args.rounds).max(1)) {
        Ok(bench) => bench,
        Err(why) => {
            table.missing("P5 Python ÷ ours", &format!("{why:#}"));
            return Ok(());
        }
    };
    let mut rounds = Vec::new();
    for number in 0..args.rounds {
        rounds.push(bench.round(number as u64)?);
    }
    let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    table.compare(
        &format!("P5 Python with {} ÷ replay, CPU ns/event", bench.by),
        [of(|round| round.script), of(|round| round.replay)],
        of(|round| round.script / round.replay),
        Mark::AtLeast(5.0),
    );
    if let Err(why) = &bench.flow {
        table.missing("P5 Bytewax ÷ replay and ÷ WebSocket", why);
        return Ok(());
    }
    let flow = |round: &Round| round.flow.unwrap_or(f64::NAN);
    let over =
        |ours: fn(&Round) -> f64| Spread::of(rounds.iter().map(|round| flow(round) / ours(round)));
    let floor = || Spread::of(rounds.iter().map(flow));
    table.compare(
        "P5 Bytewax ÷ replay, CPU ns/event",
        [floor(), of(|round| round.replay)],
        over(|round| round.replay),
        Mark::AtLeast(25.0),
    );
    table.compare(
        "P5 Bytewax on a file ÷ WebSocket, 1 a frame, durable",
        [floor(), of(|round| round.stream)],
        over(|round| round.stream),
        Mark::AtLeast(10.0),
    );
    Ok(())
}

struct Bench {
    dir: TempDir,
    events: usize,
    /// The module that Python reads JSON with.
    by: String,
    /// Why Bytewax does not run here.
    flow: Result<(), String>,
    service: Service,
    meter: Meter,
}

impl Bench {
    fn start(events: usize) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let workload = Workload::generate(events, SEED);
        let mut file = std::fs::File::create(dir.path().join("messages"))?;
        for line in workload.lines() {
            file.write_all(line)?;
        }
        replay::fill(&dir.path().join("data"), &workload)?;
        let path = dir.path().join("messages");
        let script = run(SCRIPT, &path)?;
        let flow = run(FLOW, &path).map_err(|why| format!("{why:#}"));
        if let Ok(flow) = &flow {
            ensure!(
                (flow.events, flow.answers) == (script.events, script.answers),
                "the two do different work: {script:?}, {flow:?}"
            );
        }
        let service = Service::start(acme());
        Ok(Self {
            dir,
            events,
            by: script.by,
            flow: flow.map(drop),
            meter: Meter::new(service.pid()),
            service,
        })
    }

    fn round(&mut self, number: u64) -> Result<Round> {
        let path = self.dir.path().join("messages");
        let script = run(SCRIPT, &path)?.each();
        let flow = match self.flow {
            Ok(()) => Some(run(FLOW, &path)?.each()),
            Err(_) => None,
        };
        Ok(Round {
            script,
            flow,
            replay: replay::in_a_process(&self.dir.path().join("data"))?.each(),
            stream: self.stream(number)? as f64 / self.events as f64,
        })
    }

    fn stream(&mut self, number: u64) -> Result<u64> {
        let workload = Workload::generate(self.events, workload::other(SEED, number));
        let frames = shares(workload.lines(), 1, CONNECTIONS)?;
        let (port, token) = (self.service.port(), token("acme", "all"));
        let senders = open(|| Sender::open(port, &token, Answers::Acks))?;
        let before = self.meter.read();
        drive(senders, &frames, || {
            self.meter.read();
        })?;
        observed(&self.service);
        Ok(self.meter.read() - before)
    }
}

/// Runs a program of `peers/` on a file.
fn run(program: &str, file: &Path) -> Result<Said> {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("python3")
        .arg(package.join("peers").join(program))
        .arg(file)
        .env("PYTHONPATH", package.join(MODULES))
        .output()
        .context("there is no python3")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program}: {}", said.trim().lines().last().unwrap_or("?"));
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{program} said nonsense"))
}
