//! What is whose when, looked up within a row: the settings of a table with a validity as sorted lists
//! that are constants of the statement. A join would take the legs out of their calls and gather them
//! again, which costs more than reading the calls.
//!
//! A key's place among all keys times a step, plus an instant, is one number; so the last span that had
//! begun is one search. Each step is a list of its own: ClickHouse writes a constant out in the name of
//! every expression around it, and a list of some thousand keys is long.

/// Tells the times of one key from those of the next; later than any time.
const STEP: i64 = 10_000_000_000_000;

/// Adds to rows the values that hold for each of a list of `keys` at `ms_at`, as the list `name`: empty
/// where none does. `spans` is a `SELECT` of key, begin, end (instants) and value.
pub(super) fn with_values(rows: &str, name: &str, keys: &str, spans: &str) -> String {
    // The list is never empty: in an empty one nothing can be looked up.
    let all = format!(
        "WITH (SELECT arraySort(arrayPushBack(groupArray((key, toUnixTimestamp64Milli(begins), \
         toUnixTimestamp64Milli(ends), value)), ('', toInt64(0), toInt64(0), ''))) \
         FROM ({spans})) AS {name}_spans, arrayEnumerateDense({name}_spans.1) AS {name}_places, \
         arrayMap((place, begin) -> toInt64(place) * {STEP} + begin, {name}_places, {name}_spans.2) \
         AS {name}_begins"
    );
    let sought = format!(
        "{all} SELECT *, arrayMap(key -> transform(key, {name}_spans.1, {name}_places, toUInt32(0)), \
         {keys}) AS {name}_sought FROM ({rows})"
    );
    let begun = format!(
        "{all} SELECT *, arrayMap(place -> roundDown(toInt64(place) * {STEP} + ms_at, \
         {name}_begins), {name}_sought) AS {name}_begun FROM ({sought})"
    );
    let found = format!(
        "{all} SELECT *, arrayMap(begun -> transform(begun, {name}_begins, {name}_spans.3, \
         toInt64(0)), {name}_begun) AS {name}_ends, arrayMap(begun -> transform(begun, \
         {name}_begins, {name}_spans.4, ''), {name}_begun) AS {name}_values FROM ({begun})"
    );
    format!(
        "SELECT *, arrayMap((place, begun, end, value) -> multiIf(\
         begun > toInt64(place) * {STEP} + ms_at, '', begun < toInt64(place) * {STEP}, '', \
         ms_at >= end, '', value), {name}_sought, {name}_begun, {name}_ends, {name}_values) \
         AS {name} FROM ({found})"
    )
}
