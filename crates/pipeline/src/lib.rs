//! The shell around the fold: events in, durable, observed, and out into ClickHouse.
//!
//! ```text
//! Handle::submit ──> journal (committer thread) ──> Dispatch ──> worker (fold thread) ──> reply
//!                                                                  │ gather
//!                                                                  └──> Flusher ──> ClickHouse
//! ```
//! - [`handle`]: what the doors hold; [`record`]: what stands in the journal
//! - `tracked`: the state of one account
//! - `crew`, `worker`: the fold's threads, one writer an account
//! - `flush`: rows out; `read_back`: rows in again; `checkpoint`, `dedup`, `keeper`, `recover`: the state on disk and back
//! - `shelf`: calls beyond the horizon, outside the memory
//! - `visits`: what pages of sites ask
//! - `live`: what readers see of the fold
//! - `streams`: how far each named stream is in the journal
//! - [`audit`]: what ClickHouse holds against what the journal gives
//! - [`ledger`]: the two sums; [`status`]: how it stands; [`metrics`]: for Prometheus
//! - [`service`]: all of it opened, run and stopped

#![forbid(unsafe_code)]

pub mod audit;
mod checkpoint;
mod crew;
mod dedup;
mod flush;
pub mod handle;
mod keeper;
pub mod ledger;
mod live;
mod meta;
pub mod metrics;
mod observer;
mod publish;
mod quarantine;
mod read_back;
pub mod record;
mod recover;
pub mod service;
mod shelf;
pub mod status;
mod streams;
mod tracked;
mod visits;
mod worker;

pub use flush::FlushError;
pub use handle::{Durable, Handle, Mark, Receipt, Submission, SubmitError};
pub use keeper::KeepConfig;
pub use live::{CallGoesOn, LiveAccount, PoolStands, Waits};
pub use quarantine::Quarantined;
pub use recover::RecoverError;
pub use service::{AccountSettings, Config, Error, Service, World};
pub use status::{Phase, Status, WarehouseState};
pub use streams::{AttachError, Lease};
pub use trunkline_calltracking::{Attribution, Candidate, Reason, Source};
pub use trunkline_rollup::cells::{Cell, Definition, Distribution};
pub use visits::{Behind, Decision, Held, Sign, Signed, VisitAsk};
