//! What a body is said to be: its `Content-Type` and `Content-Encoding`.
//!
//! A body without a content type is taken as JSON: small senders and shell scripts often leave it
//! out, and a body that is not JSON is refused by its content anyway.

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use trunkline_model::batch::Shape;

use crate::problem::{Code, Problem};

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

/// Reads the shape of the body off its content type.
pub(crate) fn shape(headers: &HeaderMap) -> Result<Shape, Problem> {
    let Some(value) = only(headers, &CONTENT_TYPE, Code::UnsupportedMediaType)? else {
        return Ok(Shape::Json);
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/json") {
        Ok(Shape::Json)
    } else if is("application/x-ndjson") || is("application/ndjson") || is("application/jsonl") {
        Ok(Shape::Ndjson)
    } else {
        let detail = "send `application/json` (an object or an array) or `application/x-ndjson`";
        Err(Problem::new(Code::UnsupportedMediaType, detail))
    }
}

/// Reads how the body is compressed.
pub(crate) fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let Some(value) = only(headers, &CONTENT_ENCODING, Code::UnsupportedEncoding)? else {
        return Ok(Encoding::Identity);
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        "zstd" => Ok(Encoding::Zstd),
        _ => {
            let detail = "send the body as it is, or with one of `gzip` and `zstd`";
            Err(Problem::new(Code::UnsupportedEncoding, detail))
        }
    }
}

/// The one value of a header, if it is there; repeated or unreadable ones are refused.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    code: Code,
) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    match (first.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value)),
        _ => Err(Problem::new(
            code,
            format!("`{name}` must be given once, in ASCII"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let pairs = values
            .iter()
            .map(|value| (name.clone(), value.parse().unwrap()));
        pairs.collect()
    }

    #[test]
    fn content_types_are_read_with_their_parameters() {
        let shape_of = |values: &[&'static str]| shape(&headers(&CONTENT_TYPE, values)).ok();
        assert_eq!(shape_of(&[]), Some(Shape::Json));
        assert_eq!(
            shape_of(&["application/json; charset=utf-8"]),
            Some(Shape::Json)
        );
        assert_eq!(shape_of(&["Application/X-NDJSON"]), Some(Shape::Ndjson));
        assert_eq!(shape_of(&["application/ndjson"]), Some(Shape::Ndjson));
        assert_eq!(shape_of(&["application/jsonl"]), Some(Shape::Ndjson));
        assert_eq!(shape_of(&["text/plain"]), None);
        assert_eq!(shape_of(&["application/json", "application/json"]), None);
    }

    #[test]
    fn unknown_and_stacked_encodings_are_refused() {
        let of = |values: &[&'static str]| encoding(&headers(&CONTENT_ENCODING, values)).ok();
        assert_eq!(of(&[]), Some(Encoding::Identity));
        assert_eq!(of(&["identity"]), Some(Encoding::Identity));
        assert_eq!(of(&["GZIP"]), Some(Encoding::Gzip));
        assert_eq!(of(&["zstd"]), Some(Encoding::Zstd));
        assert_eq!(of(&["br"]), None);
        assert_eq!(of(&["gzip, gzip"]), None);
        assert_eq!(of(&["gzip", "gzip"]), None);
    }
}
