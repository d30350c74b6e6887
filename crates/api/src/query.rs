//! Query parameters as they came: decoded pairs, in their order.

use axum::extract::Query as Decoder;
use axum::http::Uri;

use crate::problem::{Code, Problem};

/// Decodes the query of a request.
pub(crate) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    if uri.query().is_none_or(str::is_empty) {
        return Ok(Vec::new());
    }
    Decoder::try_from_uri(uri)
        .map(|Decoder(pairs)| pairs)
        .map_err(|error| Problem::new(Code::BadParameter, error.body_text()))
}

/// Refuses any parameter: for paths that take none.
pub(crate) fn none(uri: &Uri) -> Result<(), Problem> {
    match pairs(uri)?.first() {
        None => Ok(()),
        Some((name, _)) => Err(unknown(name, "this path takes no parameters")),
    }
}

/// Refuses an unknown parameter by its name.
pub(crate) fn unknown(name: &str, instead: &str) -> Problem {
    let name = crate::redact::mask(name, 64);
    Problem::new(
        Code::BadParameter,
        format!("parameter `{name}` is unknown: {instead}"),
    )
}
