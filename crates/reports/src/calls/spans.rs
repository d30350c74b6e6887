//! What is whose when, looked up within a row: the settings of a table with a validity as sorted lists
//! that are constants of the statement. A join would take the legs out of their calls and gather them
//! again, which costs more than reading the calls.
//!
//! A key's place among all keys times a step, plus an instant, is one number; so the last span that had
//! begun is one search.

/// Tells the times of one key from those of the next; later than any time.
const STEP: i64 = 10_000_000_000_000;

/// The spans of one table by the name of their list.
#[derive(Clone, Copy)]
pub(super) struct Spans(pub(super) &'static str);

impl Spans {
    /// The lists, for `WITH`: of a `SELECT` of key, begin, end (instants) and value.
    pub(super) fn listed(self, select: &str) -> String {
        let name = self.0;
        // The list is never empty: of an empty one nothing can be looked up.
        format!(
            "(SELECT arraySort(arrayPushBack(groupArray((key, toUnixTimestamp64Milli(begins), \
             toUnixTimestamp64Milli(ends), value)), ('', toInt64(0), toInt64(0), ''))) \
             FROM ({select})) AS {name}, arrayEnumerateDense({name}.1) AS {name}_places, \
             arrayMap((place, begin) -> toInt64(place) * {STEP} + begin, {name}_places, {name}.2) \
             AS {name}_begins"
        )
    }

    /// The values that hold for a list of keys at an instant in milliseconds; empty where none does.
    pub(super) fn of_each(self, keys: &str, ms: &str) -> String {
        let name = self.0;
        let key = format!(
            "toInt64(transform(key, {name}.1, {name}_places, toUInt32(0))) * {STEP} + {ms}"
        );
        let of_span =
            |list: &str, none: &str| format!("transform(begun, {name}_begins, {list}, {none})");
        format!(
            "arrayMap((place, begun) -> multiIf(begun > place, '', begun < place - {ms}, '', \
             {ms} >= {until}, '', {value}), arrayMap(key -> {key}, {keys}) AS {name}_keys, \
             arrayMap(place -> roundDown(place, {name}_begins), {name}_keys))",
            until = of_span(&format!("{name}.3"), "toInt64(0)"),
            value = of_span(&format!("{name}.4"), "''"),
        )
    }
}
