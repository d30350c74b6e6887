//! The hooks of the configuration, with the maps that some of them name.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use trunkline_api::Hooks;
use trunkline_model::settings::{Account, Hook as Settings};
use trunkline_providers::{Hook, Map};

use crate::config::File;

/// Makes the hooks of all accounts.
pub(crate) fn hooks(file: &File) -> Result<Hooks> {
    let mut all = Vec::new();
    for account in &file.accounts {
        let hooks = account.hooks.iter().map(|hook| one(account, hook));
        all.push((account, hooks.collect::<Result<_>>()?));
    }
    Ok(Hooks::new(all))
}

/// Makes one hook.
pub(crate) fn one(account: &Account, hook: &Settings) -> Result<Hook> {
    let key = || format!("account.{}.hook.{}.map", account.id, hook.id);
    let map = match &hook.map {
        None => None,
        Some(Value::String(path)) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("{}: could not read {path}", key()))?;
            let map = Map::parse(&text).with_context(|| format!("{}: {path}", key()))?;
            Some(Arc::new(map))
        }
        Some(_) => bail!(
            "{}: write the path of a map file, like \"maps/pbx.toml\"",
            key()
        ),
    };
    Ok(Hook::new(account, hook, map)?)
}
