//! What is served where, and what the handlers share.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
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
use crate::door::Door;
use crate::hooks::Hooks;
use crate::problem::{Code, Problem};
use crate::records::listed;
use crate::rejects::Rejects;
use crate::stream::Crowd;
use crate::visits::{Limits as VisitLimits, Sites};
use crate::{
    admin, board, conversions, events, hooks, live, login, openapi, records, request, status,
    stream, upload, visits, ways_out, webhooks,
};

/// Reads the configuration again, for `POST /v1/admin/reload`: whether it was taken. Why it was not
/// is for the log, for it may be about other accounts.
pub type Reload = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// All paths: the router, the document and the labels of the metrics are made from this list.
pub(crate) fn doors() -> Vec<Door> {
    let at = Door::at;
    let page = Door::page;
    let mut doors = vec![
        at("/v1/events").post(events::post, events::about()),
        at("/v1/stream").get(stream::open, stream::about()),
        at("/v1/hooks/{hook}")
            .get(hooks::receive, hooks::about_get())
            .post(hooks::receive, hooks::about_post()),
        // Some providers put the kind of what they tell behind the address, and some senders a secret.
        page(
            "/v1/hooks/{hook}/{*rest}",
            get(hooks::receive).post(hooks::receive),
        ),
        at("/v1/visits")
            .get(listed::visits, records::about::visits())
            .post(visits::post, visits::about_post())
            .preflight(visits::preflight),
        at("/v1/trunkline.js").get(visits::script, visits::about_script()),
        at("/v1/visits/amp").get(visits::amp, visits::about_amp()),
        at("/v1/visits/{visit}").get(listed::visit, records::about::visit()),
        at("/v1/visits/{visit}/page")
            .post(visits::turn, visits::about_page())
            .preflight(visits::preflight),
        at("/v1/visits/{visit}/beat")
            .post(visits::beat, visits::about_beat())
            .preflight(visits::preflight),
        at("/v1/visits/{visit}/end")
            .post(visits::end, visits::about_end())
            .preflight(visits::preflight),
        at("/v1/reports").get(ways_out::catalogue, ways_out::about::catalogue()),
        at("/v1/reports/{name}").get(ways_out::report, ways_out::about::report()),
        at("/v1/reports/{name}/rows").get(ways_out::rows, ways_out::about::rows()),
        at("/v1/dimensions/{dimension}").get(ways_out::dimension, ways_out::about::dimension()),
        at("/v1/calls").get(records::calls, records::about::calls()),
        at("/v1/calls/{call}")
            .get(records::call, records::about::call())
            .patch(records::mend, records::about::mend()),
        at("/v1/contacts").get(records::contacts, records::about::contacts()),
        at("/v1/contacts/{contact}").get(records::contact, records::about::contact()),
        at("/v1/contacts/{contact}/timeline").get(records::timeline, records::about::timeline()),
        at("/v1/conversations").get(listed::conversations, records::about::conversations()),
        at("/v1/conversations/{conversation}")
            .get(listed::conversation, records::about::conversation()),
        at("/v1/leads").get(listed::leads, records::about::leads()),
        at("/v1/leads/{lead}").get(listed::lead, records::about::lead()),
        at("/v1/conversions").get(conversions::conversions, conversions::about()),
        at("/v1/live").get(live::live, live::about()),
        at("/v1/admin/hooks").get(admin::hooks, admin::about_hooks()),
        at("/v1/admin/rejects").get(admin::rejects, admin::about_rejects()),
        at("/v1/admin/webhooks").get(webhooks::list, webhooks::about_list()),
        at("/v1/admin/webhooks/{webhook}/dead").get(webhooks::dead, webhooks::about_dead()),
        at("/v1/admin/webhooks/{webhook}/replay").post(webhooks::replay, webhooks::about_replay()),
        at("/v1/admin/reload").post(admin::reload, admin::about_reload()),
        at("/metrics").get(status::metrics, status::about_metrics()),
        at("/healthz").get(status::healthz, status::about_healthz()),
        at("/readyz").get(status::readyz, status::about_readyz()),
        at("/openapi.json").get(openapi::json, openapi::about_json()),
        at("/docs").get(openapi::page, openapi::about_page()),
    ];
    doors.extend(pages());
    doors
}

/// The pages of the board, which are not in the document.
fn pages() -> Vec<Door> {
    let page = Door::page;
    vec![
        page("/", get(board::home)),
        page("/calls", get(board::calls)),
        page("/sources", get(board::sources)),
        page("/sources/spend", post(upload::spend)),
        page("/connections", get(board::connections)),
        page("/login", get(login::page).post(login::login)),
        page("/logout", post(login::logout)),
        page("/board/{panel}", get(board::panel)),
        page("/board/rows/{report}", get(board::rows)),
        page("/board/assets/{file}", get(board::asset)),
    ]
}

/// Finds a path as the label of a metric.
pub(crate) fn label(path: &str) -> Option<&'static str> {
    static PATHS: LazyLock<Vec<&'static str>> =
        LazyLock::new(|| doors().iter().map(|door| door.path).collect());
    PATHS.iter().copied().find(|known| *known == path)
}

/// What the API needs from the rest of the program.
pub struct Api {
    /// Reads the configuration again.
    pub reload: Reload,
    /// Who may do what; storing another directory is how a reload reaches the doors.
    pub directory: Arc<ArcSwap<Directory>>,
    /// The hooks of providers; a reload stores others.
    pub hooks: Arc<ArcSwap<Hooks>>,
    /// The sites whose pages ask for numbers; a reload stores others.
    pub sites: Arc<ArcSwap<Sites>>,
    /// The outgoing webhooks.
    pub webhooks: trunkline_delivery::Handle,
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
    pub(crate) visits: VisitLimits,
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

pub(crate) fn routes(api: Api) -> (Router, Shared) {
    let requests = &api.config.requests;
    let answer_limit = ms(requests.answer_ms);
    let shared: Shared = Arc::new(State {
        bodies: Bodies::new(requests),
        reports_at_once: Semaphore::new(requests.reports_at_once),
        rejects: Rejects::default(),
        crowd: Crowd::default(),
        desk: Desk::default(),
        draining: Draining::default(),
        visits: VisitLimits::new(requests.visits_per_minute),
        limits: Limits {
            item_bytes: requests.event_bytes,
            ..Limits::default()
        },
        origin: events::ORIGIN.into(),
        api,
    });
    let router = doors().into_iter().fold(Router::new(), |router, door| {
        router.route(door.path, door.service)
    });
    let router = router.with_state(Arc::clone(&shared));
    (surrounded(router, answer_limit), shared)
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
