//! A report as a table for people: response times by manager.

use std::fmt::Write;

use serde_json::Value;

const SHOWN: usize = 15;
const FIGURES: [&str; 4] = ["mean_s", "p50_s", "p90_s", "max_s"];

/// The answer of a report.
pub(super) struct Table<'a>(&'a Value);

impl<'a> Table<'a> {
    /// Reads an answer.
    pub(super) fn of(answer: &'a Value) -> Self {
        Self(answer)
    }

    fn rows(&self) -> &'a [Value] {
        self.0["rows"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Gives a value, `null` if there is no such column.
    fn value(&self, row: &'a Value, column: &str) -> &'a Value {
        let columns = self.0["columns"].as_array().map_or(&[][..], Vec::as_slice);
        let place = columns.iter().position(|known| known["name"] == column);
        place.map_or(&Value::Null, |place| &row[place])
    }

    fn line(&self, row: &'a Value, name: &str) -> String {
        let mut line = format!("{name:<20}{:>9}", grouped(self.value(row, "count")));
        for figure in FIGURES {
            let _ = write!(line, "{:>11}", clock(self.value(row, figure).as_f64()));
        }
        line
    }
}

/// Writes the table of all managers, most answers first, with the figures of all together.
pub(super) fn shown(managers: &Value, all: &Value) -> String {
    let (managers, all) = (Table::of(managers), Table::of(all));
    let mut text = format!("{:<20}{:>9}", "manager", "replies");
    for title in ["mean", "median", "p90", "max"] {
        let _ = write!(text, "{title:>11}");
    }
    let rows = managers.rows().iter();
    let rows: Vec<&Value> = rows
        .filter(|row| *managers.value(row, "count") != 0)
        .collect();
    for row in rows.iter().take(SHOWN) {
        let name = managers.value(row, "manager_name").as_str();
        let line = managers.line(row, name.unwrap_or("(unknown)"));
        let _ = write!(text, "\n{line}");
    }
    if let Some(more) = rows.len().checked_sub(SHOWN + 1) {
        let _ = write!(text, "\n... and {} managers more", more + 1);
    }
    if let Some(row) = all.rows().first() {
        let _ = write!(text, "\n{}", all.line(row, "all managers"));
    }
    text
}

fn grouped(count: &Value) -> String {
    count
        .as_u64()
        .map_or_else(|| "-".to_owned(), crate::commands::amounts::grouped)
}

/// Writes seconds as `h:mm:ss`.
fn clock(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else {
        return "-".to_owned();
    };
    let whole = seconds.round() as u64;
    format!("{}:{:02}:{:02}", whole / 3_600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_becomes_lines_of_one_width() {
        let columns = [
            "manager",
            "manager_name",
            "count",
            "mean_s",
            "p50_s",
            "p90_s",
            "max_s",
        ]
        .map(|name| json!({ "name": name }));
        let report = |rows: Value| json!({ "columns": columns.clone(), "rows": rows });
        let managers = report(json!([
            ["ana", "Ana Ruiz", 1_234, 61.5, 59, 3_600, 86_399.4],
            [null, null, 2, null, null, null, null],
            ["eva", "Eva Soto", 0, null, null, null, null],
        ]));
        let all = report(json!([[null, null, 1_234, 61.5, 59, 3_600, 86_399.4]]));
        let text = shown(&managers, &all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>(),
            [
                "Ana", "Ruiz", "1", "234", "0:01:02", "0:00:59", "1:00:00", "23:59:59"
            ]
        );
        assert!(lines[2].starts_with("(unknown)") && lines[2].ends_with('-'));
        assert!(lines[3].starts_with("all managers"));
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{text}"
        );
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let row = json!(["m"]);
        let managers = json!({ "columns": [{ "name": "manager_name" }], "rows": vec![row; 18] });
        let text = shown(&managers, &json!({}));
        assert!(text.ends_with("... and 3 managers more"), "{text}");
    }
}
