//! The hooks of the configuration, with the maps that some of them name.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use include_dir::{Dir, include_dir};
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

/// The maps that come with the program.
static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/maps");

/// Gives the text of a map: of a file, or of a shipped one by its name, like `uis`.
pub(crate) fn text(name: &str) -> Result<String> {
    let shipped = SHIPPED.get_file(format!("{name}.toml"));
    if let Some(text) = shipped.and_then(|file| file.contents_utf8()) {
        return Ok(text.to_owned());
    }
    fs::read_to_string(name).with_context(|| {
        let names = SHIPPED.files().filter_map(|file| file.path().file_stem());
        let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
        format!(
            "{name} is neither a file that can be read nor a map that is shipped ({})",
            names.join(", ")
        )
    })
}

/// Makes one hook.
pub(crate) fn one(account: &Account, hook: &Settings) -> Result<Hook> {
    let key = || format!("account.{}.hook.{}.map", account.id, hook.id);
    let map = match &hook.map {
        None => None,
        Some(Value::String(name)) => {
            let text = text(name).with_context(key)?;
            let map = Map::parse(&text).with_context(|| format!("{}: {name}", key()))?;
            Some(Arc::new(map))
        }
        Some(table @ Value::Object(_)) => Some(Arc::new(Map::of(table).with_context(key)?)),
        Some(_) => bail!(
            "{}: write the path of a map's file, the name of a shipped one, or a table",
            key()
        ),
    };
    Ok(Hook::new(account, hook, map)?)
}
