//! P1, P2, P3: frames through a WebSocket until their durable acknowledgement, against tungstenite
//! that says the same frames back.
//!
//! Several connections, each with 32 frames in flight. A round of ours ends when every message is
//! acknowledged and observed, so that nothing is left to the fold; flushes go on beside it, every
//! second. The CPU time until ClickHouse holds all rows is shown too.

use std::ffi::OsStr;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use e2e::config::token;
use e2e::service::Service;

use crate::args::Args;
use crate::clock;
use crate::cpu::Meter;
use crate::door::Door;
use crate::frames::{Answers, Frames, Sender, shares};
use crate::served::{acme, observed};
use crate::serving::Serving;
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::Workload;

/// Connections of all goals.
pub(crate) const CONNECTIONS: usize = 8;
const METER_EVERY: Duration = Duration::from_millis(20);
const FLUSH_TRIES: usize = 4;

/// What is measured.
pub(crate) struct Shape {
    seed: u64,
    /// Messages a frame.
    size: usize,
    /// Name and mark against one flush for each message, if that is a goal.
    each: Option<(&'static str, f64)>,
    /// Name and mark against one flush for each wake-up.
    together: (&'static str, f64),
}

/// One message a frame.
pub(crate) const SINGLE: Shape = Shape {
    seed: 1,
    size: 1,
    each: Some(("P1", 2.5)),
    together: ("P2", 0.4),
};

/// A hundred messages a frame.
pub(crate) const HUNDREDS: Shape = Shape {
    seed: 3,
    size: 100,
    each: None,
    together: ("P3", 0.18),
};

/// Nanoseconds of CPU a message, in one round.
struct Round {
    each: f64,
    together: f64,
    /// Until all is acknowledged and observed.
    ours: f64,
    /// Until all is in ClickHouse.
    flushed: f64,
    /// Thousands of messages a second by the wall clock, until the last acknowledgement.
    rate: f64,
}

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table, shape: &Shape) -> Result<()> {
    let a_round = (args.events / (args.rounds + 1) / shape.size).max(1) * shape.size;
    let workload = Workload::generate((args.rounds + 1) * (a_round + 1), shape.seed);
    let mut lines = workload.lines();
    let mut bench = Bench::start()?;
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let frames = shares(lines.by_ref().take(a_round), shape.size, CONNECTIONS)?;
        let last = lines.next().context("the workload is too small")?;
        let round = bench.round(&frames, last, a_round as f64)?;
        // The first warms up.
        if number > 0 {
            rounds.push(round);
        }
    }
    let of = |figure: fn(&Round) -> f64| Spread::of(rounds.iter().map(figure));
    let what = format!("{} a frame, CPU ns/message", shape.size);
    if let Some((name, mark)) = shape.each {
        table.compare(
            &format!("{name} echo by `send` ÷ durable, {what}"),
            [of(|round| round.each), of(|round| round.ours)],
            of(|round| round.each / round.ours),
            Mark::AtLeast(mark),
        );
    }
    let (name, mark) = shape.together;
    table.compare(
        &format!("{name} coalesced echo ÷ durable, {what}"),
        [of(|round| round.together), of(|round| round.ours)],
        of(|round| round.together / round.ours),
        Mark::AtLeast(mark),
    );
    table.figure(
        &format!("{name} until ClickHouse has it, {what}"),
        of(|round| round.flushed),
        Mark::None,
    );
    table.note(format!(
        "WebSocket, {} a frame over {CONNECTIONS} connections: {} thousand durable messages/s by \
         the wall clock, everything on the same cores",
        shape.size,
        of(|round| round.rate)
    ));
    Ok(())
}

/// The floors and ours, metered.
struct Bench {
    each: Metered,
    together: Metered,
    service: Service,
    meter: Meter,
}

struct Metered {
    serving: Serving,
    meter: Meter,
}

impl Metered {
    fn start(words: &[&str]) -> Result<Self> {
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let serving = Serving::start(&words)?;
        let meter = Meter::new(serving.pid());
        Ok(Self { serving, meter })
    }

    fn round(&mut self, frames: &[Frames]) -> Result<u64> {
        let senders = open(|| self.serving.open("none", Answers::Each))?;
        let before = self.meter.read();
        drive(senders, frames, || {
            self.meter.read();
        })?;
        Ok(self.meter.read() - before)
    }
}

impl Bench {
    fn start() -> Result<Self> {
        let service = Service::start(acme());
        Ok(Self {
            each: Metered::start(&["floor-stream", "each"])?,
            together: Metered::start(&["floor-stream", "coalesced"])?,
            meter: Meter::new(service.pid()),
            service,
        })
    }

    fn round(&mut self, frames: &[Frames], last: &[u8], messages: f64) -> Result<Round> {
        let each = self.each.round(frames)? as f64 / messages;
        let together = self.together.round(frames)? as f64 / messages;
        let (port, token) = (self.service.port(), token("acme", "all"));
        let senders = open(|| Sender::open(port, &token, Answers::Acks))?;
        let before = self.meter.read();
        let began = clock::now();
        drive(senders, frames, || {
            self.meter.read();
        })?;
        let wall = began.elapsed();
        observed(&self.service);
        let ours = self.meter.read() - before;
        self.flush(last)?;
        Ok(Round {
            each,
            together,
            ours: ours as f64 / messages,
            flushed: (self.meter.read() - before) as f64 / messages,
            rate: messages / wall.as_secs_f64() / 1e3,
        })
    }

    /// Waits until all that was sent is in ClickHouse, by one more event that waits for it.
    fn flush(&self, last: &[u8]) -> Result<()> {
        let token = token("acme", "all");
        let mut door = Door::open(self.service.port(), "/v1/events?wait=flushed", &token)?;
        for _ in 0..FLUSH_TRIES {
            if door.post(last)?.flushed == Some(true) {
                return Ok(());
            }
        }
        Err(anyhow!("ClickHouse did not take the rows in time"))
    }
}

/// Opens the connections.
pub(crate) fn open(sender: impl Fn() -> Result<Sender>) -> Result<Vec<Sender>> {
    (0..CONNECTIONS).map(|_| sender()).collect()
}

/// Sends each connection's frames, and looks at the meter meanwhile.
pub(crate) fn drive(
    senders: Vec<Sender>,
    frames: &[Frames],
    mut meter: impl FnMut(),
) -> Result<()> {
    thread::scope(|scope| {
        let sending: Vec<_> = senders
            .into_iter()
            .zip(frames)
            .map(|(mut sender, frames)| scope.spawn(move || sender.send(frames)))
            .collect();
        while sending.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(METER_EVERY);
            meter();
        }
        for thread in sending {
            thread
                .join()
                .map_err(|_| anyhow!("a connection panicked"))??;
        }
        Ok(())
    })
}
