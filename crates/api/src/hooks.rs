//! `POST|GET /v1/hooks/{hook}`: the webhooks of providers.
//!
//! A request is verified over its bytes before anything of it is read, and answered once its events,
//! and what they were made of, are on stable storage. Whoever cannot prove to be the provider is told
//! the same, whatever was wrong, also where there is no such hook. Whoever can is never told that we
//! did not understand: what is new to us is kept as it came, counted, and answered as the rest.
//!
//! A provider that calls nobody is [connected to](link) instead.

mod about;
mod book;
pub(crate) mod connections;
mod heard;
pub(crate) mod link;
pub(crate) mod peer;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trunkline_model::batch::{Batch, Shape};
use trunkline_model::event::Integrity;
use trunkline_model::time::Time;
use trunkline_pipeline::{Submission, record};
use trunkline_providers as providers;
use trunkline_providers::{Answer, Parsed, Refused};

pub(crate) use about::{about_get, about_post};
pub use book::Hooks;
pub(crate) use book::{Entry, Listed};
use heard::Heard;

use crate::events::{self, not_taken, refusals};
use crate::metrics::{self, Arrival, HookOutcome, Source};
use crate::problem::{Code, Problem};
use crate::routes::Shared;

/// What every failure is told.
const UNVERIFIED: &str = "the request is not verified";

/// Bytes of most events.
const AN_EVENT: usize = 320;

/// Takes a webhook in.
pub(crate) async fn receive(
    State(shared): State<Shared>,
    path: RawPathParams,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let hooks = shared.hooks.load();
    let name = path.iter().find(|(name, _)| *name == "hook");
    let entry = name.and_then(|(_, name)| hooks.find(name));
    events::open(&shared)?;
    let collected = shared.bodies.collect_raw(&head.headers, body).await?;
    // Only here, so that nobody can try which hooks there are.
    let entry = entry.ok_or_else(unverified)?;
    let now = (shared.clock)();
    let url = public(&shared, &head);
    let request = providers::Request {
        method: &head.method,
        url: &url,
        headers: &head.headers,
        body: &collected.bytes,
        peer: peer::of(&head, &shared.config.trusted_proxies),
        received_at: now,
    };
    match vouched(&entry, &request) {
        Err(refused) => Err(refuse(&shared, &entry, &refused, now)),
        Ok(Vouched::Greeted(answer)) => {
            metrics::hook(entry.provider(), HookOutcome::Greeting);
            Ok(respond(answer))
        }
        Ok(Vouched::For(integrity)) => {
            take(&shared, &entry, &request, integrity).await?;
            Ok(respond(entry.hook.provider.answer()))
        }
    }
}

/// What is known of a request that its provider sent.
enum Vouched {
    /// It only asked whether we are there.
    Greeted(Answer),
    /// It tells of something, vouched for so far.
    For(Integrity),
}

fn vouched(entry: &Entry, request: &providers::Request<'_>) -> Result<Vouched, Refused> {
    let hook = &entry.hook;
    hook.admit(request)?;
    match hook.provider.greeting(hook, request)? {
        Some(answer) => Ok(Vouched::Greeted(answer)),
        None => hook.provider.verify(hook, request).map(Vouched::For),
    }
}

/// Refuses a request; why is told to those who run the hook.
fn refuse(shared: &Shared, entry: &Entry, refused: &Refused, now: Time) -> Problem {
    metrics::hook(entry.provider(), HookOutcome::Unverified);
    entry.heard.refused(refused, now);
    let told = refusals::of_hook("unverified", &refused.to_string(), now);
    shared.rejects.add(&entry.account, [told]);
    unverified()
}

fn unverified() -> Problem {
    Problem::new(Code::Unauthorized, UNVERIFIED)
}

