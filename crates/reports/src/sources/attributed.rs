//! What brought each call, as it was attributed when read last: `call`, what it may have been with
//! weights (`candidates`), and how sure that is.
//!
//! Of twins the call of the PBX counts and what is known of the tracker's (`metrics.md` §2).

use crate::calls::counted::twin_pairs;
use crate::request::Request;
use crate::statement::Views;

/// The `SELECT` of all attributions.
pub(crate) fn attributed(request: &Request, views: Views<'_>) -> String {
    let table = views.named("attributions");
    let own = format!(
        "SELECT call, toString(certainty) AS certainty, toString(reason) AS reason, \
         `candidates.visit` AS visits, arrayMap((source, medium, campaign, content, term, weight) \
         -> (source, medium, campaign, content, term, 'calltracking', weight), \
         `candidates.source`, `candidates.medium`, `candidates.campaign`, `candidates.content`, \
         `candidates.term`, `candidates.weight`) AS candidates \
         FROM {table} FINAL WHERE account = {{account:String}}"
    );
    if !request.rules.may_be_twins() {
        return own;
    }
    format!(
        "SELECT if(t.switched != '', t.switched, a.call) AS call, certainty, reason, visits, \
         candidates FROM ({own}) AS a LEFT JOIN ({twins}) AS t ON a.call = t.tracked \
         ORDER BY t.switched = '' LIMIT 1 BY call",
        twins = twin_pairs(views),
    )
}
