//! ClickHouse as this configuration wants it: the embedded engine, or a server elsewhere.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use trunkline_reports::Reports;
use trunkline_warehouse::engine::{Config, Spawn, find};
use trunkline_warehouse::{Client, Connection, Engine};

use super::page_key::page_key;
use crate::config::{Environment, File};

/// The way to ClickHouse, and the engine if it is ours to run.
pub(crate) struct Store {
    /// Writes, and knows everything in the database.
    pub(crate) writer: Client,
    reader: Client,
    engine: Option<Engine>,
}

impl Store {
    /// Sets up the connection or the engine; starts nothing.
    pub(crate) fn open(file: &File, environment: &Environment) -> Result<Self> {
        let settings = &file.warehouse;
        let Some(url) = &settings.url else {
            return Self::embedded(file, environment);
        };
        let connection =
            Connection::new(url, &settings.user, &settings.password, &settings.database)?;
        let client = Client::new(connection);
        Ok(Self {
            writer: client.clone(),
            reader: client,
            engine: None,
        })
    }

    fn embedded(file: &File, environment: &Environment) -> Result<Self> {
        let program = env::current_exe().context("could not find this program's own file")?;
        let folder = program.parent().context("this program lies in no folder")?;
        let path = environment.get("PATH").map(OsString::from);
        let kind = find(file.warehouse.engine.as_deref(), folder, path.as_deref())?;
        let engine = Engine::prepare(Config {
            dir: file.server.data_dir.join("clickhouse"),
            kind,
            spawn: Spawn {
                program: program.clone(),
                prefix: vec!["engine".into()],
            },
            database: file.warehouse.database.clone(),
            port: None,
            memory_bytes: file.warehouse.memory_mb << 20,
        })
        .context("could not set up the embedded ClickHouse")?;
        Ok(Self {
            writer: engine.writer(),
            reader: engine.reader(),
            engine: Some(engine),
        })
    }

    /// Gives the reports over it; their key is kept in the data folder.
    pub(crate) fn reports(&self, data_dir: &Path) -> Result<Reports> {
        Ok(Reports::new(self.reader.clone(), page_key(data_dir)?))
    }

    /// Runs the engine, if there is one, until the token is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) -> Result<()> {
        if let Some(engine) = self.engine {
            return engine.run(stop).await.context("the embedded ClickHouse");
        }
        stop.cancelled().await;
        Ok(())
    }
}
