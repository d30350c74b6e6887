//! The journal: its headers, its last segment, its size, who writes it, and the clock that its newest
//! record was stamped with.

use std::path::Path;

use trunkline_journal::{End, ReadError, SegmentReport, verify_last};
use trunkline_model::time::Time;

use super::Finding;
use super::processes::{Process, locker};
use crate::commands::amounts::{bytes, span};
use crate::config::File;
use crate::{clock, disk};

const WHAT: &str = "journal";
/// Nothing was built before this: a clock that says so is wrong.
const EARLIEST: Time = Time(1_767_225_600_000);

/// Looks at the journal and the clock.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let folder = file.server.data_dir.join("journal");
    if !folder.is_dir() {
        let none = Finding::good(WHAT, "none yet: the first start makes it");
        return vec![none, of_clock(clock::now(), None)];
    }
    let writer = locker(&folder.join("lock"));
    let in_use = writer.is_some();
    let mut found = vec![owner(writer)];
    let newest = match verify_last(&folder) {
        Ok(last) => {
            found.push(whole(&folder, &last, in_use));
            last.last_received_at.map(Time)
        }
        Err(ReadError::Empty { .. }) => {
            found.push(Finding::good(WHAT, "it is empty"));
            None
        }
        Err(error) => {
            found.push(damaged(&error));
            None
        }
    };
    found.push(of_clock(clock::now(), newest));
    found
}

fn owner(writer: Option<Process>) -> Finding {
    const WHAT: &str = "service";
    match writer {
        Some(process) => Finding::good(
            WHAT,
            format!("{process} runs on this data folder; `trunkline status` says how it stands"),
        ),
        None => Finding::good(WHAT, "none runs on this data folder"),
    }
}

fn whole(folder: &Path, last: &SegmentReport, in_use: bool) -> Finding {
    let size = disk::size(folder).map_or_else(|_| "unknown size".into(), |size| bytes(size as f64));
    let end = match last.end {
        _ if in_use => "in use",
        End::Clean => "stopped cleanly",
        End::Torn { .. } => {
            "its last batch is torn: the next start cuts it, it was never acknowledged"
        }
        End::Unmarked | End::Succeeded => "not stopped cleanly, which is no harm",
    };
    Finding::good(
        WHAT,
        format!(
            "{size}; headers and last segment are whole, {end} (`trunkline journal verify` reads all)"
        ),
    )
}

fn damaged(error: &ReadError) -> Finding {
    let mend = match error {
        ReadError::Foreign { .. } => "move that file away: the folder is the journal's alone",
        ReadError::Io { .. } => "let this account of the system read it, or look at the disk",
        _ => "bring the segment back from a backup; never delete it",
    };
    Finding::problem(WHAT, error, mend)
}

fn of_clock(now: Time, newest: Option<Time>) -> Finding {
    const WHAT: &str = "clock";
    let mend = "set it, and keep it right with NTP (`timedatectl set-ntp true`)";
    if now < EARLIEST || now > Time::MAX {
        return Finding::problem(WHAT, format!("it says {now}"), mend);
    }
    match newest {
        Some(newest) if newest > now => {
            let behind = span(newest.since(now) as f64 / 1000.0);
            let said = format!("it says {now}, {behind} before the newest record of the journal");
            Finding::warning(WHAT, said, mend)
        }
        _ => Finding::good(WHAT, format!("it says {now}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_clock_before_the_journal_is_told() {
        let now = Time(1_772_409_600_000);
        assert_eq!(of_clock(now, None).state, State::Good);
        assert_eq!(of_clock(now, Some(now)).state, State::Good);
        let behind = of_clock(now, Some(now.plus(3_600_000)));
        assert!(behind.said.contains("60 minutes before"), "{behind:?}");
        assert!(matches!(of_clock(Time(0), None).state, State::Problem(_)));
    }

    #[test]
    fn a_journal_that_is_no_journal_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = File::default();
        file.server.data_dir = dir.path().to_owned();
        assert!(check(&file)[0].said.starts_with("none yet"));
        let folder = dir.path().join("journal");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("00000000000000000000.seg"), "nonsense").unwrap();
        let found = check(&file);
        let broken = found.iter().find(|it| it.what == WHAT).unwrap();
        assert!(matches!(broken.state, State::Problem(_)), "{found:?}");
    }
}
