//! `trunkline migrate status`: which migrations the database has.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trunkline_warehouse::Client;
use trunkline_warehouse::migrations::{Status, status as ask};

use crate::config::{Environment, load};
use crate::print;
use crate::wiring::Store;

/// How long ClickHouse may take to start and answer.
const WITHIN: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_millis(200);

/// Prints the migrations and their states.
pub(super) fn status(
    config: Option<&Path>,
    data_dir: Option<PathBuf>,
    environment: &Environment,
) -> Result<()> {
    let mut file = load(config, environment)?;
    if let Some(data_dir) = data_dir {
        file.server.data_dir = data_dir;
    }
    let store = Store::open(&file, environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let found = runtime.block_on(async {
        let client = store.writer.clone();
        let stop = CancellationToken::new();
        let engine = TaskTracker::new().spawn(store.run(stop.clone()));
        let found = timeout(WITHIN, until_answered(&client)).await;
        stop.cancel();
        engine.await??;
        found.context(
            "clickhouse did not answer within 30 s; if a service runs on this data folder, its \
             own log says how the migrations stand",
        )
    })?;
    for migration in found {
        let Status {
            version,
            name,
            state,
        } = migration;
        print::line(format_args!("{version:04}  {:<9} {name}", state.as_str()))?;
    }
    Ok(())
}

async fn until_answered(client: &Client) -> Vec<Status> {
    loop {
        match ask(client).await {
            Ok(found) => return found,
            Err(fault) => tracing::debug!(%fault, "clickhouse does not answer yet"),
        }
        sleep(AGAIN).await;
    }
}
