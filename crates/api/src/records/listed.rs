//! `GET /v1/conversations`, `GET /v1/visits` and `GET /v1/leads`, and one of each. Visits are the whole account's: a token that
//! may see some managers alone sees none.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;
use trunkline_reports::Listed;

use super::{Named, PAGE, alone, one};
use crate::phones;
use crate::problem::{Code, Problem};
use crate::routes::Shared;
use crate::ways_out::{Asked, asked, context, problem};

/// Lists conversations.
pub(crate) async fn conversations(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(
        &shared,
        Ok(Path("conversations".to_owned())),
        &uri,
        &headers,
    )
    .await?;
    let context = context(&shared, &asked.grant);
    let page = shared.reports.conversations(&asked.pairs, &context).await;
    Ok(several(
        page.map_err(problem)?,
        &asked,
        "conversations",
        context.as_of,
    ))
}

/// Gives a conversation.
pub(crate) async fn conversation(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, id, &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let conversation = shared
        .reports
        .conversation(&asked.name, &asked.pairs, &context)
        .await;
    one(conversation.map_err(problem)?, &asked.grant, "conversation")
}

/// Lists visits.
pub(crate) async fn visits(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, Ok(Path("visits".to_owned())), &uri, &headers).await?;
    whole(&asked)?;
    let context = context(&shared, &asked.grant);
    let page = shared.reports.visits(&asked.pairs, &context).await;
    Ok(several(
        page.map_err(problem)?,
        &asked,
        "visits",
        context.as_of,
    ))
}

/// Gives a visit.
pub(crate) async fn visit(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = alone(&shared, id, &uri, &headers).await?;
    whole(&asked)?;
    let context = context(&shared, &asked.grant);
    let visit = shared.reports.visit(&asked.name, &context).await;
    one(visit.map_err(problem)?, &asked.grant, "visit")
}

/// Lists leads.
pub(crate) async fn leads(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, Ok(Path("leads".to_owned())), &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let page = shared.reports.leads(&asked.pairs, &context).await;
    Ok(several(
        page.map_err(problem)?,
        &asked,
        "leads",
        context.as_of,
    ))
}

/// Gives a lead.
pub(crate) async fn lead(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, id, &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let lead = shared
        .reports
        .lead(&asked.name, &asked.pairs, &context)
        .await;
    one(lead.map_err(problem)?, &asked.grant, "lead")
}

/// Refuses who may see some managers alone.
fn whole(asked: &Asked<'_>) -> Result<(), Problem> {
    if asked.grant.restriction().is_empty() {
        return Ok(());
    }
    let detail = "visits are the whole account's: this token may see some managers alone";
    Err(Problem::new(Code::Forbidden, detail))
}

/// Answers a page of a period.
fn several(page: Listed, asked: &Asked<'_>, what: &str, as_of: Time) -> Response {
    let Listed { records, from, to } = page;
    let mut items = records.items.into_iter().map(Value::Object).collect();
    if !asked.grant.may(Scope::ReadPhones) {
        phones::mask_thing(&mut items);
    }
    let page = json!({ what: items, "from": from, "to": to, PAGE.0: records.next, "as_of": as_of });
    Json(page).into_response()
}
