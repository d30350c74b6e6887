//! `GET /v1/conversions`: what came of clicks, for those who count clicks. Phone numbers are masked
//! unless the token has the scope read:phones; a token that may see some managers alone sees none.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use trunkline_model::settings::Scope;
use trunkline_reports::Conversions;

use crate::openapi::{Group, Operation, Place, Shape};
use crate::phones;
use crate::problem::{Code, Problem};
use crate::routes::Shared;
use crate::ways_out::{asked, context, problem};

/// Lists conversions.
pub(crate) async fn conversions(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, Ok(Path("conversions".to_owned())), &uri, &headers).await?;
    if !asked.grant.restriction().is_empty() {
        let detail = "conversions are the whole account's: this token may see some managers alone";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let context = context(&shared, &asked.grant);
    let as_of = context.as_of;
    let page = shared.reports.conversions(&asked.pairs, &context).await;
    let Conversions { records, from, to } = page.map_err(problem)?;
    let mut items: Vec<Value> = records.items.into_iter().map(Value::Object).collect();
    if !asked.grant.may(Scope::ReadPhones) {
        items.iter_mut().for_each(mask);
    }
    let page = json!({
        "conversions": items, "from": from, "to": to, "cursor": records.next, "as_of": as_of,
    });
    Ok(Json(page).into_response())
}

fn mask(conversion: &mut Value) {
    if let Some(Value::String(phone)) = conversion.get_mut("phone") {
        *phone = phones::masked(std::mem::take(phone));
    }
}

pub(crate) fn about() -> Operation {
    let text = || json!({ "type": "string" });
    let kinds = json!({ "type": "array", "items": {
        "type": "string", "enum": ["call", "target_call", "form", "lead", "won"] } });
    let models = json!({ "type": "string", "enum": ["first", "last", "last_non_direct"] });
    let limit = json!({ "type": "integer", "minimum": 1 });
    let operation = Operation::new(Group::Figures, "conversions", "Lists offline conversions")
        .about(
            "Calls, forms, leads and won deals of a period, the earliest first, with the ids of the click \
             that earned each: what `trunkline export conversions` tells those who count clicks.",
        )
        .scope(Scope::Read)
        .sample(
            "What was won in a week",
            "/v1/conversions?from=2026-03-02&to=2026-03-09&kind=won",
        )
        .answers(200, "What was asked for.", "application/json", Shape::object())
        .refuses(&[
            Code::BadParameter,
            Code::TooMuch,
            Code::Overloaded,
            Code::WarehouseUnavailable,
        ]);
    [
        (
            "from",
            text(),
            "The start, inclusive; with `to`, or `period` in place of both.",
        ),
        ("to", text(), "The end, exclusive."),
        ("period", text(), "A calendar period to date, like `week`."),
        (
            "tz",
            text(),
            "The zone of local dates; the account's by default.",
        ),
        ("kind", kinds, "Which kinds; all by default."),
        (
            "model",
            models,
            "Which touch earns it; the account's by default.",
        ),
        ("limit", limit, "How many."),
        (
            "cursor",
            text(),
            "The page that an answer's `cursor` names.",
        ),
    ]
    .into_iter()
    .fold(operation, |operation, (name, schema, about)| {
        operation.takes(Place::Query, name, schema, about)
    })
}
