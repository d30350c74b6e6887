//! The board: `/`, its panels, the rows behind its figures, its files.
//!
//! A viewer is known by the cookie of a login; what he may see is what the token of that login lets
//! him see now. Figures come from the code behind `/v1/reports` and `/v1/live`; a panel is rendered
//! once for all who may see the same, and answered 304 to whoever has it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
    HOST, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use trunkline_board::{
    Answer, Asked, Board, Connection, Kept, Live, Missing, Opened, Pair, Panel, Rendered, Source,
    Unmapped, Viewer,
};
use trunkline_board::{Choices, Logins, assets};
use trunkline_model::settings::Scope;
use trunkline_model::time::Time;
use trunkline_reports::{Table, Values};

use crate::directory::{Grant, Key};
use crate::hooks::connections;
use crate::live;
use crate::login::{self, document, guarded};
use crate::phones;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;
use crate::ways_out;

/// How old the list of what can be filtered by may be, and a table, in milliseconds.
const CHOICES: i64 = 10_000;
const TABLES: i64 = 1_000;
/// The same of a table that ends more than an hour ago: only what comes late changes it.
const PAST_TABLES: i64 = 30_000;
/// The same of a table of calls or sources, which takes longer to add up.
const CALL_TABLES: i64 = 5_000;
/// The same of the list of extensions that are nobody's.
const UNMAPPED: i64 = 15_000;
const HOUR: i64 = 3_600_000;

/// What the board remembers.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) logins: Logins<Key>,
    panels: Kept<Rendered>,
    tables: Kept<Result<Table, Missing>>,
    pages: Kept<Result<Opened, Missing>>,
    unmapped: Kept<Result<Vec<Unmapped>, Missing>>,
    choices: Kept<Choices>,
}

impl Desk {
    /// Forgets all figures: something was told that changes them.
    pub(crate) fn forget(&self) {
        self.panels.forget();
        self.tables.forget();
        self.pages.forget();
        self.choices.forget();
    }
}

/// Answers the board's questions for one viewer, as the doors of `/v1` would.
struct Eyes<'a> {
    shared: &'a Shared,
    grant: &'a Arc<Grant>,
    now: Time,
}

impl Source for Eyes<'_> {
    fn report<'a>(&'a self, name: &'a str, pairs: &'a [Pair]) -> Answer<'a, Table> {
        // Panels that are fetched together have questions in common.
        let ask = async move {
            let _turn = ways_out::turn(self.shared).await.map_err(missing)?;
            let table = ways_out::figures(self.shared, self.grant, name, pairs).await;
            table.map_err(missing)
        };
        let question = format!("{}{name}{pairs:?}", sight(self.grant));
        let end = pairs.iter().find(|(name, _)| name == "to");
        let end = end.and_then(|(_, end)| Time::parse(end).ok());
        let past = end.is_some_and(|end| self.now.since(end) > HOUR);
        let fresh = if past { PAST_TABLES } else { fresh(name) };
        let kept = &self.shared.desk.tables;
        Box::pin(kept.get(question, self.now, fresh, ask))
    }

    fn rows<'a>(&'a self, name: &'a str, pairs: &'a [Pair]) -> Answer<'a, Opened> {
        let ask = async move {
            let _turn = ways_out::turn(self.shared).await.map_err(missing)?;
            let opened = ways_out::opened(self.shared, self.grant, name, pairs).await;
            let (page, links) = opened.map_err(missing)?;
            Ok(Opened { page, links })
        };
        let question = format!("{}{name}{pairs:?}", sight(self.grant));
        Box::pin(
            self.shared
                .desk
                .pages
                .get(question, self.now, fresh(name), ask),
        )
    }

    fn values<'a>(&'a self, name: &'a str) -> Answer<'a, Values> {
        Box::pin(async move {
            let _turn = ways_out::turn(self.shared).await.map_err(missing)?;
            let values = ways_out::values(self.shared, self.grant, name).await;
            values.map_err(missing)
        })
    }

    fn live<'a>(&'a self, pairs: &'a [Pair]) -> Answer<'a, Live> {
        Box::pin(async move {
            let grant = Arc::clone(self.grant);
            let now = live::stands(self.shared, grant, pairs.to_vec(), self.now).await;
            // As every other reader of `/v1/live` gets it.
            let json = serde_json::to_vec(&now.map_err(missing)?);
            let live = json.and_then(|json| serde_json::from_slice(&json));
            live.map_err(|error| {
                tracing::error!(%error, "the live view could not be read");
                let detail = "the live view could not be read";
                missing(Problem::new(Code::Internal, detail))
            })
        })
    }

    fn connections(&self) -> Answer<'_, Vec<Connection>> {
        let connections = if self.grant.may(Scope::Admin) {
            connections::of(&self.shared.hooks.load(), &self.grant.account)
        } else {
            let detail = "this login's token lacks the scope admin";
            Err(Problem::new(Code::Forbidden, detail))
        };
        Box::pin(std::future::ready(connections.map_err(missing)))
    }

    fn unmapped(&self) -> Answer<'_, Vec<Unmapped>> {
        let ask = async move {
            if !self.grant.may(Scope::Admin) {
                return Ok(Vec::new());
            }
            unmapped(self.shared, self.grant).await.map_err(missing)
        };
        let kept = &self.shared.desk.unmapped;
        Box::pin(kept.get(sight(self.grant), self.now, UNMAPPED, ask))
    }
}

