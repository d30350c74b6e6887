//! Options of `simulate`.

use std::path::PathBuf;

use clap::Args;
use trunkline_model::time::{Time, Tz};

use super::Service;

/// Options of `simulate`. Shares are in thousandths.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Decides everything that chance decides: the same seed and options give the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many managers there are.
    #[arg(long, default_value_t = 12)]
    pub(crate) managers: u32,
    /// New conversations of a weekday.
    #[arg(long, default_value_t = 400)]
    pub(crate) rate: u32,
    /// How many days it goes on.
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u32,
    /// When it begins. Default: so that it ends now; with --speed, now.
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<Time>,
    /// Where shifts and quiet hours are.
    #[arg(long, value_name = "ZONE", default_value = "Europe/Madrid")]
    pub(crate) zone: Tz,
    /// Sends so many times as fast as it happens, 1 being live. Default: as fast as it is taken.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "out")]
    pub(crate) speed: Option<u32>,
    /// Days on which a quarter of an hour brings six times as much.
    #[arg(long, default_value_t = 250)]
    pub(crate) bursts: u32,
    /// Conversations that a bot takes first.
    #[arg(long, default_value_t = 350)]
    pub(crate) bots: u32,
    /// Replies before which a manager hands the conversation to another.
    #[arg(long, default_value_t = 40)]
    pub(crate) hand_offs: u32,
    /// Conversations that are closed when they are over.
    #[arg(long, default_value_t = 800)]
    pub(crate) closings: u32,
    /// New calls of a weekday, which also bring calls back.
    #[arg(long, default_value_t = 0)]
    pub(crate) calls: u32,
    /// People who are talked to for the first time, of whom a lead is made; with any, what
    /// advertising cost and what brought a conversation is told as well.
    #[arg(long, default_value_t = 0)]
    pub(crate) leads: u32,
    /// Events that are sent minutes to hours late.
    #[arg(long, default_value_t = 20)]
    pub(crate) late: u32,
    /// Events that are sent twice.
    #[arg(long, default_value_t = 10)]
    pub(crate) repeated: u32,
    /// Writes NDJSON to this file, or to standard output with `-`, and sends nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The service to send to.
    #[command(flatten)]
    pub(crate) service: Service,
}
