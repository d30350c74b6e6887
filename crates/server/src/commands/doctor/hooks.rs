//! The hooks of providers: whether they can be verified, and, of a running service, what came of them.

use anyhow::Result;
use serde_json::Value;

use super::Finding;
use crate::commands::hook::listed;
use crate::config::File;
use crate::http::Door;
use crate::wiring::hooks::one;
use crate::{clock, stream};

const WHAT: &str = "hook";

/// Looks at every hook of the configuration.
pub(super) fn check(file: &File, token: Option<&str>) -> Vec<Finding> {
    let heard = token.map(|token| heard(file, token));
    let mut found = Vec::new();
    for account in &file.accounts {
        for hook in &account.hooks {
            let made = one(account, hook);
            let Ok(made) = made else {
                found.extend(made.err().map(|error| {
                    Finding::problem(WHAT, format!("{error:#}"), "correct the configuration")
                }));
                continue;
            };
            let guide = made.provider.guide();
            let name = format!("{} ({})", hook.id, guide.name);
            if !guide.secret.is_empty() && hook.secrets.is_empty() {
                let mend = format!("set account.hook.secrets: {}", guide.secret);
                found.push(Finding::problem(
                    WHAT,
                    format!("{name} has no secret"),
                    mend,
                ));
            } else if file.server.public_url.is_none() && !made.provider.is_called() {
                let mend =
                    "set server.public_url: some providers sign the address, and all are told it";
                found.push(Finding::warning(
                    WHAT,
                    format!("{name}: no public address"),
                    mend,
                ));
            } else if guide.secret.is_empty() && hook.allow_ips.is_empty() {
                let mend = "set account.hook.allow_ips: nothing else says that it is the provider";
                found.push(Finding::warning(
                    WHAT,
                    format!("{name} is open to everybody"),
                    mend,
                ));
            } else {
                found.push(live(&name, &hook.id, heard.as_ref()));
            }
        }
    }
    found
}

/// Says what a running service heard of it, if it was asked.
fn live(name: &str, id: &str, heard: Option<&Result<Vec<Value>>>) -> Finding {
    match heard {
        None => Finding::good(
            WHAT,
            format!("{name}: set; --token asks the running service for its last event"),
        ),
        Some(Err(error)) => Finding::good(
            WHAT,
            format!("{name}: set; the service was not asked: {error:#}"),
        ),
        Some(Ok(hooks)) => match hooks.iter().find(|it| it["hook"] == id) {
            None => Finding::good(
                WHAT,
                format!("{name}: set; the token is of another account"),
            ),
            Some(hook) => {
                let line = listed::line(hook, clock::now().0);
                match listed::advice(hook) {
                    None => Finding::good(WHAT, line),
                    Some(mend) => Finding::warning(WHAT, line, mend),
                }
            }
        },
    }
}

fn heard(file: &File, token: &str) -> Result<Vec<Value>> {
    let door = Door::new(&format!("http://{}", file.server.listen), Some(token))?;
    let answer = stream::block_on(async { door.get("/v1/admin/hooks").await?.good() })?;
    Ok(answer.json()["hooks"]
        .as_array()
        .cloned()
        .unwrap_or_default())
}
