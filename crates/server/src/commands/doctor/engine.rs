//! ClickHouse: the embedded engine is found, loads and has the expected version; a server elsewhere
//! answers to its user.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::timeout;
use trunkline_warehouse::engine::{EngineKind, find};
use trunkline_warehouse::{Client, Connection, Fault};

use super::Finding;
use crate::config::{Environment, File};
use crate::stream;

/// The series of versions that Trunkline is tested with.
const SERIES: &str = "26.7";
/// How long the engine may take to load and say its version.
const WITHIN: Duration = Duration::from_secs(30);

/// Looks at the ClickHouse that a service would use.
pub(super) fn check(file: &File, environment: &Environment) -> Vec<Finding> {
    vec![match &file.warehouse.url {
        Some(url) => server(url, file),
        None => embedded(file, environment),
    }]
}

fn server(url: &str, file: &File) -> Finding {
    const WHAT: &str = "clickhouse";
    let settings = &file.warehouse;
    let connection =
        match Connection::new(url, &settings.user, &settings.password, &settings.database) {
            Ok(connection) => connection,
            Err(error) => return Finding::problem(WHAT, error, "correct [warehouse]"),
        };
    let client = Client::new(connection);
    let asked = stream::block_on(async { Ok(client.health().await) });
    match asked {
        Ok(Ok(version)) => {
            let user = &settings.user;
            let said = format!("{url} answers to {user:?}; version {version}");
            Finding::good(WHAT, said)
        }
        Ok(Err(fault)) => {
            let mend = match fault {
                Fault::Unreachable(_) => "start it, or correct warehouse.url",
                Fault::Timeout(_) => "see whether it is overloaded or frozen",
                Fault::Refused(_) => "correct warehouse.user and warehouse.password",
                Fault::Rejected { .. } => "is this ClickHouse's HTTP port (8123)? See its log",
            };
            Finding::problem(
                WHAT,
                fault,
                format!("{mend}; until then events are only kept"),
            )
        }
        Err(error) => Finding::problem(WHAT, error, "see why this process may not do more"),
    }
}

fn embedded(file: &File, environment: &Environment) -> Finding {
    const WHAT: &str = "engine";
    let path = environment.get("PATH").map(OsString::from);
    let program = env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    let kind = match find(file.warehouse.engine.as_deref(), folder, path.as_deref()) {
        Ok(kind) => kind,
        Err(error) => {
            let mend = "run `make build`, or set warehouse.url to a ClickHouse server";
            return Finding::problem(WHAT, error, mend);
        }
    };
    let shown = kind.path().display();
    match stream::block_on(version(&program, &kind)) {
        Ok(version) if version.starts_with(&format!("{SERIES}.")) => {
            Finding::good(WHAT, format!("{shown} loads; ClickHouse {version}"))
        }
        Ok(version) => Finding::warning(
            WHAT,
            format!("{shown} is ClickHouse {version}; Trunkline is tested with {SERIES}"),
            "`make build` fetches the version that fits",
        ),
        Err(error) => Finding::problem(
            WHAT,
            format!("{shown} does not load: {error:#}"),
            "delete it and run `make build` to fetch it again",
        ),
    }
}

/// Has a child process load the engine and say its version, as `serve` would start it.
async fn version(program: &Path, kind: &EngineKind) -> Result<String> {
    let word = match kind {
        EngineKind::Library(_) => "library",
        EngineKind::Binary(_) => "binary",
    };
    let mut child = Command::new(program)
        .arg("engine")
        .arg(std::process::id().to_string())
        .arg(word)
        .arg(kind.path())
        .arg("--version")
        .env_clear()
        .current_dir(env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("it cannot be started")?;
    // The child ends when this closes. How it ends says nothing: unloading the library may fail.
    let _open = child.stdin.take();
    let output = timeout(WITHIN, child.wait_with_output())
        .await
        .with_context(|| format!("it says nothing within {} s", WITHIN.as_secs()))??;
    let said = String::from_utf8_lossy(&output.stdout);
    let Some(version) = version_in(&said) else {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{}", error.lines().next_back().unwrap_or("it said nothing"));
    };
    Ok(version.to_owned())
}

/// Reads `ClickHouse local version 26.7.2.1.`
fn version_in(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("version ")?;
    let version = rest.split_whitespace().next()?.trim_end_matches('.');
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_the_engine_says() {
        let said = "ClickHouse local version 26.7.2.1 (official build).\n";
        assert_eq!(version_in(said), Some("26.7.2.1"));
        assert_eq!(
            version_in("ClickHouse local version 26.7.2.1.\n"),
            Some("26.7.2.1")
        );
        assert_eq!(version_in("nothing"), None);
    }

    #[test]
    fn the_expected_engine_is_the_one_that_is_fetched() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/fetch-engine");
        let script = std::fs::read_to_string(script).unwrap();
        assert!(
            script.contains(&format!("\nversion='{SERIES}.")),
            "another series than {SERIES}"
        );
    }
}
