//! `/v1/visits`: the pages of a site ask for the number to show, and tell that somebody is there.
//!
//! Which number a visit gets is decided by the account's worker, which holds it for the visit; then the
//! decision goes into the journal as an event, and only then it is answered. A page needs no token:
//! it names its site by a public key, and a visit by its id, which nobody can guess. Pages of other
//! origins than the site's are refused.

mod about;
mod amp;
mod event;
mod limit;
mod origin;
mod script;
mod sites;
mod snippet;

use std::fmt::Display;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use rand::distr::{Alphanumeric, SampleString};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_model::batch::{Batch, Shape};
use trunkline_model::time::Time;
use trunkline_pipeline::{Behind, Sign, Signed, Submission, VisitAsk};

pub(crate) use about::{about_amp, about_beat, about_end, about_page, about_post};
pub(crate) use amp::amp;
use event::{Told, kept};
pub(crate) use limit::Limits;
pub(crate) use origin::preflight;
use origin::{admitted, shown_to};
pub(crate) use script::{about_script, script};
use sites::Site;
pub use sites::Sites;

use crate::events::{self, not_taken};
use crate::hooks::peer;
use crate::metrics;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;

/// The most that a page may tell.
const BODY_BYTES: usize = 32_000;
/// Characters of a visitor's id that are kept.
const VISITOR: usize = 200;
/// Random characters of a visit's id and of a visitor's: 131 bits.
const RANDOM: usize = 22;

/// What a page tells of itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Page {
    /// Who looks at it: an id that the page made and keeps; without one it gets one.
    visitor: Option<String>,
    /// Its address, with its marketing tags.
    url: String,
    /// The page before it.
    referrer: Option<String>,
    /// Its title.
    title: Option<String>,
    /// What Google Analytics knows the visitor by: of its cookie `_ga` the last two numbers.
    ga_client_id: Option<String>,
    /// What Yandex Metrica knows the visitor by: its cookie `_ym_uid`.
    ym_client_id: Option<String>,
    /// Whether the visitor agreed that those who sell advertising are told what came of the visit.
    consent: Option<bool>,
}

impl Page {
    /// Keeps who it is, and nothing of a page: a sign of life is none.
    fn unseen(self) -> Self {
        Self {
            ga_client_id: self.ga_client_id,
            ym_client_id: self.ym_client_id,
            consent: self.consent,
            ..Self::default()
        }
    }
}

/// What a page is to show.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Visit")]
pub(crate) struct Shown {
    /// The visit.
    visit: String,
    /// Who it is of: to be sent with the next visit.
    visitor: String,
    /// The number in E.164; `null` if there is none to show.
    number: Option<String>,
    /// The number as people write it.
    formatted: Option<String>,
    /// Until when the number is this visit's alone if nothing more is heard of it.
    #[schemars(with = "String")]
    expires_at: Time,
    /// How long that is after a sign of life, in seconds.
    hold_s: f64,
    /// Whether the number is this visit's alone; if not, it is the pool's common one.
    served: bool,
}

/// Begins a visit or goes on with it: `POST /v1/visits?site=KEY`.
pub(crate) async fn post(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let site = shared.sites.load().find(&site_key(&head.uri)?)?;
    let origin = admitted(&site, &head)?;
    let shown = asked(&shared, &site, &head, body).await;
    Ok(shown_to(origin, shown.map(Json)))
}

async fn asked(
    shared: &Shared,
    site: &Arc<Site>,
    head: &Parts,
    body: Body,
) -> Result<Shown, Problem> {
    shared.visits.visit(caller(shared, head))?;
    events::open(shared)?;
    let page = page(shared, head, body).await?;
    begin(shared, site, head, page).await
}

/// Tells of another page of a visit: `POST /v1/visits/{visit}/page`.
pub(crate) async fn turn(
    State(shared): State<Shared>,
    Path(visit): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    told(&shared, &visit, request, Sign::Page).await
}

/// Tells that somebody is still there, and promises nothing: `POST /v1/visits/{visit}/beat`. Of a body only
/// who it is counts: cookies come to be while a page is looked at.
pub(crate) async fn beat(
    State(shared): State<Shared>,
    Path(visit): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    told(&shared, &visit, request, Sign::Beat).await
}

/// Gives the number back at once: `POST /v1/visits/{visit}/end`.
pub(crate) async fn end(
    State(shared): State<Shared>,
    Path(visit): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    told(&shared, &visit, request, Sign::End).await
}

async fn told(
    shared: &Shared,
    visit: &str,
    request: Request,
    sign: Sign,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let site = shared.sites.load().of_visit(visit)?;
    let origin = admitted(&site, &head)?;
    let heard = heard(shared, &site, visit, sign, &head, body).await;
    Ok(shown_to(origin, heard.map(|()| StatusCode::NO_CONTENT)))
}

async fn heard(
    shared: &Shared,
    site: &Arc<Site>,
    visit: &str,
    sign: Sign,
    head: &Parts,
    body: Body,
) -> Result<(), Problem> {
    shared.visits.sign(caller(shared, head))?;
    events::open(shared)?;
    let page = match sign {
        Sign::Page => page(shared, head, body).await?,
        // A sign of life and an end count whatever stands beside them.
        Sign::Beat | Sign::End => page(shared, head, body).await.unwrap_or_default().unseen(),
    };
    self::sign(shared, site, visit, sign, &page).await
}

