//! One request to a receiver: signed, within [`WITHIN`], over TLS with the machine's certificates.
//! Redirects are not followed. Addresses of private networks are allowed: whoever writes the
//! configuration may reach what the machine reaches.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::rt::Executor;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use trunkline_model::time::Time;

use crate::outbox::{Outcome, Try};
use crate::signature::signature;
use crate::webhook::Webhook;

/// How long a receiver has for its answer.
const WITHIN: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read, so that its connection can be used again.
const READ: usize = 64 * 1024;

/// Who we are.
const NAME: &str = concat!("trunkline/", env!("CARGO_PKG_VERSION"));

/// Sends requests, over connections that are kept for a while.
pub(crate) struct Sender {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Runs connections where they are joined at the end.
#[derive(Clone)]
struct Joined(TaskTracker);

impl<F> Executor<F> for Joined
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, connection: F) {
        self.0.spawn(connection);
    }
}

impl Sender {
    /// Makes a sender whose connections are among `tasks`.
    pub(crate) fn new(tasks: &TaskTracker) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            tracing::warn!(
                "this machine has no certificates to trust: webhooks can be sent to http alone; \
                 install ca-certificates"
            );
        }
        let tls = ClientConfig::builder_with_provider(crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        plain.set_connect_timeout(Some(CONNECTED_WITHIN));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        let http = Client::builder(Joined(tasks.clone()))
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { http })
    }

    /// Makes a try.
    pub(crate) async fn send(&self, made: &Try, webhook: &Webhook, now: Time) -> Outcome {
        let request = match request(made, webhook, now) {
            Ok(request) => request,
            Err(error) => return Outcome::Failed(format!("no request can be made of it: {error}")),
        };
        let answer = async {
            let answer = self.http.request(request).await?;
            let status = answer.status();
            // What it says is of no use, and how it ends neither.
            let _ = Limited::new(answer.into_body(), READ).collect().await;
            Ok::<_, hyper_util::client::legacy::Error>(status)
        };
        match timeout(WITHIN, answer).await {
            Ok(Ok(status)) => outcome(status),
            Ok(Err(error)) => Outcome::Failed(format!("could not be reached: {}", cause(&error))),
            Err(_) => Outcome::Failed(format!("no answer within {} s", WITHIN.as_secs())),
        }
    }
}

fn outcome(status: StatusCode) -> Outcome {
    match status {
        _ if status.is_success() => Outcome::Delivered,
        StatusCode::GONE => Outcome::Gone("answered 410: the receiver wants no more".to_owned()),
        _ if status.is_redirection() => Outcome::Failed(format!(
            "answered {}: redirects are not followed",
            status.as_u16()
        )),
        _ => Outcome::Failed(format!("answered {}", status.as_u16())),
    }
}

fn request(made: &Try, webhook: &Webhook, now: Time) -> Result<Request<Full<Bytes>>, http::Error> {
    let body = Bytes::copy_from_slice(made.notice.body.as_bytes());
    let mut request = Request::post(webhook.url.clone())
        .header("trunkline-event", made.notice.kind.as_str())
        .header("trunkline-event-id", made.notice.id.to_string())
        .header("trunkline-attempt", made.attempt);
    if let Some(secret) = &webhook.secret {
        let signature = signature(secret.expose(), &body, now);
        request = request.header("trunkline-signature", signature);
    }
    let mut request = request.body(Full::new(body))?;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, HeaderValue::from_static(NAME));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(webhook.headers.clone());
    Ok(request)
}

/// Gives the innermost cause, which says most.
fn cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
