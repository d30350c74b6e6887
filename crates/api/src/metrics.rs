//! The figures of the doors, declared once. Labels are enums of ours, never anything received.

#![expect(
    clippy::disallowed_macros,
    reason = "the one place of this room that declares metrics"
)]

use std::time::Duration;

use ::metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram};
use ::metrics::{gauge, histogram};
use trunkline_model::batch::Parsed;
use trunkline_model::event::Code;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

/// Why a connection was refused or given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The cap of all connections.
    TooMany,
    /// The cap of one address.
    TooManyFromOne,
    /// The head of a request came too slowly.
    SlowHead,
    /// An answer was not taken.
    SlowReader,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 4] = [
        Self::TooMany,
        Self::TooManyFromOne,
        Self::SlowHead,
        Self::SlowReader,
    ];

    /// The label's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooManyFromOne => "too_many_from_one",
            Self::SlowHead => "slow_head",
            Self::SlowReader => "slow_reader",
        }
    }
}

/// A way in for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `POST /v1/events`.
    Events,
    /// `GET /v1/stream`.
    Stream,
    /// `/v1/hooks/{hook}`.
    Hooks,
}

impl Source {
    const ALL: [Self; 3] = [Self::Events, Self::Stream, Self::Hooks];

    /// The label's value.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Stream => "stream",
            Self::Hooks => "hooks",
        }
    }
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HookOutcome {
    /// Its events were taken in, if it told of any.
    Taken,
    /// The provider only asked whether we are there.
    Greeting,
    /// It was not verified.
    Unverified,
    /// It told of a kind that we do not know.
    Unknown,
    /// It was not written as the provider writes.
    Unreadable,
}

impl HookOutcome {
    /// The label's value.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Greeting => "greeting",
            Self::Unverified => "unverified",
            Self::Unknown => "unknown",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Events that came together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    received_at: Time,
    newest: Time,
}

impl Arrival {
    /// Notes events that came now; none if there are none.
    pub(crate) fn of(events: &Parsed, now: Time) -> Option<Self> {
        events.newest().map(|newest| Self {
            received_at: now,
            newest,
        })
    }

    /// Gives when the newest of them happened.
    pub(crate) const fn newest(self) -> Time {
        self.newest
    }
}

const DURATION: &str = "trunkline_http_request_duration_seconds";
const BODY_BYTES: &str = "trunkline_request_body_bytes";
const PROBLEMS: &str = "trunkline_http_problems_total";
const CONNECTIONS: &str = "trunkline_http_connections";
const CONNECTIONS_REFUSED: &str = "trunkline_http_connections_refused_total";
const STREAMS: &str = "trunkline_streams";
const STREAMS_CLOSED: &str = "trunkline_streams_closed_total";
const STREAM_FRAMES: &str = "trunkline_stream_frames_total";
const STREAM_BATCH: &str = "trunkline_stream_batch_frames";
const STREAM_ACK: &str = "trunkline_stream_ack_seconds";
const HOOKS: &str = "trunkline_hook_requests_total";
const LINKS: &str = "trunkline_hook_links";
const VISITS: &str = "trunkline_visits_total";
const LAST_ARRIVAL: &str = "trunkline_source_last_arrival_seconds";
const LAG: &str = "trunkline_ingest_lag_seconds";
const BODIES_IN_FLIGHT: &str = "trunkline_request_bodies_in_flight_bytes";

/// The buckets of the histograms of this room, for the recorder: name and upper bounds.
pub const BUCKETS: [(&str, &[f64]); 5] = [
    (
        STREAM_BATCH,
        &[
            1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0,
        ],
    ),
    (
        STREAM_ACK,
        &[
            0.000_2, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ],
    ),
    (
        LAG,
        &[
            0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0,
        ],
    ),
    (
        DURATION,
        &[
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ],
    ),
    (
        BODY_BYTES,
        &[
            256.0,
            1_024.0,
            4_096.0,
            16_384.0,
            65_536.0,
            262_144.0,
            1_048_576.0,
            4_194_304.0,
            20_000_000.0,
        ],
    ),
];

/// Describes every metric of this room and starts the counters at zero.
pub fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time from a request's head to its answer, by route, method and status."
    );
    describe_histogram!(
        BODY_BYTES,
        Unit::Bytes,
        "Size of event bodies after decompression."
    );
    describe_counter!(
        PROBLEMS,
        "Requests refused as a whole, by the code of the problem."
    );
    describe_gauge!(CONNECTIONS, "Connections open now.");
    describe_counter!(
        CONNECTIONS_REFUSED,
        "Connections refused or given up, by reason."
    );
    describe_gauge!(
        BODIES_IN_FLIGHT,
        Unit::Bytes,
        "Memory claimed by event bodies in flight."
    );
    describe_gauge!(STREAMS, "Streams open now, after their token was accepted.");
    describe_counter!(
        STREAMS_CLOSED,
        "Streams that ended, by reason: those of docs/errors.md, `closed` by the peer, or `lost`."
    );
    describe_counter!(STREAM_FRAMES, "Frames of streams that were parsed.");
    describe_histogram!(
        STREAM_BATCH,
        "Frames of a stream that went into the journal together: how well acknowledgements are shared."
    );
    describe_histogram!(
        STREAM_ACK,
        Unit::Seconds,
        "Time from handing frames to the journal to their acknowledgement."
    );
    describe_sources();
    begin();
}

