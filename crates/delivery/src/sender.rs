//! One request to a receiver: signed, within [`WITHIN`], over TLS with the machine's certificates.
//! Redirects are not followed. Addresses of private networks are allowed: whoever writes the
//! configuration may reach what the machine reaches.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use trunkline_model::time::Time;

use crate::outbox::{Outcome, Try};
use crate::signature::signature;
use crate::webhook::Webhook;
use crate::wire::{self, Http, NAME, cause};

/// How long a receiver has for its answer.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read, so that its connection can be used again.
const READ: usize = 64 * 1024;

/// Sends requests, over connections that are kept for a while.
pub(crate) struct Sender {
    http: Http,
}

impl Sender {
    /// Makes a sender whose connections are among `tasks`.
    pub(crate) fn new(tasks: &TaskTracker) -> Result<Self, rustls::Error> {
        Ok(Self {
            http: wire::http(tasks)?,
        })
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
            Err(_) => Outcome::Silent(format!("no answer within {} s", WITHIN.as_secs())),
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
