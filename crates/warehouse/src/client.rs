//! A connection to ClickHouse over HTTP.
//!
//! Bodies travel uncompressed: on loopback compression only costs. No call outlives its limit; what
//! became of a call whose limit passed is unknown, and it is up to the caller to ask or to repeat.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

mod connection;
mod fault;

pub use connection::{Connection, ConnectionError};
pub use fault::Fault;

/// How long a health check may take.
pub const HEALTH_LIMIT: Duration = Duration::from_secs(3);
/// How long a small read of our own tables may take.
pub const READ_LIMIT: Duration = Duration::from_secs(20);
/// How long one INSERT may take.
pub const INSERT_LIMIT: Duration = Duration::from_secs(30);
/// How long one statement of a migration may take.
pub const DDL_LIMIT: Duration = Duration::from_mins(2);

/// Speaks to one database as one ClickHouse user. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: clickhouse::Client,
    connection: Arc<Connection>,
    gate: Option<watch::Receiver<bool>>,
}

impl Client {
    /// Makes a client; connects when first used.
    pub fn new(connection: Connection) -> Self {
        let http = clickhouse::Client::default()
            .with_url(connection.url())
            .with_user(connection.user())
            .with_password(connection.password())
            .with_compression(clickhouse::Compression::None);
        Self {
            http,
            connection: Arc::new(connection),
            gate: None,
        }
    }

    /// Lets calls through only while `gate` is true: while it is false nothing is sent, in
    /// particular no password to whoever else may listen on the engine's port.
    pub(crate) fn gated(mut self, gate: watch::Receiver<bool>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Gives the connection it was made for.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the name of the database.
    pub fn database(&self) -> &str {
        self.connection.database()
    }

    /// Asks ClickHouse for its version, which takes a connection and a valid password.
    pub async fn health(&self) -> Result<String, Fault> {
        let version = self
            .http
            .query_raw("SELECT version()")
            .fetch_one::<String>();
        self.within(HEALTH_LIMIT, version).await
    }

    /// Reads a few rows of our own tables, all columns in the order of `T`.
    pub(crate) async fn rows<T>(&self, sql: &str) -> Result<Vec<T>, Fault>
    where
        T: clickhouse::RowOwned + clickhouse::RowRead,
    {
        self.within(READ_LIMIT, self.http.query_raw(sql).fetch_all::<T>())
            .await
    }

    /// Runs a statement that returns nothing.
    pub(crate) async fn execute(&self, sql: &str, limit: Duration) -> Result<(), Fault> {
        self.within(limit, self.http.query_raw(sql).execute()).await
    }

    /// Waits for `work` at most `limit`, and not at all while the gate is shut.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = clickhouse::error::Result<T>>,
    ) -> Result<T, Fault> {
        if self.gate.as_ref().is_some_and(|gate| !*gate.borrow()) {
            return Err(Fault::Unreachable(
                "the embedded engine is not running yet; it is being started".to_owned(),
            ));
        }
        match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome.map_err(Fault::from),
            Err(_) => Err(Fault::Timeout(limit)),
        }
    }

    /// Gives the official client, without a database.
    pub(crate) fn http(&self) -> &clickhouse::Client {
        &self.http
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.connection.fmt(f)
    }
}
