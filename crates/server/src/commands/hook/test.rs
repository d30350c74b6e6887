//! `trunkline hook test`: what a map makes of a sample.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use trunkline_model::event::Event;
use trunkline_providers::{Made, Map, Record};

use super::bytes;
use crate::print;
use crate::wiring::hooks::text;

/// Runs the command; exit code 1 if the contract refuses an event.
pub(super) fn run(map: &Path, sample: &Path) -> Result<ExitCode> {
    let text = text(&map.to_string_lossy())?;
    let map = Map::parse(&text).with_context(|| map.display().to_string())?;
    let sample = bytes(sample)?;
    let text = std::str::from_utf8(&sample).context("the sample is not UTF-8")?;
    match map.events(&record(text)?)? {
        Made::Skipped => print::line("left out by the map's `skip`")?,
        Made::Events(events) => return shown(&events),
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(events: &[String]) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for event in events {
        print::line(event)?;
        if let Err(refusal) = Event::parse(event) {
            print::line(format_args!("  refused: {refusal}"))?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn record(text: &str) -> Result<Record> {
    let text = text.trim();
    if text.starts_with('{') {
        let value = serde_json::from_str(text).context("the sample is no JSON")?;
        return Record::nested(value).context("the sample is no JSON object");
    }
    if !text.contains('=') {
        bail!("the sample is neither a JSON object nor a form (a=1&b=2)");
    }
    let pairs: Vec<_> =
        url::form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).collect();
    Ok(Record::flat(
        pairs.iter().map(|(name, value)| (&**name, &**value)),
    ))
}
