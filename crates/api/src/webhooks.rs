//! `GET /v1/admin/webhooks`: the outgoing webhooks of the account, and how it goes with each; its dead
//! letters, and how they are sent again.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use trunkline_delivery::{DeadLetter, Listed, Replay};
use trunkline_model::settings::Scope;

use crate::openapi::{Group, Operation, Place};
use crate::phones::masked;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;

/// The outgoing webhooks of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Webhooks")]
pub(crate) struct WebhookList {
    webhooks: Vec<Listed>,
}

/// The dead letters of a webhook, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeadLetters {
    dead: Vec<DeadLetter>,
}

/// How many dead letters are sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Replayed {
    replayed: usize,
}

/// The webhook's id in the path.
type Named = Result<Path<String>, PathRejection>;

/// Lists the webhooks.
pub(crate) async fn list(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<WebhookList>, Problem> {
    let now = (shared.clock)();
    let grant = shared.directory.load().admit(&headers, Scope::Admin, now)?;
    query::none(&uri)?;
    let webhooks = shared.webhooks.list(&grant.account);
    Ok(Json(WebhookList { webhooks }))
}

/// Lists the dead letters of one; who may not see phone numbers sees them masked.
pub(crate) async fn dead(
    State(shared): State<Shared>,
    named: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<DeadLetters>, Problem> {
    let now = (shared.clock)();
    let grant = shared.directory.load().admit(&headers, Scope::Admin, now)?;
    query::none(&uri)?;
    let webhook = id(named)?;
    let dead = shared.webhooks.dead(&grant.account, &webhook);
    let mut dead = dead.ok_or_else(no_webhook)?;
    if !grant.may(Scope::ReadPhones) {
        for letter in &mut dead {
            letter.contact = masked(std::mem::take(&mut letter.contact));
        }
    }
    Ok(Json(DeadLetters { dead }))
}

/// Has dead letters sent again: all, or the one of `id`.
pub(crate) async fn replay(
    State(shared): State<Shared>,
    named: Named,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Replayed>, Problem> {
    let now = (shared.clock)();
    let grant = shared.directory.load().admit(&headers, Scope::Admin, now)?;
    let mut one = None;
    for (name, value) in query::pairs(&uri)? {
        if name != "id" {
            return Err(query::unknown(&name, "there is `id`"));
        }
        if one.replace(value).is_some() {
            let detail = "`id` stands twice: send each alone, or all without it";
            return Err(Problem::new(Code::BadParameter, detail));
        }
    }
    let webhook = id(named)?;
    match shared
        .webhooks
        .replay(&grant.account, &webhook, one.as_deref())
    {
        Replay::Waiting(replayed) => Ok(Json(Replayed { replayed })),
        Replay::NoWebhook => Err(no_webhook()),
        Replay::NoLetter => {
            let detail = "this webhook has no dead letter of this id";
            Err(Problem::new(Code::NotFound, detail))
        }
    }
}

fn id(named: Named) -> Result<String, Problem> {
    named.map(|Path(id)| id).map_err(|_| no_webhook())
}

fn no_webhook() -> Problem {
    let detail =
        "the account has no outgoing webhook of this id; GET /v1/admin/webhooks lists them";
    Problem::new(Code::NotFound, detail)
}

pub(crate) fn about_list() -> Operation {
    Operation::new(
        Group::Administration,
        "webhooks",
        "Lists the outgoing webhooks",
    )
    .about(
        "How many notices of each wait, were delivered or given up, and why the last try failed.",
    )
    .scope(Scope::Admin)
    .json::<WebhookList>(200, "The webhooks of the account.")
    .refuses(&[Code::BadParameter])
    .sample("All webhooks", "/v1/admin/webhooks")
}

pub(crate) fn about_dead() -> Operation {
    let about = "Notices that were given up after a day of tries, when the receiver answered 410, or \
                 when too many waited: the last 1,000, for 30 days. Phone numbers are masked unless \
                 the token has `read:phones`.";
    let operation = Operation::new(
        Group::Administration,
        "dead_letters",
        "Lists the dead letters of an outgoing webhook",
    );
    of_one(operation.about(about))
        .json::<DeadLetters>(200, "The dead letters, newest first.")
        .refuses(&[Code::BadParameter, Code::NotFound])
}

pub(crate) fn about_replay() -> Operation {
    let operation = Operation::new(
        Group::Administration,
        "replay_dead_letters",
        "Sends dead letters again",
    );
    let shape = json!({ "type": "string" });
    of_one(operation.about("Behind what waits, with the ids they had."))
        .takes(
            Place::Query,
            "id",
            shape,
            "One alone, by its id; all by default.",
        )
        .json::<Replayed>(200, "How many wait again.")
        .refuses(&[Code::BadParameter, Code::NotFound])
}

fn of_one(operation: Operation) -> Operation {
    let shape = json!({ "type": "string" });
    operation
        .scope(Scope::Admin)
        .takes(Place::Path, "webhook", shape, "The webhook's id.")
}
