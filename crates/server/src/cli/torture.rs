//! Options of `torture`.

use std::path::PathBuf;

use clap::Args;

/// Options of `torture`.
#[derive(Debug, Args)]
pub(crate) struct Torture {
    /// How long the killing goes on.
    #[arg(long, default_value_t = 1)]
    pub(crate) minutes: u64,
    /// Decides what is sent and what is killed when; not how far either gets.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Senders at once: every other one through a named stream of its own.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    pub(crate) senders: u64,
    /// An empty folder, or one that is not there yet; it is kept. Default: a temporary one, kept
    /// only if something is wrong.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}
