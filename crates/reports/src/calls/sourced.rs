//! The source of each call, for reports that tell calls apart by it (`metrics.md` §3; S44).
//!
//! It is that of what brought the call. Where that may have been several, it is what all of them agree in:
//! a call that came from one of two sources has none, never a guess; its weights are in the report of
//! sources. A call to a number that nobody knows is of what its contact's touches say, by the account's
//! model, else direct.

use super::counted::counted;
use crate::dimension::Dimension;
use crate::request::Request;
use crate::sources::attributed::{Detail, attributed};
use crate::sources::earned;
use crate::sources::touches::persons;
use crate::statement::{Views, WITHIN};

/// Gives samples, which name a `call`, the columns `source`, `medium` and `campaign`, and `certainty`, which
/// says how sure they are; null where the question does not name them and they are not shown.
///
/// Where they are only shown, a call to a number that nobody knows has no source: touches are read for questions
/// about sources alone, since a page of calls must not take as long as all of them.
pub(crate) fn sourced(request: &Request, views: Views<'_>, samples: &str, shown: bool) -> String {
    let told = [Dimension::Source, Dimension::Medium, Dimension::Campaign];
    let asked = told.iter().any(|dimension| request.tells(*dimension));
    if !shown && !asked {
        return format!(
            "SELECT *, CAST(NULL, 'Nullable(String)') AS source, \
             CAST(NULL, 'Nullable(String)') AS medium, \
             CAST(NULL, 'Nullable(String)') AS campaign, \
             CAST(NULL, 'Nullable(String)') AS certainty FROM ({samples})"
        );
    }
    let mut known = attributions(request, views);
    if asked {
        known = format!(
            "SELECT * FROM ({known}) WHERE notEmpty(candidates) UNION ALL {}",
            by_touches(request, views)
        );
    }
    format!(
        "SELECT s.*, nullIf(b.source, '') AS source, nullIf(b.medium, '') AS medium, \
         nullIf(b.campaign, '') AS campaign, nullIf(b.certainty, '') AS certainty \
         FROM ({samples}) AS s \
         LEFT JOIN ({agreed}) AS b ON s.call = b.call",
        agreed = agreed(&known),
    )
}

/// What the candidates of each call agree in; empty where they do not.
fn agreed(known: &str) -> String {
    let column = |part: &str, place: u8, name: &str| {
        format!(
            "if(arrayUniq(arrayMap(one -> {part}, candidates)) = 1, candidates[1].{place}, '') \
             AS {name}"
        )
    };
    let columns = [
        column("one.1", 1, "source"),
        column("(one.1, one.2)", 2, "medium"),
        column("one", 3, "campaign"),
    ];
    format!(
        "SELECT call, certainty, {} FROM ({known})",
        columns.join(", ")
    )
}

/// The candidates of calls; none of those to numbers that nobody knows.
fn attributions(request: &Request, views: Views<'_>) -> String {
    format!(
        "SELECT a.call AS call, a.certainty AS certainty, arrayMap(one -> (one.1, one.2, one.3), \
         arrayFilter(one -> a.reason != 'unknown_number', a.candidates)) AS candidates \
         FROM ({}) AS a",
        attributed(request.rules.may_be_twins(), Detail::Source, views)
    )
}

/// What the touches of contacts make of their calls of the period to other numbers.
fn by_touches(request: &Request, views: Views<'_>) -> String {
    let calls = format!(
        "SELECT 'call' AS what, c.call AS id, c.ms_at AS ms, toInt64(0) AS allowance, \
         '' AS channel, if(c.known, c.caller, '') AS contact \
         FROM ({calls}) AS c INNER JOIN ({own}) AS a ON c.call = a.call \
         WHERE a.reason = 'unknown_number'",
        calls = counted(request, views, WITHIN),
        own = attributed(request.rules.may_be_twins(), Detail::Source, views),
    );
    format!(
        "SELECT id AS call, 'unattributed' AS certainty, \
         groupArray((part.1, part.2, part.3)) AS candidates \
         FROM ({}) GROUP BY id",
        earned(request, views, &persons(&calls, views), &["id"]),
    )
}
