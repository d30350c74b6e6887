//! The hook whose provider's export is imported: of the configuration, or made of the options.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::json;
use trunkline_model::settings::Account;
use trunkline_providers::{Hook, named, unknown};

use crate::cli::Import;
use crate::config::{Environment, load};
use crate::wiring::hooks::one;

/// Finds the hook. Without a configuration, which may be on another machine, its zone is asked for.
pub(super) fn hook(
    config: Option<&Path>,
    environment: &Environment,
    options: &Import,
) -> Result<Hook> {
    let (Some(name), Some(id)) = (&options.provider, &options.hook) else {
        bail!("say of which --provider the file is, and the --hook of its webhooks");
    };
    let provider = named(name).with_context(|| unknown(name))?;
    if provider.exports().is_empty() {
        bail!("no export of {name} can be read: write a map for it (docs/mapping.md)");
    }
    let hook = match (config, &options.timezone) {
        (Some(_), None) => {
            let file = load(config, environment)?;
            let find = |account: &Account| {
                let hook = account.hooks.iter().find(|hook| hook.id == *id)?;
                Some(one(account, hook))
            };
            let found = file.accounts.iter().find_map(find);
            found
                .with_context(|| format!("no account of the configuration has a hook {id:?}"))??
        }
        (_, Some(zone)) => made(name, id, zone)?,
        (None, None) => bail!(
            "say with --config where the hook is set, or with --timezone in which zone the times are"
        ),
    };
    let own = hook.provider.guide().name;
    if own != name {
        bail!("the hook {id:?} is of {own}, not of {name}");
    }
    Ok(hook)
}

fn made(provider: &str, id: &str, zone: &str) -> Result<Hook> {
    let account = json!({
        "id": "import", "timezone": zone, "hook": [{ "id": id, "provider": provider }],
    });
    let account: Account = serde_json::from_value(account)
        .with_context(|| format!("--timezone {zone:?} or --hook {id:?} is none"))?;
    one(&account, &account.hooks[0])
}

/// Gives what decides, beside the file, which event is in which frame.
pub(super) fn text(hook: &Hook) -> String {
    let provider = hook.provider.guide().name;
    format!("export {provider} {} {}", hook.id, hook.zone)
}
