//! `trunkline serve`: from the configuration to a running service, and back down in order.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{LOG, first_start};
use crate::cli::Serve;
use crate::config::{Environment, File, load};
use crate::wiring::Wired;
use crate::{print, telemetry};

/// Runs until a signal, or until a part of the service fails.
pub(super) fn run(config: Option<&Path>, options: Serve, environment: &Environment) -> Result<()> {
    telemetry::start_logs(environment.get(LOG).map(String::as_str));
    let (file, token) = settings(config, options, environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let wired = Wired::open(&file, environment).await?;
        greet(&file, wired.address(), token.as_deref())?;
        let signals = wait_for_signal(stop.clone())?;
        tokio::select! {
            ended = wired.run(stop) => ended,
            never = signals => match never {},
        }
    })
}

/// Reads the configuration; on a fresh machine writes one first.
fn settings(
    config: Option<&Path>,
    options: Serve,
    environment: &Environment,
) -> Result<(File, Option<String>)> {
    let mut token = None;
    let path = if let Some(path) = config {
        path.to_owned()
    } else {
        let made = first_start::config_of(&data_dir(&options, environment)?)?;
        token = made.token;
        made.path
    };
    let mut file = load(Some(&path), environment)?;
    if let Some(listen) = options.listen {
        file.server.listen = listen;
    }
    match options.data_dir {
        Some(data_dir) => file.server.data_dir = data_dir,
        // The first start's file lies in the data folder that the environment or the default
        // names, and does not name it again.
        None if config.is_none() => file.server.data_dir = load(None, environment)?.server.data_dir,
        None => {}
    }
    Ok((file, token))
}

fn data_dir(options: &Serve, environment: &Environment) -> Result<PathBuf> {
    match &options.data_dir {
        Some(given) => Ok(given.clone()),
        None => Ok(load(None, environment)?.server.data_dir),
    }
}

/// Says the address and, once, the token: for people and scripts.
fn greet(file: &File, address: std::net::SocketAddr, token: Option<&str>) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    print::line(format_args!(
        "trunkline {version} listens on http://{address}"
    ))?;
    print::line(format_args!("data: {}", file.server.data_dir.display()))?;
    if let Some(token) = token {
        print::line(format_args!(
            "token of account demo, shown this once: {token}"
        ))?;
    }
    if file.accounts.is_empty() {
        print::line("no [[account]] is configured: nobody can log in yet")?;
    }
    Ok(())
}

/// Cancels `stop` at the first SIGTERM or Ctrl-C; ends the process at the second.
fn wait_for_signal(
    stop: CancellationToken,
) -> Result<impl Future<Output = std::convert::Infallible>> {
    let mut terminate = signal(SignalKind::terminate()).context("could not wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("could not wait for Ctrl-C")?;
    Ok(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                // All that was answered is in the journal: ending now is safe.
                std::process::exit(1);
            }
            tracing::info!("stopping; a second signal ends at once");
            stop.cancel();
        }
        std::future::pending().await
    })
}
