//! Reads the conversions of a running service, page by page.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use trunkline_model::time::Time;
use trunkline_providers::conversions::{Conversion, Setup};
use url::form_urlencoded::Serializer;

use crate::cli::Conversions;
use crate::commands::import::bar;
use crate::http::Door;

/// How many a page has.
const PAGE: u32 = 1_000;

/// Reads all conversions that are asked for.
pub(super) async fn all(
    options: &Conversions,
    setup: &Setup,
    now: Time,
) -> Result<Vec<Conversion>> {
    if options.token.as_deref().unwrap_or_default().is_empty() {
        bail!(
            "there is no token: give one with the scopes read and read:phones in TRUNKLINE_TOKEN, or \
             with --token"
        );
    }
    let door = Door::new(&options.url, options.token.as_deref())?;
    let from = now.plus(-options.destination().oldest());
    let question = question(options, setup, from, now);
    let bar = bar(now.since(from) as u64);
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut path = format!("/v1/conversions?{question}");
        if let Some(after) = &after {
            path = format!("{path}&cursor={after}");
        }
        let mut page = door.get(&path).await?.good()?.json();
        let items = page
            .get_mut("conversions")
            .map(Value::take)
            .unwrap_or_default();
        let items: Vec<Conversion> = serde_json::from_value(items)
            .context("the service is of another version: its conversions cannot be read")?;
        let upto = items.last().map_or(now, |last| last.at);
        bar.set_position(upto.since(from) as u64);
        all.extend(items);
        after = page["cursor"].as_str().map(str::to_owned);
        if after.is_none() {
            bar.finish_and_clear();
            return Ok(all);
        }
    }
}

fn question(options: &Conversions, setup: &Setup, from: Time, now: Time) -> String {
    let mut question = Serializer::new(String::new());
    let given = |given: &Option<String>, default: Time| {
        given.clone().unwrap_or_else(|| default.to_string())
    };
    question.append_pair("from", &given(&options.from, from));
    question.append_pair("to", &given(&options.until, now));
    question.append_pair("limit", &PAGE.to_string());
    for kind in setup.kinds() {
        question.append_pair("kind", kind.as_str());
    }
    if let Some(model) = &options.model {
        question.append_pair("model", model);
    }
    question.finish()
}
