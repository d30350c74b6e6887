//! `trunkline serve`: from the configuration to a running service, and back down in order.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::LOG;
use super::first_start::{self, Found, Fresh};
use crate::cli::Serve;
use crate::config::{Environment, File, load, read};
use crate::wiring::{Read, Wired};
use crate::{print, telemetry};

/// Runs until a signal, or until a part of the service fails.
pub(super) fn run(config: Option<&Path>, options: Serve, environment: &Environment) -> Result<()> {
    telemetry::start_logs(environment.get(LOG).map(String::as_str));
    let (file, fresh) = settings(config, options.clone(), environment)?;
    let again = again(config, options, environment);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let wired = Wired::open(&file, environment, again).await?;
        let signals = wait_for_signal(stop.clone(), wired.reloading())?;
        greet(&file, wired.address())?;
        if let Some(fresh) = fresh {
            fresh.keep(show)?;
        }
        tokio::select! {
            ended = wired.run(stop) => ended,
            never = signals => match never {},
        }
    })
}

/// Reads the configuration again, as at the start; by then there is a file.
pub(super) fn again(config: Option<&Path>, options: Serve, environment: &Environment) -> Read {
    let (config, environment) = (config.map(Path::to_path_buf), environment.clone());
    Box::new(move || Ok(settings(config.as_deref(), options.clone(), &environment)?.0))
}

/// Reads the configuration; on a fresh machine makes one, which is to be kept once all is open.
pub(super) fn settings(
    config: Option<&Path>,
    options: Serve,
    environment: &Environment,
) -> Result<(File, Option<Fresh>)> {
    let (mut file, fresh) = match config {
        Some(path) => (load(Some(path), environment)?, None),
        None => {
            match first_start::config_of(&data_dir(&options, environment)?, first_start::plain)? {
                Found::Kept(path) => (load(Some(&path), environment)?, None),
                Found::Fresh(fresh) => {
                    (read(&fresh.text, Path::new("."), environment)?, Some(fresh))
                }
            }
        }
    };
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
    Ok((file, fresh))
}

fn data_dir(options: &Serve, environment: &Environment) -> Result<PathBuf> {
    match &options.data_dir {
        Some(given) => Ok(given.clone()),
        None => Ok(load(None, environment)?.server.data_dir),
    }
}

/// Says the address: for people and scripts.
fn greet(file: &File, address: std::net::SocketAddr) -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    print::line(format_args!(
        "trunkline {version} listens on http://{address}"
    ))?;
    print::line(format_args!("data: {}", file.server.data_dir.display()))?;
    if file.accounts.is_empty() {
        print::line("no [[account]] is configured: nobody can log in yet")?;
    }
    Ok(())
}

/// Shows the token of the first start.
fn show(token: &str) -> Result<()> {
    Ok(print::line(format_args!(
        "token of account demo, shown this once: {token}"
    ))?)
}

/// Cancels `stop` at the first SIGTERM or Ctrl-C; ends the process at the second. SIGHUP reads the
/// configuration again.
pub(super) fn wait_for_signal(
    stop: CancellationToken,
    reload: impl AsyncFn(),
) -> Result<impl Future<Output = std::convert::Infallible>> {
    let wait_for = |kind, name| signal(kind).with_context(|| format!("could not wait for {name}"));
    let mut terminate = wait_for(SignalKind::terminate(), "SIGTERM")?;
    let mut interrupt = wait_for(SignalKind::interrupt(), "Ctrl-C")?;
    let mut hang_up = wait_for(SignalKind::hangup(), "SIGHUP")?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hang_up.recv() => {
                    reload().await;
                    continue;
                }
            }
            if stop.is_cancelled() {
                // All that was answered is in the journal: ending now is safe.
                std::process::exit(1);
            }
            tracing::info!("stopping; a second signal ends at once");
            stop.cancel();
        }
    })
}
