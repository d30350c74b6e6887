//! `GET /v1/reports`, `/v1/reports/{name}` and `/v1/reports/{name}/rows`, as JSON or CSV; and
//! `/v1/dimensions/{dimension}`, as JSON.
//!
//! What may be asked is the reports' own matter; here the token decides whose figures they are and
//! which of them it may see, and how many questions ClickHouse is asked at once.

pub(crate) mod about;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;
use trunkline_model::settings::Scope;
use trunkline_reports::{Cells, Context, Error, Page, Table, Unmapped, Values};

use crate::directory::Grant;
use crate::phones;
use crate::problem::{Code, Problem};
use crate::query;
use crate::redact::mask;
use crate::routes::Shared;

/// How long a question waits for those before it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers with more rows than this are written on a blocking thread.
const INLINE_ROWS: usize = 2_000;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
}

/// Lists the reports.
pub(crate) async fn catalogue(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    admit(&shared, &headers)?;
    query::none(&uri)?;
    Ok(Json(shared.reports.catalogue()).into_response())
}

/// Answers a report.
pub(crate) async fn report(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, name, &uri, &headers).await?;
    let table = figures(&shared, &asked.grant, &asked.name, &asked.pairs).await?;
    write(form(&asked.pairs, &headers), table).await
}

/// Answers the rows behind a report.
pub(crate) async fn rows(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, name, &uri, &headers).await?;
    let (page, _) = opened(&shared, &asked.grant, &asked.name, &asked.pairs).await?;
    let next = page.next.as_deref().and_then(|next| next_page(&uri, next));
    let mut response = write(form(&asked.pairs, &headers), page).await?;
    response.headers_mut().extend(next.map(|next| (LINK, next)));
    Ok(response)
}

/// Lists the values of a dimension.
pub(crate) async fn dimension(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&shared, name, &uri, &headers).await?;
    query::none(&uri)?;
    let values = values(&shared, &asked.grant, &asked.name).await?;
    Ok(Json(values).into_response())
}

/// Answers a report for who has a grant, and the turn.
pub(crate) async fn figures(
    shared: &Shared,
    grant: &Grant,
    name: &str,
    pairs: &[(String, String)],
) -> Result<Table, Problem> {
    let context = context(shared, grant);
    let table = shared.reports.run(name, pairs, &context).await;
    table.map_err(problem)
}

/// Answers the rows behind a report, and where the conversation of each can be opened.
pub(crate) async fn opened(
    shared: &Shared,
    grant: &Grant,
    name: &str,
    pairs: &[(String, String)],
) -> Result<(Page, Vec<Option<String>>), Problem> {
    let context = context(shared, grant);
    let page = shared.reports.rows(name, pairs, &context).await;
    let mut page = page.map_err(problem)?;
    let links = phones::links(&page, grant);
    if !grant.may(Scope::ReadPhones) {
        phones::mask(&mut page);
    }
    Ok((page, links))
}

/// Lists the values of a dimension for who has a grant, and the turn.
pub(crate) async fn values(shared: &Shared, grant: &Grant, name: &str) -> Result<Values, Problem> {
    let context = context(shared, grant);
    let values = shared.reports.values(name, &context).await;
    values.map_err(problem)
}

/// Lists the extensions that are no manager's for who has a grant, and the turn.
pub(crate) async fn unmapped(shared: &Shared, grant: &Grant) -> Result<Vec<Unmapped>, Problem> {
    let context = context(shared, grant);
    shared.reports.unmapped(&context).await.map_err(problem)
}

/// A question whose turn it is.
pub(crate) struct Asked<'a> {
    pub(crate) grant: Arc<Grant>,
    pub(crate) name: String,
    pub(crate) pairs: Vec<(String, String)>,
    _turn: SemaphorePermit<'a>,
}

/// Reads a question, and waits for its turn.
pub(crate) async fn asked<'a>(
    shared: &'a Shared,
    name: Result<Path<String>, PathRejection>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Asked<'a>, Problem> {
    Ok(Asked {
        grant: admit(shared, headers)?,
        name: named(name)?,
        pairs: query::pairs(uri)?,
        _turn: turn(shared).await?,
    })
}

