//! How the service stands: `/healthz`, `/readyz`, `/metrics`. They say nothing of any account.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, FORWARDED, VIA};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::settings::Scope;
use trunkline_pipeline::{Phase, WarehouseState};

use crate::connection::Peer;
use crate::openapi::{Group, Operation, Shape};
use crate::problem::Problem;
use crate::routes::Shared;

/// How the service stands.
#[derive(Debug, Serialize, JsonSchema)]
struct Readiness {
    /// `starting`, `ready` or `draining`.
    #[schemars(extend("enum" = ["starting", "ready", "draining"]))]
    status: &'static str,
    /// `connecting`, `up` or `down`.
    #[schemars(extend("enum" = ["connecting", "up", "down"]))]
    warehouse: &'static str,
    /// What kind of fault keeps ClickHouse away, as one stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    warehouse_fault: Option<&'static str>,
    /// `writable` or `refusing`.
    #[schemars(extend("enum" = ["writable", "refusing"]))]
    journal: &'static str,
}

/// Says that the process answers, and no more.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}

/// Says whether events are taken in: 503 while starting or draining, else 200, also while
/// ClickHouse is away.
pub(crate) async fn readyz(State(shared): State<Shared>) -> Response {
    let now = shared.pipeline.status();
    let phase = if shared.draining.begun() {
        Phase::Draining
    } else {
        now.phase
    };
    let (code, status) = match phase {
        Phase::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
        Phase::Ready => (StatusCode::OK, "ready"),
        Phase::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
    };
    let readiness = Readiness {
        status,
        warehouse: now.warehouse.word(),
        warehouse_fault: match now.warehouse {
            WarehouseState::Down { kind, .. } => Some(kind),
            WarehouseState::Connecting | WarehouseState::Up => None,
        },
        journal: if now.journal.is_some() {
            "refusing"
        } else {
            "writable"
        },
    };
    (code, Json(readiness)).into_response()
}

/// Renders the metrics for a token with scope read, or for this machine itself.
pub(crate) async fn metrics(
    State(shared): State<Shared>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !of_this_machine(peer.map(|Extension(peer)| peer), &headers) {
        shared
            .directory
            .load()
            .admit(&headers, Scope::Read, (shared.clock)())?;
    }
    crate::metrics::bodies_in_flight(shared.bodies.claimed());
    let text = (shared.api.metrics)();
    Ok((
        [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response())
}

pub(crate) fn about_healthz() -> Operation {
    Operation::new(Group::Service, "healthz", "Says that the process answers")
        .answers(200, "`ok`", "text/plain", Shape::text())
        .sample("Does it answer?", "/healthz")
}

pub(crate) fn about_readyz() -> Operation {
    Operation::new(Group::Service, "readyz", "Says whether events are taken in")
        .json::<Readiness>(200, "They are, also while ClickHouse is away.")
        .json::<Readiness>(503, "They are not: the service is starting or stopping.")
        .sample("Is it ready?", "/readyz")
}

pub(crate) fn about_metrics() -> Operation {
    Operation::new(Group::Service, "metrics", "Gives the metrics")
        .about("In the text format of Prometheus. From this machine itself without a token.")
        .scope(Scope::Read)
        .or_without_token()
        .answers(200, "The metrics.", "text/plain", Shape::text())
        .sample("All metrics", "/metrics")
}

/// Whether the peer is on this machine and does not speak for another, as a proxy would.
fn of_this_machine(peer: Option<Peer>, headers: &HeaderMap) -> bool {
    let forwarded = headers.contains_key(FORWARDED)
        || headers.contains_key(VIA)
        || headers
            .keys()
            .any(|name| name.as_str().starts_with("x-forwarded") || name == "x-real-ip");
    peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback()) && !forwarded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(address: &str, header: Option<&'static str>) -> bool {
        let headers = header.map(|name| (name.parse().unwrap(), "x".parse().unwrap()));
        of_this_machine(
            Some(Peer(address.parse().unwrap())),
            &headers.into_iter().collect(),
        )
    }

    #[test]
    fn only_this_machine_itself_is_let_in_without_a_token() {
        assert!(seen("127.0.0.1:9", None));
        assert!(seen("[::1]:9", None));
        assert!(seen("[::ffff:127.0.0.1]:9", None));
        assert!(!seen("192.0.2.1:9", None));
        assert!(!seen("127.0.0.1:9", Some("x-forwarded-for")));
        assert!(!seen("127.0.0.1:9", Some("forwarded")));
        assert!(!of_this_machine(None, &HeaderMap::new()));
    }
}
