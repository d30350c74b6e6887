//! `GET /v1/calls`, `/v1/conversations`, `/v1/contacts`, `/v1/visits`, `/v1/leads`, one of each, and a contact's timeline;
//! `PATCH /v1/calls/{call}`.
//!
//! Calls are listed by the report of calls: with its period, its filters and its order. A change of a
//! call is an event like any other, durable before it is answered; so it is in the journal, and a
//! replay makes it again.

pub(crate) mod about;
pub(crate) mod listed;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use trunkline_model::batch::{Batch, Shape};
use trunkline_model::settings::Scope;
use trunkline_reports::{Page, Records};

use crate::directory::Grant;
use crate::events::{open, take, wait_flushed, whole};
use crate::phones;
use crate::problem::{Code, Problem};
use crate::routes::Shared;
use crate::ways_out::{Asked, asked, context, opened, problem, turn};

/// The report that lists calls.
const CALLS: &str = "calls";

/// The parameter that names a page, here and in the reports.
const PAGE: (&str, &str) = ("cursor", "after");

/// What of a call may be changed.
const CHANGED: [&str; 3] = ["tags", "value", "spam"];

/// The name or id in a path.
type Named = Result<Path<String>, PathRejection>;

/// Lists calls.
pub(crate) async fn calls(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, Ok(Path(CALLS.to_owned())), &uri, &headers).await?;
    let mut pairs = asked.pairs;
    if let Some((name, _)) = pairs.iter().find(|(name, _)| NOT_HERE.contains(&&**name)) {
        return Err(crate::query::unknown(name, "this path lists calls"));
    }
    for (name, _) in &mut pairs {
        if name == PAGE.0 {
            PAGE.1.clone_into(name);
        }
    }
    let (page, _) = opened(&shared, &asked.grant, CALLS, &pairs).await?;
    Ok(Json(listed(page)).into_response())
}

/// Parameters of the report that make no sense of a list, or have another name here.
const NOT_HERE: [&str; 7] = [
    "after", "figure", "by", "interval", "compare", "order", "format",
];

/// Gives the rows of a page as objects. What stands there is masked already.
fn listed(page: Page) -> Value {
    let columns = &page.columns;
    let object = |row: Vec<_>| {
        let named = columns.iter().zip(row);
        let field = |(column, value): (&trunkline_reports::Column, _)| {
            let value = serde_json::to_value(value).unwrap_or(Value::Null);
            (column.name.to_owned(), value)
        };
        Value::Object(named.map(field).collect())
    };
    let items: Vec<_> = page.rows.into_iter().map(object).collect();
    json!({
        "calls": items, "from": page.from, "to": page.to, PAGE.0: page.next, "as_of": page.as_of,
    })
}

