//! The documents say what the code says: every error code, every metric, and links that lead somewhere.

use std::collections::BTreeSet;

use crate::findings::{Finding, none};
use crate::tree::{Rust, Text, read, root, rust, texts};

const ERRORS: &str = "docs/errors.md";
const METRICS: &str = "docs/metrics.md";

/// Where the codes of errors are declared, by macros of the shape `Name = "code", status, …`.
const DECLARED: [&str; 3] = [
    "crates/model/src/event/refusal.rs",
    "crates/api/src/stream/ending.rs",
    "crates/api/src/problem.rs",
];

#[test]
fn every_error_code_is_documented_and_no_other() {
    let declared: BTreeSet<(String, String)> = DECLARED
        .iter()
        .flat_map(|path| codes(&read(path)))
        .collect();
    assert!(
        declared.len() > 10,
        "codes are declared in another way now; teach this test: {declared:?}"
    );
    let documented = table(&read(ERRORS));
    let mut found = Vec::new();
    for (code, status) in &declared {
        if !documented.contains(&(code.clone(), status.clone())) {
            found.push(Finding::new(
                ERRORS,
                0,
                format!("`{code}` {status} is missing"),
            ));
        }
    }
    for (code, status) in documented.difference(&declared) {
        found.push(Finding::new(
            ERRORS,
            0,
            format!("`{code}` {status} is declared nowhere"),
        ));
    }
    none(
        found,
        "one row for each code: | `code` | status | what happened and how to mend it |",
    );
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let declared: BTreeSet<String> = rust()
        .iter()
        .filter(|file| file.is_product())
        .flat_map(metrics)
        .collect();
    assert!(
        declared.len() > 10,
        "metrics are declared in another way now; teach this test: {declared:?}"
    );
    let documented: BTreeSet<String> = metric_names(&read(METRICS)).collect();
    let mut found = Vec::new();
    for name in declared.difference(&documented) {
        found.push(Finding::new(METRICS, 0, format!("{name} is missing")));
    }
    for name in documented.difference(&declared) {
        found.push(Finding::new(
            METRICS,
            0,
            format!("{name} is declared nowhere"),
        ));
    }
    none(
        found,
        "describe it in the room's metrics.rs and run `make references`",
    );
}

#[test]
fn links_between_documents_lead_somewhere() {
    let documents = texts().into_iter().filter(|file| file.is("md"));
    none(
        documents.flat_map(|file| dead_links(&file)).collect(),
        "mend the path, which counts from the document's folder",
    );
}

/// Pairs of code and status (empty where there is none) of declarations such as `Name = "code", 400`.
fn codes(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in source.lines() {
        let Some((name, rest)) = line.trim().split_once(" = \"") else {
            continue;
        };
        let Some((code, rest)) = rest.split_once('"') else {
            continue;
        };
        if name.chars().all(char::is_alphanumeric) && name.starts_with(char::is_uppercase) {
            let status: String = rest
                .trim_start_matches([',', ' '])
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            found.push((code.to_owned(), status));
        }
    }
    found
}

/// Pairs of code and status of the rows of a table: `| `code` | 400 | … |`, or without a status.
fn table(document: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for row in document.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let status = cells
            .get(2)
            .filter(|cell| cell.chars().all(|c| c.is_ascii_digit()))
            .copied()
            .unwrap_or_default();
        found.insert((cells[1].trim_matches('`').to_owned(), status.to_owned()));
    }
    found
}

/// The names of metrics in a room's metrics module.
fn metrics(file: &Rust) -> Vec<String> {
    if !file.path.ends_with("/metrics.rs") {
        return Vec::new();
    }
    let tests = file
        .inline_tests()
        .map(|span| span.start().line)
        .min()
        .unwrap_or(usize::MAX);
    let lines = file.text.lines().take(tests - 1);
    let literals = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
    literals
        .filter(|text| text.starts_with("trunkline_"))
        .map(str::to_owned)
        .collect()
}

fn metric_names(document: &str) -> impl Iterator<Item = String> {
    let words = document.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("trunkline_") && *word != "trunkline_writer")
        .map(str::to_owned)
}

fn dead_links(file: &Text) -> Vec<Finding> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = target.split('#').next().unwrap_or_default();
            let outside = path.contains("://") || path.is_empty();
            if !outside && !root().join(folder).join(path).exists() {
                found.push(Finding::new(
                    &file.path,
                    number + 1,
                    format!("a link to {target}, which does not exist"),
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_from_their_declarations_and_from_the_table() {
        let declared = codes(
            "    /// Not JSON.\n    Malformed = \"malformed\",\n    BadParameter = \"bad_parameter\", 400, \"Bad\",\n    let x = \"y\";\n",
        );
        let expected = [
            ("malformed".to_owned(), String::new()),
            ("bad_parameter".to_owned(), "400".to_owned()),
        ];
        assert_eq!(declared, expected);
        let documented = table(
            "| code | status | meaning |\n| `malformed` | Not JSON |\n| `bad_parameter` | 400 | Bad. |\n",
        );
        assert_eq!(documented, BTreeSet::from(expected));
    }

    #[test]
    fn a_dead_link_is_found() {
        let file = |text: &str| Text {
            path: "docs/x.md".to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(
            dead_links(&file("see [this](../Cargo.toml) and [that](nowhere.md#a)")).len(),
            1
        );
    }
}
