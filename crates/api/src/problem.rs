//! The one error of the doors: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! ```json
//! {"type":"urn:trunkline:problem:forbidden","title":"Scope missing","status":403,
//!  "code":"forbidden","detail":"this token lacks the scope `ingest`"}
//! ```
//!
//! [`codes`] lists every code of the doors; `docs/errors.md` is written from it. Events are refused
//! one by one with the codes of `trunkline_model::event::Code`; when a whole body is refused for
//! such a reason, the problem carries that code.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

/// The media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! problems {
    ($($name:ident = $code:literal, $status:literal, $title:literal, $meaning:literal;)+) => {
        /// Why a request was refused as a whole.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $name,)+ }

        impl Code {
            /// Describes this code.
            pub const fn info(self) -> &'static Info {
                match self {
                    $(Self::$name => &Info {
                        code: $code, status: $status, title: $title, meaning: $meaning,
                    },)+
                }
            }
        }

        /// Lists all codes of the doors, in the order of their status.
        pub const fn codes() -> &'static [Info] {
            &[$(Info { code: $code, status: $status, title: $title, meaning: $meaning },)+]
        }
    };
}

/// One code: what `docs/errors.md` says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Info {
    /// The stable code, `snake_case`.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// The title, the same for every problem of this code.
    pub title: &'static str,
    /// What happened and how to mend it.
    pub meaning: &'static str,
}

problems! {
    BadParameter = "bad_parameter", 400, "Bad parameter",
        "A query parameter is unknown, repeated or has a value that is not allowed; `detail` names it.";
    BadEncoding = "bad_encoding", 400, "Body does not decompress",
        "The body is not what its `Content-Encoding` says, or it ends too early.";
    BadHandshake = "bad_handshake", 400, "WebSocket handshake refused",
        "The handshake lacks its key or the subprotocol `trunkline.v1`; `detail` says which.";
    BadBody = "bad_body", 400, "Body not understood",
        "The body is not the JSON that this path takes; `detail` says what is wrong with it.";
    IncompleteBody = "incomplete_body", 400, "Body incomplete",
        "The connection ended, or its framing broke, before the body did. Nothing was taken in.";
    Unauthorized = "unauthorized", 401, "Token refused",
        "No token, an unknown one or one that has expired: send `Authorization: Bearer <token>`.";
    Forbidden = "forbidden", 403, "Scope missing",
        "The token is good, but lacks the scope that `detail` names.";
    OriginRefused = "origin_refused", 403, "Origin refused",
        "The token may not be used from pages of this `Origin`: add it to the token's `origins`, of visits to the site's. For `/login`: it takes forms of its own pages only; behind a proxy that changes `Host`, set `server.public_url`.";
    NotFound = "not_found", 404, "No such path",
        "Nothing is served at this path, or nothing of this id is in the figures.";
    UnknownSite = "unknown_site", 404, "No such site",
        "No site has this key: see `[[account.site]]` in the configuration.";
    UnknownVisit = "unknown_visit", 404, "No such visit",
        "No visit has this id, or it is over: begin another with `POST /v1/visits`.";
    UnknownReport = "unknown_report", 404, "No such report",
        "There is no report of this name; `GET /v1/reports` lists them.";
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed",
        "The path exists, the method does not; `Allow` lists those that do.";
    RequestTimeout = "request_timeout", 408, "Request too slow",
        "The head or the body of the request came too slowly. Nothing was taken in.";
    BodyTooLarge = "body_too_large", 413, "Body too large",
        "The body is larger than 20 MB, as sent or decompressed: send smaller batches.";
    BatchTooLarge = "batch_too_large", 413, "Batch too large",
        "The events together are larger than a segment of the journal: send smaller batches.";
    UnsupportedMediaType = "unsupported_media_type", 415, "Content type not supported",
        "Send `application/json` (an object or an array) or `application/x-ndjson`.";
    UnsupportedEncoding = "unsupported_encoding", 415, "Content encoding not supported",
        "Send the body as it is, or with `Content-Encoding: gzip` or `zstd`.";
    TooMuch = "too_much", 422, "Too much asked for",
        "The report takes too long or is too large: ask for a shorter period or fewer dimensions.";
    BadConfiguration = "bad_configuration", 422, "Configuration not taken",
        "The configuration file has an error; the settings before hold on, and the log says why.";
    UpgradeRequired = "upgrade_required", 426, "WebSocket required",
        "This path is a WebSocket, version 13: send its handshake.";
    TooManyRequests = "too_many_requests", 429, "Too many requests",
        "This address asks too often (`server.visits_per_minute`); try again after `Retry-After`.";
    Internal = "internal", 500, "Internal error",
        "A fault of the service, which has been logged under the request's `x-request-id`.";
    Overloaded = "overloaded", 503, "Overloaded",
        "More is in flight than the service holds; nothing was taken in. Try again after `Retry-After`.";
    JournalUnavailable = "journal_unavailable", 503, "Journal not writable",
        "Events cannot be made durable now, so none were promised; send them again after `Retry-After`.";
    Starting = "starting", 503, "Starting",
        "The service is reading its journal; try again after `Retry-After`.";
    Draining = "draining", 503, "Stopping",
        "The service is stopping; try again after `Retry-After`.";
    WarehouseUnavailable = "warehouse_unavailable", 503, "ClickHouse not reachable",
        "Reports come from ClickHouse, which does not answer. Events are still taken in.";
    TooManyConnections = "too_many_connections", 503, "Too many connections",
        "The cap of connections, in all or from this address, is reached.";
    TimedOut = "timed_out", 503, "Answer took too long",
        "The request was given up. An event sent may have been kept: send it again, it counts once.";
}

