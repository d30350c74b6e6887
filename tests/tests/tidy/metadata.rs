//! What cargo says of the packages.

use std::process::Command;

use serde_json::Value;

use crate::tree::root;

/// Asks cargo for the members of the workspace only.
#[track_caller]
pub(crate) fn members() -> Vec<Value> {
    packages(&["--no-deps"])
}

/// Asks cargo for every package that is built for this machine, the members included.
#[track_caller]
pub(crate) fn all() -> Vec<Value> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    packages(&["--filter-platform", &target])
}

/// The text of a field, empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[track_caller]
fn packages(arguments: &[&str]) -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "cargo metadata fails:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut all: Value = serde_json::from_slice(&output.stdout).expect("JSON of cargo metadata");
    match all["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("cargo metadata has no list of packages but {other}"),
    }
}
