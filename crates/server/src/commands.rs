//! What the commands do. Commands print to standard output; logs go to standard error.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::Serialize;
use trunkline_journal::{End, SegmentReport};
use trunkline_model::time::Time;

use crate::cli::{Cli, Command, Config, Events, Journal, Migrate, Token};
use crate::config::{EXAMPLE, Environment, File, load};
use crate::{print, secret, telemetry};

mod amounts;
mod audit;
mod completions;
mod demo;
mod doctor;
mod export;
mod first_start;
mod hook;
mod import;
mod migrate;
mod pool;
mod serve;
mod simulate;
mod status;
mod torture;

/// The environment variable with the filter of the log.
const LOG: &str = "TRUNKLINE_LOG";

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let environment: Environment = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let config = cli.config.as_deref();
    match cli.command {
        Command::Serve(options) => serve::run(config, options, &environment)?,
        Command::Demo(options) => demo::run(config, &options, &environment)?,
        Command::Status(options) => return status::run(&options),
        Command::Doctor(options) => return doctor::run(config, options, &environment),
        Command::Hook(hook) => return hook::run(config, hook, &environment),
        Command::Token(Token::New { name, scopes }) => new_token(&name, &scopes)?,
        Command::Config(Config::Example) => print::line(EXAMPLE.trim_end())?,
        Command::Config(Config::Schema) => print_json(&schemars::schema_for!(File))?,
        Command::Config(Config::Check) => {
            load(config, &environment)?;
            print::line("the configuration is valid")?;
        }
        Command::Events(Events::Schema) => print_json(&trunkline_model::event::schema())?,
        Command::Journal(Journal::Verify { data_dir }) => {
            return verify(&data_dir_of(config, data_dir, &environment)?);
        }
        Command::Migrate(Migrate::Status { data_dir }) => {
            migrate::status(config, data_dir, &environment)?;
        }
        Command::Audit { data_dir } => return audit::run(config, data_dir, &environment),
        Command::Import(options) => {
            telemetry::start_logs(environment.get(LOG).map(String::as_str));
            return import::run(config, &environment, &options);
        }
        Command::Export(export) => {
            telemetry::start_logs(environment.get(LOG).map(String::as_str));
            return export::run(&export);
        }
        Command::Pool(pool) => pool::run(&pool)?,
        Command::Simulate(options) => {
            telemetry::start_logs(environment.get(LOG).map(String::as_str));
            return simulate::run(&options);
        }
        Command::Torture(options) => {
            let filter = environment.get(LOG).map_or("error", String::as_str);
            telemetry::start_logs(Some(filter));
            return torture::run(&options);
        }
        Command::Completions { shell } => print::line(completions::script(shell).trim_end())?,
        Command::Engine { arguments } => {
            return Ok(trunkline_warehouse::engine::child::run(arguments));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json<T: Serialize>(value: &T) -> Result<()> {
    Ok(print::line(serde_json::to_string_pretty(value)?)?)
}

fn new_token(name: &str, scopes: &[String]) -> Result<()> {
    let token = secret::new_token();
    let hash = secret::sha256_hex(&token);
    Ok(print::line(format_args!(
        "{token}\n\n\
         Keep it: only its hash goes into the configuration, under the [[account]] it is for:\n\n\
         [[account.token]]\nname = {name:?}\nsha256 = {hash:?}\nscopes = {scopes:?}"
    ))?)
}

/// Gives the data folder: of the command line, else of the configuration.
fn data_dir_of(
    config: Option<&Path>,
    given: Option<PathBuf>,
    environment: &Environment,
) -> Result<PathBuf> {
    match given {
        Some(given) => Ok(given),
        None => Ok(load(config, environment)?.server.data_dir),
    }
}

fn verify(data_dir: &Path) -> Result<ExitCode> {
    let journal = data_dir.join("journal");
    if !journal.is_dir() {
        bail!(
            "there is no journal in {}: say where with --data-dir",
            data_dir.display()
        );
    }
    let report = match trunkline_journal::verify(journal) {
        Ok(report) => report,
        Err(error) => {
            print::line(format_args!("damaged: {error}"))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    for segment in &report.segments {
        print::line(describe(segment))?;
    }
    print::line(format_args!(
        "whole: offsets {} to {}",
        report.base, report.next_offset
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn describe(segment: &SegmentReport) -> String {
    let end = match segment.end {
        End::Succeeded => "goes on in the next",
        End::Clean => "stopped cleanly",
        End::Unmarked => "in use, or not stopped cleanly",
        End::Torn { .. } => "torn: the next start cuts a batch that was never acknowledged",
    };
    let name = segment
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let when = segment.first_received_at.zip(segment.last_received_at);
    let when = when.map_or_else(String::new, |(first, last)| {
        format!(", {} to {}", Time(first), Time(last))
    });
    format!(
        "{name}: {} records in {} batches, {} bytes{when}; {end}",
        segment.records, segment.batches, segment.bytes
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_journal_is_not_called_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let error = verify(dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("there is no journal in "), "{error}");
    }
}
