//! The shell around the fold: events in, durable, observed, and out into ClickHouse.
//!
//! ```text
//! Handle::submit ──> journal (committer thread) ──> Dispatch ──> worker (fold thread) ──> reply
//!                                                                  │ gather
//!                                                                  └──> Flusher ──> ClickHouse
//! ```
//! - [`handle`]: what the doors hold; [`record`]: what stands in the journal
//! - `crew`, `worker`: the fold's threads, one writer an account
//! - `flush`: rows out; `checkpoint`, `dedup`, `keeper`, `recover`: the state on disk and back
//! - [`ledger`]: the two sums; [`status`]: how it stands; [`metrics`]: for Prometheus
//! - [`service`]: all of it opened, run and stopped

#![forbid(unsafe_code)]

mod checkpoint;
mod crew;
mod dedup;
mod flush;
pub mod handle;
mod keeper;
pub mod ledger;
mod meta;
pub mod metrics;
mod observer;
mod publish;
mod quarantine;
pub mod record;
mod recover;
pub mod service;
pub mod status;
mod worker;

pub use flush::FlushError;
pub use handle::{Handle, Receipt, Submission, SubmitError};
pub use keeper::KeepConfig;
pub use quarantine::Quarantined;
pub use recover::RecoverError;
pub use service::{AccountSettings, Config, Error, Service, World};
pub use status::{Phase, Status, WarehouseState};
