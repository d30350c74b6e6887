//! `trunkline hook tail`: the requests to a hook as they come.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::time::sleep;

use crate::cli::Service;
use crate::http::Door;
use crate::{print, stream};

const EVERY: Duration = Duration::from_millis(500);

/// Runs the command.
pub(super) fn run(hook: Option<&str>, once: bool, service: &Service) -> Result<ExitCode> {
    let door = Door::new(&service.url, service.token.as_deref())?;
    stream::block_on(follow(&door, hook, once))
}

async fn follow(door: &Door, hook: Option<&str>, once: bool) -> Result<ExitCode> {
    let mut seen = 0;
    loop {
        let listed = door.get("/v1/admin/hooks").await?.good()?.json();
        let hooks: Vec<&Value> = listed["hooks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|it| hook.is_none_or(|id| it["hook"] == id))
            .collect();
        if hooks.is_empty() {
            bail!("there is no such hook in the account of this token");
        }
        let mut fresh: Vec<(u64, &str, &Value)> = Vec::new();
        for it in &hooks {
            let id = it["hook"].as_str().unwrap_or_default();
            let recent = it["recent"].as_array().into_iter().flatten();
            fresh.extend(recent.map(|one| (one["number"].as_u64().unwrap_or(0), id, one)));
        }
        fresh.retain(|(number, ..)| *number > seen);
        fresh.sort_by_key(|(number, ..)| *number);
        for (number, id, one) in fresh {
            seen = number;
            print::line(line(id, one))?;
        }
        if once {
            return Ok(ExitCode::SUCCESS);
        }
        sleep(EVERY).await;
    }
}

fn line(hook: &str, one: &Value) -> String {
    let word = |name: &str| one[name].as_str().unwrap_or_default();
    let events: Vec<_> = one["events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    format!(
        "{}  {hook}  {:<10}  {}{}",
        word("at"),
        word("outcome"),
        events.join(", "),
        word("detail")
    )
}