/// A refusal of a whole request, ready to be answered.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Problem {
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    detail: Cow<'static, str>,
    retry_after_s: Option<u32>,
}

/// Why nothing of a request was done (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Shown<'a> {
    /// `urn:trunkline:problem:` and the code.
    r#type: String,
    /// The same for every problem of this code.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// The stable code, for programs.
    code: &'a str,
    /// What happened, for people.
    detail: &'a str,
}

impl Problem {
    /// Makes a problem of one of the doors' codes.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let info = code.info();
        let status = StatusCode::from_u16(info.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            code: info.code,
            status,
            title: info.title,
            detail: detail.into(),
            retry_after_s: (info.status == 503).then_some(1),
        }
    }

    /// Makes a problem of a whole body that the model refuses, with the model's code.
    pub fn refused(code: &'static str, status: StatusCode, detail: String) -> Self {
        let detail = Cow::Owned(detail);
        Self {
            code,
            status,
            title: "Body refused",
            detail,
            retry_after_s: None,
        }
    }

    /// Sets when to try again, in whole seconds, at least 1.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds.max(1));
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What happened, for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Renders the JSON body.
    pub fn body(&self) -> String {
        let shown = Shown {
            r#type: format!("urn:trunkline:problem:{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
        };
        serde_json::to_string(&shown).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"trunkline\"");
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(Refused(self.code));
        response
    }
}

/// The code of an answered problem, left for the metrics and the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused(pub(crate) &'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_has_an_error_status() {
        let mut seen = std::collections::BTreeSet::new();
        for info in codes() {
            assert!(seen.insert(info.code), "{} twice", info.code);
            assert!((400..600).contains(&info.status), "{}", info.code);
            assert!(info.meaning.ends_with('.'), "{}", info.code);
        }
    }

    #[test]
    fn a_problem_says_type_title_status_code_and_detail() {
        let problem = Problem::new(Code::Forbidden, "this token lacks the scope `read`");
        assert_eq!(
            problem.body(),
            r#"{"type":"urn:trunkline:problem:forbidden","title":"Scope missing","status":403,"code":"forbidden","detail":"this token lacks the scope `read`"}"#
        );
    }

    #[test]
    fn a_503_says_when_to_try_again() {
        let response = Problem::new(Code::Overloaded, "full").into_response();
        assert_eq!(response.headers()["retry-after"], "1");
        let response = Problem::new(Code::Overloaded, "full")
            .retry_after(7)
            .into_response();
        assert_eq!(response.headers()["retry-after"], "7");
    }
}
