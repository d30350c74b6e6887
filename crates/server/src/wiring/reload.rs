//! The configuration read again while the service runs: accounts and what belongs to them. A bad file
//! changes nothing and is told in the log; other sections take a restart.

use std::sync::Arc;

use anyhow::Result;
use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};
use trunkline_api::{Directory, Hooks, Sites};
use trunkline_model::settings::{Account, FoldRules, Span};
use trunkline_pipeline::{AccountSettings, Handle};
use trunkline_providers::named;
use trunkline_warehouse::writer::Settings;

use super::{hooks, names, webhooks};
use crate::config::File;

/// Reads the configuration as at the start.
pub(crate) type Read = Box<dyn Fn() -> Result<File> + Send + Sync>;

/// What a reload reaches.
pub(super) struct Reloader {
    read: Read,
    pipeline: Handle,
    delivery: trunkline_delivery::Handle,
    pub(super) directory: Arc<ArcSwap<Directory>>,
    pub(super) hooks: Arc<ArcSwap<Hooks>>,
    pub(super) sites: Arc<ArcSwap<Sites>>,
    settings: watch::Sender<Arc<Settings>>,
    /// One at a time.
    turn: Mutex<()>,
}

impl Reloader {
    /// Makes what stands in the configuration at the start.
    pub(super) fn new(
        file: &File,
        read: Read,
        pipeline: Handle,
        delivery: trunkline_delivery::Handle,
        settings: watch::Sender<Arc<Settings>>,
    ) -> Result<Self> {
        Ok(Self {
            read,
            pipeline,
            delivery,
            directory: Arc::new(ArcSwap::from_pointee(Directory::new(&file.accounts))),
            hooks: Arc::new(ArcSwap::from_pointee(hooks::hooks(file)?)),
            sites: Arc::new(ArcSwap::from_pointee(Sites::new(&file.accounts))),
            settings,
            turn: Mutex::default(),
        })
    }

    /// Reads the configuration and puts it in force; says whether it was taken.
    pub(super) async fn reload(&self) -> bool {
        let _turn = self.turn.lock().await;
        match self.apply().await {
            Ok(changed) => {
                tracing::info!(
                    accounts.changed = changed,
                    "configuration read again; sections other than [[account]] take a restart"
                );
                true
            }
            Err(error) => {
                tracing::error!("the configuration was not taken: {error:#}");
                false
            }
        }
    }

    /// The journal comes first: what it does not have is in force nowhere.
    async fn apply(&self) -> Result<usize> {
        let file = (self.read)()?;
        let hooks = hooks::hooks(&file)?;
        let names = Arc::new(names::settings(&file.accounts)?);
        let webhooks = webhooks::all(&file)?;
        let changed = self.pipeline.apply(&account_settings(&file)).await?;
        self.settings.send_replace(names);
        self.delivery.set(webhooks);
        self.directory
            .store(Arc::new(Directory::new(&file.accounts)));
        self.sites.store(Arc::new(Sites::new(&file.accounts)));
        let hooks = Arc::new(hooks.after(&self.hooks.load()));
        self.hooks.store(Arc::clone(&hooks));
        hooks.announce();
        Ok(changed)
    }
}

/// Gives the rules of an account. On channels of some providers a silence begins a new cycle, unless the
/// configuration says otherwise (`metrics.md` §1, Cycle).
fn rules(account: &Account) -> FoldRules {
    let mut rules = account.fold_rules();
    for hook in &account.hooks {
        let gap = named(&hook.provider).and_then(|provider| provider.guide().cycle_gap);
        let Some(gap) = gap.and_then(Span::millis) else {
            continue;
        };
        let own = account
            .channels
            .iter()
            .find(|channel| channel.hook.as_ref() == Some(&hook.id));
        let channel = own.map_or(&hook.id, |channel| &channel.id);
        rules.cycle_gaps.entry(channel.clone()).or_insert(gap);
    }
    rules
}

/// Gives what the fold needs of each account.
pub(super) fn account_settings(file: &File) -> Vec<AccountSettings> {
    let accounts = file.accounts.iter();
    accounts
        .map(|account| AccountSettings {
            account: Arc::from(&*account.id),
            rules: rules(account),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_whose_cycles_end_with_a_day_of_silence_says_so_for_its_channel() {
        let account: Account = serde_json::from_value(serde_json::json!({
            "id": "a",
            "hook": [
                {"id": "wa", "provider": "whatsapp"}, {"id": "tg", "provider": "telegram"},
                {"id": "own", "provider": "standard"}, {"id": "vb", "provider": "viber"},
            ],
            "channel": [{"id": "sales", "hook": "tg"}, {"id": "vb", "hook": "vb", "cycle_gap": "2h"}],
        }))
        .unwrap();
        let hour = 3_600_000;
        let expected =
            [("sales", 24), ("vb", 2), ("wa", 24)].map(|(id, h)| (id.to_owned(), h * hour));
        assert_eq!(rules(&account).cycle_gaps, expected.into());
    }
}
