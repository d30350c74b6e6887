//! The way to receivers: HTTP over TLS with the machine's certificates, or plain. Redirects are not
//! followed.
//!
//! [`Poster`] posts what is no notice, like offline conversions, and gives the answer back.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::header::{RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::rt::Executor;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use rustls::{ClientConfig, RootCertStore, crypto};
use thiserror::Error;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// How long a connection may take.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);
/// How long an answer may take that somebody waits for.
const ANSWERED_WITHIN: Duration = Duration::from_mins(1);
/// The most bytes of an answer that are read.
const READ: usize = 4 << 20;

/// Who we are.
pub(crate) const NAME: &str = concat!("trunkline/", env!("CARGO_PKG_VERSION"));

/// Connections that are kept for a while.
pub(crate) type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

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

/// Makes what requests go through, whose connections are among `tasks`.
pub(crate) fn http(tasks: &TaskTracker) -> Result<Http, rustls::Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!(
            "this machine has no certificates to trust: nothing can be sent but to http; \
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
    Ok(Client::builder(Joined(tasks.clone()))
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

/// Gives the innermost cause, which says most.
pub(crate) fn cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Posts, and gives the answers back.
#[derive(Debug)]
pub struct Poster {
    http: Http,
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status code.
    pub status: u16,
    /// After how many seconds to come again, if it says so.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unanswered {
    /// The request never got there.
    #[error("could not be reached: {0}")]
    Unreached(String),
    /// It may have got there.
    #[error("gave no answer: {0}")]
    Unknown(String),
}

impl Poster {
    /// Makes one whose connections are among `tasks`.
    pub fn new(tasks: &TaskTracker) -> Result<Self, rustls::Error> {
        Ok(Self { http: http(tasks)? })
    }

    /// Posts a body with its headers once.
    pub async fn post(
        &self,
        address: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Posted, Unanswered> {
        let mut request = Request::post(address)
            .body(Full::new(body))
            .map_err(|error| Unanswered::Unreached(error.to_string()))?;
        request.headers_mut().extend(headers.clone());
        request
            .headers_mut()
            .insert(USER_AGENT, HeaderValue::from_static(NAME));
        let answer = async {
            let answer = self.http.request(request).await.map_err(|error| {
                let told = cause(&error);
                if error.is_connect() {
                    Unanswered::Unreached(told)
                } else {
                    Unanswered::Unknown(told)
                }
            })?;
            let status = answer.status().as_u16();
            let after = answer.headers().get(RETRY_AFTER);
            let retry_after_s = after.and_then(|after| after.to_str().ok()?.parse().ok());
            let body = Limited::new(answer.into_body(), READ).collect().await;
            let body = body.map_err(|error| Unanswered::Unknown(error.to_string()))?;
            Ok(Posted {
                status,
                retry_after_s,
                body: body.to_bytes(),
            })
        };
        let late = || Unanswered::Unknown(format!("none within {} s", ANSWERED_WITHIN.as_secs()));
        timeout(ANSWERED_WITHIN, answer).await.map_err(|_| late())?
    }
}
