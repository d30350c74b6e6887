//! `GET /v1/visits/amp?site=KEY`: the form that `amp-call-tracking` asks for, on pages that may not run
//! a script of ours.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::ACCESS_CONTROL_ALLOW_CREDENTIALS;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::sites::Site;
use super::{Page, admitted, begin, caller, shown_to};
use crate::events;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;

/// What the AMP page is to show.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AmpNumber")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    /// The number in E.164.
    phone_number: String,
    /// The number as people write it.
    formatted_phone_number: String,
}

/// Begins a visit or goes on with it, and answers as AMP wants it. Without a number to show it
/// refuses, and the page keeps its own.
pub(crate) async fn amp(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, _) = request.into_parts();
    let (key, page) = asked(&head.uri)?;
    let site = shared.sites.load().find(&key)?;
    let origin = admitted(&site, &head)?;
    let mut answer = shown_to(origin, number(&shared, &site, &head, page).await.map(Json));
    // AMP asks with credentials; we set and read none.
    let yes = HeaderValue::from_static("true");
    answer
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    Ok(answer)
}

async fn number(
    shared: &Shared,
    site: &Arc<Site>,
    head: &Parts,
    page: Page,
) -> Result<Shown, Problem> {
    shared.visits.visit(caller(shared, head))?;
    events::open(shared)?;
    let shown = begin(shared, site, head, page).await?;
    let (Some(phone_number), Some(formatted_phone_number)) = (shown.number, shown.formatted) else {
        return Err(Problem::new(
            Code::NotFound,
            "the site has no number to show",
        ));
    };
    Ok(Shown {
        phone_number,
        formatted_phone_number,
    })
}

fn asked(uri: &Uri) -> Result<(String, Page), Problem> {
    let (mut key, mut page) = (String::new(), Page::default());
    for (name, value) in query::pairs(uri)? {
        match name.as_str() {
            "site" => key = value,
            "visitor" => page.visitor = Some(value),
            "url" => page.url = value,
            "referrer" => page.referrer = Some(value),
            "title" => page.title = Some(value),
            // AMP adds it by itself.
            "__amp_source_origin" => {}
            _ => {
                return Err(query::unknown(
                    &name,
                    "this path takes `site`, `visitor`, `url`, `referrer`, `title`",
                ));
            }
        }
    }
    if key.is_empty() {
        let detail = "parameter `site` is missing: the key of a site";
        return Err(Problem::new(Code::BadParameter, detail));
    }
    Ok((key, page))
}
