//! `trunkline hook test`: what a map makes of a sample, read as the door would read it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use hyper::Method;
use hyper::header::HeaderMap;
use trunkline_model::settings::Account;
use trunkline_providers::{Hook, Map, Request};

use super::bytes;
use super::verify::told;
use crate::clock;
use crate::wiring::hooks::text;

/// Runs the command; exit code 1 if the contract refuses an event.
pub(super) fn run(map: &Path, sample: &Path) -> Result<ExitCode> {
    let text = text(&map.to_string_lossy())?;
    let map = Map::parse(&text).with_context(|| map.display().to_string())?;
    let account: Account = serde_json::from_value(serde_json::json!({
        "id": "test", "hook": [{"id": "test", "provider": "map"}],
    }))?;
    let hook = Hook::new(&account, &account.hooks[0], Some(Arc::new(map)))?;
    let sample = bytes(sample)?;
    let (query, body) = parts(&sample);
    let request = Request {
        method: &Method::POST,
        url: &format!("http://localhost/v1/hooks/test?{query}"),
        headers: &HeaderMap::new(),
        body,
        peer: None,
        received_at: clock::now(),
    };
    told(&hook, &request)
}

/// Gives query and body of a sample: a body alone, a query that begins with `?`, or a request with its
/// head as it was saved.
fn parts(sample: &[u8]) -> (String, &[u8]) {
    let sample = sample.trim_ascii_start();
    if let Some(query) = sample.strip_prefix(b"?") {
        return (
            String::from_utf8_lossy(query.trim_ascii_end()).into_owned(),
            b"",
        );
    }
    let is_saved = [&b"POST "[..], b"GET "]
        .iter()
        .any(|head| sample.starts_with(head));
    let end = |of: &[u8]| {
        sample
            .windows(of.len())
            .position(|at| at == of)
            .map(|at| at + of.len())
    };
    match end(b"\n\n").or_else(|| end(b"\r\n\r\n")) {
        Some(body) if is_saved => {
            let first = sample
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default();
            let first = String::from_utf8_lossy(first);
            let target = first.split_whitespace().nth(1).unwrap_or_default();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            (query.to_owned(), sample[body..].trim_ascii_end())
        }
        _ => (String::new(), sample.trim_ascii_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_body_a_query_or_a_saved_request() {
        let is = |sample: &str, query: &str, body: &str| {
            assert_eq!(
                parts(sample.as_bytes()),
                (query.to_owned(), body.as_bytes())
            );
        };
        is("{\"a\":1}\n", "", "{\"a\":1}");
        is("a=1&b=2", "", "a=1&b=2");
        is("?a=1&b=2", "a=1&b=2", "");
        is("POST /v1/hooks/h?x=1\ncontent-type: x\n\na=1", "x=1", "a=1");
        is("GET /v1/hooks/h?x=1 HTTP/1.1\r\nhost: h\r\n\r\n", "x=1", "");
    }
}
