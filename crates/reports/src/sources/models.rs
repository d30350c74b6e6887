//! Models: which touches of a person earn a conversion, and how much of it (`metrics.md` §3).
//!
//! Candidates are the touches up to the conversion's moment, not older than the account's `lookback`;
//! a model chooses one of them, or all. What is chosen shares the conversion alike, and a touch that may
//! have been several gives each its weight; what names the same source is one. The parts are ten-thousandths, by the largest remainder, of
//! equal ones the earlier, and make exactly 1. Without a candidate the conversion is nobody's.
//!
//! A person may have many thousands of touches and of conversions: they are put into one line in the order of
//! time and gone through once, so that no conversion ever holds all touches. What `linear` divides costs a row
//! for each source that a conversion has, however many touches name it.

use trunkline_model::settings::AttributionModel;

use crate::request::Request;

/// What earns what.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'a> {
    /// Rows of `person` and `touch`, see [`super::touches::touched`].
    pub(crate) touched: &'a str,
    /// Conversions, with their `person`, their moment `ms`, and `allowance`, how much later a touch may be.
    pub(crate) conversions: &'a str,
    /// What of the columns of conversions is given on.
    pub(crate) columns: &'a [&'a str],
}

/// Divides conversions: a row of their columns for each `part`, a tuple of the columns of a source, empty where
/// not told, and the share of it, with its `place` among them and its `weight`.
pub(super) fn divided(model: AttributionModel, sought: Sought<'_>) -> String {
    let columns = sought.columns.join(", ");
    let pieces = match model {
        AttributionModel::Linear => shared(sought),
        _ => weighed(model, sought),
    };
    // What is left over goes to the greatest rests: the rank of each is where it stands among the sorted ones.
    format!(
        "SELECT {columns}, part, weight, place FROM (\
         SELECT {columns}, pieces, arrayEnumerate(pieces) AS places, \
         arrayMap(one -> toInt64(floor(one.7 * 10000 + 0.0000001)), pieces) AS floors, \
         arrayMap((one, whole) -> round(one.7 * 10000 - whole, 6), pieces, floors) AS rests, \
         arraySort((place, rest) -> (-rest, place), places, rests) AS sorted, \
         arraySort((rank, place) -> place, places, sorted) AS ranks, \
         10000 - arraySum(floors) AS left, \
         arrayMap((whole, rank) -> whole + (rank <= left), floors, ranks) AS weights FROM ({pieces})) \
         ARRAY JOIN pieces AS part, weights AS weight, places AS place"
    )
}

/// The pieces of what one touch earned: its candidates.
fn weighed(model: AttributionModel, sought: Sought<'_>) -> String {
    format!(
        "SELECT *, arrayMap(source -> (source.1, source.2, source.3, source.4, source.5, source.6, \
         arraySum(one -> if(one.1 = source, one.2, 0), told)), arrayDistinct(told.1)) AS pieces FROM (\
         SELECT * EXCEPT (chosen), if(empty(chosen), [(('', '', '', '', '', ''), toFloat64(1))], \
         arrayMap(one -> ((one.1, one.2, one.3, one.4, one.5, one.6), one.7), chosen)) AS told \
         FROM ({}))",
        choosing(model, sought)
    )
}

/// Adds to the columns of conversions the candidates of the touch that a model chooses for each: `chosen`, empty
/// if it chooses none. `linear` chooses none: here it is as the last that is not direct.
///
/// In the order of time, for the first touch against it, a conversion comes after all that may have brought it so
/// far as its near end says. Of each kind of touch the latest before is the one, if it is not beyond the far end.
pub(crate) fn choosing(model: AttributionModel, sought: Sought<'_>) -> String {
    let kinds: &[&str] = match model {
        AttributionModel::First | AttributionModel::Last => &["NOT weak", "1"],
        _ => &["NOT weak AND NOT faint", "NOT weak", "NOT faint", "1"],
    };
    let (ends, order) = match model {
        AttributionModel::First => (
            ["-touch.1", "{lookback_ms:Int64} - ms", "-ms - allowance"],
            "DESC",
        ),
        _ => (
            ["touch.1", "ms + allowance", "ms - {lookback_ms:Int64}"],
            "ASC",
        ),
    };
    let latest = kinds.iter().enumerate().map(|(nth, kind)| {
        format!(
            "max(if(NOT converts AND {kind}, nth, 0)) OVER line AS nth_{nth}, \
             max(if(NOT converts AND {kind}, near, {NEVER})) OVER line AS near_{nth}"
        )
    });
    let picks = (0..kinds.len()).map(|nth| format!("near_{nth} >= far, nth_{nth}"));
    // So many rows before the first one there is nothing, which is what is chosen then.
    format!(
        "SELECT {given}, chosen FROM (SELECT own, lagInFrame(candidates, toInt64(nth - pick)) OVER line \
         AS chosen FROM (SELECT *, multiIf(NOT converts, nth, {picks}, 0) AS pick FROM (\
         SELECT *, {latest} FROM (\
         SELECT *, row_number() OVER (PARTITION BY person \
         ORDER BY near, converts, rank {order}, id {order}) AS nth FROM ({line})) {WINDOW})) {WINDOW}) \
         ARRAY JOIN own AS one",
        given = given(sought.columns),
        picks = picks.collect::<Vec<_>>().join(", "),
        latest = latest.collect::<Vec<_>>().join(", "),
        line = line(ends, sought),
    )
}

