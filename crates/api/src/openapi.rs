//! `GET /openapi.json` and `GET /docs`: what the public doors take and answer.
//!
//! ```text
//! doors (path, handler, operation) -> router
//!                                  -> document (OpenAPI 3.1) -> /openapi.json
//!                                                            -> board::docs -> /docs
//! ```
//! An [`Operation`] stands beside its handler. Schemas of answers are made from the types that are
//! written, those of events from the types that parse them, parameters of reports from their
//! catalogue, refusals from the problem codes: nothing is described a second time. No library puts
//! them together: those there are want a router and extractors of their own, or every type described
//! once more in their way. The document is the same for everybody and says nothing of any account,
//! so it needs no token.

mod document;
mod operation;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use flate2::Compression;
use trunkline_board::assets::zip;

use crate::board::{either, set};
use crate::login::guarded;
use crate::routes::doors;
pub(crate) use operation::{Group, Operation, Place, Shape};

/// A text that stays the same as long as the process runs.
struct Written {
    plain: Bytes,
    gzip: Bytes,
}

impl Written {
    fn new(text: String) -> Self {
        Self {
            gzip: zip(text.as_bytes(), Compression::best()).into(),
            plain: text.into(),
        }
    }
}

static DOCUMENT: LazyLock<Written> = LazyLock::new(|| {
    let document = document::write(&doors());
    Written::new(format!("{document:#}\n"))
});

static PAGE: LazyLock<Written> =
    LazyLock::new(|| Written::new(trunkline_board::docs(&document::write(&doors()))));

/// Gives the document.
pub(crate) async fn json(headers: HeaderMap) -> Response {
    let mut response = either(&headers, &DOCUMENT.gzip, &DOCUMENT.plain);
    set(&mut response, CONTENT_TYPE, "application/json");
    response
}

/// Shows the document to people.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    guarded(either(&headers, &PAGE.gzip, &PAGE.plain))
}

pub(crate) fn about_json() -> Operation {
    Operation::new(Group::Service, "openapi", "This document")
        .about("OpenAPI 3.1, written from the code of the doors.")
        .answers(200, "The document.", "application/json", Shape::object())
        .sample("The document", "/openapi.json")
}

pub(crate) fn about_page() -> Operation {
    Operation::new(Group::Service, "docs", "This document, for people")
        .about("One page, which loads nothing from another host.")
        .answers(200, "The page.", "text/html", Shape::text())
        .sample("The page", "/docs")
}

#[cfg(test)]
mod tests;
