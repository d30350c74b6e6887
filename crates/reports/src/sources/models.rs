//! Models: which touches of a person earn a conversion, and how much of it (`metrics.md` §3).
//!
//! Candidates are the touches up to the conversion's moment, not older than the account's `lookback`;
//! a model chooses one of them, or all. What is chosen shares the conversion alike, and a touch that may
//! have been several gives each its weight; what names the same source is one. The parts are ten-thousandths, by the largest remainder, of
//! equal ones the earlier, and make exactly 1. Without a candidate the conversion is nobody's.

use trunkline_model::settings::AttributionModel;

use crate::request::Request;

/// Divides conversions, which have `ms` (their moment), `allowance` (how much later a touch may be) and
/// `touches`: a row for each `part`, a tuple of the columns of a source, empty where not told, with `weight`.
pub(super) fn divided(model: AttributionModel, conversions: &str) -> String {
    format!(
        "SELECT *, pieces[place] AS part, \
         floors[place] + (indexOf(arraySort(other -> (-rests[other], other), arrayEnumerate(rests)), \
         place) <= 10000 - arraySum(floors)) AS weight FROM (\
         SELECT *, arrayMap(one -> toInt64(floor(one.7 * 10000 + 0.0000001)), pieces) AS floors, \
         arrayMap((one, whole) -> round(one.7 * 10000 - whole, 6), pieces, floors) AS rests, \
         arrayEnumerate(pieces) AS places FROM (\
         SELECT *, arrayMap(source -> (source.1, source.2, source.3, source.4, source.5, source.6, \
         arraySum(one -> if(one.1 = source, one.2, 0), told)), arrayDistinct(told.1)) AS pieces FROM (\
         SELECT * EXCEPT (touches), if(empty(chosen), [(('', '', '', '', '', ''), toFloat64(1))], \
         arrayFlatten(arrayMap(touch -> arrayMap(one -> ((one.1, one.2, one.3, one.4, one.5, one.6), \
         one.7 / length(chosen)), touch.6), chosen))) AS told FROM (\
         {chosen})))) ARRAY JOIN places AS place",
        chosen = choosing(model, conversions),
    )
}

/// Adds what a model chooses of the touches of conversions, as for [`divided`]: `chosen`.
pub(crate) fn choosing(model: AttributionModel, conversions: &str) -> String {
    format!(
        "SELECT *, arrayFilter(touch -> if(touch.1 <= ms + allowance, \
         touch.1 >= ms - {{lookback_ms:Int64}}, 0), touches) AS near, \
         arrayFilter(touch -> NOT touch.4, near) AS strong, if(empty(strong), near, strong) AS able, \
         {chosen} AS chosen FROM ({conversions})",
        chosen = chosen(model),
    )
}

/// The touches that a model chooses of those that are `able`, which are in the order of time.
fn chosen(model: AttributionModel) -> &'static str {
    match model {
        AttributionModel::First => "arraySlice(able, 1, 1)",
        AttributionModel::Last => "arraySlice(able, -1, 1)",
        AttributionModel::LastNonDirect => {
            "arraySlice(if(arrayExists(touch -> NOT touch.5, able), \
             arrayFilter(touch -> NOT touch.5, able), able), -1, 1)"
        }
        AttributionModel::Linear => "able",
    }
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
