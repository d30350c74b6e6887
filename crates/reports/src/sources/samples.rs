//! What the report of sources counts: a list in which `what` says what a sample is: a `visit`, `spend`, or
//! a part of a `call`, `chat`, `form`, `lead` or of what was `won`; how much of it, says `weight`.

use super::conversions::conversions;
use super::earned;
use super::spend::spend;
use crate::request::Request;
use crate::statement::{Views, WITHIN};

/// All samples.
///
/// `is_matched` is, of spend, whether anything else of the period has the same source and, where it
/// names one, the same campaign.
pub(super) fn samples(request: &Request, views: Views<'_>) -> String {
    let of = |rows: String, columns: &str| format!("SELECT {columns} FROM ({rows})");
    let list = [
        of(visits(views), VISITS),
        of(spend(views), SPEND),
        of(
            earned(request, views, &conversions(request, views)),
            CONVERSIONS,
        ),
    ]
    .join(" UNION ALL ");
    format!(
        "SELECT *, CAST(NULL, 'Nullable(String)') AS manager, \
         if(what = 'spend', if(campaign IS NULL, \
         max(what != 'spend') OVER (PARTITION BY source), \
         max(what != 'spend') OVER (PARTITION BY source, campaign)), 0) AS is_matched FROM ({list})"
    )
}

const VISITS: &str = "at, 'visit' AS what, visit_key AS id, '' AS contact, \
     CAST(NULL, 'Nullable(String)') AS channel, nullIf(toString(source), '') AS source, \
     nullIf(toString(medium), '') AS medium, nullIf(campaign, '') AS campaign, \
     nullIf(content, '') AS content, nullIf(term, '') AS term, \
     nullIf(toString(origin), '') AS origin, toInt64(10000) AS weight, toUInt8(0) AS is_unique, \
     toUInt8(0) AS is_target, toUInt8(0) AS is_unique_target, toUInt8(0) AS is_ambiguous, \
     toInt256(0) AS money, toInt256(0) AS unallocated, toUInt8(0) AS is_unconverted, \
     '' AS number, CAST([], 'Array(String)') AS tags, '' AS pipeline";

const SPEND: &str = "at, 'spend' AS what, '' AS id, '' AS contact, \
     CAST(NULL, 'Nullable(String)') AS channel, nullIf(source, '') AS source, \
     nullIf(medium, '') AS medium, nullIf(campaign, '') AS campaign, \
     nullIf(content, '') AS content, nullIf(term, '') AS term, \
     CAST(NULL, 'Nullable(String)') AS origin, toInt64(10000) AS weight, toUInt8(0) AS is_unique, \
     toUInt8(0) AS is_target, toUInt8(0) AS is_unique_target, toUInt8(0) AS is_ambiguous, money, \
     unallocated, is_unconverted, '' AS number, CAST([], 'Array(String)') AS tags, '' AS pipeline";

const CONVERSIONS: &str = "at, what, id, \
     if(startsWith(person, '='), substring(person, 2), '') AS contact, \
     nullIf(on_channel, '') AS channel, nullIf(part.1, '') AS source, nullIf(part.2, '') AS medium, \
     nullIf(part.3, '') AS campaign, nullIf(part.4, '') AS content, nullIf(part.5, '') AS term, \
     nullIf(part.6, '') AS origin, toInt64(weight) AS weight, is_unique, is_target, \
     is_unique_target, is_ambiguous, money, toInt256(0) AS unallocated, is_unconverted, number, tags, pipeline";

fn visits(views: Views<'_>) -> String {
    format!(
        "SELECT * FROM (SELECT *, visit_key, started_at AS at FROM {} FINAL \
         WHERE account = {{account:String}}) WHERE {WITHIN}",
        views.named("visits")
    )
}
