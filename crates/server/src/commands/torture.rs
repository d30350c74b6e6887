//! `trunkline torture`: the promise under kills, on any machine. Starts this very program on a fresh
//! folder, sends a made-up centre's events in disorder and partly twice, kills service and
//! ClickHouse at random moments, and in the end compares what ClickHouse holds with what was sent.
//!
//! What should be there is counted from the events themselves ([`expected`]), without a line of the
//! fold: messages one by one, conversations, and each manager's figures of the reports.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::cli::Torture;
use crate::{clock, print, telemetry};

mod ask;
mod expected;
mod sender;
mod verdict;
mod victim;

use expected::Expected;
use sender::{Counts, Sender};
use verdict::Verdict;
use victim::{Kills, Victim};

/// However short the time.
const LEAST: u64 = 5;
/// How often the comparison is tried while it gets no answers.
const TRIES: u32 = 30;
/// Between two lines of progress.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Runs the command; exit code 1 if anything is lost, doubled or wrong.
pub(super) fn run(options: &Torture) -> Result<ExitCode> {
    let folder = folder(options)?;
    print::line(format_args!(
        "seed {}, in {}",
        options.seed,
        folder.display()
    ))?;
    let mut victim = Victim::new(&folder)?;
    victim.start()?;
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let (kills, expected) = thread::scope(|scope| {
        let senders: Vec<_> = (0..options.senders)
            .map(|number| {
                let sender = Sender::new(&victim.way, options.seed, number, &counts, &stop)?;
                Ok(scope.spawn(move || sender.run()))
            })
            .collect::<Result<_>>()?;
        let kills = match kill(&mut victim, options, &counts) {
            Ok(kills) => kills,
            Err(error) => {
                // The senders would try for minutes to reach a service that is gone.
                telemetry::complain(&error);
                victim.abandon();
                std::process::exit(1);
            }
        };
        stop.store(true, Ordering::Relaxed);
        let mut expected = Expected::default();
        for sender in senders {
            let part = sender.join().map_err(|_| anyhow!("a sender panicked"))?;
            expected.add(part?);
        }
        Ok::<_, anyhow::Error>((kills, expected))
    })?;
    print::line(format_args!("{kills}; everything is acknowledged"))?;
    victim.wait_until_flushed()?;
    let verdict = reach(&victim, &expected, &counts)?;
    print::line(&verdict)?;
    let clean = verdict.is_clean();
    victim.stop()?;
    if clean && options.data.is_none() {
        let removed = std::fs::remove_dir_all(&folder);
        removed.with_context(|| format!("could not remove {}", folder.display()))?;
    } else {
        print::line(format_args!("data and log: {}", folder.display()))?;
    }
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Compares; ClickHouse may have been killed so late that it is not seen to be away yet.
fn reach(victim: &Victim, expected: &Expected, counts: &Counts) -> Result<Verdict> {
    for _ in 0..TRIES {
        if let Ok(verdict) = verdict::reach(victim, expected, counts) {
            return Ok(verdict);
        }
        sleep(Duration::from_secs(1));
        victim.wait_until_flushed()?;
    }
    verdict::reach(victim, expected, counts)
}

/// Makes the folder for data, configuration and log.
fn folder(options: &Torture) -> Result<PathBuf> {
    let (seed, own) = (options.seed, std::process::id());
    let folder = options
        .data
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("trunkline-torture-{seed}-{own}")));
    let make = |folder: &Path| {
        std::fs::create_dir_all(folder)?;
        let empty = std::fs::read_dir(folder)?.next().is_none();
        Ok::<_, std::io::Error>((folder.canonicalize()?, empty))
    };
    let made = make(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    match made {
        (folder, true) => Ok(folder),
        (folder, false) => bail!(
            "{} is not empty: torture wants a folder of its own, give another with --data",
            folder.display()
        ),
    }
}

/// Kills for as long as was asked for, and tells how it goes.
fn kill(victim: &mut Victim, options: &Torture, counts: &Counts) -> Result<Kills> {
    let mut random = StdRng::seed_from_u64(options.seed);
    let (until, mut kills) = (Duration::from_secs(options.minutes * 60), Kills::default());
    let (start, mut told) = (clock::elapsed(), Duration::ZERO);
    loop {
        let past = clock::elapsed().saturating_sub(start);
        if past >= until && kills.all() >= LEAST {
            return Ok(kills);
        }
        if past >= told + TELL_EVERY {
            told = past;
            let (minutes, seconds) = (past.as_secs() / 60, past.as_secs() % 60);
            print::line(format_args!("{minutes:3}:{seconds:02}  {kills}; {counts}"))?;
        }
        sleep(Duration::from_millis(random.random_range(20..1_500)));
        victim.harm(&mut random, &mut kills)?;
    }
}