fn site_key(uri: &Uri) -> Result<String, Problem> {
    let mut key = None;
    for (name, value) in query::pairs(uri)? {
        match name.as_str() {
            "site" if key.is_none() => key = Some(value),
            "site" => {
                return Err(Problem::new(
                    Code::BadParameter,
                    "parameter `site` may be given once",
                ));
            }
            _ => return Err(query::unknown(&name, "this path takes `site=KEY`")),
        }
    }
    key.ok_or_else(|| {
        Problem::new(
            Code::BadParameter,
            "parameter `site` is missing: the key of a site",
        )
    })
}

fn caller(shared: &Shared, head: &Parts) -> Option<std::net::IpAddr> {
    peer::of(head, &shared.config.trusted_proxies)
}

/// Reads what a page tells: JSON, whatever the media type says, for beacons are `text/plain`.
async fn page(shared: &Shared, head: &Parts, body: Body) -> Result<Page, Problem> {
    let collected = shared
        .bodies
        .collect_at_most(&head.headers, body, BODY_BYTES)
        .await?;
    if collected.bytes.is_empty() {
        return Ok(Page::default());
    }
    let bad = |error: &dyn Display| {
        let detail = format!("the body is not what a page tells: {error}");
        Problem::new(Code::BadBody, detail)
    };
    // A list would be taken for an object without names.
    if collected.bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(&"it is no JSON object"));
    }
    serde_json::from_slice(&collected.bytes).map_err(|error| bad(&error))
}

/// Decides, makes the decision durable, and gives what to show.
async fn begin(
    shared: &Shared,
    site: &Arc<Site>,
    head: &Parts,
    page: Page,
) -> Result<Shown, Problem> {
    let visitor = visitor(page.visitor.as_deref());
    let now = (shared.clock)();
    let ask = VisitAsk {
        site: Arc::clone(&site.key),
        pool: site.pool.clone(),
        visitor: visitor.as_str().into(),
        visit: format!("{}-{}", site.key, random()).into(),
        now,
    };
    let decided = shared.pipeline.decide(&site.account, ask).await;
    let (decision, held) = decided.map_err(behind)?;
    let told = Told {
        visitor: &visitor,
        browser: head
            .headers
            .get(header::USER_AGENT)
            .and_then(|it| it.to_str().ok()),
        page: &page,
        now,
    };
    let event = told.event(site, &decision, None);
    let submitted = held.submit(submission(shared, site, event)?).await;
    submitted.map_err(not_taken)?;
    if site.pool.is_some() {
        metrics::visit(decision.served);
    }
    let number = decision.number.as_ref();
    Ok(Shown {
        formatted: number.map(|number| site.written(number)),
        number: number.map(ToString::to_string),
        visit: decision.visit.to_string(),
        visitor,
        expires_at: decision.expires_at,
        hold_s: (decision.expires_at.0 - now.0) as f64 / 1e3,
        served: decision.served,
    })
}

/// Gives who looks at a page as it says it, within what an id may be; a new one if it says nothing.
fn visitor(told: Option<&str>) -> String {
    let told = told.unwrap_or_default().trim();
    let known: String = kept(told).chars().take(VISITOR).collect();
    if known.is_empty() { random() } else { known }
}

/// A page that was refused keeps what it shows: another visit, without a number, would be worse.
fn behind(error: Behind) -> Problem {
    Problem::new(Code::Overloaded, error.to_string()).retry_after(2)
}

/// Makes a sign of life durable, if its visit lives.
async fn sign(
    shared: &Shared,
    site: &Arc<Site>,
    visit: &str,
    sign: Sign,
    page: &Page,
) -> Result<(), Problem> {
    let now = (shared.clock)();
    let signed = shared.pipeline.sign(&site.account, visit, sign, now).await;
    let Signed { visitor, decision } = match (signed, sign) {
        (Ok(Some(signed)), _) => signed,
        // Nobody waits for the answer of a beat.
        (_, Sign::Beat) | (Ok(None), Sign::End) => return Ok(()),
        (Err(error), Sign::Page | Sign::End) => return Err(behind(error)),
        (Ok(None), Sign::Page) => {
            let detail = "the visit is over: begin another";
            return Err(Problem::new(Code::UnknownVisit, detail));
        }
    };
    let told = Told {
        visitor: &visitor,
        browser: None,
        page,
        now,
    };
    let event = told.event(site, &decision, Some(sign));
    if sign == Sign::Beat {
        // Losing one in a crash shortens a lease by the time to the next: nobody waits for the disk.
        let submission = submission(shared, site, event)?;
        return shared.pipeline.hand_in(submission).await.map_err(not_taken);
    }
    submit(shared, site, event).await
}

async fn submit(shared: &Shared, site: &Site, event: Vec<u8>) -> Result<(), Problem> {
    let submission = submission(shared, site, event)?;
    let submitted = shared.pipeline.submit(submission).await;
    submitted.map(drop).map_err(not_taken)
}

fn submission(shared: &Shared, site: &Site, event: Vec<u8>) -> Result<Submission, Problem> {
    let now = (shared.clock)();
    let batch = Batch::parse(event, Shape::Ndjson, now, &shared.limits).map_err(events::whole)?;
    if let Some(rejected) = batch.rejected.first() {
        return Err(Problem::new(Code::BadBody, rejected.detail.clone()));
    }
    Ok(Submission {
        account: Arc::clone(&site.account),
        origin: Arc::clone(&site.events),
        events: batch.events,
        webhook: None,
    })
}

fn random() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), RANDOM)
}
