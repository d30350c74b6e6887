//! The arguments of `bench`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub(crate) const USAGE: &str = "\
usage: bench [--only P1,P9,...] [--events N] [--rounds N] [--conversations N]
       bench load DIR [N]   fills a journal with the workload
       bench replay DIR     reads it once and says what that cost (for profilers)

Measures our own paths and their floors in turns and prints one table of ratios.

  --only           what to measure, in this order; without it everything:
                   P1 (with P2), P3, P4, P5, P6, P7, P9, P10, P11 (with P8 and P15), P12, P13,
                   P14
  --events         events of all rounds together: 1000000
  --rounds         rounds of floor and ours: 5
  --conversations  how many P11 grows to: 10000000, which takes some 5 GiB of memory";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say how to call it.
    Help,
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
    /// Grow an account to so many conversations, in a process of its own.
    Grow {
        /// How many.
        conversations: usize,
        /// How often the cost an event is then compared with that of a small account; never: only
        /// memory is looked at.
        rounds: usize,
    },
    /// Fold messages of one hour, in a process of its own.
    Fold {
        /// Whether they are counted into cells.
        cells: bool,
        /// Answers of each manager.
        answers: usize,
    },
    /// Serve our own WebSocket without ClickHouse, in a process of its own.
    OwnStream {
        /// The data directory.
        dir: PathBuf,
        /// Whether the journal is synced.
        sync: bool,
    },
}

/// A goal of the performance document, or several that one run measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Frames of one message through a WebSocket, with P2.
    P1,
    /// Frames of 100 messages.
    P3,
    /// Replay of the journal.
    P4,
    /// Replay and the WebSocket against Python and Bytewax.
    P5,
    /// The durable answer with one request in flight.
    P6,
    /// Durable frames against the same without sync.
    P7,
    /// Memory and time of cells.
    P9,
    /// What our inserts cost ClickHouse.
    P10,
    /// Growing to very many conversations, with P8 and P15.
    P11,
    /// NDJSON through HTTP, and webhooks.
    P12,
    /// Two accounts on two cores.
    P13,
    /// The lease of a number.
    P14,
}

impl Goal {
    const ALL: [Self; 12] = [
        Self::P1,
        Self::P3,
        Self::P4,
        Self::P5,
        Self::P6,
        Self::P7,
        Self::P9,
        Self::P10,
        Self::P11,
        Self::P12,
        Self::P13,
        Self::P14,
    ];

    fn named(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "p1" | "p2" => Self::P1,
            "p3" => Self::P3,
            "p4" => Self::P4,
            "p5" => Self::P5,
            "p6" => Self::P6,
            "p7" => Self::P7,
            "p8" | "p11" | "p15" => Self::P11,
            "p9" => Self::P9,
            "p10" => Self::P10,
            "p12" => Self::P12,
            "p13" => Self::P13,
            "p14" => Self::P14,
            _ => bail!("`{name}` is no goal measured here: P1 to P15"),
        })
    }
}

/// How to measure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    /// What to measure, in this order.
    pub(crate) goals: Vec<Goal>,
    /// Events of all rounds together.
    pub(crate) events: usize,
    /// Rounds of floor and ours.
    pub(crate) rounds: usize,
    /// Conversations that an account is grown to.
    pub(crate) conversations: usize,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            goals: Goal::ALL.to_vec(),
            events: 1_000_000,
            rounds: 5,
            conversations: 10_000_000,
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
            "grow" => {
                let conversations = number(&value()?)?;
                let rounds = value()?.parse()?;
                return Ok(Command::Grow {
                    conversations,
                    rounds,
                });
            }
            "fold" => {
                let cells = value()? == "cells";
                let answers = number(&value()?)?;
                return Ok(Command::Fold { cells, answers });
            }
            "--help" | "-h" | "help" => return Ok(Command::Help),
            "--conversations" => args.conversations = number(&value()?)?,
            "--events" => args.events = number(&value()?)?,
            "--rounds" => args.rounds = number(&value()?)?,
            "--only" => args.goals = goals(&value()?)?,
            _ => bail!(USAGE),
        }
    }
    Ok(Command::Measure(args))
}

fn number(text: &str) -> Result<usize> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.with_context(|| format!("`{text}` is no number above 0"))
}

/// Reads names of goals; what one run measures is measured once.
fn goals(names: &str) -> Result<Vec<Goal>> {
    let mut goals = Vec::new();
    for name in names.split(',') {
        let goal = Goal::named(name.trim())?;
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    }
    Ok(goals)
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
            conversations: 1000,
        };
        let line = "--only P12,p4 --events 5000 --rounds 3 --conversations 1000";
        assert_eq!(parse(line).unwrap(), Command::Measure(args));
    }

    #[test]
    fn goals_of_one_run_are_measured_once() {
        let Command::Measure(args) = parse("--only P8,P15,P9,P11").unwrap() else {
            panic!("a measurement");
        };
        assert_eq!(args.goals, [Goal::P11, Goal::P9]);
    }

    #[test]
    fn help_is_given_and_no_mistake() {
        assert_eq!(parse("--only P4 --help").unwrap(), Command::Help);
    }

    #[test]
    fn nonsense_is_refused() {
        for line in ["--rounds 0", "--only p16", "--events", "measure"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
