//! Visits with the pages they went through, the numbers they were shown, and the calls that they may
//! have brought; and those of a contact.
//!
//! A visit is shown by its key: its id is the right to tell of it and to end it. The same holds for
//! visitors.

use serde_json::{Map, Value as Json};

use super::Field::{self, Flag, Plain, Time};
use super::listed::{Filter, Kind, Listed, Wanted};
use super::zipped;
use crate::calls::counted::{every, of_people};
use crate::error::Error;
use crate::reports::Reports;
use crate::request::Context;
use crate::sources::touches::{named_visitors, persons};
use crate::statement::{Source, Views};

/// What stands in a visit; its pages beside each other in lists, its calls as lists of three.
pub(super) const FIELDS: &[(&str, Field)] = &[
    ("visit", Plain),
    ("visitor", Plain),
    ("site", Plain),
    ("pool", Plain),
    ("number", Plain),
    ("served", Flag),
    ("served_at", Time),
    ("at", Time),
    ("last_at", Time),
    ("expires_at", Time),
    ("ended", Flag),
    ("referrer", Plain),
    ("source", Plain),
    ("medium", Plain),
    ("campaign", Plain),
    ("content", Plain),
    ("term", Plain),
    ("gclid", Plain),
    ("gbraid", Plain),
    ("wbraid", Plain),
    ("fbclid", Plain),
    ("yclid", Plain),
    ("msclkid", Plain),
    ("ctwa_clid", Plain),
    ("origin", Plain),
    ("consent", Flag),
    ("pages_at", Time),
    ("pages_url", Plain),
    ("pages_title", Plain),
    ("calls", Plain),
];

/// Its texts, which are null where they are empty.
const TEXTS: [&str; 17] = [
    "site",
    "pool",
    "number",
    "referrer",
    "source",
    "medium",
    "campaign",
    "content",
    "term",
    "gclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "yclid",
    "msclkid",
    "ctwa_clid",
    "origin",
];

static KIND: Kind = Kind {
    list: "visits",
    keys: &["visit"],
    at: "at",
    fields: FIELDS,
    filters: &[
        Filter::by("site", "ifNull(site, '')"),
        Filter::by("pool", "ifNull(pool, '')"),
        Filter::by("number", "ifNull(number, '')"),
        Filter::of("served", "if(served, 'true', 'false')", &["true", "false"]),
        Filter::by("visitor", "visitor"),
        Filter::by("source", "ifNull(source, '')"),
        Filter::by("medium", "ifNull(medium, '')"),
        Filter::by("campaign", "ifNull(campaign, '')"),
    ],
    shape: shaped,
    rows,
    modelled: false,
    usual: None,
};

impl Reports {
    /// Lists visits (`GET /v1/visits`). They are the whole account's: who asks must be allowed to see
    /// all of it.
    pub async fn visits(
        &self,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Listed, Error> {
        KIND.list(self, pairs, context).await
    }

    /// Gives a visit (`GET /v1/visits/{visit}`) by its key or its id; none if there is none.
    pub async fn visit(&self, id: &str, context: &Context<'_>) -> Result<Option<Json>, Error> {
        KIND.one(self, id, &[], context).await
    }
}

/// The `SELECT` of visits: the columns of [`FIELDS`], `ms`, `key`, and `whole` and `whose`, the ids of
/// visit and visitor.
fn rows(source: Source<'_>, _: &Context<'_>, _: Wanted) -> String {
    every_visit(source.views)
}

fn every_visit(views: Views<'_>) -> String {
    let texts = TEXTS.map(|name| format!("nullIf(toString(v.{name}), '') AS {name}"));
    let time = |name: &str| format!("toUnixTimestamp64Milli(v.{name}) AS {name}");
    format!(
        "SELECT v.visit AS whole, v.visitor AS whose, v.visit_key AS key, key AS visit, \
         v.visitor_key AS visitor, toUnixTimestamp64Milli(v.started_at) AS ms, ms AS at, {texts}, \
         v.served AS served, v.ended AS ended, v.consent AS consent, {served_at}, {last_at}, {expires_at}, \
         arrayMap(one -> toUnixTimestamp64Milli(one), v.`pages.at`) AS pages_at, \
         v.`pages.url` AS pages_url, v.`pages.title` AS pages_title, c.calls AS calls \
         FROM {visits} AS v FINAL LEFT JOIN (SELECT visit, \
         arraySort(groupArray((call, certainty, weight))) AS calls FROM ({brought}) GROUP BY visit) AS c \
         ON v.visit = c.visit WHERE v.account = {{account:String}}",
        texts = texts.join(", "),
        served_at = time("served_at"),
        last_at = time("last_at"),
        expires_at = time("expires_at"),
        visits = views.named("visits"),
        brought = brought(views),
    )
}

/// Calls with each visit that may have brought them: `call`, `certainty`, `visit`, `weight`.
fn brought(views: Views<'_>) -> String {
    format!(
        "SELECT call, toString(certainty) AS certainty, one.1 AS visit, one.2 AS weight \
         FROM {attributions} FINAL ARRAY JOIN arrayZip(`candidates.visit`, `candidates.weight`) AS one \
         WHERE account = {{account:String}} AND visit != ''",
        attributions = views.named("attributions"),
    )
}

/// The visits of the person that `person` gives: all of a visitor who was told to be him, by a form, a
/// lead or a message, or certainly called; and those that may have brought one of his calls, with how
/// sure that is (`sure`) and the visit's share (`share`).
pub(super) fn of_person(person: &str, views: Views<'_>) -> String {
    let outside = format!(
        "SELECT * FROM ({}) WHERE known AND direction != 'internal'",
        every(views)
    );
    let called = format!(
        "SELECT b.visit AS visit, argMin((b.certainty, b.weight), (indexOf(['certain', 'likely', \
         'ambiguous', 'repeat'], b.certainty), -b.weight)) AS best FROM ({brought}) AS b \
         INNER JOIN ({people}) AS c ON b.call = c.call WHERE c.person = {person} GROUP BY b.visit",
        brought = brought(views),
        people = of_people(&outside, views),
    );
    let told = format!(
        "SELECT visitor FROM ({}) WHERE person = {person} AND visitor != ''",
        persons(&named_visitors(views), views)
    );
    let certain = format!(
        "SELECT visitor FROM {visits} FINAL WHERE account = {{account:String}} AND visitor != '' \
         AND visit IN (SELECT visit FROM ({called}) WHERE best.1 = 'certain')",
        visits = views.named("visits"),
    );
    format!(
        "SELECT v.*, v.whose IN ({told} UNION ALL {certain}) AS is_his, \
         if(is_his, 'certain', b.best.1) AS sure, if(is_his, 1., b.best.2) AS share \
         FROM ({all}) AS v LEFT JOIN ({called}) AS b ON v.whole = b.visit \
         WHERE is_his OR b.visit != ''",
        all = every_visit(views),
    )
}

/// Puts the pages and the calls into objects.
pub(super) fn shaped(mut visit: Map<String, Json>) -> Map<String, Json> {
    let pages = zipped(
        &mut visit,
        &[
            ("pages_at", "at"),
            ("pages_url", "url"),
            ("pages_title", "title"),
        ],
    );
    visit.insert("pages".to_owned(), pages);
    let calls = visit.get_mut("calls").and_then(Json::as_array_mut);
    for call in calls.into_iter().flatten() {
        let parts = call.as_array_mut().map(std::mem::take).unwrap_or_default();
        let names = ["call", "certainty", "weight"].map(str::to_owned);
        *call = Json::Object(names.into_iter().zip(parts).collect());
    }
    visit
}
