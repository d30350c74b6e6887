//! The configuration file: one declarative TOML, every key also as environment
//! `TRUNKLINE__SECTION__KEY`, unknown keys an error with a suggestion.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_model::settings::{Account, Span};

mod check;
mod load;

pub(crate) use load::{Environment, load, read};

/// The commented example that `trunkline config example` prints.
pub(crate) const EXAMPLE: &str = include_str!("config/example.toml");

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    /// Where the service listens and keeps its data.
    pub(crate) server: Server,
    /// The journal.
    pub(crate) journal: Journal,
    /// ClickHouse.
    pub(crate) warehouse: Warehouse,
    /// How long things are remembered in memory.
    pub(crate) fold: Fold,
    /// How long data is kept.
    pub(crate) retention: Retention,
    /// The tenants.
    #[serde(rename = "account")]
    pub(crate) accounts: Vec<Account>,
}

/// Where the service listens and keeps its data.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address and port to listen on. Default `127.0.0.1:8080`; port 0 takes a free one.
    pub(crate) listen: String,
    /// The address under which browsers and others reach the service, where a proxy hides it.
    pub(crate) public_url: Option<String>,
    /// The folder of everything that is kept. Default `./data`.
    pub(crate) data_dir: PathBuf,
    /// Addresses of our own proxies. Connections from them are not counted against
    /// `max_connections_per_ip`, and who asks through them is the last address of `X-Forwarded-For` that is
    /// none of theirs: `visits_per_minute` and a hook's `allow_ips` go by it. Behind a proxy that is not named
    /// here all visitors of a site are one address. Default none.
    pub(crate) trusted_proxies: Vec<String>,
    /// Fold workers. Default: as many as there are cores.
    pub(crate) workers: Option<usize>,
    /// Seconds within which a request's head must have come. Default 5.
    pub(crate) header_timeout_s: u64,
    /// Seconds within which a request's body must have come, in which it may pause for 10 at most.
    /// Default 30.
    pub(crate) body_timeout_s: u64,
    /// Connections in all. Default 10000.
    pub(crate) max_connections: usize,
    /// Connections of one address. Default 1000.
    pub(crate) max_connections_per_ip: usize,
    /// Visits that one address may begin or go on with in a minute; it may tell of ten times as
    /// many pages and beats. It keeps one address from filling the journal, not from taking a pool empty: see
    /// `PoolEmpty` in the runbook. This machine is spared; 0 allows any number. Default 60.
    pub(crate) visits_per_minute: u32,
}

/// The journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// Size of a segment in MiB. Default 64.
    pub(crate) segment_mb: u64,
    /// Free MiB of the disk below which events are refused. Default 512.
    pub(crate) reserve_mb: u64,
    /// Milliseconds that a request may be expected to wait for the disk behind others; beyond, it is
    /// refused at once, unless it fits into the next batch of 1 MiB. Default 25.
    pub(crate) wait_ms: u64,
    /// How batches are stored: `none` or `lz4`. Default `none`.
    pub(crate) compression: Compression,
}

/// How batches of the journal are stored.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Compression {
    /// As they are.
    #[default]
    None,
    /// Each compressed with LZ4 where that is smaller.
    Lz4,
}

/// ClickHouse. Without `url` the embedded one is started.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Warehouse {
    /// Address of a ClickHouse server, such as `http://127.0.0.1:8123`.
    pub(crate) url: Option<String>,
    /// Its user. Default `default`.
    pub(crate) user: String,
    /// Its password; better as `password_file`, or `env:NAME`.
    pub(crate) password: String,
    /// The database. Default `trunkline`.
    pub(crate) database: String,
    /// Path of `libchdb.so` or of a `clickhouse` program, for the embedded ClickHouse. Default:
    /// looked for beside the program, in `.engine` (where `make build` puts it), and on the PATH.
    pub(crate) engine: Option<PathBuf>,
    /// Memory of the embedded ClickHouse in MiB. Default 1500.
    pub(crate) memory_mb: u64,
}

/// How long things are remembered in memory, counted from arrival.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fold {
    /// How long after its last event a conversation's timeline and a call's phases stay in memory; of
    /// something late that comes after that, they are read back, from ClickHouse and from
    /// `state/shelves`: no figure depends on it. Default `48h`.
    pub(crate) horizon: Span,
    /// How long an event is known by its id alone; after that, a message is found again by its time
    /// and id. Default `7d`.
    pub(crate) window: Span,
}

/// How long data is kept, counted from arrival.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Retention {
    /// How long the journal is kept, counted back from the last arrival. Default `400d`.
    pub(crate) journal: Span,
    /// How long ClickHouse keeps messages, changes, conversations and calls of which nothing arrives any
    /// more, counted back from the last arrival; looked at once a day. Default `25 months`.
    pub(crate) facts: Span,
}

impl Default for Fold {
    fn default() -> Self {
        Self {
            horizon: Span::hours(48),
            window: Span::hours(7 * 24),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: None,
            data_dir: "./data".into(),
            trusted_proxies: Vec::new(),
            workers: None,
            header_timeout_s: 5,
            body_timeout_s: 30,
            max_connections: 10_000,
            max_connections_per_ip: 1000,
            visits_per_minute: 60,
        }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            segment_mb: 64,
            reserve_mb: 512,
            wait_ms: 25,
            compression: Compression::None,
        }
    }
}

impl Default for Warehouse {
    fn default() -> Self {
        Self {
            url: None,
            user: "default".into(),
            password: String::new(),
            database: "trunkline".into(),
            engine: None,
            memory_mb: 1500,
        }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            journal: Span::days(400),
            facts: Span::Months(25),
        }
    }
}
