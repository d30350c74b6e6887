//! The hooks of all accounts, by the end of their address.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Notify;
use trunkline_model::settings::Account;
use trunkline_providers::{Hook, Parsed, Replies};

use super::heard::{Log, Told};

/// The hooks of one configuration; a reload makes another, which goes on with what was heard.
#[derive(Debug, Default)]
pub struct Hooks {
    entries: HashMap<Arc<str>, Arc<Entry>>,
    /// Wakes who holds the connections to providers; the same one after a reload.
    news: Arc<Notify>,
}

/// A hook of an account.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The account's id.
    pub(crate) account: Arc<str>,
    /// The hook.
    pub(crate) hook: Hook,
    /// What came of it.
    pub(crate) heard: Arc<Log>,
    /// The hook that each channel of the account has its messages from, if one is set.
    sources: Arc<HashMap<String, String>>,
}

/// A hook as those who run it see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Hook")]
pub(crate) struct Listed {
    /// The hook's id.
    pub(crate) hook: String,
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// Where its requests go.
    pub(crate) path: String,
    /// Whether it has a secret, where its provider signs.
    pub(crate) secret: bool,
    #[serde(flatten)]
    pub(crate) told: Told,
}

impl Hooks {
    /// Makes the book of the hooks of one configuration.
    pub fn new<'a>(accounts: impl IntoIterator<Item = (&'a Account, Vec<Hook>)>) -> Self {
        let mut book = HashMap::new();
        for (account, hooks) in accounts {
            let id: Arc<str> = account.id.as_str().into();
            let source = |channel: &trunkline_model::settings::Channel| {
                Some((channel.id.clone(), channel.hook.clone()?))
            };
            let sources: Arc<HashMap<_, _>> =
                Arc::new(account.channels.iter().filter_map(source).collect());
            for hook in hooks {
                let entry = Entry {
                    account: Arc::clone(&id),
                    heard: Arc::default(),
                    sources: Arc::clone(&sources),
                    hook,
                };
                book.insert(Arc::clone(&entry.hook.id), Arc::new(entry));
            }
        }
        Self {
            entries: book,
            news: Arc::default(),
        }
    }

    /// Takes over what was heard by the hooks of the configuration before.
    #[must_use]
    pub fn after(self, before: &Self) -> Self {
        let entries = self.entries.into_iter().map(|(id, entry)| {
            let heard = before
                .entries
                .get(&id)
                .filter(|old| old.account == entry.account)
                .map_or_else(|| Arc::clone(&entry.heard), |old| Arc::clone(&old.heard));
            let entry = Entry {
                account: Arc::clone(&entry.account),
                hook: entry.hook.clone(),
                sources: Arc::clone(&entry.sources),
                heard,
            };
            (id, Arc::new(entry))
        });
        Self {
            entries: entries.collect(),
            news: Arc::clone(&before.news),
        }
    }

    /// Says that this book is in force now.
    pub fn announce(&self) {
        self.news.notify_one();
    }

    /// Gives what tells that another book is in force.
    pub(super) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }

    /// Gives the hooks whose providers are connected to.
    pub(super) fn linked(&self) -> impl Iterator<Item = &Arc<Entry>> {
        let entries = self.entries.values();
        entries.filter(|entry| entry.hook.link.is_some())
    }

    /// Finds a hook.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Entry>> {
        self.entries.get(id).cloned()
    }

    /// Lists the hooks of an account, by id.
    pub(crate) fn of(&self, account: &str) -> Vec<Listed> {
        self.own(account).map(Entry::listed).collect()
    }

    /// Gives the hooks of an account, by id.
    pub(super) fn own(&self, account: &str) -> impl Iterator<Item = &Entry> {
        let own = self.entries.values();
        let own = own.filter(|entry| &*entry.account == account);
        let mut own: Vec<_> = own.map(Arc::as_ref).collect();
        own.sort_by(|left, right| left.hook.id.cmp(&right.hook.id));
        own.into_iter()
    }
}

impl Entry {
    /// Gives the provider's name.
    pub(crate) fn provider(&self) -> &'static str {
        self.hook.provider.guide().name
    }

    /// Takes out what belongs to a channel that has its messages from another hook; says how much it
    /// was.
    pub(super) fn shadow(&self, parsed: &mut Parsed) -> u64 {
        let before = parsed.events.len();
        parsed.events.retain(|event| {
            let channel = event.field("channel").and_then(|channel| channel.as_str());
            let source = channel.and_then(|channel| self.sources.get(channel));
            source.is_none_or(|source| *source == *self.hook.id)
        });
        (before - parsed.events.len()) as u64
    }

    pub(super) fn listed(&self) -> Listed {
        let guide = self.hook.provider.guide();
        Listed {
            hook: self.hook.id.to_string(),
            provider: guide.name,
            path: format!("/v1/hooks/{}", self.hook.id),
            secret: guide.secret.is_empty() || !self.hook.secrets.is_empty(),
            told: self.heard.told(guide.replies != Replies::None),
        }
    }
}
