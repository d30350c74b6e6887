//! `trunkline import`: a file of somebody else's becomes events, through a named stream, by a map or as
//! a provider writes its export.
//!
//! The run is named by a hash of file and map, and frame n of its stream always holds the same rows:
//! what was interrupted goes on where it stopped, and what was imported is not imported again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};
use trunkline_model::time::Time;
use trunkline_providers::Map;

use crate::cli::{Format, Import, Service};
use crate::config::Environment;
use crate::stream::{self, Once, Source, Target};
use crate::wiring::hooks;
use crate::{clock, print};

mod export;
mod frames;
mod parquet;
mod progress;
mod rows;
mod tally;

use frames::{By, Framer};
pub(super) use progress::bar;
use rows::Rows;

/// Raised when the same file and map would give other frames.
const FRAMING: &str = "1";
/// Nothing is in the future to this clock: what the service's own clock says decides.
const NEVER: Time = Time(i64::MAX / 2);

/// Runs the command; exit code 1 if anything was or would be refused.
pub(super) fn run(
    config: Option<&Path>,
    environment: &Environment,
    options: &Import,
) -> Result<ExitCode> {
    if let Some(run) = &options.undo {
        take_back(run, &options.service)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(file) = &options.file else {
        bail!("say which file to import");
    };
    let format = options.format.map_or_else(|| told_by_name(file), Ok)?;
    if options.provider.is_some() {
        let hook = export::hook(config, environment, options)?;
        let run = name_of(file, &export::text(&hook)).with_context(|| unreadable(file))?;
        let rows = Rows::open(file, format, None).with_context(|| unreadable(file))?;
        return read(file, rows, By::Export(&hook), &run, options);
    }
    let Some(map) = &options.map else {
        bail!("say with which --map, or of which --provider");
    };
    let text = hooks::text(&map.display().to_string()).context("could not read the map")?;
    let parsed = Map::parse(&text).with_context(|| format!("in {}", map.display()))?;
    let run = name_of(file, &text).with_context(|| unreadable(file))?;
    let rows = Rows::open(file, format, Some(&parsed)).with_context(|| unreadable(file))?;
    read(file, rows, By::Map(&parsed), &run, options)
}

fn read(file: &Path, rows: Rows, by: By<'_>, run: &str, options: &Import) -> Result<ExitCode> {
    let whole = rows.whole();
    if options.dry_run {
        let mut framer = Framer::new(rows, by, run, clock::now());
        let bar = bar(whole);
        while let Some(frame) = framer.next()? {
            bar.set_position(frame.upto);
        }
        bar.finish_and_clear();
        let tally = framer.into_tally();
        print::line(tally.summary(file))?;
        print::line(format_args!("nothing was sent; the run would be {run}"))?;
        return Ok(code(tally.refused() == 0));
    }
    let mut target = stream::target(&options.service.url, options.service.token.as_deref())?;
    if let Some(hook) = &options.hook {
        target = target.with_hook(hook);
    }
    send(file, Framer::new(rows, by, run, NEVER), whole, run, &target)
}

fn send(
    file: &Path,
    mut framer: Framer<'_>,
    whole: u64,
    run: &str,
    target: &Target,
) -> Result<ExitCode> {
    print::line(format_args!("run {run}"))?;
    let bar = bar(whole);
    let progress = |frame: &stream::Frame| bar.set_position(frame.upto);
    let sent = stream::block_on(stream::send(target, Some(run), &mut framer, &progress));
    bar.finish_and_clear();
    let sent = sent.with_context(|| format!("could not send {}", file.display()))?;
    let mut tally = framer.into_tally();
    for reject in &sent.rejects {
        tally.refuse_of_service(reject);
    }
    print::line(tally.summary(file))?;
    let had = match sent.had {
        0 => String::new(),
        had => format!(", after {had} frames that it had from before"),
    };
    print::line(format_args!(
        "sent {} events in {} frames{had}; the service has them on stable storage",
        sent.events, sent.frames
    ))?;
    print::line(format_args!(
        "to take it back: trunkline import --undo {run}"
    ))?;
    Ok(code(tally.refused() == 0))
}

fn code(all_well: bool) -> ExitCode {
    if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Posts a retraction of a run.
fn take_back(run: &str, service: &Service) -> Result<()> {
    let target = stream::target(&service.url, service.token.as_deref())?;
    let event = json!({ "type": "retract", "batch": run, "at": clock::now().to_string() });
    let mut source = Once::new(event.to_string());
    let sent = stream::block_on(stream::send(&target, None, &mut source, &|_| {}))?;
    if let Some(reject) = sent.rejects.first() {
        bail!("the service refused it: {} {}", reject.code, reject.detail);
    }
    Ok(print::line(format_args!("run {run} is taken back"))?)
}

fn told_by_name(file: &Path) -> Result<Format> {
    let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
    Ok(match extension.to_str().unwrap_or_default() {
        "csv" => Format::Csv,
        "tsv" | "tab" => Format::Tsv,
        "ndjson" | "jsonl" => Format::Ndjson,
        "parquet" => Format::Parquet,
        _ => bail!(
            "the name of {} does not say how it is written: add --format csv, tsv, ndjson or parquet",
            file.display()
        ),
    })
}

fn unreadable(file: &Path) -> String {
    format!("could not read {}", file.display())
}

/// Names the run: a hash of what decides which event is in which frame.
fn name_of(file: &PathBuf, map: &str) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(FRAMING);
    hash.update((map.len() as u64).to_le_bytes());
    hash.update(map);
    let mut file = File::open(file)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => hash.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let digest = hex::encode(hash.finalize());
    Ok(format!("import-{}", &digest[..16]))
}

#[cfg(test)]
mod tests;
