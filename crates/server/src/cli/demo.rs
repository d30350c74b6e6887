//! Options of `demo`.

use std::path::PathBuf;

use clap::Args;

/// Options of `demo`. What decides the events is remembered in the data folder, and need not be
/// given again.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the demo keeps its data: a new folder, or that of an earlier demo, which then goes on.
    /// Default: a new folder in ./data.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// The address to listen on.
    #[arg(
        long,
        env = "TRUNKLINE__SERVER__LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: String,
    /// How many days of history there are at the first start [default: 30].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) days: Option<u32>,
    /// How many managers the company has [default: 12].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) managers: Option<u32>,
    /// New conversations of a weekday [default: 400].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: Option<u32>,
    /// Decides everything that chance decides [default: 1].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Sends nothing after the first report; the service goes on.
    #[arg(long)]
    pub(crate) no_live: bool,
}
