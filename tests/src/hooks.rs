//! Webhooks as providers send them: the sample payloads of the adapters, signed for now.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, Method};
use trunkline_model::time::Time;
use trunkline_providers::{Provider, Request};
use ureq::Agent;

use crate::clock;
use crate::doors::Answer;

/// The public address of services under test.
pub const PUBLIC: &str = "https://in.example.com";

/// A request to a hook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Webhook {
    /// Makes a POST of JSON.
    pub fn json(path: &str, body: &str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json".parse().expect("a value"));
        Self {
            method: Method::POST,
            path: path.into(),
            headers,
            body: body.into(),
        }
    }

    /// Makes a POST of a form.
    pub fn form(path: &str, body: &[u8]) -> Self {
        let mut webhook = Self::json(path, "");
        let media = "application/x-www-form-urlencoded";
        let media = media.parse().expect("a value");
        webhook.headers.insert("content-type", media);
        webhook.body = body.to_vec();
        webhook
    }

    /// Reads a sample of an adapter, for the hook `hook`.
    pub fn sample(file: &Path, hook: &str) -> Self {
        let text = fs::read_to_string(file).expect("the sample is there");
        let (head, body) = text
            .split_once("\n\n")
            .expect("an empty line ends the head");
        let mut lines = head.lines();
        let first = lines.next().expect("there is a first line");
        let (method, path) = first.split_once(' ').expect("method and path");
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").expect("a header");
            let name: HeaderName = name.parse().expect("a header's name");
            (name, value.parse().expect("a header's value"))
        };
        Self {
            method: method.parse().expect("a method"),
            path: path.replacen("/v1/hooks/h", &format!("/v1/hooks/{hook}"), 1),
            headers: lines.map(header).collect(),
            body: body.strip_suffix('\n').unwrap_or(body).into(),
        }
    }

    /// Signs it as its provider does, now.
    #[must_use]
    pub fn signed(&self, provider: &dyn Provider, secret: &str) -> Self {
        self.signed_at(provider, secret, clock::wall())
    }

    /// Signs it as its provider does at a time, in milliseconds since 1970.
    #[must_use]
    pub fn signed_at(&self, provider: &dyn Provider, secret: &str, time: i64) -> Self {
        let mut signed = self.clone();
        let request = Request {
            method: &self.method,
            url: &format!("{PUBLIC}{}", self.path),
            headers: &self.headers,
            body: &self.body,
            peer: None,
            received_at: Time(time),
        };
        for (name, value) in provider.sign(secret, &request) {
            let value = value.parse().expect("a header's value");
            signed.headers.insert(name, value);
        }
        if let Some(body) = provider.signed_body(secret, &request) {
            signed.body = body;
        }
        signed
    }

    /// Sends it to the service on a port.
    #[track_caller]
    pub fn send(&self, port: u16) -> Answer {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let agent: Agent = config.into();
        let mut request = http::Request::builder()
            .method(&self.method)
            .uri(format!("http://127.0.0.1:{port}{}", self.path));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        let request = request.body(self.body.clone()).expect("a request");
        let mut response = agent.run(request).expect("an answer");
        let headers = response.headers().iter();
        let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Answer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.as_str().to_owned(), text(value)))
                .collect(),
            body: response.body_mut().read_to_vec().expect("a body"),
        }
    }
}

/// Lists the samples of an adapter.
pub fn samples(provider: &dyn Provider) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/providers/src/vendors")
        .join(provider.guide().name.replace('-', "_"))
        .join("samples");
    let entries = fs::read_dir(&folder).expect("there is a folder of samples");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let mut samples: Vec<_> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "http")
        })
        .collect();
    samples.sort();
    samples
}
