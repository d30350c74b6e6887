//! What brought each call, as it was attributed when read last: `call`, what it may have been with
//! weights (`candidates`), and how sure that is.
//!
//! Of twins the call of the PBX counts and what is known of the tracker's (`metrics.md` §2).

use crate::calls::counted::twin_pairs;
use crate::statement::Views;

/// What is read of each candidate, in tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The columns of a source, `weight`.
    Source,
    /// The same, then the visit and the click ids of [`CLICKS`].
    Click,
}

/// The click ids that are told of, in their order.
pub(crate) const CLICKS: [&str; 4] = ["gclid", "gbraid", "wbraid", "yclid"];

/// The columns of a candidate in the table, but its origin: calls are known by call tracking.
const COLUMNS: [&str; 5] = ["source", "medium", "campaign", "content", "term"];

/// The `SELECT` of all attributions; `may_be_twins` as the account's rules say.
pub(crate) fn attributed(may_be_twins: bool, detail: Detail, views: Views<'_>) -> String {
    let table = views.named("attributions");
    let mut columns = COLUMNS.to_vec();
    columns.push("weight");
    if detail == Detail::Click {
        columns.push("visit");
        columns.extend(CLICKS);
    }
    let names = columns.join(", ");
    let told = names.replace("weight", "'calltracking', weight");
    let read: Vec<_> = columns
        .iter()
        .map(|name| format!("`candidates.{name}`"))
        .collect();
    let own = format!(
        "SELECT call, toString(certainty) AS certainty, toString(reason) AS reason, \
         rule = 0 AS is_static, `candidates.visit` AS visits, \
         arrayMap(({names}) -> ({told}), {read}) AS candidates \
         FROM {table} FINAL WHERE account = {{account:String}}",
        read = read.join(", "),
    );
    if !may_be_twins {
        return own;
    }
    format!(
        "SELECT if(t.switched != '', t.switched, a.call) AS call, certainty, reason, is_static, \
         visits, candidates FROM ({own}) AS a LEFT JOIN ({twins}) AS t ON a.call = t.tracked \
         ORDER BY t.switched = '' LIMIT 1 BY call",
        twins = twin_pairs(views),
    )
}
