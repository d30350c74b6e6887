//! `trunkline hook`: help for the person who connects a provider.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cli::Hook;
use crate::config::Environment;

mod add;
mod diagnosis;
pub(super) mod listed;
mod tail;
mod test;
mod verify;

/// Runs the command.
pub(super) fn run(
    config: Option<&Path>,
    hook: Hook,
    environment: &Environment,
) -> Result<ExitCode> {
    match hook {
        Hook::Add { provider, id } => {
            add::run(config, provider.as_deref(), id.as_deref(), environment)
        }
        Hook::Verify(options) => verify::run(config, &options, environment),
        Hook::Test { map, sample } => test::run(&map, &sample),
        Hook::Tail {
            hook,
            once,
            service,
        } => tail::run(hook.as_deref(), once, &service),
    }
}

/// Reads a file, or standard input.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .read_to_end(&mut bytes)
            .context("could not read standard input")?;
        return Ok(bytes);
    }
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
}