/// Gives a call with its legs.
pub(crate) async fn call(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = alone(&shared, id, &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let call = shared.reports.call(&asked.name, &context).await;
    one(call.map_err(problem)?, &asked.grant, "call")
}

/// Lists contacts.
pub(crate) async fn contacts(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, Ok(Path("contacts".to_owned())), &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let page = shared.reports.contacts(&asked.pairs, &context).await;
    Ok(several(page.map_err(problem)?, &asked, "contacts"))
}

/// Gives a contact.
pub(crate) async fn contact(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = alone(&shared, id, &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let contact = shared.reports.contact(&asked.name, &context).await;
    one(contact.map_err(problem)?, &asked.grant, "contact")
}

/// Lists what happened with a contact.
pub(crate) async fn timeline(
    State(shared): State<Shared>,
    id: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, id, &uri, &headers).await?;
    let context = context(&shared, &asked.grant);
    let page = shared
        .reports
        .timeline(&asked.name, &asked.pairs, &context)
        .await;
    Ok(several(page.map_err(problem)?, &asked, "timeline"))
}

/// Changes tags, value or spam of a call: appends an event that says so.
pub(crate) async fn mend(
    State(shared): State<Shared>,
    id: Named,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let now = (shared.clock)();
    let directory = shared.directory.load();
    let grant = directory.admit(&head.headers, Scope::Ingest, now)?;
    let wait = wait_flushed(&head.uri)?;
    let id = named(id)?;
    open(&shared)?;
    let changes = changes(&shared, &head.headers, body).await?;
    known(&shared, &grant, &id).await?;
    let mut event = json!({"type": "call", "call": id, "phase": "tagged", "at": now});
    if let Some(event) = event.as_object_mut() {
        event.extend(changes);
    }
    let body = event.to_string().into_bytes();
    let batch = Batch::parse(body, Shape::Json, now, &shared.limits).map_err(whole)?;
    if let Some(refused) = batch.rejected.first() {
        shared.pipeline.refuse(1);
        let (code, detail) = (refused.code.as_str(), refused.detail.clone());
        return Err(Problem::refused(code, StatusCode::BAD_REQUEST, detail));
    }
    let origin = Arc::clone(&shared.origin);
    take(&shared, &grant.account, origin, batch, wait).await
}

/// Reads what is to be changed.
async fn changes(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
) -> Result<Map<String, Value>, Problem> {
    let body = shared.bodies.collect(headers, body).await?;
    let bad = |detail: String| {
        shared.pipeline.refuse(1);
        let detail = format!(
            "{detail}: send an object with one or more of {}",
            CHANGED.join(", ")
        );
        Problem::refused("malformed", StatusCode::BAD_REQUEST, detail)
    };
    let changes = match serde_json::from_slice(&body.bytes) {
        Ok(Value::Object(changes)) => changes,
        Ok(_) => return Err(bad("the body is no object".to_owned())),
        Err(error) => return Err(bad(format!("the body is no JSON: {error}"))),
    };
    if let Some(name) = changes
        .keys()
        .find(|name| !CHANGED.contains(&name.as_str()))
    {
        let name = crate::redact::mask(name, 64);
        return Err(bad(format!("`{name}` cannot be changed")));
    }
    if changes.is_empty() {
        return Err(bad("nothing is changed".to_owned()));
    }
    Ok(changes)
}

/// Refuses a call that is not in the figures: a mistyped id must make no call.
async fn known(shared: &Shared, grant: &Grant, id: &str) -> Result<(), Problem> {
    let _turn = turn(shared).await?;
    let context = context(shared, grant);
    match shared.reports.call(id, &context).await.map_err(problem)? {
        Some(_) => Ok(()),
        None => Err(missing("call")),
    }
}

/// Reads a question about one thing, which takes no parameters.
async fn alone<'a>(
    shared: &'a Shared,
    id: Named,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Asked<'a>, Problem> {
    let asked = asked(shared, id, uri, headers).await?;
    crate::query::none(uri)?;
    Ok(asked)
}

fn named(id: Named) -> Result<String, Problem> {
    id.map(|Path(id)| id).map_err(|_| {
        let detail = "the id in the path is not UTF-8, percent-encoded";
        Problem::new(Code::BadParameter, detail)
    })
}

/// Answers one thing.
fn one(thing: Option<Value>, grant: &Grant, what: &str) -> Result<Response, Problem> {
    let mut thing = thing.ok_or_else(|| missing(what))?;
    if !grant.may(Scope::ReadPhones) {
        phones::mask_thing(&mut thing);
    }
    Ok(Json(thing).into_response())
}

fn missing(what: &str) -> Problem {
    let detail = format!(
        "there is no such {what} in the figures; what was sent within the last seconds may not be yet"
    );
    Problem::new(Code::NotFound, detail)
}

/// Answers a page of things.
fn several(page: Records, asked: &Asked<'_>, what: &str) -> Response {
    let Records { items, next } = page;
    let mut items = items.into_iter().map(Value::Object).collect::<Value>();
    if !asked.grant.may(Scope::ReadPhones) {
        phones::mask_thing(&mut items);
    }
    Json(json!({ what: items, PAGE.0: next })).into_response()
}
