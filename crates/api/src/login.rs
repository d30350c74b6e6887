//! `/login` and `/logout`: a token, or a link that works once, is exchanged for a cookie.
//!
//! The cookie is a random name, `HttpOnly` and `SameSite=Strict`, and `Secure` where the form came
//! through https; the token itself is never in the browser. GET changes nothing. A form is taken only
//! from a page of our own: its `Origin`, which no page of another site can forge, must be the host
//! that it is sent to, or `server.public_url`.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, REFERRER_POLICY,
    SET_COOKIE,
};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use trunkline_board::Missing;
use trunkline_model::settings::Scope;
use url::form_urlencoded;

use crate::board::set;
use crate::problem::{Code, Problem, Refused};
use crate::query;
use crate::routes::Shared;

/// The name of the cookie.
const NAME: &str = "trunkline";
/// How long a browser keeps it, in seconds; the service forgets it no later.
const KEPT: u32 = 7 * 24 * 3_600;
/// Bytes of a form, and how long it may take.
const FORM: usize = 4 * 1024;
const FORM_WITHIN: Duration = Duration::from_secs(10);

/// What a page may load and do: only what we serve; no script and no style inside it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers a page.
pub(crate) fn document(status: StatusCode, html: String) -> Response {
    guarded((status, Body::from(html)).into_response())
}

/// Says of an answer that it is HTML, and what it may load and do.
pub(crate) fn guarded(mut response: Response) -> Response {
    set(&mut response, CONTENT_TYPE, "text/html; charset=utf-8");
    set(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    // With none at all, browsers would hide the origin of our own forms from us.
    set(&mut response, REFERRER_POLICY, "same-origin");
    set(&mut response, OPENER, "same-origin");
    set(&mut response, RESOURCE, "same-origin");
    response
}

/// Answers why a page is not shown.
pub(crate) fn refused(missing: &Missing) -> Response {
    let status = StatusCode::from_u16(missing.status);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = document(status, trunkline_board::error(missing));
    response.extensions_mut().insert(Refused(missing.code));
    response
}

/// Answers who is not logged in: the way to the login page.
pub(crate) fn first(headers: &HeaderMap) -> Response {
    let from = headers.get("sec-fetch-site");
    if from.is_some_and(|from| from == "cross-site") {
        return document(StatusCode::OK, trunkline_board::once_more());
    }
    other("/login")
}

/// Answers a part of a page to who is not logged in any more: the page is loaded anew.
pub(crate) fn ended() -> Response {
    let problem = Problem::new(Code::Unauthorized, "log in again");
    let mut response = problem.into_response();
    let refresh = HeaderName::from_static("hx-refresh");
    set(&mut response, refresh, "true");
    response
}

/// Finds the login's name in the cookies.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter();
    let cookies = cookies.filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    })
}

/// Shows the login page.
pub(crate) async fn page(uri: Uri) -> Response {
    let pairs = query::pairs(&uri).unwrap_or_default();
    let link = pairs.iter().find(|(name, _)| name == "link");
    let link = link.map(|(_, link)| link.as_str());
    document(StatusCode::OK, trunkline_board::login(link, None))
}

/// Takes a token or the name of a link, and gives a cookie.
pub(crate) async fn login(State(shared): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(secure) = ours(&head.headers, shared.config.public_url.as_deref()) else {
        return foreign();
    };
    let body = timeout(FORM_WITHIN, to_bytes(body, FORM)).await;
    let body = body.ok().and_then(Result::ok).unwrap_or_default();
    let now = (shared.clock)();
    let field = |wanted: &str| {
        let mut fields = form_urlencoded::parse(&body);
        let field = fields.find(|(name, _)| name == wanted);
        field.map(|(_, value)| value.trim().to_owned())
    };
    let token = match field("link") {
        Some(link) => shared.links.take(&link, now),
        None => field("token"),
    };
    let Some(token) = token else {
        let told = "This link was used already, or is older than ten minutes. Log in with a token.";
        return again(StatusCode::UNAUTHORIZED, "unauthorized", told);
    };
    let key = shared.directory.load();
    match key.key(Some(token.as_bytes()), Scope::Read, now) {
        Ok(key) => {
            let name = shared.desk.logins.begin(key, now);
            with_cookie(&name, KEPT, secure)
        }
        Err(problem) => {
            let told = match problem.status() {
                StatusCode::FORBIDDEN => "This token lacks the scope read.",
                _ => "This token is not known here, or it has expired.",
            };
            again(problem.status(), problem.code(), told)
        }
    }
}

