//! `POST /sources/spend`: a file of what advertising cost, from the board's form.
//!
//! Who may send it is known by the cookie of a login whose token has the scope `ingest`; the form must
//! come from a page of our own, as that of the login. Its statements are events like those of
//! `POST /v1/events`: durable before the answer, and told again they are duplicates.

mod form;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;
use trunkline_board::{Uploaded, Viewer, uploaded, uploaded_page};
use trunkline_model::batch::{Batch, Shape};
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;
use trunkline_pipeline::Submission;
use trunkline_providers::spend::{Beside, Statements, statements};

use crate::board::Look;
use crate::directory::Grant;
use crate::events::{not_taken, open, refusals, whole};
use crate::login::{self, document, foreign, ours};
use crate::problem::{Code, Problem, Refused};
use crate::routes::Shared;
use form::Form;

/// Bytes of a form, its file and all.
const FORM: usize = 4 * 1024 * 1024;
/// Characters of a file's name that are shown.
const NAME: usize = 200;
/// Statements that are submitted together.
const TOGETHER: usize = 5_000;
/// How long an answer waits until the figures have what it took.
const FLUSHED_WITHIN: Duration = Duration::from_secs(3);
/// What a script of the board's asks with: it is answered by a part of the page.
const PART: HeaderName = HeaderName::from_static("hx-request");

/// Takes a file in and says what became of it.
pub(crate) async fn spend(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if ours(&head.headers, shared.config.public_url.as_deref()).is_none() {
        return foreign();
    }
    let is_part = head.headers.contains_key(PART);
    let Some(look) = Look::of(&shared, &head.headers) else {
        return if is_part {
            login::ended()
        } else {
            login::first(&head.headers)
        };
    };
    let mut told = Uploaded::default();
    let taken = take(&shared, &look.grant, &head.headers, body, &mut told).await;
    shared.desk.forget();
    answer(told, taken.err(), is_part, &look.viewer)
}

/// Says what became of a file, and why nothing, or no more, of it was taken.
fn answer(
    mut told: Uploaded,
    problem: Option<Problem>,
    is_part: bool,
    viewer: &Viewer,
) -> Response {
    if told.file.is_empty() {
        "The file".clone_into(&mut told.file);
    }
    told.failed = problem.as_ref().map(|problem| problem.detail().to_owned());
    let html = if is_part {
        uploaded(&told)
    } else {
        uploaded_page(&told, viewer)
    };
    let status = problem.as_ref().map_or(StatusCode::OK, Problem::status);
    let mut response = document(status, html);
    if let Some(problem) = problem {
        response.extensions_mut().insert(Refused(problem.code()));
    }
    response
}

/// Reads the form, and submits what its file says. Errs where nothing, or no more, can be taken.
async fn take(
    shared: &Shared,
    grant: &Grant,
    headers: &HeaderMap,
    body: Body,
    told: &mut Uploaded,
) -> Result<(), Problem> {
    if !grant.may(Scope::Ingest) {
        let detail = "this login's token lacks the scope ingest";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    open(shared)?;
    let boundary = form::boundary(headers)?;
    let collected = shared.bodies.collect_at_most(headers, body, FORM).await?;
    let form = Form::read(&collected.bytes, &boundary)?;
    told.file = form.name.chars().take(NAME).collect();
    let now = (shared.clock)();
    let said = read(form, now).await?;
    told.sums = said.sums;
    told.refused = said.refused;
    let mut last = None;
    for part in said.events.chunks(TOGETHER) {
        last = submit(shared, &grant.account, part, now, told)
            .await?
            .or(last);
    }
    told.refused.sort_unstable();
    if last.is_some() {
        told.flushed = shared.pipeline.flushed(last, FLUSHED_WITHIN).await;
    }
    Ok(())
}

/// Makes statements of a file, beside the threads that answer.
async fn read(form: Form, now: Time) -> Result<Statements, Problem> {
    let beside = Beside {
        source: form.field("source"),
        medium: form.field("medium"),
        currency: form.field("currency"),
    };
    let said = tokio::task::spawn_blocking(move || statements(&form.file, &beside, now)).await;
    let said =
        said.map_err(|_| Problem::new(Code::Internal, "a fault of the service; see its log"));
    said?.map_err(|why| Problem::refused("malformed", StatusCode::BAD_REQUEST, why.to_string()))
}

/// Makes statements durable and counts what became of them; gives the offset of the last.
async fn submit(
    shared: &Shared,
    account: &Arc<str>,
    part: &[(u64, String)],
    now: Time,
    told: &mut Uploaded,
) -> Result<Option<u64>, Problem> {
    let events: Vec<&str> = part.iter().map(|(_, event)| event.as_str()).collect();
    let body = format!("[{}]", events.join(",")).into_bytes();
    let batch = Batch::parse(body, Shape::Json, now, &shared.limits).map_err(whole)?;
    let refused = refusals::of_batch(&batch, Shape::Json, now);
    if !refused.is_empty() {
        shared.pipeline.refuse(batch.rejected.len() as u64);
        shared.rejects.add(account, refused);
    }
    for rejected in &batch.rejected {
        let line = part
            .get(rejected.index as usize)
            .map_or(0, |(line, _)| *line);
        told.refused.push((line, rejected.detail.clone()));
    }
    if batch.events.is_empty() {
        return Ok(None);
    }
    let submission = Submission {
        account: Arc::clone(account),
        origin: Arc::clone(&shared.origin),
        events: batch.events,
        webhook: None,
    };
    let receipt = shared
        .pipeline
        .submit(submission)
        .await
        .map_err(not_taken)?;
    told.accepted += u64::from(receipt.accepted);
    told.duplicates += u64::from(receipt.duplicates);
    told.conflicts += u64::from(receipt.conflicts);
    Ok(receipt.last_offset)
}
