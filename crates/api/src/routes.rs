//! What is served where, and what the handlers share.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use trunkline_board::Links;
use trunkline_model::batch::Limits;
use trunkline_model::time::Time;
use trunkline_pipeline::Handle;
use trunkline_reports::Reports;

use crate::board::Desk;
use crate::body::Bodies;
use crate::config::{Config, ms};
use crate::directory::Directory;
use crate::hooks::Hooks;
use crate::problem::{Code, Problem};
use crate::rejects::Rejects;
use crate::stream::Crowd;
use crate::{admin, board, events, hooks, live, login, request, status, stream, ways_out};

/// Reads the configuration again, for `POST /v1/admin/reload`: whether it was taken. Why it was not
/// is for the log, for it may be about other accounts.
pub type Reload = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// All routes; also the labels of the metrics.
pub(crate) const ROUTES: [&str; 21] = [
    "/v1/events",
    "/v1/stream",
    "/v1/hooks/{hook}",
    "/v1/reports",
    "/v1/reports/{name}",
    "/v1/reports/{name}/rows",
    "/v1/dimensions/{name}",
    "/v1/live",
    "/v1/admin/hooks",
    "/v1/admin/rejects",
    "/v1/admin/reload",
    "/metrics",
    "/healthz",
    "/readyz",
    "/",
    "/connections",
    "/login",
    "/logout",
    "/board/{panel}",
    "/board/rows/{report}",
    "/board/assets/{file}",
];

/// What the API needs from the rest of the program.
pub struct Api {
    /// Reads the configuration again.
    pub reload: Reload,
    /// Who may do what; storing another directory is how a reload reaches the doors.
    pub directory: Arc<ArcSwap<Directory>>,
    /// The hooks of providers; a reload stores others.
    pub hooks: Arc<ArcSwap<Hooks>>,
    /// Where events go.
    pub pipeline: Handle,
    /// Where figures come from.
    pub reports: Reports,
    /// Links that log in to the board once.
    pub links: Arc<Links>,
    /// The clock.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// Renders all metrics in the Prometheus text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The limits.
    pub config: Config,
}

/// Tells `/readyz` that the door is about to close.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draining(Arc<AtomicBool>);

impl Draining {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the handlers share.
pub(crate) type Shared = Arc<State>;

pub(crate) struct State {
    pub(crate) api: Api,
    pub(crate) bodies: Bodies,
    pub(crate) reports_at_once: Semaphore,
    pub(crate) rejects: Rejects,
    pub(crate) crowd: Crowd,
    pub(crate) desk: Desk,
    pub(crate) draining: Draining,
    pub(crate) limits: Limits,
    /// The origin of what comes in through the doors of this room.
    pub(crate) origin: Arc<str>,
}

impl std::ops::Deref for State {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// Makes the router of the API, without the connections under it.
///
/// Requests that come through it rather than through [`crate::Service`] have no peer address: to
/// `/metrics` they are strangers.
pub fn router(api: Api) -> Router {
    routes(api).0
}

pub(crate) fn routes(api: Api) -> (Router, Draining) {
    let draining = Draining::default();
    let requests = &api.config.requests;
    let answer_limit = ms(requests.answer_ms);
    let shared: Shared = Arc::new(State {
        bodies: Bodies::new(requests),
        reports_at_once: Semaphore::new(requests.reports_at_once),
        rejects: Rejects::default(),
        crowd: Crowd::default(),
        desk: Desk::default(),
        draining: draining.clone(),
        limits: Limits {
            item_bytes: requests.event_bytes,
            ..Limits::default()
        },
        origin: events::ORIGIN.into(),
        api,
    });
    let [
        events,
        frames,
        hook,
        reports,
        report,
        rows,
        dimension,
        now,
        listed_hooks,
        rejects,
        reload,
        metrics,
        healthz,
        readyz,
        home,
        connections,
        login,
        logout,
        panel,
        opened,
        asset,
    ] = ROUTES;
    let router = Router::new()
        .route(events, post(events::post))
        .route(frames, get(stream::open))
        .route(hook, get(hooks::receive).post(hooks::receive))
        .route(reports, get(ways_out::catalogue))
        .route(report, get(ways_out::report))
        .route(rows, get(ways_out::rows))
        .route(dimension, get(ways_out::dimension))
        .route(now, get(live::live))
        .route(listed_hooks, get(admin::hooks))
        .route(rejects, get(admin::rejects))
        .route(reload, post(admin::reload))
        .route(metrics, get(status::metrics))
        .route(healthz, get(status::healthz))
        .route(readyz, get(status::readyz))
        .route(home, get(board::home))
        .route(connections, get(board::connections))
        .route(login, get(login::page).post(login::login))
        .route(logout, post(login::logout))
        .route(panel, get(board::panel))
        .route(opened, get(board::rows))
        .route(asset, get(board::asset))
        .with_state(shared);
    (surrounded(router, answer_limit), draining)
}

/// Puts around all routes what every request has.
pub(crate) fn surrounded(router: Router, answer_limit: Duration) -> Router {
    router
        .fallback(nothing_here)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn_with_state(answer_limit, request::surround))
}

async fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "nothing is served at this path")
}

async fn no_such_method() -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        "the path exists, this method does not",
    )
}
