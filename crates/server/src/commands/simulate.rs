//! `trunkline simulate`: the events of a call centre that never was, to a file or to a service.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::iter::Peekable;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use trunkline_model::time::Time;
use trunkline_simulate::{Config, Sending, Simulation};

use super::import::bar;
use crate::cli::Simulate;
use crate::stream::{self, Frame, Source};
use crate::{clock, print};

/// Events of a frame at most, and how far apart they may be sent when the speed is given.
const EVENTS: usize = 200;
const APART: Duration = Duration::from_millis(200);

/// Runs the command; exit code 1 if the service refused anything.
pub(super) fn run(options: &Simulate) -> Result<ExitCode> {
    let config = config(options, clock::now());
    let centre = Simulation::new(config.clone())?;
    let bar = bar(config.end().since(config.start).unsigned_abs());
    let Some(out) = &options.out else {
        return send(options, &config, centre, &bar);
    };
    let written = match write(out, &config, centre, &bar) {
        // Whoever read has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(0),
        written => written,
    };
    bar.finish_and_clear();
    let written = written.with_context(|| format!("could not write {}", out.display()))?;
    if out.as_os_str() != "-" {
        print::line(format_args!("{written} events in {}", out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn config(options: &Simulate, now: Time) -> Config {
    let days = i64::from(options.days) * 86_400_000;
    let start = options.start.unwrap_or(match options.speed {
        Some(_) => now,
        None => now.plus(-days),
    });
    Config {
        seed: options.seed,
        start,
        days: options.days,
        zone: options.zone,
        managers: options.managers,
        rate: options.rate,
        bursts: options.bursts,
        bots: options.bots,
        hand_offs: options.hand_offs,
        closings: options.closings,
        calls: options.calls,
        leads: options.leads,
        late: options.late,
        repeated: options.repeated,
    }
}

fn write(out: &Path, config: &Config, centre: Simulation, bar: &ProgressBar) -> io::Result<u64> {
    let to: Box<dyn Write> = if out.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(out)?)
    };
    let mut to = BufWriter::with_capacity(1 << 16, to);
    let mut written = 0;
    for sending in centre {
        writeln!(to, "{}", sending.event)?;
        written += 1;
        bar.set_position(sending.send_at.since(config.start).unsigned_abs());
    }
    to.flush()?;
    Ok(written)
}

fn send(
    options: &Simulate,
    config: &Config,
    centre: Simulation,
    bar: &ProgressBar,
) -> Result<ExitCode> {
    let target = stream::target(&options.service.url, options.service.token.as_deref())?;
    let name = name_of(config, options.speed);
    let pace = match options.speed {
        Some(speed) => Pace::Times {
            from: config.start,
            speed,
        },
        None => Pace::AtOnce,
    };
    let mut frames = Frames::new(config.start, pace, centre);
    let progress = |frame: &Frame| bar.set_position(frame.upto);
    let sent = stream::block_on(stream::send(&target, Some(&name), &mut frames, &progress));
    bar.finish_and_clear();
    let sent = sent.context("could not send")?;
    let had = match sent.had {
        0 => String::new(),
        had => format!(", after {had} frames that the service had from before"),
    };
    print::line(format_args!(
        "sent {} events in {} frames{had}; refused: {}",
        sent.events,
        sent.frames,
        sent.rejects.len()
    ))?;
    let Some(first) = sent.rejects.first() else {
        return Ok(ExitCode::SUCCESS);
    };
    print::line(format_args!("  the first: {} {}", first.code, first.detail))?;
    Ok(ExitCode::FAILURE)
}

/// Names the stream after everything that decides what its frames hold.
fn name_of(config: &Config, speed: Option<u32>) -> String {
    let digest = hex::encode(Sha256::digest(format!("{config:?} {speed:?}")));
    format!("simulate-{}", &digest[..16])
}

/// When events are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// As fast as they are taken.
    AtOnce,
    /// Those of `from` and before at once, all others so many times as fast as they happen.
    Times {
        /// When the sending begins.
        from: Time,
        /// How many times.
        speed: u32,
    },
}

/// The events of a centre in frames, each with the time at which it is sent. What is in which frame
/// depends on nothing but centre and pace.
pub(super) struct Frames<Events: Iterator<Item = Sending>> {
    start: Time,
    pace: Pace,
    centre: Peekable<Events>,
}

impl<Events: Iterator<Item = Sending>> Frames<Events> {
    /// Frames the events of a centre that starts at `start`.
    pub(super) fn new(start: Time, pace: Pace, centre: Events) -> Self {
        Self {
            start,
            pace,
            centre: centre.peekable(),
        }
    }

    /// Gives when something is sent, counted from the beginning of the sending.
    fn due(&self, send_at: Time) -> Duration {
        match self.pace {
            Pace::AtOnce => Duration::ZERO,
            Pace::Times { from, speed } => {
                let since = u64::try_from(send_at.since(from)).unwrap_or(0);
                Duration::from_millis(since) / speed
            }
        }
    }

    /// Gives the next event if it is sent until `limit`, with the time at which it is.
    fn until(&mut self, limit: Duration) -> Option<(Duration, Sending)> {
        let send_at = self.centre.peek()?.send_at;
        let due = self.due(send_at);
        (due <= limit)
            .then(|| self.centre.next())?
            .map(|next| (due, next))
    }
}

impl<Events: Iterator<Item = Sending>> Source for Frames<Events> {
    fn next(&mut self) -> Result<Option<Frame>> {
        let Some(first) = self.centre.next() else {
            return Ok(None);
        };
        let (mut after, mut upto) = (self.due(first.send_at), first.send_at);
        let limit = after + APART;
        let mut body = format!("[{}", first.event);
        let mut rows = vec![1];
        while rows.len() < EVENTS
            && let Some((due, next)) = self.until(limit)
        {
            (after, upto) = (due, next.send_at);
            body.push(',');
            body.push_str(&next.event);
            rows.push(rows.len() as u64 + 1);
        }
        body.push(']');
        Ok(Some(Frame {
            body: body.into(),
            rows,
            upto: upto.since(self.start).unsigned_abs(),
            after,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(speed: Option<u32>) -> Vec<Frame> {
        let config = Config {
            days: 1,
            ..Config::default()
        };
        let centre = Simulation::new(config.clone()).unwrap();
        let from = config.start;
        let pace = speed.map_or(Pace::AtOnce, |speed| Pace::Times { from, speed });
        let mut source = Frames::new(config.start, pace, centre);
        std::iter::from_fn(|| source.next().unwrap()).collect()
    }

    #[test]
    fn every_event_is_in_one_frame_in_the_order_in_which_they_are_sent() {
        let config = Config {
            days: 1,
            ..Config::default()
        };
        let all: Vec<String> = Simulation::new(config)
            .unwrap()
            .map(|it| it.event)
            .collect();
        for speed in [None, Some(60)] {
            let frames = frames(speed);
            let bodies = frames.iter().map(|frame| {
                let body: &str = &frame.body;
                body[1..body.len() - 1].to_owned()
            });
            assert_eq!(bodies.collect::<Vec<_>>().join(","), all.join(","));
            assert!(frames.iter().all(|frame| frame.rows.len() <= EVENTS));
        }
        assert_eq!(frames(None).len(), all.len().div_ceil(EVENTS));
    }

    #[test]
    fn a_speed_says_when_a_frame_is_sent() {
        let frames = frames(Some(60));
        assert!(frames.is_sorted_by_key(|frame| frame.after));
        // A day in 24 minutes, and what comes late up to 6 hours behind it.
        let last = frames.last().unwrap().after;
        assert!(
            (Duration::from_mins(23)..Duration::from_mins(32)).contains(&last),
            "{last:?}"
        );
        for frame in &frames {
            assert_eq!(
                frame.after.as_millis(),
                u128::from(frame.upto / 60),
                "{}",
                frame.upto
            );
        }
    }

    #[test]
    fn a_stream_is_named_after_all_that_decides_it() {
        let config = Config::default();
        let name = name_of(&config, None);
        assert_eq!(name, name_of(&config.clone(), None));
        assert_ne!(name, name_of(&config, Some(1)));
        assert_ne!(name, name_of(&Config { seed: 2, ..config }, None));
    }
}
