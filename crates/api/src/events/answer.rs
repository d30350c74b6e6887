//! What the sender of events is told (contract §3).

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use trunkline_model::batch::Rejected;
use trunkline_model::event::Code;
use trunkline_pipeline::Receipt;

use crate::problem::{MEDIA_TYPE, Refused};

/// What became of a batch: `accepted`, `duplicates`, `conflicts` and the refused sum to its items.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub(super) struct Answer<'a> {
    accepted: u32,
    duplicates: u32,
    conflicts: u32,
    rejected: Vec<Shown<'a>>,
    /// Offset of the batch's last event in the journal, as text: it may exceed what a JavaScript
    /// number holds.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "is_true")]
    observed: bool,
    /// Whether ClickHouse holds the batch; only said when it was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flushed: Option<bool>,
}

/// A refused event.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RefusedEvent")]
struct Shown<'a> {
    index: u32,
    code: &'static str,
    detail: &'a str,
}

/// The problem of a batch of which nothing could be taken: every item is listed all the same.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NothingTaken<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    accepted: u32,
    duplicates: u32,
    conflicts: u32,
    rejected: Vec<Shown<'a>>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(receipt: &Receipt, rejected: &'a [Rejected]) -> Self {
        Self {
            accepted: receipt.accepted,
            duplicates: receipt.duplicates,
            conflicts: receipt.conflicts,
            rejected: shown(rejected),
            offset: receipt.last_offset,
            observed: receipt.observed,
            flushed: None,
        }
    }
}

impl IntoResponse for Answer<'_> {
    fn into_response(self) -> Response {
        let status = match self.flushed {
            Some(true) => StatusCode::OK,
            Some(false) | None => StatusCode::ACCEPTED,
        };
        json(status, "application/json", &self)
    }
}

/// Answers when every event was refused, with the code of the first: 413 if that was too large,
/// else 400.
pub(super) fn nothing_taken(rejected: &[Rejected]) -> Response {
    let shown = shown(rejected);
    let (code, detail) = shown
        .first()
        .map_or(("malformed", "no event"), |it| (it.code, it.detail));
    let status = match rejected.first().map(|it| it.code) {
        Some(Code::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = NothingTaken {
        r#type: format!("urn:trunkline:problem:{code}"),
        title: "Every event refused",
        status: status.as_u16(),
        code,
        detail,
        accepted: 0,
        duplicates: 0,
        conflicts: 0,
        rejected: self::shown(rejected),
    };
    let mut response = json(status, MEDIA_TYPE, &body);
    response.extensions_mut().insert(Refused(code));
    response
}

fn shown(rejected: &[Rejected]) -> Vec<Shown<'_>> {
    rejected
        .iter()
        .map(|it| Shown {
            index: it.index,
            code: it.code.as_str(),
            detail: &it.detail,
        })
        .collect()
}

fn json(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    // The shapes above always have a JSON form, and a `Vec` takes any length.
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[expect(clippy::ref_option, reason = "serde passes a field by reference")]
fn as_text<S: Serializer>(offset: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match offset {
        Some(offset) => serializer.collect_str(offset),
        None => serializer.serialize_none(),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a field by reference"
)]
fn is_true(flag: &bool) -> bool {
    *flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(codes: &[Code]) -> Vec<Rejected> {
        let one = |(index, code): (usize, &Code)| Rejected {
            index: index as u32,
            code: *code,
            detail: "why".into(),
        };
        codes.iter().enumerate().map(one).collect()
    }

    #[test]
    fn an_event_that_is_too_large_is_413_and_another_bad_one_400() {
        let status = |codes: &[Code]| nothing_taken(&refused(codes)).status().as_u16();
        assert_eq!(status(&[Code::TooLarge]), 413);
        assert_eq!(status(&[Code::TooLarge, Code::UnknownType]), 413);
        assert_eq!(status(&[Code::UnknownType, Code::TooLarge]), 400);
    }
}
