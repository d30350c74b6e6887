//! A report's answer as a table: columns by name, rows by a dimension's value.

use serde_json::{Value, json};

/// A report's table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The whole answer.
    pub json: Value,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// Reads an answer.
    #[track_caller]
    pub fn of(json: Value) -> Self {
        let columns = json["columns"]
            .as_array()
            .unwrap_or_else(|| panic!("no columns: {json}"));
        let columns = columns
            .iter()
            .map(|c| c["name"].as_str().unwrap_or_default().to_owned());
        let rows = json["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("no rows: {json}"));
        let rows = rows
            .iter()
            .map(|row| row.as_array().cloned().unwrap_or_default());
        Self {
            columns: columns.collect(),
            rows: rows.collect(),
            json,
        }
    }

    /// Returns the columns' names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns how many rows it has.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the value of a column in a row.
    #[track_caller]
    pub fn value(&self, row: usize, column: &str) -> &Value {
        let index = self.columns.iter().position(|name| name == column);
        let index = index.unwrap_or_else(|| panic!("no column {column} in {:?}", self.columns));
        let row = self
            .rows
            .get(row)
            .unwrap_or_else(|| panic!("no row {row} in {}", self.json));
        &row[index]
    }

    /// Returns all values of a column.
    #[track_caller]
    pub fn column(&self, column: &str) -> Vec<Value> {
        (0..self.len())
            .map(|row| self.value(row, column).clone())
            .collect()
    }

    /// Returns the one row whose `column` is `value`.
    #[track_caller]
    pub fn row(&self, column: &str, value: &Value) -> usize {
        let found: Vec<usize> = (0..self.len())
            .filter(|&row| self.value(row, column) == value)
            .collect();
        assert_eq!(
            found.len(),
            1,
            "rows with {column} = {value} in {}",
            self.json
        );
        found[0]
    }

    /// Returns a column of the row of a manager.
    #[track_caller]
    pub fn of_manager(&self, manager: &str, column: &str) -> &Value {
        self.value(self.row("manager", &json!(manager)), column)
    }

    /// Returns a count.
    #[track_caller]
    pub fn count(&self, row: usize, column: &str) -> u64 {
        let value = self.value(row, column);
        value
            .as_u64()
            .unwrap_or_else(|| panic!("{column} is no count: {value}"))
    }

    /// Returns seconds as milliseconds, or nothing for `null`.
    #[track_caller]
    pub fn millis(&self, row: usize, column: &str) -> Option<i64> {
        let value = self.value(row, column);
        if value.is_null() {
            return None;
        }
        let seconds = value
            .as_f64()
            .unwrap_or_else(|| panic!("{column} is no number: {value}"));
        Some((seconds * 1e3).round() as i64)
    }
}
