//! ClickHouse: the embedded engine, the schema, the writing of facts, typed queries.
//!
//! Facts are written absolute and versioned, so writing any row again, late or twice, is harmless
//! (`rows_are_absolute`); that is why every fault here may be answered by doing the same again.
//! Nothing waits for ever: each call has a time limit, and a limit that passed means "unknown".
//!
//! - [`engine`]: ClickHouse as a child process of ours, closed to everyone but us
//! - [`Client`]: a connection, its health, and [`Fault`], why it did not answer
//! - [`migrations`]: the tables and the views `v_*`
//! - [`Writer`]: facts, settings and the watermark
//! - [`query`]: reports' SQL, as the user that may only read
#![deny(unsafe_code)]

mod checksum;
pub mod client;
pub mod engine;
pub mod hdr;
pub mod migrations;
pub mod query;
pub mod read;
#[cfg(feature = "testing")]
pub mod testing;
pub mod writer;

pub use client::{Client, Connection, Fault};
pub use engine::Engine;
pub use query::{Query, QueryError, Table};
pub use writer::{Watermark, WatermarkError, Writer};
