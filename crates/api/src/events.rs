//! `POST /v1/events`: one object, an array or NDJSON in, what became of each out.
//!
//! Success is said only after the events are on stable storage. Counting: a refused event counts as
//! received and refused the moment it is refused; a body that is refused as a whole counts as one.
//! Nothing is counted for a request that its peer gives up before its events are handed on; after
//! that the pipeline goes on without the peer.

mod about;
mod answer;
pub(crate) mod refusals;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use trunkline_model::batch::Batch;
use trunkline_model::event::{Code as EventCode, Refusal};
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;
use trunkline_pipeline::{Phase, Submission, SubmitError};

pub(crate) use about::{HOOK, about, hook};

use crate::config::ms;
use crate::encoding::shape;
use crate::metrics::{self, Arrival, Source};
use crate::problem::{Code, Problem};
use crate::query;
use crate::rejects::Reject;
use crate::routes::Shared;
use answer::Answer;

/// The origin of events that come through this door.
pub(crate) const ORIGIN: &str = "api";

/// Takes events in.
pub(crate) async fn post(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let now = (shared.clock)();
    let grant = shared
        .directory
        .load()
        .admit(&head.headers, Scope::Ingest, now)?;
    let asked = asked(&head.uri)?;
    let origin = origin(&shared, &grant.account, asked.hook.as_deref())?;
    open(&shared)?;
    let batch = read(&shared, &head.headers, body).await;
    let batch = note_refusals(&shared, &grant.account, batch, now)?;
    if batch.events.is_empty() && !batch.rejected.is_empty() {
        return Ok(answer::nothing_taken(&batch.rejected));
    }
    let arrival = Arrival::of(&batch.events, now);
    let answer = take(&shared, &grant.account, origin, batch, asked.wait_flushed).await?;
    if let Some(arrival) = arrival {
        metrics::arrived(Source::Events, arrival);
    }
    Ok(answer)
}

/// Counts and lists what was refused: a whole body as one event, or items of a batch.
fn note_refusals(
    shared: &Shared,
    account: &Arc<str>,
    read: Result<Read, Problem>,
    now: Time,
) -> Result<Batch, Problem> {
    match read {
        Ok(Read { batch, refused }) => {
            if !refused.is_empty() {
                shared.pipeline.refuse(batch.rejected.len() as u64);
                shared.rejects.add(account, refused);
            }
            Ok(batch)
        }
        Err(problem) => {
            shared.pipeline.refuse(1);
            let refused = refusals::of_body(problem.code(), problem.detail(), now);
            shared.rejects.add(account, [refused]);
            Err(problem)
        }
    }
}

/// Hands the accepted events on and answers what became of them.
pub(crate) async fn take(
    shared: &Shared,
    account: &Arc<str>,
    origin: Arc<str>,
    batch: Batch,
    wait_flushed: bool,
) -> Result<Response, Problem> {
    let Batch {
        events, rejected, ..
    } = batch;
    let submission = Submission {
        account: Arc::clone(account),
        origin,
        events,
        webhook: None,
    };
    let receipt = shared
        .pipeline
        .submit(submission)
        .await
        .map_err(not_taken)?;
    let mut answer = Answer::new(&receipt, &rejected);
    if wait_flushed {
        let within = ms(shared.config.requests.flushed_ms);
        answer.flushed = Some(shared.pipeline.flushed(receipt.last_offset, within).await);
    }
    Ok(answer.into_response())
}

/// What a request asks for beside its events.
#[derive(Default)]
struct Asked {
    wait_flushed: bool,
    /// The hook that the events are as good as from.
    hook: Option<String>,
}