/// Lists the extensions that are nobody's, phone numbers masked for who may not read them.
async fn unmapped(shared: &Shared, grant: &Grant) -> Result<Vec<Unmapped>, Problem> {
    let _turn = ways_out::turn(shared).await?;
    let whole = grant.may(Scope::ReadPhones);
    let shown = ways_out::unmapped(shared, grant).await?.into_iter();
    let shown = shown.map(|it| Unmapped {
        hook: it.hook,
        name: if whole {
            it.name
        } else {
            phones::masked(it.name)
        },
        calls: it.calls,
        last: it.last,
    });
    Ok(shown.collect())
}

/// Says how old what a report answered may be.
fn fresh(report: &str) -> i64 {
    match report {
        "calls" | "missed-calls" | "sources" | "pools" => CALL_TABLES,
        _ => TABLES,
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
pub(crate) fn missing(problem: Problem) -> Missing {
    Missing {
        status: problem.status().as_u16(),
        code: problem.code(),
        detail: problem.detail().to_owned(),
    }
}

/// Who looks: what he may see, and when.
pub(crate) struct Look {
    pub(crate) grant: Arc<Grant>,
    pub(crate) viewer: Viewer,
}

impl Look {
    /// Knows a viewer by the cookie; none if he is not logged in (any more).
    pub(crate) fn of(shared: &Shared, headers: &HeaderMap) -> Option<Self> {
        let now = (shared.clock)();
        let key = shared.desk.logins.find(login::cookie(headers)?, now)?;
        let grant = shared.directory.load().again(&key, Scope::Read, now)?;
        let viewer = Viewer {
            account: grant.account.to_string(),
            zone: grant.timezone(),
            now,
            address: address(shared, headers),
            currency: grant.targets().currency().to_owned(),
            may_send: grant.may(Scope::Ingest),
        };
        Some(Self { grant, viewer })
    }

    fn eyes<'a>(&'a self, shared: &'a Shared) -> Eyes<'a> {
        Eyes {
            shared,
            grant: &self.grant,
            now: self.viewer.now,
        }
    }
}

/// Names all who see the same.
fn sight(grant: &Grant) -> String {
    let (only, phones) = (grant.restriction(), grant.may(Scope::ReadPhones));
    let admin = grant.may(Scope::Admin);
    let account = &grant.account;
    format!(
        "{account}\n{:?}{:?}{phones}{admin}\n",
        only.teams, only.managers
    )
}

/// The address by which a viewer reaches the service, if it is one that can be shown in a command.
fn address(shared: &Shared, headers: &HeaderMap) -> String {
    if let Some(public) = &shared.config.public_url {
        return public.trim_end_matches('/').to_owned();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let plain = |host: &&str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        !host.is_empty() && host.bytes().all(known)
    };
    let host = host.filter(plain).unwrap_or("127.0.0.1:8080");
    format!("http://{host}")
}

/// Why a page is not shown, as a page.
pub(crate) struct Failed(Missing);

impl From<Missing> for Failed {
    fn from(missing: Missing) -> Self {
        Self(missing)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(missing(problem))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        login::refused(&self.0)
    }
}

/// Shows the board of messages.
pub(crate) async fn home(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    figures(Board::Today, &shared, &uri, &headers).await
}

/// Shows the board of calls.
pub(crate) async fn calls(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    figures(Board::Calls, &shared, &uri, &headers).await
}

/// Shows the board of sources.
pub(crate) async fn sources(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    figures(Board::Sources, &shared, &uri, &headers).await
}

/// Shows a board with figures of a period.
async fn figures(
    board: Board,
    shared: &Shared,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Failed> {
    let Some(look) = Look::of(shared, headers) else {
        return Ok(login::first(headers));
    };
    let asked = Asked::read(board, &query::pairs(uri)?)?;
    let eyes = look.eyes(shared);
    let choices = trunkline_board::choices(board, &look.viewer, &eyes);
    let kept = &shared.desk.choices;
    let question = format!("{}{board:?}", sight(&look.grant));
    let choices = kept.get(question, look.viewer.now, CHOICES, choices);
    let page = trunkline_board::home(&asked, &look.viewer, &choices.await);
    Ok(document(StatusCode::OK, page))
}

/// Shows the board *Connections*.
pub(crate) async fn connections(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(look) = Look::of(&shared, &headers) else {
        return Ok(login::first(&headers));
    };
    Asked::read(Board::Connections, &query::pairs(&uri)?)?;
    let page = trunkline_board::connections(&look.viewer);
    Ok(document(StatusCode::OK, page))
}

/// Shows one panel of it, or writes it as CSV.
pub(crate) async fn panel(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(panel) = Panel::find(&name) else {
        let detail = "the board has no such panel";
        return Err(Problem::new(Code::NotFound, detail).into());
    };
    let Some(look) = Look::of(&shared, &headers) else {
        return Ok(login::ended());
    };
    let pairs = query::pairs(&uri)?;
    let asked = Asked::read(panel.board(), &pairs)?;
    let eyes = look.eyes(&shared);
    if wants_csv(&pairs) {
        let text = trunkline_board::csv(panel, &asked, &look.viewer, &eyes).await?;
        return Ok(csv(&name, text));
    }
    let question = format!("{}{name}?{}", sight(&look.grant), asked.query());
    let (viewer, fresh) = (&look.viewer, panel.fresh());
    let made = trunkline_board::panel(panel, &asked, viewer, &eyes);
    let kept = &shared.desk.panels;
    let shown = kept.get(question, viewer.now, fresh, made).await;
    Ok(fragment(&shown, &headers))
}

/// Shows the rows behind a figure, or writes them as CSV.
pub(crate) async fn rows(
    State(shared): State<Shared>,
    Path(report): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(look) = Look::of(&shared, &headers) else {
        return Ok(login::first(&headers));
    };
    let pairs = query::pairs(&uri)?;
    let eyes = look.eyes(&shared);
    if wants_csv(&pairs) {
        let opened = eyes.rows(&report, &pairs).await?;
        return Ok(csv(opened.page.report, opened.page.to_csv()));
    }
    let page = trunkline_board::rows(&report, &pairs, &look.viewer, &eyes).await?;
    Ok(document(StatusCode::OK, page))
}

/// Gives a file that pages load: compressed where that is understood, kept for ever, because its
/// address changes with its content.
pub(crate) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = assets::find(&file) else {
        return Problem::new(Code::NotFound, "there is no such file").into_response();
    };
    let ever = "public, max-age=31536000, immutable";
    let mut response = either(&headers, &asset.gzip, asset.plain);
    set(&mut response, CONTENT_TYPE, asset.media_type);
    set(&mut response, CACHE_CONTROL, ever);
    response
}

/// Answers with what is compressed, where that is understood.
pub(crate) fn either(headers: &HeaderMap, gzip: &[u8], plain: &[u8]) -> Response {
    let understood = headers.get(ACCEPT_ENCODING);
    let understood = understood.and_then(|value| value.to_str().ok());
    let zipped = understood.is_some_and(|value| value.contains("gzip"));
    let bytes = if zipped { gzip } else { plain };
    let mut response = Response::new(Body::from(bytes.to_vec()));
    set(&mut response, VARY, "accept-encoding");
    if zipped {
        set(&mut response, CONTENT_ENCODING, "gzip");
    }
    response
}

fn wants_csv(pairs: &[Pair]) -> bool {
    pairs
        .iter()
        .any(|(name, value)| name == "format" && value == "csv")
}

fn csv(name: &str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let media_type = "text/csv; charset=utf-8; header=present";
    set(&mut response, CONTENT_TYPE, media_type);
    // The name is that of a panel or of a report: a word of ours.
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    set(&mut response, CONTENT_DISPOSITION, &disposition);
    response
}

fn fragment(shown: &Rendered, headers: &HeaderMap) -> Response {
    let known = headers.get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    let mut response = if known == Some(shown.tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        guarded(either(headers, &shown.gzip, shown.html.as_bytes()))
    };
    set(&mut response, ETAG, &shown.tag);
    response
}

/// Sets a header to a text of ours.
pub(crate) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}
