//! The arguments of `bench`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: bench [--only p1,p3,p4,p6,p7,p12] [--events N] [--rounds N]
       bench load DIR [N]   fills a journal with the workload
       bench replay DIR     reads it once and says what that cost (for profilers)";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Measure and print the table.
    Measure(Args),
    /// Fill a journal with the workload.
    Load {
        /// The data directory.
        dir: PathBuf,
        /// How many events.
        events: usize,
    },
    /// Replay a journal once, in a process of its own.
    Replay {
        /// The data directory.
        dir: PathBuf,
    },
    /// Serve the bare HTTP floor, in a process of its own.
    FloorDoor,
    /// Serve a bare WebSocket that says back what it hears, in a process of its own.
    FloorStream {
        /// Whether one flush follows each wake-up, and not each message.
        coalesced: bool,
    },
    /// Serve our own WebSocket without ClickHouse, in a process of its own.
    OwnStream {
        /// The data directory.
        dir: PathBuf,
        /// Whether the journal is synced.
        sync: bool,
    },
}

/// A goal of the performance document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Frames of one message through a WebSocket, with P2.
    P1,
    /// Frames of 100 messages.
    P3,
    /// Replay of the journal.
    P4,
    /// The durable answer with one request in flight.
    P6,
    /// Durable frames against the same without sync.
    P7,
    /// NDJSON through HTTP.
    P12,
}

/// How to measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// What to measure, in this order.
    pub(crate) goals: Vec<Goal>,
    /// Events of the replayed journal, and of all rounds of NDJSON together.
    pub(crate) events: usize,
    /// Rounds of floor and ours.
    pub(crate) rounds: usize,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            goals: vec![Goal::P1, Goal::P3, Goal::P4, Goal::P6, Goal::P7, Goal::P12],
            events: 1_000_000,
            rounds: 5,
        }
    }
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Command> {
    let mut args = Args::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().context(USAGE);
        match word.as_str() {
            "load" => {
                let dir = value()?.into();
                let events = value().map_or(Ok(args.events), |text| number(&text))?;
                return Ok(Command::Load { dir, events });
            }
            "replay" => {
                let dir = value()?.into();
                return Ok(Command::Replay { dir });
            }
            "floor-door" => return Ok(Command::FloorDoor),
            "floor-stream" => {
                let coalesced = value()? == "coalesced";
                return Ok(Command::FloorStream { coalesced });
            }
            "own-stream" => {
                let dir = value()?.into();
                let sync = value()? == "sync";
                return Ok(Command::OwnStream { dir, sync });
            }
            "--events" => args.events = number(&value()?)?,
            "--rounds" => args.rounds = number(&value()?)?,
            "--only" => args.goals = value()?.split(',').map(goal).collect::<Result<_>>()?,
            _ => bail!(USAGE),
        }
    }
    Ok(Command::Measure(args))
}

fn number(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.with_context(|| format!("`{text}` is no number above 0"))
}

fn goal(text: &str) -> Result<Goal> {
    Ok(match text {
        "p1" => Goal::P1,
        "p3" => Goal::P3,
        "p4" => Goal::P4,
        "p6" => Goal::P6,
        "p7" => Goal::P7,
        "p12" => Goal::P12,
        _ => bail!("`{text}` is no goal measured here: p1, p3, p4, p6, p7 or p12"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        super::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_arguments_everything_is_measured() {
        assert_eq!(parse("").unwrap(), Command::Measure(Args::default()));
    }

    #[test]
    fn options_narrow_the_run() {
        let args = Args {
            goals: vec![Goal::P12, Goal::P4],
            events: 5000,
            rounds: 3,
        };
        let line = "--only p12,p4 --events 5000 --rounds 3";
        assert_eq!(parse(line).unwrap(), Command::Measure(args));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["--rounds 0", "--only p5", "--events", "measure"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
