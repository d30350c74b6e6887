//! `trunkline export conversions`: conversions are read from the service, sorted into those that go and
//! those that cannot, and written to a file or sent.
//!
//! Every run looks at all that the destination still takes, and leaves out what the state file says
//! was sent or given up: so what is told late is sent late, and nothing is sent twice.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use tokio::time::sleep;
use trunkline_model::settings::Span;
use trunkline_model::time::Time;
use trunkline_providers::conversions::{Conversion, Plan};

use crate::cli::{Conversions, Export};
use crate::{clock, print, stream};

mod fetch;
mod file;
mod push;
mod state;
mod tally;

use push::Push;
use state::{Entry, Stage, State};
use tally::Tally;

/// Runs the command; exit code 1 if anything was given up or waits.
pub(super) fn run(export: &Export) -> Result<ExitCode> {
    let Export::Conversions(options) = export;
    if options.dead {
        return dead(options);
    }
    stream::block_on(async {
        let Some(every) = options.every else {
            let well = once(options).await?;
            return Ok(if well {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        };
        loop {
            if let Err(error) = once(options).await {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a run failed; the next one goes on"
                );
            }
            sleep(length(every)).await;
        }
    })
}

/// Gives a time of the options.
fn length(span: Span) -> Duration {
    let millis = span.millis().unwrap_or_default();
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Lists what was given up.
fn dead(options: &Conversions) -> Result<ExitCode> {
    let Some(path) = &options.state else {
        return Ok(ExitCode::SUCCESS);
    };
    let state = State::open(path, options.destination(), clock::now())?;
    let mut many = 0;
    for entry in state.entries().filter(|entry| entry.stage == Stage::Dead) {
        many += 1;
        let Entry { id, kind, at, .. } = entry;
        let why = entry.why.as_deref().unwrap_or_default();
        print::line(format_args!("{at}  {kind:<11}  {id}  {why}"))?;
    }
    print::line(format_args!(
        "{many} given up; --retry-dead sends them again, one by one"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a run; says whether all is well.
async fn once(options: &Conversions) -> Result<bool> {
    let (destination, setup, now) = (options.destination(), options.setup(), clock::now());
    let path = options.state.as_deref();
    let mut state = path
        .map(|path| State::open(path, destination, now))
        .transpose()?;
    let fetched = fetch::all(options, &setup, now).await?;
    let mut tally = Tally::new(destination, fetched.len());
    let is_open = |one: &Conversion| {
        let stage = state.as_ref().and_then(|state| state.stands(one));
        match stage {
            Some(Stage::Sent) => false,
            Some(Stage::Dead) => options.retry_dead,
            _ => true,
        }
    };
    let (open, before): (Vec<_>, Vec<_>) = fetched.into_iter().partition(is_open);
    tally.before = before.len();
    let Plan { mut going, left } = destination.plan(&open, &setup, now);
    for (_, reason) in &left {
        tally.leave(*reason);
    }
    if let Some(state) = &mut state {
        let is_uncertain = |one: &&Conversion| {
            // A repetition is known by its id: not one of a twin's.
            let is_known = destination.knows_repetitions() && state.stage(&one.id).is_some();
            !is_known && state.stands(one) == Some(Stage::Sending)
        };
        let uncertain: Vec<_> = going.iter().copied().filter(is_uncertain).collect();
        going.retain(|one| !uncertain.iter().any(|it| it.id == one.id));
        tally.dead += uncertain.len();
        tally.why(push::INTERRUPTED, uncertain.len());
        state.note(
            uncertain
                .iter()
                .map(|one| state::given_up(one, push::INTERRUPTED, now)),
        )?;
    }
    if options.dry_run {
        tally.would = going.len();
    } else if let Some(out) = &options.out {
        write(out, options, &going, state.as_mut(), now)?;
        tally.sent = going.len();
    } else if let Some(address) = &options.push {
        let push = Push::new(address, options, &setup)?;
        push.all(&going, state.as_mut(), &mut tally).await?;
    }
    print::line(&tally)?;
    Ok(tally.is_well())
}

/// Writes the files, then remembers that they are written.
fn write(
    out: &Path,
    options: &Conversions,
    going: &[&Conversion],
    state: Option<&mut State>,
    now: Time,
) -> Result<()> {
    let parts = options
        .destination()
        .files(going, &options.setup(), options.format());
    for written in file::write(out, &parts, state.is_some())? {
        print::line(format_args!("wrote {}", written.display()))?;
    }
    match state {
        Some(state) => state.note(going.iter().map(|one| state::entry(one, Stage::Sent, now))),
        None => Ok(()),
    }
}
