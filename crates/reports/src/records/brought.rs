//! What brought leads, and the first and the last touch of a contact, as the report of sources knows them.
//!
//! A lead has the source of the touches of its contact up to its making, by a model; its own words are one of
//! them. What several brought has what all of them agree in, and nothing is guessed (`metrics.md` §3; S48).

use serde_json::{Map, Value as Json, json};
use trunkline_model::settings::AttributionModel;
use trunkline_model::word::Word;

use super::conversions::{LEAD_MS, inbound};
use super::{Field, Field::Plain, Field::Time};
use crate::error::BadParameter;
use crate::request::Context;
use crate::request::given::Given;
use crate::sources::attributed::Detail;
use crate::sources::earned_by;
use crate::sources::touches::{Touched, persons, touches};
use crate::statement::{Parameter, Source, Statement, Views};

/// What tells a source, in the order in which it narrows; and by which way it became known.
const PARTS: [&str; 5] = ["source", "medium", "campaign", "content", "term"];
const ORIGIN: &str = "origin";

/// What stands in a contact's first and last touch, one after the other.
pub(super) const TOUCHES: &[(&str, Field)] = &[
    ("first_at", Time),
    ("first_source", Plain),
    ("first_medium", Plain),
    ("first_campaign", Plain),
    ("first_content", Plain),
    ("first_term", Plain),
    ("first_origin", Plain),
    ("last_at", Time),
    ("last_source", Plain),
    ("last_medium", Plain),
    ("last_campaign", Plain),
    ("last_content", Plain),
    ("last_term", Plain),
    ("last_origin", Plain),
];

/// Reads which model is asked for; the account's by default.
pub(super) fn model(
    given: &Given<'_>,
    context: &Context<'_>,
) -> Result<AttributionModel, BadParameter> {
    let Some(text) = given.one("model")? else {
        return Ok(context.targets.tracking.model);
    };
    AttributionModel::find(text).ok_or_else(|| {
        let words = AttributionModel::ALL.iter().map(|model| model.word());
        let all: Vec<_> = words.clone().collect();
        let detail = format!("{text:?} is none of {}", all.join(", "));
        BadParameter::new("model", detail).meant(text, words)
    })
}

/// The parameters of a statement that reads touches, of all time from `since` on, in milliseconds.
pub(super) fn parameters(since: i64, context: &Context<'_>) -> Vec<(String, Parameter)> {
    let lookback = context.targets.tracking.lookback_ms;
    let mut parameters = vec![
        ("lookback_ms".to_owned(), Parameter::Whole(lookback)),
        (
            "since".to_owned(),
            Parameter::Whole((since - lookback).max(0)),
        ),
    ];
    parameters.extend(context.targets.calls.parameters());
    parameters
}

/// The `SELECT` of what brought each of `leads`, rows of `whole_leads`: `lead`, and `parts`, tuples of source,
/// medium, campaign, content, term, origin and weight, the weightiest first.
pub(super) fn of_leads(
    leads: &str,
    model: AttributionModel,
    views: Views<'_>,
    context: &Context<'_>,
) -> String {
    let rows = format!(
        "SELECT 'lead' AS what, lead AS id, toUnixTimestamp64Milli(created_at) AS ms, \
         toInt64({LEAD_MS}) AS allowance, ifNull(toString(channel), '') AS channel, \
         ifNull(contact, '') AS contact FROM ({leads})"
    );
    let may_be_twins = context.targets.calls.may_be_twins();
    let earned = earned_by(
        model,
        touched(&inbound(views, may_be_twins), may_be_twins, views),
        &persons(&rows, views),
    );
    format!(
        "SELECT id AS lead, arrayMap(one -> one.3, arraySort(groupArray((-weight, indexOf(pieces, part), \
         (part.1, part.2, part.3, part.4, part.5, part.6, weight / 10000))))) AS parts \
         FROM ({earned}) GROUP BY id"
    )
}

/// The columns of what all of `parts` agree in, each under `prefix` and its name; null where they do not.
pub(super) fn agreed(parts: &str, prefix: &str) -> String {
    let column = |told: String, place: usize, name: &str| {
        format!(
            "if(arrayUniq(arrayMap(one -> {told}, {parts})) = 1, \
             nullIf({parts}[1].{place}, ''), NULL) AS {prefix}{name}"
        )
    };
    let narrowing = PARTS.iter().enumerate().map(|(nth, name)| {
        let told: Vec<_> = (1..=nth + 1).map(|place| format!("one.{place}")).collect();
        column(format!("tuple({})", told.join(", ")), nth + 1, name)
    });
    let origin = column("one.6".to_owned(), 6, ORIGIN);
    narrowing.chain([origin]).collect::<Vec<_>>().join(", ")
}

/// Gives the parts of a conversion names.
pub(super) fn candidates(parts: Json) -> Json {
    let Json::Array(parts) = parts else {
        return Json::Null;
    };
    let part = |part: Json| {
        let names = PARTS.into_iter().chain([ORIGIN, "weight"]);
        let values = part.as_array().cloned().unwrap_or_default();
        let fields = names.zip(values).map(|(name, value)| {
            let value = if value == "" { Json::Null } else { value };
            (name.to_owned(), value)
        });
        Json::Object(fields.collect())
    };
    // Where nothing was found there is one part without a source.
    let is_told = |part: &Json| PARTS.iter().any(|name| !part[name].is_null());
    parts.into_iter().map(part).filter(is_told).collect()
}

/// Writes the statement for the first and the last touch of a contact, whatever its age.
pub(super) fn of_contact(contact: &str, source: Source<'_>, context: &Context<'_>) -> Statement {
    let views = source.views;
    let may_be_twins = context.targets.calls.may_be_twins();
    let calls = inbound(views, may_be_twins);
    let sql = format!(
        "SELECT able[1].1, {first}, able[-1].1, {last} FROM (\
         SELECT arrayFilter(touch -> NOT touch.4, touches) AS strong, \
         if(empty(strong), touches, strong) AS able, \
         able[1].6 AS begun, able[-1].6 AS ended \
         FROM ({touches}) WHERE person = concat('=', {{contact:String}})) WHERE notEmpty(able)",
        first = agreed("begun", "first_"),
        last = agreed("ended", "last_"),
        touches = touches(touched(&calls, may_be_twins, views)),
    );
    let mut parameters = parameters(0, context);
    parameters.extend([
        (
            "account".to_owned(),
            Parameter::Text(source.account.to_owned()),
        ),
        ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
        ("contact".to_owned(), Parameter::Text(contact.to_owned())),
    ]);
    Statement { sql, parameters }
}

/// Puts the first and the last touch into objects.
pub(super) fn ends(mut row: Map<String, Json>) -> [Json; 2] {
    ["first", "last"].map(|end| {
        let names = ["at"].into_iter().chain(PARTS).chain([ORIGIN]);
        let fields = names.map(|name| {
            let value = row.remove(&format!("{end}_{name}"));
            (name.to_owned(), value.unwrap_or_default())
        });
        json!(fields.collect::<Map<_, _>>())
    })
}

fn touched<'a>(calls: &'a str, may_be_twins: bool, views: Views<'a>) -> Touched<'a> {
    Touched {
        calls,
        may_be_twins,
        detail: Detail::Source,
        views,
    }
}
