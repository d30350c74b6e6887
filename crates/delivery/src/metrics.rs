//! The metrics of outgoing webhooks, declared once. No label is an account's word.

#![expect(
    clippy::disallowed_macros,
    reason = "this is the room's metrics module"
)]

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::handle::Handle;
use crate::outbox::Outcome;

/// What may come of a try, as the label `outcome`.
const OUTCOMES: [&str; 3] = ["delivered", "failed", "gone"];

/// Histograms and their bounds: the exporter must be told, or it would render summaries.
pub const BUCKETS: &[(&str, &[f64])] = &[(
    "trunkline_webhook_delay_seconds",
    &[
        0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 5.0, 60.0, 3600.0,
    ],
)];

/// Registers help and unit of every metric, and makes all show 0.
pub fn describe() {
    describe_counter!(
        "trunkline_webhook_tries_total",
        "Requests to receivers of outgoing webhooks, by outcome"
    );
    describe_counter!(
        "trunkline_webhook_file_failures_total",
        "Failed tries to write state/outbox. Not zero: look at the disk"
    );
    describe_gauge!(
        "trunkline_webhook_waiting",
        "Notices that wait to be delivered"
    );
    describe_gauge!(
        "trunkline_webhook_dead",
        "Notices that were given up; POST /v1/admin/webhooks/{webhook}/replay sends them again"
    );
    describe_histogram!(
        "trunkline_webhook_delay_seconds",
        Unit::Seconds,
        "From the arrival of what a notice tells to its delivery, of those taken at the first try"
    );
    for outcome in OUTCOMES {
        counter!("trunkline_webhook_tries_total", "outcome" => outcome).absolute(0);
    }
    counter!("trunkline_webhook_file_failures_total").absolute(0);
}

/// Exports how the outbox stands.
pub fn export(handle: &Handle) {
    let (waiting, dead) = handle.counts();
    gauge!("trunkline_webhook_waiting").set(waiting as f64);
    gauge!("trunkline_webhook_dead").set(dead as f64);
}

pub(crate) fn tried(outcome: &Outcome, attempt: u32, delay_ms: i64) {
    let word = match outcome {
        Outcome::Delivered => OUTCOMES[0],
        Outcome::Failed(_) | Outcome::Silent(_) => OUTCOMES[1],
        Outcome::Gone(_) => OUTCOMES[2],
    };
    counter!("trunkline_webhook_tries_total", "outcome" => word).increment(1);
    if *outcome == Outcome::Delivered && attempt == 1 {
        histogram!("trunkline_webhook_delay_seconds").record(delay_ms.max(0) as f64 / 1000.0);
    }
}

pub(crate) fn not_written() {
    counter!("trunkline_webhook_file_failures_total").increment(1);
}