fn asked(uri: &Uri) -> Result<Asked, Problem> {
    let mut asked = Asked::default();
    for (name, value) in query::pairs(uri)? {
        match name.as_str() {
            "wait" if value == "flushed" && !asked.wait_flushed => asked.wait_flushed = true,
            "wait" => {
                let detail = "parameter `wait` may be given once, as `wait=flushed`";
                return Err(Problem::new(Code::BadParameter, detail));
            }
            "hook" if asked.hook.is_none() => asked.hook = Some(value),
            "hook" => {
                let detail = "parameter `hook` may be given once";
                return Err(Problem::new(Code::BadParameter, detail));
            }
            _ => {
                return Err(query::unknown(
                    &name,
                    "this path takes `wait=flushed` and `hook=ID`",
                ));
            }
        }
    }
    Ok(asked)
}

/// Gives the origin of events: a hook of the account, or this door.
pub(crate) fn origin(
    shared: &Shared,
    account: &str,
    hook: Option<&str>,
) -> Result<Arc<str>, Problem> {
    let Some(id) = hook else {
        return Ok(Arc::clone(&shared.origin));
    };
    let entry = shared.hooks.load().find(id);
    let own = entry.filter(|entry| *entry.account == *account);
    own.map(|entry| Arc::clone(&entry.hook.id)).ok_or_else(|| {
        let detail = "parameter `hook` names no hook of the token's account";
        Problem::new(Code::BadParameter, detail)
    })
}

/// Reads the one parameter of a path that takes an event.
pub(crate) fn wait_flushed(uri: &Uri) -> Result<bool, Problem> {
    let mut wait = false;
    for (name, value) in query::pairs(uri)? {
        if name != "wait" {
            return Err(query::unknown(&name, "this path takes `wait=flushed`"));
        }
        if value != "flushed" || wait {
            let detail = "parameter `wait` may be given once, as `wait=flushed`";
            return Err(Problem::new(Code::BadParameter, detail));
        }
        wait = true;
    }
    Ok(wait)
}

/// Refuses early, before a body is read that could not be taken.
pub(crate) fn open(shared: &Shared) -> Result<(), Problem> {
    match shared.pipeline.phase() {
        Phase::Ready => Ok(()),
        Phase::Starting => Err(not_taken(SubmitError::Starting)),
        Phase::Draining => Err(not_taken(SubmitError::Draining)),
    }
}

/// A body, parsed, and what is kept of its refused items.
struct Read {
    batch: Batch,
    refused: Vec<Reject>,
}

async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<Read, Problem> {
    let shape = shape(headers)?;
    let collected = shared.bodies.collect(headers, body).await?;
    let size = collected.bytes.len();
    metrics::body(size);
    let now = (shared.clock)();
    let limits = shared.limits;
    let parse = move || {
        // The claim ends with the parse: from here on the events count against the pipeline's
        // own admission.
        let _claim = collected.claim;
        let batch = Batch::parse(collected.bytes, shape, now, &limits)?;
        let refused = refusals::of_batch(&batch, shape, now);
        Ok(Read { batch, refused })
    };
    let parsed = if size <= shared.config.requests.inline_bytes {
        parse()
    } else {
        tokio::task::spawn_blocking(parse)
            .await
            .map_err(|_| Problem::new(Code::Internal, "a fault of the service; see its log"))?
    };
    parsed.map_err(whole)
}

/// Turns the model's refusal of a whole body into the door's.
pub(crate) fn whole(refusal: Refusal) -> Problem {
    let status = match refusal.code {
        EventCode::TooLarge | EventCode::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    Problem::refused(refusal.code.as_str(), status, refusal.detail)
}

/// Turns the pipeline's refusal into the door's.
pub(crate) fn not_taken(error: SubmitError) -> Problem {
    match error {
        SubmitError::Unavailable { reason } => {
            tracing::warn!(reason, "events could not be made durable");
            let detail = "the journal cannot be written now; nothing of this request is promised";
            Problem::new(Code::JournalUnavailable, detail).retry_after(5)
        }
        SubmitError::TooLarge => Problem::new(Code::BatchTooLarge, error.to_string()),
        SubmitError::Overloaded => Problem::new(Code::Overloaded, error.to_string()),
        SubmitError::Starting => Problem::new(Code::Starting, error.to_string()).retry_after(2),
        SubmitError::Draining => Problem::new(Code::Draining, error.to_string()).retry_after(5),
    }
}
