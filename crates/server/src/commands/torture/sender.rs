//! Who sends: a made-up centre's events, mixed within a stretch and partly twice, by HTTP or through
//! a named stream, again and again until they are acknowledged.

use std::fmt::{Display, Formatter};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use trunkline_model::time::Time;
use trunkline_simulate::{Config, Simulation};

use super::ask::Way;
use super::expected::Expected;
use crate::clock;
use crate::stream::{self, Frame, Source, Target};

/// 6 January 2020: whatever the length, nothing lies ahead of now.
const START: Time = Time(1_578_268_800_000);
/// Events that are mixed with each other.
const STRETCH: usize = 150;
/// Events of a batch or frame at most, and the pause after it.
const BATCH: usize = 60;
const PACE: Duration = Duration::from_millis(60);
/// How long a sender waits for an acknowledgement before it says that something is very wrong.
const PATIENCE: Duration = Duration::from_mins(5);

/// What all senders did so far.
#[derive(Debug, Default)]
pub(super) struct Counts {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    broken: AtomicU64,
}

impl Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (sent, acknowledged) = (read(&self.sent), read(&self.acknowledged));
        write!(
            f,
            "sent {sent}, acknowledged {acknowledged}, broken off {}",
            read(&self.broken)
        )
    }
}

/// A sender.
pub(super) struct Sender<'a> {
    way: Way,
    number: u64,
    counts: &'a Counts,
    stop: &'a AtomicBool,
    batches: Batches,
    seed: u64,
}

impl<'a> Sender<'a> {
    pub(super) fn new(
        way: &Way,
        seed: u64,
        number: u64,
        counts: &'a Counts,
        stop: &'a AtomicBool,
    ) -> Result<Self> {
        // Conversations are named after the centre's seed: no two senders share one.
        let seed = seed.wrapping_mul(1_000).wrapping_add(number);
        Ok(Self {
            way: way.clone(),
            number,
            counts,
            stop,
            batches: Batches::new(seed)?,
            seed,
        })
    }

    /// Sends until told to stop, and everything begun until it is acknowledged.
    pub(super) fn run(self) -> Result<Expected> {
        if self.number.is_multiple_of(2) {
            self.by_http()
        } else {
            self.by_stream()
        }
    }

    fn by_http(mut self) -> Result<Expected> {
        while !(self.stop.load(Ordering::Relaxed) && self.batches.between_stretches()) {
            let Some(batch) = self.batches.next()? else {
                break;
            };
            let (events, body) = (batch.len() as u64, batch.join("\n"));
            let since = clock::elapsed();
            loop {
                self.counts.sent.fetch_add(events, Ordering::Relaxed);
                match self.way.post("", body.as_bytes()) {
                    Ok((202, _)) => break,
                    Ok((429 | 503, _)) | Err(_) => {
                        self.counts.broken.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok((status, text)) => bail!("the service answers {status}: {text}"),
                }
                if clock::elapsed().saturating_sub(since) > PATIENCE {
                    bail!("no acknowledgement for {PATIENCE:?}");
                }
                sleep(Duration::from_millis(20));
            }
            self.counts
                .acknowledged
                .fetch_add(events, Ordering::Relaxed);
            sleep(PACE);
        }
        Ok(self.batches.expected)
    }

    fn by_stream(self) -> Result<Expected> {
        let url = format!("http://127.0.0.1:{}", self.way.port);
        let target = Target::new(&url, &self.way.token)?;
        let name = format!("torture-{}", self.number);
        let acknowledged = |frame: &Frame| {
            let events = frame.rows.len() as u64;
            self.counts
                .acknowledged
                .fetch_add(events, Ordering::Relaxed);
        };
        let (mut given, mut since) = (0, clock::elapsed());
        loop {
            let mut frames = Frames {
                batches: Batches::new(self.seed)?,
                number: 0,
                given,
                counts: self.counts,
                stop: self.stop,
            };
            let sending = stream::send(&target, Some(&name), &mut frames, &acknowledged);
            let outcome = stream::block_on(sending);
            if frames.given > given {
                (given, since) = (frames.given, clock::elapsed());
            }
            match outcome {
                Ok(_) => return Ok(frames.batches.expected),
                Err(error) if clock::elapsed().saturating_sub(since) > PATIENCE => {
                    return Err(error.context("a stream that gets nothing acknowledged"));
                }
                Err(_) => {
                    self.counts.broken.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// Batches as the frames of a stream: after a stop exactly those that were given before, for the
/// numbers of frames must not change their meaning.
struct Frames<'a> {
    batches: Batches,
    number: u64,
    /// Frames given in earlier attempts and in this one.
    given: u64,
    counts: &'a Counts,
    stop: &'a AtomicBool,
}

impl Source for Frames<'_> {
    fn next(&mut self) -> Result<Option<Frame>> {
        let fresh = self.number == self.given;
        let stopped = self.stop.load(Ordering::Relaxed) && self.batches.between_stretches();
        if fresh && stopped {
            return Ok(None);
        }
        let Some(batch) = self.batches.next()? else {
            return Ok(None);
        };
        self.number += 1;
        if fresh {
            self.given += 1;
            self.counts
                .sent
                .fetch_add(batch.len() as u64, Ordering::Relaxed);
            // A runtime of its own waits here: nothing else is on it.
            sleep(PACE);
        }
        Ok(Some(Frame {
            rows: (1..=batch.len() as u64).collect(),
            body: format!("[{}]", batch.join(",")).into(),
            upto: 0,
            after: Duration::ZERO,
        }))
    }
}

/// The batches of a sender, the same for the same seed.
struct Batches {
    centre: Simulation,
    random: StdRng,
    /// Events of the stretch that are not in a batch yet.
    left: Vec<String>,
    /// What all batches so far should give.
    expected: Expected,
}

impl Batches {
    fn new(seed: u64) -> Result<Self> {
        let config = Config {
            seed,
            start: START,
            days: 1_000,
            rate: 1_500,
            // Repetitions are made here, where it is known that they are.
            repeated: 0,
            ..Config::default()
        };
        Ok(Self {
            centre: Simulation::new(config)?,
            random: StdRng::seed_from_u64(seed),
            left: Vec::new(),
            expected: Expected::default(),
        })
    }

    /// Says whether everything that is expected is in a batch.
    fn between_stretches(&self) -> bool {
        self.left.is_empty()
    }

    fn next(&mut self) -> Result<Option<Vec<String>>> {
        if self.left.is_empty() {
            let stretch = self.centre.by_ref().take(STRETCH).map(|it| it.event);
            self.left = stretch.collect();
            let again: Vec<String> = self
                .left
                .iter()
                .filter(|_| self.random.random_bool(0.2))
                .cloned()
                .collect();
            for event in &self.left {
                self.expected.count(event).context("counting")?;
            }
            self.left.extend(again);
            self.left.shuffle(&mut self.random);
        }
        let size = self.random.random_range(1..=BATCH).min(self.left.len());
        let batch = self.left.split_off(self.left.len() - size);
        Ok((!batch.is_empty()).then_some(batch))
    }
}