/// Before all time.
const NEVER: &str = "toInt64(-9223372036854775807)";

/// All that came before in a person's line.
const WINDOW: &str = "WINDOW line AS (PARTITION BY person ORDER BY nth \
     ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)";

/// Touches and conversions in rows of the same columns; `near` and `far` are the ends of what may have brought a
/// conversion, and a touch is at `near`. What is given on of a conversion is in `own`, which touches have empty.
fn line([touched, near, far]: [&str; 3], sought: Sought<'_>) -> String {
    let Sought {
        touched: touches,
        conversions,
        columns,
    } = sought;
    format!(
        "SELECT person, {touched} AS near, near AS far, toUInt8(0) AS converts, touch.2 AS rank, \
         touch.3 AS id, touch.4 AS weak, touch.5 AS faint, touch.6 AS candidates, [] AS own \
         FROM ({touches}) UNION ALL \
         SELECT person, near, far, toUInt8(1), toUInt8(0), '', toUInt8(0), toUInt8(0), [], own FROM (\
         SELECT person, {near} AS near, {far} AS far, [tuple({columns})] AS own FROM ({conversions}))",
        columns = columns.join(", "),
    )
}

/// The columns of conversions, out of what each has of its `own`.
fn given(columns: &[&str]) -> String {
    let columns = columns.iter().zip(1..);
    let columns: Vec<_> = columns
        .map(|(name, place)| format!("one.{place} AS {name}"))
        .collect();
    columns.join(", ")
}

/// The pieces of what all touches earned alike, by sums: of what came since the far end of a conversion, less
/// what came after its near end. Strong and weak touches are summed apart. Weights are whole billionths of
/// thousandths, so that nothing is left of what is taken away.
fn shared(sought: Sought<'_>) -> String {
    let ends = ["touch.1", "ms + allowance", "ms - {lookback_ms:Int64}"];
    let counts = |name: &str| {
        format!(
            "sum(toInt64(NOT converts AND NOT weak)) OVER {name} AS strong_{name}, \
             sum(toInt64(NOT converts AND weak)) OVER {name} AS weak_{name}"
        )
    };
    format!(
        "SELECT {given}, pieces FROM (\
         SELECT own, strong_since - strong_after AS strongs, \
         if(strongs = 0, weak_since - weak_after, strongs) AS many, \
         arrayReduce('sumMap', [since_sums.1, after_sums.1], \
         [since_sums.2, arrayMap(sum -> -sum, after_sums.2)]) AS sums, \
         arrayFilter(begun -> begun > nth * 65536, begins.2) AS begun, \
         arraySort(one -> -one.3, arrayFilter(one -> one.1.1 = (strongs = 0), \
         arrayZip(sums.1, sums.2, begun))) AS able, \
         if(empty(able), [('', '', '', '', '', '', toFloat64(1))], arrayMap(one -> (one.1.2, one.1.3, \
         one.1.4, one.1.5, one.1.6, one.1.7, one.2 / 1e12 / many), able)) AS pieces FROM (\
         SELECT *, {since}, sumMap(sources, shares) OVER since AS since_sums, \
         maxMap(sources, arrayMap(place -> nth * 65536 - toInt64(place), arrayEnumerate(sources))) OVER since AS begins \
         FROM (SELECT *, toInt64(row_number() OVER after) AS nth, {after}, \
         sumMap(sources, shares) OVER after AS after_sums FROM (\
         SELECT *, arrayMap(one -> (weak, one.1, one.2, one.3, one.4, one.5, one.6), candidates) AS sources, \
         arrayMap(one -> greatest(toInt64(round(one.7 * 1e12)), 1), candidates) AS shares FROM ({line})) \
         WINDOW after AS (PARTITION BY person ORDER BY near DESC, converts DESC, rank DESC, id DESC \
         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) \
         WINDOW since AS (PARTITION BY person ORDER BY far DESC, converts \
         ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) WHERE converts) ARRAY JOIN own AS one",
        given = given(sought.columns),
        since = counts("since"),
        after = counts("after"),
        line = line(ends, sought),
    )
}

/// The model asked for, else the account's.
pub(super) fn model(request: &Request) -> AttributionModel {
    let asked = request.choice("model");
    let all = [
        AttributionModel::First,
        AttributionModel::Last,
        AttributionModel::LastNonDirect,
        AttributionModel::Linear,
    ];
    let named = all.into_iter().find(|model| Some(model.as_str()) == asked);
    named.unwrap_or(request.tracking.model)
}
