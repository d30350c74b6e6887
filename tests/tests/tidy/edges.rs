//! Who may know whom: the directions between the rooms, and the crates that only some rooms may use.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::findings::{Finding, none};
use crate::metadata::{members, text};

/// Every direction that is allowed between rooms; `server`, `e2e` and `benches` may know all.
const ALLOWED: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("journal", &[]),
    ("providers", &["model"]),
    ("calltracking", &["model"]),
    ("rollup", &["model"]),
    ("simulate", &["model"]),
    ("delivery", &["model"]),
    ("warehouse", &["rollup", "calltracking", "model"]),
    (
        "pipeline",
        &[
            "model",
            "providers",
            "journal",
            "rollup",
            "calltracking",
            "warehouse",
            "delivery",
        ],
    ),
    ("reports", &["warehouse", "model"]),
    ("board", &["reports", "model"]),
    (
        "api",
        &[
            "providers",
            "pipeline",
            "reports",
            "board",
            "delivery",
            "model",
        ],
    ),
];

/// Packages that may know every room.
const SHELLS: [&str; 3] = ["server", "e2e", "benches"];

/// Crates that belong to the shell: it alone parses arguments and installs recorders.
const SHELL_ONLY: [&str; 5] = [
    "anyhow",
    "clap",
    "metrics-exporter-prometheus",
    "mimalloc",
    "tracing-subscriber",
];

/// Crates that read a clock, a disk, a socket or chance: not for the pure rooms.
const IMPURE: [&str; 10] = [
    "clickhouse",
    "hyper",
    "libc",
    "metrics",
    "rand",
    "rustix",
    "tempfile",
    "tokio",
    "tokio-util",
    "ureq",
];

/// The rooms that compute and nothing else.
pub(crate) const PURE: [&str; 5] = ["model", "providers", "calltracking", "rollup", "simulate"];

#[test]
fn rooms_know_only_whom_they_may() {
    none(
        edges(&members()),
        "turn the dependency round, or move the code to the room that may know both; the directions are in \
         docs/architecture.md",
    );
}

#[test]
fn only_the_shell_uses_the_crates_of_a_shell() {
    none(
        shell_only(&members()),
        "return an error of your own (thiserror) and take values as arguments; `server` parses, reads the \
         environment and installs recorders",
    );
}

#[test]
fn pure_rooms_depend_on_nothing_impure() {
    none(
        impure(&members()),
        "pass what is needed as an argument; a room that computes has no clock, chance, disk or socket",
    );
}

fn edges(members: &[Value]) -> Vec<Finding> {
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    let mut found = Vec::new();
    for member in members
        .iter()
        .filter(|member| !SHELLS.contains(&room(text(member, "name"))))
    {
        let from = room(text(member, "name"));
        let Some(may) = allowed.get(from) else {
            found.push(at(member, format!("`{from}` is no room that was agreed")));
            continue;
        };
        let ours = dependencies(member).filter(|known| !known["path"].is_null());
        for to in ours.map(|known| room(text(known, "name"))) {
            if to != from && !may.contains(&to) {
                found.push(at(member, format!("`{from}` may not know `{to}`")));
            }
        }
    }
    found
}

fn shell_only(members: &[Value]) -> Vec<Finding> {
    let rooms = members
        .iter()
        .filter(|member| !SHELLS.contains(&room(text(member, "name"))));
    using(rooms, &SHELL_ONLY, "belongs to `server`")
}

fn impure(members: &[Value]) -> Vec<Finding> {
    let rooms = members
        .iter()
        .filter(|member| PURE.contains(&room(text(member, "name"))));
    using(rooms, &IMPURE, "is not for a pure room")
}

fn using<'a>(rooms: impl Iterator<Item = &'a Value>, crates: &[&str], why: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for member in rooms {
        for known in dependencies(member).filter(|known| known["kind"].is_null()) {
            let name = text(known, "name");
            if crates.contains(&name) {
                found.push(at(member, format!("`{name}` {why}")));
            }
        }
    }
    found
}

fn dependencies(member: &Value) -> impl Iterator<Item = &Value> {
    member["dependencies"].as_array().into_iter().flatten()
}

/// The room of a package's name: `trunkline` is `server`.
fn room(package: &str) -> &str {
    match package {
        "trunkline" => "server",
        other => other.strip_prefix("trunkline-").unwrap_or(other),
    }
}

fn at(member: &Value, what: String) -> Finding {
    let manifest = text(member, "manifest_path");
    let root = crate::tree::root();
    let root = root.to_string_lossy();
    let path = manifest.strip_prefix(&*root).unwrap_or(manifest);
    Finding::new(path.trim_start_matches('/'), 0, what)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Value {
        let list: Vec<Value> = dependencies
            .iter()
            .map(|(name, ours)| json!({"name": name, "kind": null, "path": ours.then_some("somewhere")}))
            .collect();
        json!({"name": name, "manifest_path": "x/Cargo.toml", "dependencies": list})
    }

    #[test]
    fn an_edge_against_the_direction_is_found() {
        let wrong = [package(
            "trunkline-rollup",
            &[("trunkline-model", true), ("trunkline-pipeline", true)],
        )];
        assert_eq!(
            edges(&wrong),
            [Finding::new(
                "x/Cargo.toml",
                0,
                "`rollup` may not know `pipeline`"
            )]
        );
        assert_eq!(
            edges(&[package("trunkline", &[("trunkline-api", true)])]),
            []
        );
    }

    #[test]
    fn an_unknown_room_is_found() {
        assert_eq!(edges(&[package("trunkline-misc", &[])]).len(), 1);
    }

    #[test]
    fn a_crate_of_the_shell_elsewhere_is_found() {
        assert_eq!(
            shell_only(&[package("trunkline-api", &[("anyhow", false)])]).len(),
            1
        );
        assert_eq!(
            shell_only(&[package("trunkline", &[("anyhow", false)])]),
            []
        );
        assert_eq!(
            impure(&[package("trunkline-model", &[("tokio", false)])]).len(),
            1
        );
    }
}