/// Describes those of what comes by itself: webhooks, pages, the age of what arrives.
fn describe_sources() {
    describe_counter!(
        HOOKS,
        "Webhooks, and what came through connections to providers, by provider and by what became of them."
    );
    describe_gauge!(
        LINKS,
        "Connections to providers that stand now, their logins taken, by provider."
    );
    describe_counter!(
        VISITS,
        "Answers to pages of sites with a pool, by `served`: `false` were shown the fallback, or nothing."
    );
    describe_gauge!(
        LAST_ARRIVAL,
        "When events were last taken in, in seconds since 1970, by source; absent until the first since the start."
    );
    describe_histogram!(
        LAG,
        Unit::Seconds,
        "Time from the newest event of a request or append to its arrival, by source: `events` (POST /v1/events) or `stream` (imports too)."
    );
}

/// Shows what is known beforehand as zero: what appears with its first value has no rate until the
/// second.
fn begin() {
    let _ = histogram!(STREAM_ACK);
    for source in Source::ALL {
        let _ = histogram!(LAG, "source" => source.as_str());
    }
    gauge!(STREAMS).set(0.0);
    counter!(STREAM_FRAMES).absolute(0);
    for reason in crate::stream::endings() {
        counter!(STREAMS_CLOSED, "reason" => *reason).absolute(0);
    }
    gauge!(CONNECTIONS).set(0.0);
    gauge!(BODIES_IN_FLIGHT).set(0.0);
    for served in ["true", "false"] {
        counter!(VISITS, "served" => served).absolute(0);
    }
    for reason in Reason::ALL {
        counter!(CONNECTIONS_REFUSED, "reason" => reason.as_str()).absolute(0);
    }
    let codes = crate::problem::codes().iter().map(|info| info.code);
    for code in codes.chain(Code::ALL.iter().map(|code| code.as_str())) {
        counter!(PROBLEMS, "code" => code).absolute(0);
    }
}

/// Records an answered request.
pub(crate) fn answered(
    route: &'static str,
    method: &'static str,
    status: &'static str,
    took: Duration,
) {
    histogram!(DURATION, "route" => route, "method" => method, "status" => status).record(took);
}

/// Counts a request refused as a whole.
pub(crate) fn refused(code: &'static str) {
    counter!(PROBLEMS, "code" => code).increment(1);
}

/// Records an event body's size.
pub(crate) fn body(bytes: usize) {
    histogram!(BODY_BYTES).record(bytes as f64);
}

/// Shows what all bodies hold.
pub(crate) fn bodies_in_flight(bytes: usize) {
    gauge!(BODIES_IN_FLIGHT).set(bytes as f64);
}

/// Shows how many streams are open.
pub(crate) fn streams_open(open: usize) {
    gauge!(STREAMS).set(open as f64);
}

/// Counts a stream that ended.
pub(crate) fn stream_closed(reason: &'static str) {
    counter!(STREAMS_CLOSED, "reason" => reason).increment(1);
}

/// Counts frames of a stream that go into the journal together.
pub(crate) fn frames(count: usize) {
    counter!(STREAM_FRAMES).increment(count as u64);
    histogram!(STREAM_BATCH).record(count as f64);
}

/// Counts an answer to a page of a site with a pool.
pub(crate) fn visit(served: bool) {
    let served = if served { "true" } else { "false" };
    counter!(VISITS, "served" => served).increment(1);
}

/// Counts a webhook.
pub(crate) fn hook(provider: &'static str, outcome: HookOutcome) {
    counter!(HOOKS, "provider" => provider, "outcome" => outcome.as_str()).increment(1);
}

/// Shows that a connection to a provider stands, or does not any more.
pub(crate) fn linked(provider: &'static str, stands: bool) {
    let change = if stands { 1.0 } else { -1.0 };
    gauge!(LINKS, "provider" => provider).increment(change);
}

/// Records how long frames waited for the disk.
pub(crate) fn acknowledged(took: Duration) {
    histogram!(STREAM_ACK).record(took);
}

/// Notes events that are on stable storage.
pub(crate) fn arrived(source: Source, arrival: Arrival) {
    let Arrival {
        received_at,
        newest,
    } = arrival;
    let seconds = |millis: i64| millis as f64 / 1000.0;
    gauge!(LAST_ARRIVAL, "source" => source.as_str()).set(seconds(received_at.millis()));
    histogram!(LAG, "source" => source.as_str()).record(seconds(received_at.since(newest)));
}

/// Shows how many connections are open.
pub(crate) fn connections_open(open: usize) {
    gauge!(CONNECTIONS).set(open as f64);
}

/// Counts a connection refused or given up.
pub(crate) fn connection_refused(reason: Reason) {
    counter!(CONNECTIONS_REFUSED, "reason" => reason.as_str()).increment(1);
}
