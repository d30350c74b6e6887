use super::*;

fn chosen() -> Chosen {
    Chosen {
        period: [1_700_000_000_123, 1_700_003_600_999],
        interval: 3600,
        zone: "utc".into(),
        values: BTreeMap::new(),
    }
    .with("one", &["a"])
    .with("two", &["a", "o'neil"])
    .with("all", &[ALL])
    .with("nothing", &[""])
}

#[track_caller]
fn expands(sql: &str, expected: &str) {
    assert_eq!(chosen().expand(sql), expected);
}

#[test]
fn times_are_whole_seconds_unless_milliseconds_are_asked_for() {
    expands(
        "$__timeFilter(at)",
        "at >= toDateTime(1700000000) AND at <= toDateTime(1700003600)",
    );
    expands(
        "($__timeFilter_ms(at))",
        "(at >= fromUnixTimestamp64Milli(1700000000123) AND at <= fromUnixTimestamp64Milli(1700003600999))",
    );
    expands(
        "$__fromTime-$__toTime",
        "toDateTime(1700000000)-toDateTime(1700003600)",
    );
    expands("$__fromTime_ms", "fromUnixTimestamp64Milli(1700000000123)");
    expands(
        "$__toTime_ms+1",
        "fromUnixTimestamp64Milli(1700003600999)+1",
    );
}

#[test]
fn an_interval_is_at_least_a_second() {
    expands("$__interval_s", "3600");
    let mut short = chosen();
    short.interval = 0;
    assert_eq!(short.expand("$__interval_s"), "1");
    expands(
        "$__timeInterval(max(a, b))",
        "toStartOfInterval(toDateTime(max(a, b)), INTERVAL 3600 second)",
    );
}

#[test]
fn a_condition_on_all_or_on_nothing_is_always_true() {
    expands("$__conditionalAll(a IN (1, 2), $all) AND b", "1=1 AND b");
    expands("$__conditionalAll(0, ${nothing})", "1=1");
    expands("$__conditionalAll(f(x, (y)), $one)", "f(x, (y))");
    expands(
        "$__conditionalAll(a AND $__conditionalAll(b, $all), $two)",
        "a AND 1=1",
    );
}

#[test]
fn values_are_quoted() {
    expands("${one:singlequote}", "'a'");
    expands("x IN (${two:singlequote})", r"x IN ('a','o\'neil')");
    expands("'${__timezone}'", "'utc'");
}

#[test]
#[should_panic(expected = "outside of $__conditionalAll")]
fn all_values_outside_of_a_condition_are_refused() {
    chosen().expand("x IN (${all:singlequote})");
}

#[test]
#[should_panic(expected = "no macro $__timeGroup")]
fn an_unknown_macro_is_refused() {
    chosen().expand("$__timeGroup(at)");
}

#[test]
fn queries_are_those_of_variables_and_panels() {
    let board = serde_json::json!({
        "templating": {"list": [
            {"type": "datasource", "name": "d", "query": "x"},
            {"type": "query", "name": "v", "query": "SELECT 1"},
        ]},
        "panels": [
            {"title": "P", "type": "stat", "targets": [{"rawSql": "SELECT 2", "format": 1}]},
            {"title": "R", "type": "row"},
            {"title": "Q", "type": "timeseries", "targets": [{"rawSql": "SELECT 3", "format": 0}]},
        ],
    });
    let found = queries(&board);
    let texts: Vec<_> = found.iter().map(|query| query.sql.as_str()).collect();
    assert_eq!(texts, ["SELECT 1", "SELECT 2", "SELECT 3"]);
    let series: Vec<_> = found.iter().map(|query| query.is_series).collect();
    assert_eq!(series, [false, false, true]);
}
