//! What surrounds every request: an id, a span, a time limit, a caught panic, figures.
//!
//! The span carries the id, the method and the route's pattern: never the path's or query's own
//! text, a header or an address, so that no token and no phone number can reach the log. A request
//! that its peer gave up is recorded with the status 499.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use crate::metrics;
use crate::problem::{Code, Problem, Refused};
use crate::routes::label;

/// The header that names a request, taken from the sender if it is sane, else made.
const REQUEST_ID: &str = "x-request-id";

/// What a route is called that is none of ours.
const NO_ROUTE: &str = "none";

/// Surrounds a request.
pub(crate) async fn surround(
    State(limit): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let id = request_id(&request);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or(NO_ROUTE, route);
    let mut record = Record {
        route,
        method: method(request.method()),
        status: 499,
        started: Instant::now(),
    };
    // At the debug level: a span of each request, formatted, costs a tenth of a small request. What
    // must be found at the usual level carries the id itself.
    let span = tracing::debug_span!(
        "request",
        request.id = id.to_str().unwrap_or_default(),
        http.method = record.method,
        http.route = route,
    );
    let answer = timeout(limit, next.run(request));
    let answered = answer.instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| {
        Problem::new(Code::TimedOut, "the answer took too long").into_response()
    });
    let _in_span = span.enter();
    record.status = response.status().as_u16();
    if let Some(Refused(code)) = response.extensions().get().copied() {
        metrics::refused(code);
        tracing::debug!(code, "a request was refused");
    }
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(
            request.id = id.to_str().unwrap_or_default(),
            http.route = route,
            "a request failed inside the service"
        );
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    // Only files whose address changes with their content may be kept.
    let kept = HeaderValue::from_static("no-store");
    headers.entry(CACHE_CONTROL).or_insert(kept);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers for a handler that panicked; the panic's own text only goes to the log.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that catch-panic wants"
)]
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = message, "a handler panicked");
    Problem::new(Code::Internal, "a fault of the service; see its log").into_response()
}

/// Records a request when it is over, however it ends.
struct Record {
    route: &'static str,
    method: &'static str,
    status: u16,
    started: Instant,
}

impl Drop for Record {
    fn drop(&mut self) {
        metrics::answered(
            self.route,
            self.method,
            status(self.status),
            self.started.elapsed(),
        );
    }
}

fn request_id(request: &Request) -> HeaderValue {
    let sane = |id: &HeaderValue| {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        (1..=64).contains(&id.len()) && id.as_bytes().iter().all(allowed) && !phone_like(id)
    };
    match request.headers().get(REQUEST_ID) {
        Some(id) if sane(id) => id.clone(),
        _ => new_id(),
    }
}

/// Whether an id is nothing but digits and signs: it could be a phone number, and goes to the log.
fn phone_like(id: &HeaderValue) -> bool {
    !id.as_bytes().iter().any(u8::is_ascii_alphabetic)
}

fn new_id() -> HeaderValue {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("r{:016x}", KEY.hash_one(count));
    HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("r0"))
}

fn route(path: &MatchedPath) -> &'static str {
    label(path.as_str()).unwrap_or(NO_ROUTE)
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn status(status: u16) -> &'static str {
    match status {
        101 => "101",
        200 => "200",
        202 => "202",
        204 => "204",
        303 => "303",
        304 => "304",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        413 => "413",
        415 => "415",
        422 => "422",
        426 => "426",
        429 => "429",
        499 => "499",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}
