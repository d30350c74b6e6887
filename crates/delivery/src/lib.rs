//! Outgoing webhooks: what happened is told to receivers of others, at least once, in order for each
//! contact (`contract.md` §4).
//!
//! ```text
//! fold worker ──> Handle::tell ──> webhooks that want it ──> Outbox ──> sender ──> the receiver
//!                                   where, body               │ state/outbox
//! ```
//! - [`call`]: a call as it is told; `wanted`: which kinds of notices it gives; `source`: what was told of its source;
//!   `twins`: calls that two hooks tell of
//! - [`webhook`]: the webhooks of the configuration; `filter`: their `where`; `template`: their `body`
//! - `outbox`: what waits, what is given up, what was told: a state machine over `now`, no clock in it
//! - `saved`: the outbox on disk; `signature`, `sender`: one request;
//!   [`wire`]: the way to receivers, for others too
//! - [`handle`]: what others hold; [`service`]: the part that sends and writes; [`metrics`]
//!
//! A notice is delivered, given up (a dead letter), or in the file, which also says up to which record
//! of the journal it has all notices. What a crash takes from memory is told again from the journal:
//! receivers know a repetition by its id.

#![forbid(unsafe_code)]

pub mod call;
mod filter;
pub mod handle;
pub mod metrics;
mod outbox;
mod saved;
mod sender;
pub mod service;
mod signature;
mod source;
mod template;
mod twins;
mod wanted;
pub mod webhook;
pub mod wire;

pub use call::{Attribution, Call, Leg};
pub use handle::{DeadLetter, Handle, Listed, Replay, World};
pub use service::Service;
pub use source::Cause;

pub use webhook::{Problem, Webhooks};
