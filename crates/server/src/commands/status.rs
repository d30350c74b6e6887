//! `trunkline status`: how a running service stands, on one screen, and what to do about it.
//!
//! Everything is asked through its doors, as any monitor would: `/readyz`, `/metrics` twice, for
//! what is a rate, and with a token `/v1/admin/rejects`.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::sleep;

use super::hook::listed;
use crate::cli::Status;
use crate::http::Door;
use crate::{clock, print, stream};

mod advice;
mod reading;
mod scrape;
mod screen;

use reading::Reading;
use scrape::Scrape;

/// Runs the command; exit code 1 if something grave is out of order.
pub(super) fn run(options: &Status) -> Result<ExitCode> {
    let door = Door::new(&options.url, options.token.as_deref())?;
    let (reading, rejects, hooks) = stream::block_on(look(&door, options))?;
    let advice = advice::advice(&reading);
    let up = super::amounts::span(reading.up());
    print::line(format_args!(
        "Trunkline at {}: {}, up for {up}\n",
        options.url,
        reading.word("status")
    ))?;
    print::line(screen::parts(&reading))?;
    print::line(format_args!("\n{}", screen::todo(&advice)))?;
    for more in [hooks, screen::refusals(&reading), rejects]
        .into_iter()
        .flatten()
    {
        print::line(format_args!("\n{more}"))?;
    }
    let grave = advice.iter().any(|it| it.grave);
    Ok(ExitCode::from(u8::from(grave)))
}

/// What was read: the figures, the last refused events, and the hooks.
type Looked = (Reading, Option<String>, Option<String>);

async fn look(door: &Door, options: &Status) -> Result<Looked> {
    let url = &options.url;
    let ready = door.get("/readyz").await.with_context(|| {
        format!(
            "no service answers at {url}: start one with `trunkline serve`, or `trunkline demo` to \
             try it; or say with --url where it is; `trunkline doctor` looks for what may be wrong"
        )
    })?;
    let ready = ready.json();
    if ready["status"].is_null() {
        bail!("what answers at {url} is no Trunkline: say with --url where it is");
    }
    let (began, before) = scrape(door).await?;
    sleep(Duration::from_secs(options.seconds)).await;
    let (ended, now) = scrape(door).await?;
    let reading = Reading {
        ready,
        before,
        now,
        seconds: ended.saturating_sub(began).as_secs_f64(),
        at: clock::now(),
    };
    let (rejects, hooks) = match options.token {
        Some(_) => (Some(rejects(door).await?), hooks(door).await?),
        None => (None, None),
    };
    Ok((reading, rejects, hooks))
}

async fn scrape(door: &Door) -> Result<(Duration, Scrape)> {
    let answer = door.get("/metrics").await?;
    if matches!(answer.status, 401 | 403) {
        bail!(
            "from another machine the metrics need a valid token with the scope read: give one in \
             TRUNKLINE_TOKEN, or with --token"
        );
    }
    Ok((clock::elapsed(), Scrape::parse(&answer.good()?.text())))
}

/// Tells of each hook of the token's account; nothing if there are none, or the token may not ask.
async fn hooks(door: &Door) -> Result<Option<String>> {
    let answer = door.get("/v1/admin/hooks").await?;
    let listed = answer.json();
    let Some(hooks) = listed["hooks"].as_array().filter(|hooks| !hooks.is_empty()) else {
        return Ok(None);
    };
    let mut text = "Hooks of this token's account:".to_owned();
    for hook in hooks {
        let _ = write!(text, "\n   {}", listed::line(hook, clock::now().0));
        if let Some(todo) = listed::advice(hook) {
            let _ = write!(text, "\n   > {todo}");
        }
    }
    Ok(Some(text))
}

async fn rejects(door: &Door) -> Result<String> {
    let answer = door.get("/v1/admin/rejects").await?;
    Ok(match answer.status {
        200 => screen::rejects(&answer.json()),
        401 => "The token is not valid here: the last refused events are not shown.".to_owned(),
        403 => "The last refused events need a token with the scope admin.".to_owned(),
        status => {
            let told: Value = answer.json();
            let detail = told["detail"].as_str().unwrap_or_default();
            format!("The last refused events are not to be had: {status} {detail}")
        }
    })
}
