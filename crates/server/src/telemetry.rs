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
    Ok(handle)
}

/// Says on standard error what went wrong, and why.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a program that failed"
)]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("trunkline: {error:#}");
}
