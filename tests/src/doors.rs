//! The service's public doors, as an outsider uses them.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use ureq::Agent;

use crate::config::token;
use crate::events::Event;
use crate::scrape::Scrape;
use crate::table::Table;

/// How a batch travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One event a line.
    Ndjson,
    /// A JSON array.
    Array,
    /// Lines, compressed by gzip.
    Gzip,
    /// Lines, compressed by zstd.
    Zstd,
}

/// All of them.
pub const FORMS: [Form; 4] = [Form::Ndjson, Form::Array, Form::Gzip, Form::Zstd];

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Parses the body, `null` when it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Asserts the status.
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// Asserts a problem document with this status and stable code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> &Self {
        let answer = self.expect_status(status);
        let media = answer.header("content-type").unwrap_or_default().to_owned();
        assert!(
            media.starts_with("application/problem+json"),
            "{media}: {}",
            answer.text()
        );
        assert_eq!(answer.json()["code"], code, "{}", answer.text());
        answer
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// New to the journal.
    pub accepted: u64,
    /// Seen before with the same content.
    pub duplicates: u64,
    /// Seen before with other content.
    pub conflicts: u64,
    /// Refused.
    pub rejected: u64,
}

impl Receipt {
    /// Reads the four counts of an answer.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let count = |name: &str| {
            json[name]
                .as_u64()
                .unwrap_or_else(|| panic!("{name}: {json}"))
        };
        let rejected = json["rejected"]
            .as_array()
            .map_or(0, |list| list.len() as u64);
        Self {
            accepted: count("accepted"),
            duplicates: count("duplicates"),
            conflicts: count("conflicts"),
            rejected,
        }
    }

    /// Returns the sum, which is the number of items sent.
    pub fn items(self) -> u64 {
        self.accepted + self.duplicates + self.conflicts + self.rejected
    }
}

/// The way in and out with one token.
#[derive(Clone, Debug)]
pub struct Door {
    base: String,
    agent: Agent,
    token: String,
}

impl Door {
    /// Makes one for the service on a port, with the token `name` of an account.
    pub fn new(port: u16, account: &str, name: &str) -> Self {
        Self::at(&format!("http://127.0.0.1:{port}"), &token(account, name))
    }

    /// Makes one for the service at an address, with a token.
    pub fn at(base: &str, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(1)))
            .build();
        Self {
            base: base.into(),
            agent: config.into(),
            token: token.into(),
        }
    }

    /// Returns the same way with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.into(),
            ..self.clone()
        }
    }

    /// Posts nothing to a path.
    #[track_caller]
    pub fn post_to(&self, path: &str) -> Answer {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        answer(request.send_empty()).expect("an answer")
    }

    /// Sends JSON to a path to change what is there.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.patch(format!("{}{path}", self.base));
        let request = request
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        answer(request.send(body.to_string())).expect("an answer")
    }

    /// Posts a body to `/v1/events`, or says that no answer came.
    pub fn try_post(
        &self,
        query: &str,
        media: &str,
        encoding: Option<&str>,
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = self
            .agent
            .post(format!("{}/v1/events{query}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", media);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        answer(request.send(body))
    }

    /// Posts a body to `/v1/events`.
    #[track_caller]
    pub fn post(&self, media: &str, encoding: Option<&str>, body: &[u8]) -> Answer {
        self.try_post("", media, encoding, body).expect("an answer")
    }

    /// Posts JSON: an object or an array.
    #[track_caller]
    pub fn post_json(&self, value: &Value) -> Answer {
        self.post("application/json", None, value.to_string().as_bytes())
    }

    /// Sends events in lines of JSON.
    pub fn try_send(&self, events: &[Event]) -> Result<Answer, ureq::Error> {
        self.try_post("", "application/x-ndjson", None, &lines(events))
    }

    /// Sends events in a form and asserts that all were taken.
    #[track_caller]
    pub fn send_as(&self, form: Form, events: &[Event]) -> Receipt {
        let answer = match form {
            Form::Ndjson => self.post("application/x-ndjson", None, &lines(events)),
            Form::Array => self.post_json(&events.iter().map(Event::json).collect()),
            Form::Gzip => self.post("application/x-ndjson", Some("gzip"), &gzip(&lines(events))),
            Form::Zstd => self.post("application/x-ndjson", Some("zstd"), &zstd(&lines(events))),
        };
        let receipt = Receipt::of(answer.expect_status(202));
        assert_eq!(receipt.items(), events.len() as u64, "{receipt:?}");
        assert_eq!(receipt.rejected, 0, "{receipt:?}");
        receipt
    }

    /// Sends events in lines and asserts that all were taken.
    #[track_caller]
    pub fn send(&self, events: &[Event]) -> Receipt {
        self.send_as(Form::Ndjson, events)
    }

    /// Sends events in lines, and waits until ClickHouse holds all that was ever taken.
    #[track_caller]
    pub fn send_flushed(&self, events: &[Event]) -> Receipt {
        let body = lines(events);
        let answer = self.try_post("?wait=flushed", "application/x-ndjson", None, &body);
        let answer = answer.expect("an answer");
        answer.expect_status(200);
        assert_eq!(answer.json()["flushed"], json!(true), "{}", answer.text());
        Receipt::of(&answer)
    }

    /// Sends nothing, and waits until ClickHouse holds all that was ever taken.
    #[track_caller]
    pub fn flush(&self) {
        let answer = self.try_post("?wait=flushed", "application/json", None, b"[]");
        let answer = answer.expect("an answer");
        answer.expect_status(200);
        assert_eq!(answer.json()["flushed"], json!(true), "{}", answer.text());
    }

    /// Gets a path with its query, or nothing while nobody answers.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        self.request(path, &[], "application/json").ok()
    }

    /// Gets a path with parameters.
    #[track_caller]
    pub fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.request(path, parameters, "application/json")
            .expect("an answer")
    }

    /// Gets a path with parameters as CSV.
    #[track_caller]
    pub fn get_csv(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.request(path, parameters, "text/csv")
            .expect("an answer")
    }

    /// Asks for a report.
    #[track_caller]
    pub fn report(&self, name: &str, parameters: &[(&str, &str)]) -> Table {
        let answer = self.get(&format!("/v1/reports/{name}"), parameters);
        assert_eq!(
            answer.status,
            200,
            "{name} {parameters:?}: {}",
            answer.text()
        );
        Table::of(answer.json())
    }

    /// Reads `/metrics`.
    #[track_caller]
    pub fn metrics(&self) -> Scrape {
        Scrape::parse(&self.get("/metrics", &[]).expect_status(200).text())
    }

    fn request(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        accept: &str,
    ) -> Result<Answer, ureq::Error> {
        let mut request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("accept", accept);
        for (name, value) in parameters {
            request = request.query(name, value);
        }
        answer(request.call())
    }
}

/// Writes events one a line.
pub fn lines(events: &[Event]) -> Vec<u8> {
    let mut body = Vec::new();
    for event in events {
        body.extend_from_slice(event.json().to_string().as_bytes());
        body.push(b'\n');
    }
    body
}

/// Compresses by gzip.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Compresses by zstd.
pub fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 0).expect("memory takes it")
}

/// Decompresses what [`zstd()`] made.
#[track_caller]
pub fn unzstd(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("zstd")
}

pub(crate) fn answer(
    result: Result<http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answer, ureq::Error> {
    let mut response = result?;
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into(),
            )
        })
        .collect();
    Ok(Answer {
        status: response.status().as_u16(),
        headers,
        body: response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()?,
    })
}
