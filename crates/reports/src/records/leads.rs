//! Leads with the stages they came to and what they were worth.

use serde_json::{Map, Value as Json, json};

use super::Field::{self, Flag, Plain, Time};
use super::contacts::kept;
use super::listed::{Filter, Kind, Listed, Wanted};
use super::{brought, zipped};
use crate::error::Error;
use crate::reports::Reports;
use crate::request::Context;
use crate::statement::{Source, with_team};

/// What stands in a lead; its moves and its amounts beside each other in lists.
const FIELDS: &[(&str, Field)] = &[
    ("lead", Plain),
    ("created_at", Time),
    ("pipeline", Plain),
    ("stage", Plain),
    ("kind", Plain),
    ("won_at", Time),
    ("amount", Plain),
    ("currency", Plain),
    ("manager", Plain),
    ("contact", Plain),
    ("contacts", Plain),
    ("company", Plain),
    ("visit", Plain),
    ("visitor", Plain),
    ("channel", Plain),
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
    ("attribution", Plain),
    ("told_source", Plain),
    ("told_medium", Plain),
    ("told_campaign", Plain),
    ("told_content", Plain),
    ("told_term", Plain),
    ("told_origin", Plain),
    ("removed", Flag),
    ("merged_into", Plain),
    ("moved_at", Time),
    ("moved_pipeline", Plain),
    ("moved_stage", Plain),
    ("moved_manager", Plain),
    ("valued_at", Time),
    ("valued_amount", Plain),
    ("valued_currency", Plain),
];

/// Its fields that are columns of the view as they are.
const SAME: [&str; 21] = [
    "lead",
    "pipeline",
    "stage",
    "kind",
    "currency",
    "manager",
    "contact",
    "contacts",
    "company",
    "channel",
    "gclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "yclid",
    "msclkid",
    "ctwa_clid",
    "removed",
    "merged_into",
    "moved_pipeline",
    "moved_stage",
];

/// What its own words tell of its source; the columns of the first six have `told_` in front.
const TOLD: [&str; 13] = [
    "source",
    "medium",
    "campaign",
    "content",
    "term",
    "origin",
    "gclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "yclid",
    "msclkid",
    "ctwa_clid",
];

static KIND: Kind = Kind {
    list: "leads",
    keys: &["lead"],
    at: "created_at",
    fields: FIELDS,
    filters: &[
        Filter::by("pipeline", "ifNull(pipeline, '')"),
        Filter::by("stage", "ifNull(stage, '')"),
        Filter::of("kind", "kind", &["incoming", "open", "won", "lost"]),
        Filter::by("manager", "ifNull(manager, '')"),
        Filter::by("source", "ifNull(source, '')"),
        Filter::by("medium", "ifNull(medium, '')"),
        Filter::by("campaign", "ifNull(campaign, '')"),
        Filter::of(
            "removed",
            "if(removed, 'true', 'false')",
            &["true", "false"],
        ),
    ],
    shape: shaped,
    rows,
    modelled: true,
    usual: Some(("removed", "NOT removed")),
};

impl Reports {
    /// Lists leads (`GET /v1/leads`) by when they were made.
    pub async fn leads(
        &self,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Listed, Error> {
        KIND.list(self, pairs, context).await
    }

    /// Gives a lead (`GET /v1/leads/{lead}`); none if there is none that the asker may see.
    pub async fn lead(
        &self,
        id: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Option<Json>, Error> {
        KIND.one(self, id, pairs, context).await
    }
}

/// The `SELECT` of the leads that the asker may see: the columns of [`FIELDS`], `ms`, `key` and `whole`.
fn rows(source: Source<'_>, context: &Context<'_>, wanted: Wanted) -> String {
    let views = source.views;
    let within = if wanted.is_one {
        "lead = {id:String}"
    } else {
        "created_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') \
         AND created_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
    };
    let all = format!(
        "SELECT *, created_at AS at FROM {} WHERE account = {{account:String}} AND {within}",
        views.named("whole_leads")
    );
    let told = TOLD[..6].iter();
    let told: Vec<_> = told
        .map(|name| format!("l.{name} AS told_{name}"))
        .collect();
    let restricted = context.restriction.restricted().is_some();
    let same = SAME.map(|name| format!("l.{name} AS {name}"));
    let times =
        |name: &str| format!("arrayMap(one -> toUnixTimestamp64Milli(one), l.{name}) AS {name}");
    format!(
        "SELECT l.lead AS key, key AS whole, toUnixTimestamp64Milli(l.created_at) AS ms, \
         ms AS created_at, toUnixTimestamp64Milli(l.won_at) AS won_at, toString(l.amount) AS amount, \
         nullIf(l.visit_key, '') AS visit, nullIf(l.visitor_key, '') AS visitor, {same}, {told}, \
         b.parts AS parts, {agreed}, [tuple('{model}', parts)] AS attribution, \
         l.moved_manager AS moved_manager, {moved_at}, {valued_at}, \
         arrayMap(one -> toString(one), l.valued_amount) AS valued_amount, \
         l.valued_currency AS valued_currency FROM (SELECT * FROM ({seen}) WHERE {kept}) AS l \
         LEFT JOIN ({brought}) AS b ON l.lead = b.lead",
        same = same.join(", "),
        told = told.join(", "),
        agreed = brought::agreed("parts", ""),
        model = wanted.model,
        brought = brought::of_leads(&all, wanted.model, views, context),
        moved_at = times("moved_at"),
        valued_at = times("valued_at"),
        seen = with_team(views, &all, "manager", restricted),
        kept = kept(context),
    )
}

/// Puts moves and amounts into objects, and what brought it and what it says of that itself.
fn shaped(mut lead: Map<String, Json>) -> Map<String, Json> {
    let moves = [
        ("moved_at", "at"),
        ("moved_pipeline", "pipeline"),
        ("moved_stage", "stage"),
        ("moved_manager", "manager"),
    ];
    let moves = zipped(&mut lead, &moves);
    lead.insert("moves".to_owned(), moves);
    let amounts = [
        ("valued_at", "at"),
        ("valued_amount", "amount"),
        ("valued_currency", "currency"),
    ];
    let amounts = zipped(&mut lead, &amounts);
    lead.insert("amounts".to_owned(), amounts);
    let told = TOLD.map(|name| {
        let own = lead.remove(&format!("told_{name}"));
        let own = own.or_else(|| lead.remove(name)).unwrap_or_default();
        (name.to_owned(), own)
    });
    lead.insert("told".to_owned(), told.into_iter().collect());
    let brought = lead.get_mut("attribution").and_then(Json::as_array_mut);
    if let Some([model, parts]) = brought
        .and_then(Vec::pop)
        .and_then(|one| <[Json; 2]>::try_from(one.as_array()?.clone()).ok())
    {
        let candidates = brought::candidates(parts);
        let attribution = json!({ "model": model, "candidates": candidates });
        lead.insert("attribution".to_owned(), attribution);
    }
    lead
}
