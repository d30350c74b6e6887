//! The HTTP side of a stream: what is checked before the protocols are switched.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use trunkline_model::settings::Scope;
use tungstenite::handshake::derive_accept_key;

use crate::directory::{Key, bearer};
use crate::problem::{Code, Problem};
use crate::routes::Shared;

/// The subprotocol.
pub(super) const PROTOCOL: &str = "trunkline.v1";

/// Gives the key of the header's token; none without the header: then the first frame brings it.
pub(super) fn key(shared: &Shared, headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let now = (shared.clock)();
    let directory = shared.directory.load();
    directory.key(bearer(headers), Scope::Ingest, now).map(Some)
}

/// Checks the handshake and gives its answer.
pub(super) fn accept(request: &Request) -> Result<HeaderValue, Problem> {
    let headers = request.headers();
    let upgrades = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && lists(headers, &CONNECTION, "upgrade")
        && lists(headers, &UPGRADE, "websocket")
        && lists(headers, &SEC_WEBSOCKET_VERSION, "13");
    if !upgrades {
        return Err(required());
    }
    if !lists(headers, &SEC_WEBSOCKET_PROTOCOL, PROTOCOL) {
        let detail = "offer the subprotocol `trunkline.v1` in `Sec-WebSocket-Protocol`";
        return Err(Problem::new(Code::BadHandshake, detail));
    }
    // 16 bytes in base64, as the protocol says.
    let key = headers
        .get(SEC_WEBSOCKET_KEY)
        .filter(|key| key.len() == 24)
        .ok_or_else(|| Problem::new(Code::BadHandshake, "`Sec-WebSocket-Key` is missing"))?;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
    accept.map_err(|_| required())
}

/// What is said to a request that is no handshake.
pub(super) fn required() -> Problem {
    let detail = "this path is a WebSocket: send `Upgrade: websocket`, version 13";
    Problem::new(Code::UpgradeRequired, detail)
}

/// The answer to a good handshake.
pub(super) fn switch(accept: HeaderValue) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    let protocol = HeaderValue::from_static(PROTOCOL);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    answer
}

/// Gives the page's origin, which only browsers send; the key must be for its pages.
pub(super) fn origin(headers: &HeaderMap, key: Option<&Key>) -> Result<Option<String>, Problem> {
    let origin = page(headers)?;
    match (&origin, key) {
        (Some(page), Some(key)) if !key.grant.welcomes(page) => {
            let detail = "the token may not be used from this origin; see its `origins`";
            Err(Problem::new(Code::OriginRefused, detail))
        }
        _ => Ok(origin),
    }
}

fn page(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(ORIGIN).iter();
    let (origin, another) = (values.next(), values.next());
    let Some(origin) = origin else {
        return Ok(None);
    };
    match (origin.to_str(), another) {
        (Ok(origin), None) => Ok(Some(origin.to_owned())),
        _ => Err(Problem::new(
            Code::OriginRefused,
            "`Origin` is no text, or given twice",
        )),
    }
}

/// Whether a header lists a word, whatever its case.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 6455, section 1.3.
    const GOOD: [(&str, &str); 5] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "chat, trunkline.v1"),
    ];

    fn accepted(without: &str, with: Option<(&str, &str)>) -> Result<String, &'static str> {
        let mut request = Request::get("/v1/stream").body(Body::empty()).unwrap();
        let kept = GOOD.into_iter().filter(|(name, _)| *name != without);
        for (name, value) in kept.chain(with) {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let accepted = accept(&request);
        accepted
            .map(|accept| accept.to_str().unwrap().to_owned())
            .map_err(|problem| problem.code())
    }

    #[test]
    fn a_handshake_gets_the_answer_of_the_protocol() {
        let answer = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        assert_eq!(accepted("", None), Ok(answer.to_owned()));
    }

    #[test]
    fn what_is_no_handshake_is_refused_and_named() {
        for header in ["connection", "upgrade", "sec-websocket-version"] {
            assert_eq!(accepted(header, None), Err("upgrade_required"), "{header}");
        }
        for header in ["sec-websocket-key", "sec-websocket-protocol"] {
            assert_eq!(accepted(header, None), Err("bad_handshake"), "{header}");
        }
        let other = Some(("sec-websocket-protocol", "trunkline.v2"));
        assert_eq!(accepted("", other), Err("bad_handshake"));
        let short = Some(("sec-websocket-key", "c2hvcnQ="));
        assert_eq!(accepted("", short), Err("bad_handshake"));
    }
}
