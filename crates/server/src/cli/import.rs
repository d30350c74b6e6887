//! Options of `import`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

/// Options of `import`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["file", "undo"]))]
#[command(group = ArgGroup::new("by").args(["map", "provider"]))]
pub(crate) struct Import {
    /// The file: CSV, TSV, NDJSON or Parquet.
    #[arg(value_name = "FILE", requires = "by")]
    pub(crate) file: Option<PathBuf>,
    /// The map from its columns to events: a file, or one that is shipped by its name, like `spend`.
    #[arg(long, value_name = "MAP.toml")]
    pub(crate) map: Option<PathBuf>,
    /// The provider whose export of call records the file is; it fills in what its webhooks missed.
    #[arg(long, value_name = "NAME", requires = "hook")]
    pub(crate) provider: Option<String>,
    /// The hook of that provider.
    #[arg(long, value_name = "HOOK", requires = "provider")]
    pub(crate) hook: Option<String>,
    /// The zone of times without one, if no configuration says it.
    #[arg(long, value_name = "ZONE", requires = "provider")]
    pub(crate) timezone: Option<String>,
    /// How the file is written; else its name says it.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Reads and checks everything, says what would be refused and why, and sends nothing.
    #[arg(long, conflicts_with = "undo")]
    pub(crate) dry_run: bool,
    /// Takes an import back: the figures become what they would be without it.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["map", "provider"])]
    pub(crate) undo: Option<String>,
    /// The service to send to.
    #[command(flatten)]
    pub(crate) service: Service,
}

/// A service to send to.
#[derive(Debug, Args)]
pub(crate) struct Service {
    /// The address of the service.
    #[arg(long, env = "TRUNKLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// A token with the scope ingest.
    #[arg(long, env = "TRUNKLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns with commas between them; the first line names them.
    Csv,
    /// The same with tabs.
    Tsv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}
