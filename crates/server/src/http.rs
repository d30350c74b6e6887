//! Questions over HTTP to a running service: one connection each, and none takes for ever.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

/// How long an answer may take; a flush is waited for up to 30 s by the service itself.
const WITHIN: Duration = Duration::from_secs(45);

/// Checks the address of a service.
pub(crate) fn address(url: &str) -> Result<Url> {
    let parsed = Url::parse(url)
        .with_context(|| format!("{url:?} is no address, such as http://127.0.0.1:8080"))?;
    match parsed.scheme() {
        "http" if parsed.has_host() => Ok(parsed),
        "https" => bail!(
            "{url}: this program speaks no TLS: run it beside the service with its plain \
             address, such as http://127.0.0.1:8080, or through a tunnel"
        ),
        _ => bail!("{url:?} is no address, such as http://127.0.0.1:8080"),
    }
}

/// Gives host and port to connect to.
pub(crate) fn peer(url: &Url) -> (&str, u16) {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    (host.trim_matches(['[', ']']), port)
}

/// A service and, if there is one, the right to ask it.
pub(crate) struct Door {
    url: Url,
    token: Option<String>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    body: Bytes,
}

impl Answer {
    /// Gives the body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Gives the body as JSON, `null` if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Gives the answer if it is a good one, else what the service said instead.
    pub(crate) fn good(self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let told = self.json();
        let told = told["detail"].as_str().unwrap_or_default();
        bail!("the service answers {} {told}", self.status)
    }
}

impl Door {
    /// Names a service.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Result<Self> {
        Ok(Self {
            url: address(url)?,
            token: token.filter(|token| !token.is_empty()).map(str::to_owned),
        })
    }

    /// Asks for a path with its query.
    pub(crate) async fn get(&self, path: &str) -> Result<Answer> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// Posts JSON.
    pub(crate) async fn post(&self, path: &str, json: impl Into<Bytes>) -> Result<Answer> {
        self.ask(Method::POST, path, json.into()).await
    }

    async fn ask(&self, method: Method, path: &str, json: Bytes) -> Result<Answer> {
        let url = self.url.as_str().trim_end_matches('/');
        let late = || anyhow!("{url} gives no answer within {} s", WITHIN.as_secs());
        let request = self.request(method, path, json)?;
        let answer = timeout(WITHIN, exchange(&self.url, request));
        answer.await.map_err(|_| late())?
    }

    fn request(&self, method: Method, path: &str, json: Bytes) -> Result<Request<Full<Bytes>>> {
        let (host, port) = peer(&self.url);
        let prefix = self.url.path().trim_end_matches('/');
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{prefix}{path}"))
            .header(HOST, format!("{host}:{port}"))
            .header(CONNECTION, "close");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !json.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(json));
        request.context("the token or the address has characters that cannot be sent")
    }
}

async fn exchange(url: &Url, request: Request<Full<Bytes>>) -> Result<Answer> {
    let stream = TcpStream::connect(peer(url))
        .await
        .with_context(|| format!("could not reach {url}"))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let answer = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(Answer { status, body })
    };
    // The connection moves the bytes and ends once the answer is there and its sender is gone.
    let (answer, _) = tokio::join!(answer, connection);
    answer.with_context(|| format!("{url} broke the connection"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain_http_with_a_host() {
        let url = address("http://[::1]:8080/behind/").unwrap();
        assert_eq!(peer(&url), ("::1", 8080));
        assert_eq!(peer(&address("http://box").unwrap()), ("box", 80));
        for wrong in ["", "127.0.0.1:8080", "ftp://x", "https://x"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_service() {
        let answer = Answer {
            status: 403,
            body: r#"{"code":"forbidden","detail":"needs the scope read"}"#.into(),
        };
        let said = answer.good().unwrap_err().to_string();
        assert_eq!(said, "the service answers 403 needs the scope read");
    }
}
