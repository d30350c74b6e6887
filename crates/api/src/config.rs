//! The limits of the doors: how long, how many and how large.
//!
//! Every limit has a default that suits a public address. Durations are in milliseconds, sizes in
//! bytes. `Config::default()` is what `trunkline serve` uses.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of connections and of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Limits of connections.
    pub connections: Connections,
    /// Limits of requests.
    pub requests: Requests,
    /// Limits of streams.
    pub streams: Streams,
    /// Addresses of our own proxies: exempt from the cap per address. Default: none.
    pub trusted_proxies: Vec<IpAddr>,
    /// The address under which browsers reach the service, if it is not the one they name.
    /// Default: none.
    pub public_url: Option<String>,
}

/// Limits of connections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// Connections open at once; one more is answered 503 and closed. Default 10,000.
    pub max: usize,
    /// Connections open at once from one address (IPv6: one /64). Default 1,000.
    pub max_per_address: usize,
    /// From the first byte of a request's head (of a new connection: from its start) to the head's
    /// end. Default 5,000 ms.
    pub head_ms: u64,
    /// A kept-alive connection without a byte of a next request, which is closed after one to two
    /// times this. Longer than the pools of usual HTTP libraries (60 s), so that they, not we,
    /// close first. Default 75,000 ms.
    pub idle_ms: u64,
    /// An answer that the peer does not take, measured from the last byte it took.
    /// Default 30,000 ms.
    pub write_ms: u64,
    /// After an early answer: how long the rest of a request is read and thrown away, so that the
    /// peer can read the answer before the connection is reset. Default 1,000 ms.
    pub linger_ms: u64,
    /// Bytes of a request's head. Default 16 KiB.
    pub head_bytes: usize,
    /// Headers of a request. Default 64.
    pub headers: usize,
    /// After the stop signal: how long requests may finish. Default 10,000 ms.
    pub drain_ms: u64,
    /// After the stop signal: how long `/readyz` says 503 before the door closes, for balancers
    /// that poll it. Default 0 ms.
    pub notice_ms: u64,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            max: 10_000,
            max_per_address: 1_000,
            head_ms: 5_000,
            idle_ms: 75_000,
            write_ms: 30_000,
            linger_ms: 1_000,
            head_bytes: 16 * 1024,
            headers: 64,
            drain_ms: 10_000,
            notice_ms: 0,
        }
    }
}

/// Limits of requests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Requests {
    /// From a request's head to its body's end. Default 30,000 ms.
    pub body_ms: u64,
    /// Between two pieces of a body. Default 10,000 ms.
    pub body_idle_ms: u64,
    /// From a request's head to its answer. Default 120,000 ms.
    pub answer_ms: u64,
    /// How long `wait=flushed` waits. Default 30,000 ms (contract §3).
    pub flushed_ms: u64,
    /// Bytes of a body, before and after decompression. Default 20,000,000 (contract §2).
    pub body_bytes: usize,
    /// Bytes of one event. Default 1,000,000 (contract §2).
    pub event_bytes: usize,
    /// Bytes of all bodies held at once. Default 256 MiB.
    pub budget_bytes: usize,
    /// How long a body waits for its share of that budget before 503. Default 1,000 ms.
    pub budget_wait_ms: u64,
    /// Bodies up to this size are parsed in place, larger ones on a blocking thread.
    /// Default 256 KiB.
    pub inline_bytes: usize,
    /// Visits that one address (IPv6: one /64) may begin or go on with in a minute; it may tell of ten
    /// times as many pages and beats. This machine is spared. 0: any number. Default 60.
    pub visits_per_minute: u32,
    /// Reports that ClickHouse is asked for at once; more wait their turn. Default 16.
    pub reports_at_once: usize,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            body_ms: 30_000,
            body_idle_ms: 10_000,
            answer_ms: 120_000,
            flushed_ms: 30_000,
            body_bytes: 20_000_000,
            event_bytes: 1_000_000,
            budget_bytes: 256 * 1024 * 1024,
            budget_wait_ms: 1_000,
            inline_bytes: 256 * 1024,
            visits_per_minute: 60,
            reports_at_once: 16,
        }
    }
}

/// Limits of streams (`GET /v1/stream`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Streams {
    /// Streams of one account open at once; one more is closed with 1013. Default 1,000.
    pub max_per_account: usize,
    /// How long a first frame with the token is waited for. Default 2,000 ms.
    pub token_ms: u64,
    /// Bytes of that first frame. Default 4 KiB.
    pub token_bytes: usize,
    /// Bytes of a message and of a frame. Default 1 MiB.
    pub frame_bytes: usize,
    /// How often an open stream is pinged. Default 20,000 ms.
    pub ping_ms: u64,
    /// A stream from which nothing comes, not even the answer to a ping, is closed with 1008 after
    /// this, or half of `ping_ms` later. Default 60,000 ms.
    pub idle_ms: u64,
    /// Frames that are read while those before are on their way to the disk. Default 1,024.
    pub ahead_frames: usize,
    /// Their bytes; the frame that exceeds them is the last. Default 256 KiB.
    pub ahead_bytes: usize,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            max_per_account: 1_000,
            token_ms: 2_000,
            token_bytes: 4 * 1024,
            frame_bytes: 1024 * 1024,
            ping_ms: 20_000,
            idle_ms: 60_000,
            ahead_frames: 1_024,
            ahead_bytes: 256 * 1024,
        }
    }
}

/// Turns a limit in milliseconds into a duration.
pub(crate) const fn ms(limit: u64) -> Duration {
    Duration::from_millis(limit)
}
