//! The dashboards of `grafana/`: each can be found, read and understood, and asks for nothing that does not exist.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::deploy::metrics;
use crate::findings::{Finding, none};
use crate::tree::{read, root};

const FOLDER: &str = "grafana/dashboards";

#[test]
fn dashboards_are_complete() {
    let mut found = Vec::new();
    let mut uids = BTreeSet::new();
    for (path, board) in boards() {
        if !uids.insert(board["uid"].as_str().unwrap_or_default().to_owned()) {
            found.push(Finding::new(&path, 0, "its uid is another's too"));
        }
        found.extend(of_board(&path, &board));
    }
    none(
        found,
        "every panel says what it shows, in which unit, and where it gets it",
    );
}

#[test]
fn dashboards_name_metrics_that_exist() {
    let documented = read("docs/metrics.md");
    let known: BTreeSet<&str> = metrics(&documented).collect();
    let mut found = Vec::new();
    for (path, _) in boards() {
        let text = read(&path);
        for name in metrics(&text) {
            let plain = name.strip_suffix("_bucket").unwrap_or(name);
            if !known.contains(plain) {
                found.push(Finding::new(&path, 0, format!("no metric {name}")));
            }
        }
    }
    none(
        found,
        "correct the name, or declare the metric and run `make references`",
    );
}

#[test]
fn dashboards_link_to_dashboards_that_exist() {
    let boards = boards();
    let known: BTreeSet<_> = boards
        .iter()
        .map(|(_, board)| board["uid"].as_str().unwrap_or_default())
        .collect();
    let mut found = Vec::new();
    for (path, _) in &boards {
        let text = read(path);
        for uid in linked(&text).filter(|uid| !known.contains(uid)) {
            found.push(Finding::new(
                path,
                0,
                format!("no dashboard has the uid {uid}"),
            ));
        }
    }
    none(found, "correct the link");
}

/// The uids that links lead to.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("\"/d/").skip(1);
    links.map(|rest| rest.split(['?', '/', '"']).next().unwrap_or_default())
}

pub(crate) fn boards() -> Vec<(String, Value)> {
    let entries = fs::read_dir(root().join(FOLDER)).expect("the dashboards");
    let paths = entries
        .flatten()
        .map(|entry| format!("{FOLDER}/{}", entry.file_name().to_string_lossy()));
    let boards: Vec<_> = paths
        .map(|path| {
            let board = serde_json::from_str(&read(&path));
            let board = board.unwrap_or_else(|why| panic!("{path}: {why}"));
            (path, board)
        })
        .collect();
    assert!(!boards.is_empty(), "no dashboards");
    boards
}

/// Finds what a dashboard lacks.
fn of_board(path: &str, board: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |what: String| found.push(Finding::new(path, 0, what));
    let uid = board["uid"].as_str().unwrap_or_default();
    if !uid.starts_with("trunkline-") || uid.len() > 40 {
        say(format!(
            "the uid `{uid}` is not trunkline-... of at most 40 characters"
        ));
    }
    for (name, expected) in [
        ("id", Value::Null),
        ("editable", false.into()),
        ("schemaVersion", 41.into()),
    ] {
        if board[name] != expected {
            say(format!("{name} is {} and not {expected}", board[name]));
        }
    }
    if board["templating"]["list"][0]["type"] != "datasource" {
        say("the first variable is not the datasource".to_owned());
    }
    let (mut ids, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for panel in board["panels"].as_array().into_iter().flatten() {
        let title = panel["title"].as_str().unwrap_or_default();
        if title.is_empty() || !ids.insert(panel["id"].as_u64()) {
            say(format!(
                "panel {} has no title, or an id twice",
                panel["id"]
            ));
        }
        if cells(&panel["gridPos"])
            .into_iter()
            .any(|cell| !taken.insert(cell))
        {
            say(format!("`{title}` overlaps another panel"));
        }
        if panel["type"] == "row" {
            continue;
        }
        for (what, value) in [
            ("description", &panel["description"]),
            ("unit", &panel["fieldConfig"]["defaults"]["unit"]),
        ] {
            if value.as_str().unwrap_or_default().is_empty() {
                say(format!("`{title}` has no {what}"));
            }
        }
        let targets = panel["targets"].as_array().into_iter().flatten();
        let fixed = targets
            .chain([panel])
            .any(|one| one["datasource"]["uid"] != "${datasource}");
        if fixed {
            say(format!("`{title}` does not use the variable `datasource`"));
        }
    }
    found
}

/// The cells of the grid that a panel takes; out of the grid's 24 columns is a place twice.
fn cells(place: &Value) -> Vec<(u64, u64)> {
    let number = |name: &str| place[name].as_u64().unwrap_or_default();
    let (x, y) = (number("x"), number("y"));
    let columns = x..x + number("w");
    let mut cells: Vec<_> = (y..y + number("h"))
        .flat_map(|row| columns.clone().map(move |column| (column.min(23), row)))
        .collect();
    cells.sort_unstable();
    cells
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_are_found() {
        let text = r#"{"url": "/d/one?from=1"}, {"url": "/d/two"}, {"url": "other/d/x"}"#;
        assert_eq!(linked(text).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn what_a_dashboard_lacks_is_found() {
        let place = |x: u64| json!({"x": x, "y": 0, "w": 12, "h": 4});
        let panel = |id: u64, x: u64| {
            json!({"id": id, "type": "stat", "title": "Age", "description": "how old",
                   "gridPos": place(x), "datasource": {"uid": "${datasource}"},
                   "fieldConfig": {"defaults": {"unit": "s"}},
                   "targets": [{"datasource": {"uid": "${datasource}"}}]})
        };
        let board = |panels: Vec<Value>| {
            json!({"uid": "trunkline-x", "id": null, "editable": false, "schemaVersion": 41,
                   "templating": {"list": [{"type": "datasource"}]}, "panels": panels})
        };
        let lacks = |panels| of_board("x", &board(panels)).len();
        assert_eq!(lacks(vec![panel(1, 0), panel(2, 12)]), 0);
        assert_eq!(lacks(vec![panel(1, 0), panel(2, 11)]), 1, "they overlap");
        assert_eq!(lacks(vec![panel(1, 0), panel(1, 12)]), 1, "an id twice");
        assert_eq!(lacks(vec![panel(1, 14)]), 1, "out of the grid");
        let mut bare = panel(1, 0);
        bare["description"] = json!("");
        bare["fieldConfig"] = json!({});
        bare["targets"][0]["datasource"]["uid"] = json!("one");
        assert_eq!(lacks(vec![bare]), 3);
    }
}
