//! What the document says of visits.

use serde_json::json;

use super::{Page, Shown, amp};
use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

const PAGE: &str = r#"{"visitor":"v-71","url":"https://shop.example/?utm_source=google&utm_medium=cpc","referrer":"https://www.google.com/","title":"Boilers","ga_client_id":"1234567890.1700000000","ym_client_id":"1700000000123456789"}"#;

/// What a site's key is, and that of the examples.
pub(super) const KEY: &str =
    "The site's `key` in the configuration; `demo-site` in the examples stands for one of yours.";

/// Why a page may be refused, whatever it asks.
const REFUSED: [Code; 7] = [
    Code::OriginRefused,
    Code::TooManyRequests,
    Code::IncompleteBody,
    Code::Overloaded,
    Code::JournalUnavailable,
    Code::Starting,
    Code::Draining,
];

pub(crate) fn about_post() -> Operation {
    let operation = Operation::new(Group::Visits, "beginVisit", "Begins a visit or goes on with it")
        .about(
            "For pages of the site's `origins`, without a token. A visitor whose visit still lives goes on with it: \
             the same visit, the same number. The number is this visit's alone until `expires_at`; every page and every beat \
             renews it. `\"served\":false` means that no number was free: `number` is then the pool's common \
             one, or `null`. The answer comes once the decision is on stable storage. The body is JSON, also as \
             `text/plain`.",
        )
        .takes(Place::Needed, "site", key(), KEY)
        .json::<Shown>(200, "What to show.")
        .refuses(&[Code::BadParameter, Code::UnknownSite])
        .sample_of("A page with marketing tags", "/v1/visits?site=demo-site", "application/json", PAGE);
    with_page(operation)
}

pub(crate) fn about_page() -> Operation {
    let operation = Operation::new(
        Group::Visits,
        "tellPage",
        "Tells of another page of a visit",
    )
    .about("Renews the number and lengthens the path of the visit, of which 50 pages are kept.")
    .answers_nothing(204, "On stable storage.");
    with_page(of_visit(operation))
}

pub(crate) fn about_beat() -> Operation {
    let operation = Operation::new(Group::Visits, "beat", "Tells that somebody is still there")
        .about(
            "Renews the number and promises nothing. For `navigator.sendBeacon`. Of the JSON of a page `ga_client_id`, \
             `ym_client_id` and `consent` count here, if there is any, and nothing else.",
        )
        .answers_nothing(204, "Taken, or the visit is over.");
    of_visit(operation)
}

pub(crate) fn about_end() -> Operation {
    let operation = Operation::new(Group::Visits, "endVisit", "Gives the number back at once")
        .about(
            "For when consent is withdrawn; with `consent: false` no destination of conversions is told of the visit from \
             then on. Not for a page that closes: people dial after that.",
        )
        .answers_nothing(204, "The number is free, or the visit was over.");
    of_visit(operation)
}

pub(crate) fn about_amp() -> Operation {
    let text = || json!({ "type": "string" });
    Operation::new(Group::Visits, "beginAmpVisit", "Begins a visit of an AMP page")
        .about("What `amp-call-tracking` asks for, of the site's `origins` and of their pages in the cache of AMP.")
        .takes(Place::Needed, "site", key(), KEY)
        .takes(Place::Query, "visitor", text(), "Who looks, like `CLIENT_ID(trunkline)`.")
        .takes(Place::Query, "url", text(), "The page, like `SOURCE_URL`.")
        .takes(Place::Query, "referrer", text(), "The page before it, like `DOCUMENT_REFERRER`.")
        .takes(Place::Query, "title", text(), "Its title.")
        .takes(Place::Query, "__amp_source_origin", text(), "Added by AMP; not read.")
        .json::<amp::Shown>(200, "What to show.")
        .refuses(&[Code::BadParameter, Code::UnknownSite, Code::NotFound])
        .refuses(&REFUSED)
        .sample("An AMP page", "/v1/visits/amp?site=demo-site&url=https://shop.example/amp")
}

fn key() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1 })
}

fn of_visit(operation: Operation) -> Operation {
    operation
        .takes(
            Place::Path,
            "visit",
            key(),
            "The visit's id: who knows it may tell of it.",
        )
        .refuses(&[Code::UnknownVisit])
        .refuses(&REFUSED)
}

fn with_page(operation: Operation) -> Operation {
    operation
        .body("application/json", Shape::of::<Page>())
        .body("text/plain", Shape::text())
        .refuses(&[
            Code::BadBody,
            Code::BadEncoding,
            Code::BodyTooLarge,
            Code::RequestTimeout,
        ])
        .refuses(&REFUSED)
}