/// Ends a login.
pub(crate) async fn logout(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let Some(secure) = ours(&headers, shared.config.public_url.as_deref()) else {
        return foreign();
    };
    if let Some(name) = cookie(&headers) {
        shared.desk.logins.end(name);
    }
    let mut response = with_cookie("", 0, secure);
    set(&mut response, LOCATION, "/login");
    response
}

/// Whether a form comes from a page of ours, and then whether that came through https.
pub(crate) fn ours(headers: &HeaderMap, public_url: Option<&str>) -> Option<bool> {
    let origin = headers.get(ORIGIN)?.to_str().ok()?;
    let (scheme, host) = origin.split_once("://")?;
    let named = headers.get(HOST).and_then(|host| host.to_str().ok());
    let public = public_url.and_then(|public| url::Url::parse(public).ok());
    let public = public.map(|public| public.origin().ascii_serialization());
    let same = named.is_some_and(|named| named.eq_ignore_ascii_case(host))
        || public.is_some_and(|public| public.eq_ignore_ascii_case(origin));
    same.then_some(scheme == "https")
}

/// Answers a form of another site.
pub(crate) fn foreign() -> Response {
    refused(&Missing {
        status: 403,
        code: Code::OriginRefused.info().code,
        detail: "The form did not come from a page of this service. Behind a proxy that changes \
                 the header Host, set server.public_url."
            .to_owned(),
    })
}

fn again(status: StatusCode, code: &'static str, told: &str) -> Response {
    let mut response = document(status, trunkline_board::login(None, Some(told)));
    response.extensions_mut().insert(Refused(code));
    response
}

fn with_cookie(value: &str, kept: u32, secure: bool) -> Response {
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{NAME}={value}; Path=/; Max-Age={kept}; HttpOnly; SameSite=Strict{secure}");
    let mut response = other("/");
    set(&mut response, SET_COOKIE, &cookie);
    response
}

fn other(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    set(&mut response, LOCATION, place);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn a_form_of_another_site_is_not_ours() {
        let ask = |origin: &str, host: &str, public| {
            ours(&headers(&[(ORIGIN, origin), (HOST, host)]), public)
        };
        let here = "127.0.0.1:8080";
        assert_eq!(ask("http://127.0.0.1:8080", here, None), Some(false));
        assert_eq!(ask("https://tl.example", "tl.example", None), Some(true));
        let public = Some("https://tl.example/");
        assert_eq!(ask("https://tl.example", "inside:8080", public), Some(true));
        for origin in [
            "http://evil.example",
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8080.evil.example",
            "null",
            "",
        ] {
            assert_eq!(ask(origin, here, public), None, "{origin}");
        }
        assert_eq!(ours(&headers(&[(HOST, here)]), None), None, "no origin");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let of = |cookies| cookie(&headers(&[(COOKIE, cookies)])).map(str::to_owned);
        assert_eq!(of("a=b; trunkline=name; c=d").as_deref(), Some("name"));
        assert_eq!(of("trunkliner=x; atrunkline=y"), None);
    }

    #[test]
    fn a_cookie_is_hidden_from_scripts_and_other_sites() {
        let cookie = |secure| {
            let response = with_cookie("n", 60, secure);
            response.headers()[SET_COOKIE].to_str().unwrap().to_owned()
        };
        assert_eq!(
            cookie(true),
            "trunkline=n; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(!cookie(false).contains("Secure"));
    }

    #[test]
    fn a_page_loads_only_what_we_serve() {
        let page = document(StatusCode::OK, String::new());
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
    }
}
