//! `GET /v1/trunkline.js?site=KEY`: the script that pages load.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::about::KEY;
use super::site_key;
use super::snippet::{MAX_AGE_S, MEDIA_TYPE, snippet};
use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::{Code, Problem};
use crate::routes::Shared;

/// Gives the script. It is the same for all sites; that the key is known is looked at so that a
/// mistyped one is seen where it was written.
pub(crate) async fn script(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    shared.sites.load().find(&site_key(&uri)?)?;
    let snippet = snippet();
    let has = |name, text: &str| {
        let values = headers.get_all(name).into_iter();
        let mut texts = values.filter_map(|value: &HeaderValue| value.to_str().ok());
        texts.any(|value| value.split(',').any(|one| one.trim().starts_with(text)))
    };
    let mut answer = if has(IF_NONE_MATCH, &snippet.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else if has(ACCEPT_ENCODING, "gzip") {
        let mut answer = Body::from(snippet.gzip.clone()).into_response();
        let gzip = HeaderValue::from_static("gzip");
        answer.headers_mut().insert(CONTENT_ENCODING, gzip);
        answer
    } else {
        Body::from(snippet.plain.clone()).into_response()
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Digits and letters alone.
    if let Ok(kept) = HeaderValue::try_from(format!("public, max-age={MAX_AGE_S}")) {
        headers.insert(CACHE_CONTROL, kept);
    }
    if let Ok(etag) = HeaderValue::try_from(&snippet.etag) {
        headers.insert(ETAG, etag);
    }
    Ok(answer)
}

pub(crate) fn about_script() -> Operation {
    Operation::new(Group::Visits, "script", "Gives the script that pages load")
        .about("It swaps the numbers of a page for those of a pool; docs/snippet.md says how to use it.")
        .takes(
            Place::Needed,
            "site",
            json!({ "type": "string", "minLength": 1 }),
            KEY,
        )
        .answers(200, "The script.", "text/javascript", Shape::text())
        .answers_nothing(304, "The browser has it.")
        .refuses(&[Code::BadParameter, Code::UnknownSite])
        .sample("The script", "/v1/trunkline.js?site=demo-site")
}
