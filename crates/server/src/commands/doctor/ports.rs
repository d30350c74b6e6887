//! The ports: free, or taken by whom.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use super::Finding;
use super::processes::{listener, locker};
use crate::config::File;

/// Looks at the listener's port, and at the one that the embedded engine last had.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let folder = &file.server.data_dir;
    let runs = locker(&folder.join("journal/lock")).is_some();
    let mut found = vec![doors(&file.server.listen, runs)];
    if file.warehouse.url.is_none()
        && let Some(port) = engine_port(folder)
    {
        found.push(engine(port));
    }
    found
}

fn doors(listen: &str, runs: bool) -> Finding {
    const WHAT: &str = "port";
    let port = listen
        .parse::<SocketAddr>()
        .map_or(0, |address| address.port());
    if port == 0 {
        return Finding::good(WHAT, format!("{listen}: any free port is taken"));
    }
    match listener(port) {
        None => Finding::good(WHAT, format!("{listen} is free")),
        Some(process) if runs && process.is_ours() => {
            Finding::good(WHAT, format!("{listen} is listened on by {process}"))
        }
        Some(process) => Finding::problem(
            WHAT,
            format!("{port} is taken by {process}"),
            "end that, or choose another with --listen or server.listen",
        ),
    }
}

fn engine(port: u16) -> Finding {
    const WHAT: &str = "engine's port";
    match listener(port) {
        None => Finding::good(WHAT, format!("127.0.0.1:{port} is free")),
        Some(process) if process.is_ours() => Finding::good(
            WHAT,
            format!("127.0.0.1:{port} is listened on by {process}"),
        ),
        Some(process) => Finding::good(
            WHAT,
            format!("127.0.0.1:{port} is taken by {process}: the next start takes another"),
        ),
    }
}

fn engine_port(folder: &Path) -> Option<u16> {
    let text = fs::read_to_string(folder.join("clickhouse/credentials")).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix("port = ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::State;
    use super::*;

    #[test]
    fn a_port_is_free_or_a_problem_with_a_name() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = held.local_addr().unwrap().to_string();
        let taken = doors(&listen, true);
        assert!(matches!(taken.state, State::Problem(_)), "{taken:?}");
        assert!(
            taken.said.contains(&std::process::id().to_string()),
            "{taken:?}"
        );
        drop(held);
        assert_eq!(doors(&listen, false).state, State::Good);
        assert_eq!(doors("127.0.0.1:0", false).state, State::Good);
    }
}
