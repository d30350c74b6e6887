//! Which pages may ask, and what their browsers are told of it (CORS).

use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::sites::Site;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;

/// An origin that may read the answer; none if no browser asks.
pub(super) type Origin = Option<HeaderValue>;

/// Admits a request of a site's page, or of no page at all.
pub(super) fn admitted(site: &Site, head: &Parts) -> Result<Origin, Problem> {
    let Some(origin) = head.headers.get(ORIGIN) else {
        return Ok(None);
    };
    if origin.to_str().is_ok_and(|origin| site.admits(origin)) {
        return Ok(Some(origin.clone()));
    }
    let shown: String = String::from_utf8_lossy(origin.as_bytes())
        .chars()
        .take(100)
        .collect();
    let detail = format!("pages of {shown} may not ask: add it to the site's `origins`");
    Err(Problem::new(Code::OriginRefused, detail))
}

/// Lets the page's script read the answer, a refusal as well: that a visit is over makes it begin another.
pub(super) fn shown_to(origin: Origin, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    answer
}

/// Answers a browser that asks before it sends: of pages that send JSON by its name.
pub(crate) async fn preflight(
    State(shared): State<Shared>,
    visit: Option<Path<String>>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, _) = request.into_parts();
    let sites = shared.sites.load();
    let site = if let Some(Path(visit)) = visit {
        sites.of_visit(&visit)?
    } else {
        let pairs = query::pairs(&head.uri)?;
        let key = pairs.iter().find(|(name, _)| name == "site");
        sites.find(key.map_or("", |(_, key)| key))?
    };
    let origin = admitted(&site, &head)?;
    let mut answer = shown_to(origin, StatusCode::NO_CONTENT);
    let headers = answer.headers_mut();
    let methods = HeaderValue::from_static("POST, GET");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let allowed = HeaderValue::from_static("content-type");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    let day = HeaderValue::from_static("86400");
    headers.insert(ACCESS_CONTROL_MAX_AGE, day);
    Ok(answer)
}
