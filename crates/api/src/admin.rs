//! `GET /v1/admin/rejects`: the last events of the account that were refused at the door, or
//! journalled but not understood by the fold. `POST /v1/admin/reload`: the configuration is read
//! again, as by SIGHUP. `GET /v1/admin/hooks`: the hooks of providers, and what came of each.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;

use crate::hooks::Listed;
use crate::openapi::{Group, Operation};
use crate::problem::{Code, Problem};
use crate::query;
use crate::redact::mask;
use crate::rejects::Reject;
use crate::routes::Shared;

/// The lists, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Rejects")]
pub(crate) struct Lists {
    /// Refused at the door since the start of the process: not in the journal.
    refused: Vec<Reject>,
    /// In the journal, but in no figure.
    quarantined: Vec<Set>,
}

/// The hooks of an account.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Hooks")]
pub(crate) struct HookList {
    hooks: Vec<Listed>,
}

/// An event that the fold could not apply.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Quarantined")]
struct Set {
    received_at: Time,
    /// Its place in the journal, as text.
    offset: String,
    reason: String,
}

/// Lists what was refused or set aside.
pub(crate) async fn rejects(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Lists>, Problem> {
    let grant = shared
        .directory
        .load()
        .admit(&headers, Scope::Admin, (shared.clock)())?;
    query::none(&uri)?;
    let quarantined = shared.pipeline.quarantined();
    let own = quarantined
        .into_iter()
        .rev()
        .filter(|it| it.account.as_deref() == Some(&*grant.account));
    let set = own.map(|it| Set {
        received_at: it.received_at,
        offset: it.offset.to_string(),
        reason: mask(&it.reason, 300),
    });
    Ok(Json(Lists {
        refused: shared.rejects.list(&grant.account),
        quarantined: set.collect(),
    }))
}

/// Lists the account's hooks, and what came of them.
pub(crate) async fn hooks(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<HookList>, Problem> {
    let now = (shared.clock)();
    let grant = shared.directory.load().admit(&headers, Scope::Admin, now)?;
    query::none(&uri)?;
    let hooks = shared.hooks.load().of(&grant.account);
    Ok(Json(HookList { hooks }))
}

/// Reads the configuration again; a bad one changes nothing.
pub(crate) async fn reload(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let now = (shared.clock)();
    shared.directory.load().admit(&headers, Scope::Admin, now)?;
    query::none(&uri)?;
    if (shared.reload)().await {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "the configuration was not taken, and the one before holds on; the service's log \
                  says why";
    Err(Problem::new(Code::BadConfiguration, detail))
}

pub(crate) fn about_rejects() -> Operation {
    Operation::new(Group::Administration, "rejects", "Lists what was refused")
        .about(
            "The last 100 refused events of the account, with texts and numbers masked, and what \
             is in the journal but could not be applied.",
        )
        .scope(Scope::Admin)
        .json::<Lists>(200, "The lists, newest first.")
        .refuses(&[Code::BadParameter])
        .sample("What was refused", "/v1/admin/rejects")
}

pub(crate) fn about_hooks() -> Operation {
    Operation::new(
        Group::Administration,
        "hooks",
        "Lists the hooks of providers",
    )
    .about("What came of each since the service started, and its last requests.")
    .scope(Scope::Admin)
    .json::<HookList>(200, "The hooks of the account.")
    .refuses(&[Code::BadParameter])
    .sample("All hooks", "/v1/admin/hooks")
}

pub(crate) fn about_reload() -> Operation {
    Operation::new(
        Group::Administration,
        "reload",
        "Reads the configuration again",
    )
    .about("As SIGHUP does. A file with an error changes nothing; the log says why.")
    .scope(Scope::Admin)
    .answers_nothing(204, "The configuration holds.")
    .refuses(&[Code::BadParameter, Code::BadConfiguration])
    .sample("Read it again", "/v1/admin/reload")
}
