//! What the system allows a process.

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::config::File;

/// Files besides those of connections: segments, checkpoints, pipes.
const OTHERS: u64 = 256;

/// Looks at the limit of open files.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let limit = getrlimit(Resource::Nofile).current;
    vec![open_files(limit, file.server.max_connections as u64)]
}

fn open_files(limit: Option<u64>, connections: u64) -> Finding {
    const WHAT: &str = "open files";
    let needed = connections + OTHERS;
    match limit {
        Some(limit) if limit < needed => Finding::warning(
            WHAT,
            format!("at most {limit}; server.max_connections ({connections}) needs {needed}"),
            format!(
                "`ulimit -n {needed}` before the start, LimitNOFILE={needed} in a unit of systemd, or \
                 a lower server.max_connections"
            ),
        ),
        Some(limit) => Finding::good(WHAT, format!("at most {limit}; needed are {needed}")),
        None => Finding::good(WHAT, "without a limit"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn fewer_files_than_connections_are_a_warning() {
        assert!(matches!(
            open_files(Some(1_024), 1_000).state,
            State::Warning(_)
        ));
        assert_eq!(open_files(Some(1_256), 1_000).state, State::Good);
        assert_eq!(open_files(None, 1_000).state, State::Good);
    }
}
