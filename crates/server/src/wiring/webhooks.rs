//! The outgoing webhooks of the configuration, and their outbox in the data folder.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use trunkline_delivery::{Handle, Webhooks, World};
use trunkline_pipeline::Service;

use crate::clock;
use crate::config::File;

/// Opens the outbox, and has the pipeline tell of what happens from where it was told last.
pub(super) fn begin(file: &File, service: Service) -> Result<(Handle, Service)> {
    let world = World {
        clock: Arc::new(clock::now),
        chance: Arc::new(rand::random::<f64>),
    };
    let state = file.server.data_dir.join("state");
    let handle = Handle::new(&state, world, all(file)?);
    let service = service
        .telling(handle.clone())
        .with_context(|| format!("could not read or write {}/outbox", state.display()))?;
    Ok((handle, service))
}

/// Makes the webhooks of all accounts; a configuration that was checked has no problem.
pub(super) fn all(file: &File) -> Result<Webhooks> {
    Webhooks::new(&file.accounts).map_err(|problems| {
        let told = problems
            .iter()
            .map(|it| format!("{}: {}", it.key, it.message));
        anyhow!(told.collect::<Vec<_>>().join("; "))
    })
}
