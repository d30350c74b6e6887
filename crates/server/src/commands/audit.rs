//! `trunkline audit`: what ClickHouse holds against what the journal gives, row by row.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use trunkline_pipeline::audit::{Audit, audit};

use super::migrate::with_clickhouse;
use crate::config::{Environment, load};
use crate::print;
use crate::wiring::fixed;

/// Audits; exit code 1 if anything differs.
pub(super) fn run(
    config: Option<&Path>,
    data_dir: Option<PathBuf>,
    environment: &Environment,
) -> Result<ExitCode> {
    let mut file = load(config, environment)?;
    if let Some(data_dir) = data_dir {
        file.server.data_dir = data_dir;
    }
    let journal = file.server.data_dir.join("journal");
    if !journal.is_dir() {
        bail!(
            "there is no journal in {}: say where with --data-dir",
            file.server.data_dir.display()
        );
    }
    let window = fixed("fold.window", file.fold.window)?;
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} records read, {per_sec}")
    {
        bar.set_style(style);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let found = runtime.block_on(with_clickhouse(&file, environment, async |client, _| {
        let read = |records| bar.set_position(records);
        Ok(audit(&journal, window, file.retention.facts, client, read).await?)
    }));
    bar.finish_and_clear();
    tell(&found?)
}

fn tell(found: &Audit) -> Result<ExitCode> {
    for difference in &found.differences {
        print::line(difference)?;
    }
    let described = found.differences.len() as u64;
    let all = found.found();
    if all > described {
        print::line(format_args!("... and {} more", all - described))?;
    }
    print::line(format_args!(
        "{} records of the journal; rows: {} the same, {} newer than the audit, {} different, \
         {} missing, {} surplus, {} older than they are kept",
        found.records,
        found.same,
        found.newer,
        found.different,
        found.missing,
        found.surplus,
        found.expired
    ))?;
    let cells = &found.cells;
    print::line(format_args!(
        "cells of figures: {} as their messages say, {} newer than the audit, {} others, \
         {} not there, {} of no messages",
        cells.same, cells.newer, cells.different, cells.missing, cells.surplus
    ))?;
    if found.is_clean() {
        return Ok(ExitCode::SUCCESS);
    }
    print::line(
        "to mend it: stop the service, remove state/ in the data folder, and start it again; it \
         reads the journal anew and writes all rows under the next generation",
    )?;
    Ok(ExitCode::FAILURE)
}
