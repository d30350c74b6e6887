//! Logs for people on a terminal and JSON otherwise; metrics for Prometheus.

use std::io::IsTerminal;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// What is logged unless `TRUNKLINE_LOG` says otherwise.
const FILTER: &str = "info,hyper=warn,clickhouse=warn";

/// Starts logging to standard error.
pub(crate) fn start_logs(filter: Option<&str>) {
    let filter =
        EnvFilter::try_new(filter.unwrap_or(FILTER)).unwrap_or_else(|_| EnvFilter::new(FILTER));
    let logs = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    if std::io::stderr().is_terminal() {
        logs.init();
    } else {
        logs.json().flatten_event(true).init();
    }
}

/// Installs the recorder; the handle renders what Prometheus scrapes.
pub(crate) fn start_metrics() -> Result<PrometheusHandle> {
    let rooms = [
        trunkline_pipeline::metrics::BUCKETS,
        &trunkline_api::metrics::BUCKETS,
        trunkline_delivery::metrics::BUCKETS,
    ];
    let mut builder = PrometheusBuilder::new();
    for (name, bounds) in rooms.into_iter().flatten() {
        builder = builder.set_buckets_for_metric(Matcher::Full((*name).into()), bounds)?;
    }
    let handle = builder
        .install_recorder()
        .context("could not install the metrics recorder")?;
    trunkline_pipeline::metrics::describe();
    trunkline_api::metrics::describe();
    trunkline_delivery::metrics::describe();
    Ok(handle)
}

/// Says on standard error what went wrong, and why.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a program that failed"
)]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("trunkline: {}", told(error));
}

/// Joins the causes of an error, without those that the one before already told.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    let mut before = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if before.contains(&cause) {
            continue;
        }
        if !told.is_empty() {
            told.push_str(": ");
        }
        told.push_str(&cause);
        before = cause;
    }
    told
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_cause_that_was_told_is_not_told_again() {
        let error = anyhow!("no space")
            .context("could not write a: no space")
            .context("could not write a: no space")
            .context("could not open the journal");
        let expected = "could not open the journal: could not write a: no space";
        assert_eq!(told(&error), expected);
    }
}
