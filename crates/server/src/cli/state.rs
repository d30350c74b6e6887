//! Options of `status` and `doctor`.

use std::path::PathBuf;

use clap::Args;

/// Options of `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The address of the service.
    #[arg(long, env = "TRUNKLINE_URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// A token with the scope admin, for the last refused events of its account; with the scope
    /// read, for a service on another machine.
    #[arg(long, env = "TRUNKLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// For how many seconds the rates are measured.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Goes before `server.data_dir` of the configuration.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A token with the scope admin: a running service is asked what came of the account's hooks.
    #[arg(long, env = "TRUNKLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}