/// The address of the page that follows, for the header `Link`: CSV has no place for it.
fn next_page(uri: &Uri, after: &str) -> Option<HeaderValue> {
    let query = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<_> = query
        .filter(|pair| !pair.is_empty() && !pair.starts_with("after="))
        .collect();
    let after = format!("after={after}");
    query.push(&after);
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    link.try_into().ok()
}

fn admit(shared: &Shared, headers: &HeaderMap) -> Result<Arc<Grant>, Problem> {
    shared
        .directory
        .load()
        .admit(headers, Scope::Read, (shared.clock)())
}

/// Gives the report's or the dimension's name in the path.
fn named(path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(|_| {
        let detail = "the name in the path is not UTF-8, percent-encoded";
        Problem::new(Code::BadParameter, detail)
    })
}

pub(crate) fn context<'a>(shared: &Shared, grant: &'a Grant) -> Context<'a> {
    let now = (shared.clock)();
    Context {
        account: grant.view(),
        now,
        as_of: shared.pipeline.as_of(now),
        restriction: grant.restriction(),
        targets: grant.targets(),
        schedules: grant.schedules(),
        cells: shared.pipeline.cells(&grant.account).map(|minutes| Cells {
            minutes,
            teams: grant.people().teams_change_on(minutes),
        }),
    }
}

/// Waits until the question may be answered: only so many are at once.
pub(crate) async fn turn(shared: &Shared) -> Result<SemaphorePermit<'_>, Problem> {
    match timeout(PATIENCE, shared.reports_at_once.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => Err(Problem::new(
            Code::Overloaded,
            "too many reports are being answered",
        )),
    }
}

pub(crate) fn problem(error: Error) -> Problem {
    match error {
        Error::UnknownReport { name, suggestion } => {
            let name = mask(&name, 64);
            let hint = suggestion.map_or_else(String::new, |it| format!("; did you mean `{it}`?"));
            Problem::new(
                Code::UnknownReport,
                format!("there is no report `{name}`{hint}"),
            )
        }
        Error::UnknownDimension {
            name,
            known,
            suggestion,
        } => {
            let name = mask(&name, 64);
            let hint = suggestion.map_or_else(String::new, |it| format!("; did you mean `{it}`?"));
            Problem::new(
                Code::NotFound,
                format!("there is no dimension `{name}`: there are {known}{hint}"),
            )
        }
        Error::BadParameter(bad) => Problem::new(Code::BadParameter, bad.to_string()),
        Error::Unavailable(reason) => {
            tracing::warn!(reason, "a report could not be answered");
            Problem::new(Code::WarehouseUnavailable, "ClickHouse does not answer").retry_after(5)
        }
        Error::TooMuch(reason) => Problem::new(Code::TooMuch, reason),
        Error::Failed(reason) => {
            tracing::error!(reason, "a report failed");
            Problem::new(
                Code::Internal,
                "the report could not be made; see the service's log",
            )
        }
    }
}

/// Chooses the form: `format` if it is given, else the first of `Accept` that is known.
fn form(pairs: &[(String, String)], headers: &HeaderMap) -> Form {
    if let Some((_, format)) = pairs.iter().find(|(name, _)| name == "format") {
        return if format == "csv" {
            Form::Csv
        } else {
            Form::Json
        };
    }
    let accepted = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .find_map(
            |range| match range.split(';').next().unwrap_or_default().trim() {
                "text/csv" => Some(Form::Csv),
                "application/json" | "application/*" | "*/*" => Some(Form::Json),
                _ => None,
            },
        )
        .unwrap_or(Form::Json)
}

/// An answer of the reports.
trait Written: Serialize + Send + 'static {
    fn name(&self) -> &'static str;
    fn len(&self) -> usize;
    fn csv(&self) -> String;
}

impl Written for Table {
    fn name(&self) -> &'static str {
        self.report
    }
    fn len(&self) -> usize {
        self.rows.len()
    }
    fn csv(&self) -> String {
        self.to_csv()
    }
}

impl Written for Page {
    fn name(&self) -> &'static str {
        self.report
    }
    fn len(&self) -> usize {
        self.rows.len()
    }
    fn csv(&self) -> String {
        self.to_csv()
    }
}

