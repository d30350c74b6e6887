//! Rows as ClickHouse sends them, against the rows they must become.

use super::*;

const COLUMNS: [Column; 3] = [
    Column {
        name: "time",
        unit: Unit::Time,
    },
    Column {
        name: "manager",
        unit: Unit::Text,
    },
    Column {
        name: "sum_s",
        unit: Unit::S,
    },
];

fn rows(json: &str) -> Vec<Vec<Json>> {
    serde_json::from_str(json).expect("rows")
}

#[test]
fn fields_become_typed_values() {
    let sent = rows(r#"[[1000, "ana", 1500], ["2000", null, "9007199254740993"]]"#);
    assert_eq!(
        decode(&COLUMNS, sent).expect("rows"),
        [
            vec![
                Value::Time(Time(1_000)),
                Value::Text("ana".into()),
                Value::Millis(1_500)
            ],
            vec![
                Value::Time(Time(2_000)),
                Value::Null,
                Value::Millis(9_007_199_254_740_993)
            ],
        ]
    );
}

#[test]
fn an_answer_that_is_not_understood_is_a_failure_not_a_figure() {
    for json in [
        r#"[[1000, "ana"]]"#,
        r#"[[1000, "ana", 1.5]]"#,
        "[[1000, 7, 1]]",
    ] {
        let failed = decode(&COLUMNS, rows(json));
        assert!(matches!(failed, Err(Error::Failed(_))), "{json}");
    }
}

#[test]
fn a_cut_says_whether_there_was_more() {
    let row = vec![Value::Null];
    let mut rows = vec![row.clone(), row.clone(), row];
    assert!(!cut(&mut rows, 3));
    assert!(cut(&mut rows, 2));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_row_that_has_no_interval_is_a_failure_not_left_out() {
    let pairs = [
        ("from", "1970-01-01"),
        ("to", "1970-01-04"),
        ("tz", "UTC"),
        ("interval", "day"),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let context = crate::Context {
        account: crate::AccountView {
            id: "acme",
            timezone: chrono_tz::UTC,
            aliases: crate::Aliases::NONE,
        },
        now: Time(0),
        as_of: Time(0),
        restriction: crate::Restriction::default(),
        targets: &crate::Targets::default(),
        schedules: &crate::Schedules::default(),
        cells: None,
    };
    let report = &crate::messages::REPORT;
    let request = Request::parse(
        report,
        crate::request::Asked::Figures,
        &pairs,
        &context,
        &crate::PageKey::new([7; 32]),
    );
    let request = request.expect("a request");
    let row = |day: i64, count| vec![Value::Time(Time(day * 86_400_000)), Value::Count(count)];
    let filled = fill(report, &request, vec![row(0, 5), row(2, 7)]).expect("each has its interval");
    assert_eq!(filled, [row(0, 5), row(1, 0), row(2, 7)]);
    for stray in [vec![row(2, 7), row(0, 5)], vec![row(3, 1)]] {
        let failed = fill(report, &request, stray);
        assert!(matches!(failed, Err(Error::Failed(_))), "{failed:?}");
    }
}