/// Makes the events of a verified request durable, with what they were made of.
async fn take(
    shared: &Shared,
    entry: &Entry,
    request: &providers::Request<'_>,
    integrity: Integrity,
) -> Result<(), Problem> {
    let now = request.received_at;
    let hook = &entry.hook;
    let parsed = hook.provider.parse(hook, request);
    let outcome = match &parsed {
        Err(_) => HookOutcome::Unreadable,
        Ok(parsed) if !parsed.unknown.is_empty() => HookOutcome::Unknown,
        Ok(_) => HookOutcome::Taken,
    };
    let mut parsed = match parsed {
        Ok(parsed) => parsed,
        Err(unreadable) => {
            let told = refusals::of_hook("unreadable", &unreadable.to_string(), now);
            shared.rejects.add(&entry.account, [told]);
            Parsed::nothing()
        }
    };
    let shadowed = entry.shadow(&mut parsed);
    parsed
        .events
        .iter_mut()
        .for_each(|event| event.vouch(integrity));
    let heard = Heard::of(&parsed, outcome, shadowed, now);
    let batch = batch(shared, entry, &parsed, now)?;
    let arrival = Arrival::of(&batch.events, now);
    let submission = Submission {
        account: Arc::clone(&entry.account),
        origin: Arc::clone(&hook.id),
        events: batch.events,
        webhook: Some(raw(entry, request)),
    };
    shared
        .pipeline
        .submit(submission)
        .await
        .map_err(not_taken)?;
    metrics::hook(entry.provider(), outcome);
    entry.heard.taken(heard, arrival.map(Arrival::newest));
    if let Some(arrival) = arrival {
        metrics::arrived(Source::Hooks, arrival);
    }
    Ok(())
}

/// Looks at the events as the contract does; what it refuses is counted and listed.
fn batch(shared: &Shared, entry: &Entry, parsed: &Parsed, now: Time) -> Result<Batch, Problem> {
    let batch = Batch::parse(lines(parsed), Shape::Ndjson, now, &shared.limits);
    let batch = batch.map_err(events::whole)?;
    let refused = refusals::of_batch(&batch, Shape::Ndjson, now);
    if !refused.is_empty() {
        shared.pipeline.refuse(batch.rejected.len() as u64);
        shared.rejects.add(&entry.account, refused);
    }
    Ok(batch)
}

/// Writes the events down as the journal keeps them.
fn lines(parsed: &Parsed) -> Vec<u8> {
    let mut body = Vec::with_capacity(AN_EVENT * parsed.events.len());
    for event in &parsed.events {
        event.write(&mut body);
        body.push(b'\n');
    }
    body
}

/// What is kept of a request beside its body.
#[derive(Serialize)]
struct Head<'a> {
    content_type: Option<&'a str>,
    method: &'a str,
    query: String,
}

/// Characters of a query and of a media type that are kept.
const KEPT: usize = 8_000;

/// Writes down what was received.
fn raw(entry: &Entry, request: &providers::Request<'_>) -> Vec<u8> {
    let head = Head {
        content_type: request.header("content-type").filter(|it| it.len() < KEPT),
        method: request.method.as_str(),
        query: without_secrets(request.query()),
    };
    // Text alone can always be written as JSON.
    let head = serde_json::to_string(&head).unwrap_or_default();
    record::webhook(&entry.account, &entry.hook.id, &head, request.body)
}

/// Gives a query without what may be a secret in it, and not longer than is kept.
fn without_secrets(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if providers::SECRETS_IN_QUERY.contains(&name) => format!("{name}=***"),
        _ => pair.to_owned(),
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    query.chars().take(KEPT).collect()
}

/// Gives the address that the provider was told: the configured one, never that of a header.
fn public(shared: &Shared, head: &Parts) -> String {
    let base = shared
        .config
        .public_url
        .as_deref()
        .unwrap_or("http://localhost");
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{}{path}", base.trim_end_matches('/'))
}

fn respond(answer: Answer) -> Response {
    let mut response = Body::from(answer.body).into_response();
    if !answer.media.is_empty() {
        let media = HeaderValue::from_static(answer.media);
        response.headers_mut().insert(CONTENT_TYPE, media);
    }
    response
}