async fn write(form: Form, answer: impl Written) -> Result<Response, Problem> {
    let (name, rows) = (answer.name(), answer.len());
    let write = move || match form {
        Form::Json => serde_json::to_vec(&answer).map_err(|error| error.to_string()),
        Form::Csv => Ok(answer.csv().into_bytes()),
    };
    let written = if rows <= INLINE_ROWS {
        write()
    } else {
        let joined = tokio::task::spawn_blocking(write).await;
        joined.unwrap_or_else(|error| Err(error.to_string()))
    };
    let bytes = written.map_err(|reason| {
        tracing::error!(reason, "an answer could not be written");
        Problem::new(
            Code::Internal,
            "the answer could not be written; see the service's log",
        )
    })?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    match form {
        Form::Json => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Form::Csv => {
            let media_type = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
            headers.insert(CONTENT_TYPE, media_type);
            let disposition = format!("attachment; filename=\"{name}.csv\"");
            if let Ok(disposition) = HeaderValue::try_from(disposition) {
                headers.insert(CONTENT_DISPOSITION, disposition);
            }
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;

    fn form_of(pairs: &[(&str, &str)], accept: Option<&'static str>) -> Form {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        let headers = accept.map(|value| (ACCEPT, HeaderValue::from_static(value)));
        form(&pairs, &headers.into_iter().collect())
    }

    #[test]
    fn the_form_is_that_of_the_parameter_then_of_the_header() {
        assert_eq!(form_of(&[], None), Form::Json);
        assert_eq!(form_of(&[], Some("text/csv")), Form::Csv);
        assert_eq!(
            form_of(&[], Some("text/html, text/csv;q=0.9, */*;q=0.1")),
            Form::Csv
        );
        assert_eq!(form_of(&[], Some("*/*")), Form::Json);
        assert_eq!(form_of(&[("format", "json")], Some("text/csv")), Form::Json);
        assert_eq!(
            form_of(&[("format", "csv")], Some("application/json")),
            Form::Csv
        );
    }

    #[test]
    fn errors_of_the_reports_become_their_problems() {
        let unknown = Error::UnknownReport {
            name: "response-time".into(),
            suggestion: Some("response-times".into()),
        };
        let unknown = problem(unknown);
        assert_eq!(
            (unknown.status().as_u16(), unknown.code()),
            (404, "unknown_report")
        );
        assert!(
            unknown
                .to_string()
                .ends_with("did you mean `response-times`?"),
            "{unknown}"
        );
        let unknown = problem(Error::UnknownDimension {
            name: "kind".into(),
            known: "manager, team, channel".into(),
            suggestion: None,
        });
        assert_eq!(
            (unknown.status().as_u16(), unknown.code()),
            (404, "not_found")
        );
        assert!(unknown.to_string().contains("manager, team, channel"));
        let down = problem(Error::Unavailable("connection refused by 10.0.0.7".into()));
        assert_eq!(
            (down.status().as_u16(), down.code()),
            (503, "warehouse_unavailable")
        );
        assert!(!down.to_string().contains("10.0.0.7"));
    }

    #[test]
    fn the_next_page_is_the_same_question_after_this_one() {
        let link = |uri: &'static str| {
            let link = next_page(&Uri::from_static(uri), "WzEs").unwrap();
            link.to_str().unwrap().to_owned()
        };
        let path = "/v1/reports/messages/rows";
        let want = |query: &str| format!("<{path}?{query}>; rel=\"next\"");
        assert_eq!(link("/v1/reports/messages/rows"), want("after=WzEs"));
        assert_eq!(
            link("/v1/reports/messages/rows?format=csv&after=Wz0&manager=a%26b"),
            want("format=csv&manager=a%26b&after=WzEs")
        );
    }

    #[tokio::test]
    async fn a_name_that_is_not_utf8_is_a_problem() {
        let answer = async |name: Result<Path<String>, PathRejection>| named(name);
        let router = axum::Router::new().route("/{name}", axum::routing::get(answer));
        let ask = |path: &'static str| {
            let request = axum::extract::Request::get(path).body(Body::empty());
            router.clone().oneshot(request.unwrap())
        };
        assert_eq!(ask("/calls").await.unwrap().status(), 200);
        let refused = ask("/%ff").await.unwrap();
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
