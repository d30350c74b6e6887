//! Money as SQL, and what advertising cost (`metrics.md` §3).
//!
//! An amount is converted at the rate of its day, and is then a whole number of 10^-21 of the account's
//! currency: nothing is rounded before it is added up. Without a rate it is 0 and is counted.
//!
//! A day of a source may be stated in several grains: its advertisements, its campaigns, the source as a
//! whole. A statement *covers* those that say more and agree with it in all that it says. The finest stand;
//! of one that covers others only what it says beyond them stands: that is `unallocated`.

use crate::statement::{Views, WITHIN};

/// How many parts of an amount make one, and of a rate.
const AMOUNT: &str = "toDecimal256('1000000000', 0)";
const RATE: &str = "toDecimal256('1000000000000', 0)";

/// Whether an amount in a currency cannot be converted by the rate `r.rate`, which is 0 if there is none.
pub(super) fn lacks_rate(currency: &str) -> String {
    format!("ifNull(toString({currency}), '') NOT IN ('', {{currency:String}}) AND r.rate = 0")
}

/// An amount in the account's currency.
pub(super) fn in_account(amount: &str, currency: &str) -> String {
    format!(
        "toInt256(toDecimal256(ifNull({amount}, 0), 9) * {AMOUNT}) \
         * if(ifNull(toString({currency}), '') IN ('', {{currency:String}}), \
         toInt256('1000000000000'), toInt256(toDecimal256(r.rate, 12) * {RATE}))"
    )
}

/// Joins the rate of a currency on a day, as `r`.
pub(super) fn rates_joined(views: Views<'_>, currency: &str, day: &str) -> String {
    format!(
        "LEFT JOIN (SELECT toString(currency) AS currency, date, rate FROM {rates} FINAL \
         WHERE account = {{account:String}}) AS r \
         ON ifNull(toString({currency}), '') = r.currency AND {day} = r.date",
        rates = views.named("rates"),
    )
}

/// The `SELECT` of what was spent: `at` (the beginning of its day), the columns of a source, empty where
/// not told, `money`, `unallocated` and `is_unconverted`.
pub(super) fn spend(views: Views<'_>) -> String {
    format!(
        "SELECT at, source, one.2 AS medium, one.3 AS campaign, one.4 AS content, one.5 AS term, \
         one.6 AS money, if(one.8, one.6, toInt256(0)) AS unallocated, one.7 AS is_unconverted FROM (\
         SELECT at, source, arrayJoin(arrayConcat(fine, stated)) AS one FROM (\
         SELECT at, source, \
         arrayFilter(one -> NOT arrayExists(other -> {finer}, grains), all) AS fine, \
         arrayFold((done, one) -> arrayPushBack(done, (one.1, one.2, one.3, one.4, one.5, \
         if(one.7 OR NOT {covers}, one.6, \
         greatest(toInt256(0), one.6 - {beyond_fine} - {beyond_done})), one.7, \
         toUInt8({covers}))), arraySort(one -> -bitCount(one.1), \
         arrayFilter(one -> arrayExists(other -> {finer}, grains), all)), \
         arrayResize(all, 0)) AS stated FROM (\
         SELECT at, source, groupArray((grain, medium, campaign, content, term, money, \
         is_unconverted, toUInt8(0))) AS all, groupUniqArray(grain) AS grains FROM ({stated}) \
         GROUP BY at, source)))",
        finer = "other != one.1 AND bitAnd(other, one.1) = one.1",
        covers = format_args!("arrayExists(own -> {COVERS}, arrayConcat(fine, done))"),
        beyond_fine = covered("fine"),
        beyond_done = covered("done"),
        stated = stated(views),
    )
}

/// The sum of what `one` covers of a list.
fn covered(list: &str) -> String {
    format!(
        "arrayReduce('sum', arrayPushBack(arrayMap(own -> own.6, \
         arrayFilter(own -> {COVERS}, {list})), toInt256(0)))"
    )
}

/// Whether the statement `one` covers `own`.
const COVERS: &str = "(own.1 != one.1 AND bitAnd(own.1, one.1) = one.1 \
     AND (one.2 = '' OR own.2 = one.2) AND (one.3 = '' OR own.3 = one.3) \
     AND (one.4 = '' OR own.4 = one.4) AND (one.5 = '' OR own.5 = one.5))";

/// The statements of the period, with which columns each tells (`grain`).
fn stated(views: Views<'_>) -> String {
    let text = |name: &str| format!("ifNull(toString(s.{name}), '') AS {name}");
    let columns = ["medium", "campaign", "content", "term"]
        .map(text)
        .join(", ");
    format!(
        "SELECT * FROM (SELECT toDateTime64(toDateTime(s.date, {{zone:String}}), 3, 'UTC') AS at, \
         toString(s.source) AS source, {columns}, \
         toUInt8((medium != '') + 2 * (campaign != '') + 4 * (content != '') + 8 * (term != '')) \
         AS grain, {money} AS money, toUInt8({lacking}) AS is_unconverted \
         FROM (SELECT * FROM {spend} WHERE account = {{account:String}}) AS s {rates}) WHERE {WITHIN}",
        money = in_account("s.amount", "s.currency"),
        lacking = lacks_rate("s.currency"),
        spend = views.named("v_spend"),
        rates = rates_joined(views, "s.currency", "s.date"),
    )
}
