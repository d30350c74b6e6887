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
