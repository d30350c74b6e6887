//! A hook: the door of one account for one provider, with its settings.

use std::sync::Arc;

use chrono_tz::Tz;
use ipnet::IpNet;
use thiserror::Error;
use trunkline_model::settings::{Account, Country, Hook as Settings, HookRole, Secret};

use crate::address::{is_in, network};
use crate::map::Map;
use crate::provider::Provider;
use crate::refused::Refused;
use crate::request::Request;
use crate::vendors;
use crate::vendors::asterisk::{Address, Lines, Login};

/// A hook as its provider's adapter sees it.
#[derive(Clone)]
pub struct Hook {
    /// The hook's id: the end of its address, and the origin of its events.
    pub id: Arc<str>,
    /// Who calls it.
    pub provider: &'static dyn Provider,
    /// The secrets its requests are verified with.
    pub secrets: Vec<Secret>,
    /// The zone of times that come without one.
    pub zone: Tz,
    /// The country of phone numbers that come without one.
    pub country: Option<Country>,
    /// The networks that may call it; none: all.
    pub allow_ips: Vec<IpNet>,
    /// The channel of its messages.
    pub channel: String,
    /// The manager of what comes without one.
    pub default_manager: Option<String>,
    /// The tags of cards that name a source.
    pub source_tags: Vec<String>,
    /// What it sees of calls.
    pub role: Option<HookRole>,
    /// The rules of a provider that has none of its own.
    pub map: Option<Arc<Map>>,
    /// How its provider is connected to, of one that calls nobody.
    pub link: Option<Link>,
}

/// How a provider is connected to. Two that are equal may share a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it is.
    pub address: Address,
    /// Which of its channels lead outside.
    pub lines: Lines,
    /// Who we are there; two at once while one is replaced.
    pub logins: Vec<Login>,
}

/// Why settings make no hook.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("account.{account}.hook.{hook}.{key}: {detail}")]
pub struct HookError {
    /// The account's id.
    pub account: String,
    /// The hook's id.
    pub hook: String,
    /// The key.
    pub key: &'static str,
    /// What is wrong and how to mend it.
    pub detail: String,
}

impl Hook {
    /// Makes a hook of an account's settings. Its map, if it has one, was read by the caller.
    ///
    /// Errors with the key that is wrong.
    pub fn new(
        account: &Account,
        hook: &Settings,
        map: Option<Arc<Map>>,
    ) -> Result<Self, HookError> {
        let error = |key, detail| HookError {
            account: account.id.clone(),
            hook: hook.id.clone(),
            key,
            detail,
        };
        let provider = vendors::named(&hook.provider)
            .ok_or_else(|| error("provider", vendors::unknown(&hook.provider)))?;
        let mut allow_ips = Vec::new();
        for text in &hook.allow_ips {
            allow_ips.push(network(text).ok_or_else(|| {
                let detail = format!("\"{text}\" is no address or network like 185.45.152.0/24");
                error("allow_ips", detail)
            })?);
        }
        let channel = account
            .channels
            .iter()
            .find(|channel| channel.hook.as_ref() == Some(&hook.id));
        let link = link(hook, provider).map_err(|(key, detail)| error(key, detail))?;
        Ok(Self {
            id: hook.id.as_str().into(),
            provider,
            secrets: hook.secrets.clone(),
            zone: hook.timezone.map_or_else(|| account.zone(), |zone| zone.0),
            country: account.country,
            allow_ips,
            channel: channel.map_or_else(|| hook.id.clone(), |channel| channel.id.clone()),
            default_manager: hook.default_manager.clone(),
            source_tags: account.source_tags.clone(),
            role: hook.role,
            map,
            link,
        })
    }

    /// Refuses an address that may not call.
    pub fn admit(&self, request: &Request<'_>) -> Result<(), Refused> {
        match request.peer {
            Some(peer) if !self.allow_ips.is_empty() && !is_in(&self.allow_ips, peer) => {
                Err(Refused::Address(peer))
            }
            _ => Ok(()),
        }
    }

    /// Gives the id of a call here: the provider's, told apart from those of other hooks.
    pub fn call(&self, id: &str) -> String {
        format!("{}:{id}", self.id)
    }

    /// Gives the name of a manager here: the provider's id of him, which `aliases` of a manager may
    /// give a meaning to.
    pub fn manager(&self, id: &str) -> String {
        format!("{}:{id}", self.provider.guide().name)
    }
}

/// Reads how the provider is connected to; errors with the key that is wrong.
fn link(hook: &Settings, provider: &dyn Provider) -> Result<Option<Link>, (&'static str, String)> {
    let name = provider.guide().name;
    let is_called = provider.is_called();
    let Some(address) = &hook.address else {
        return if is_called {
            let detail = format!("{name} is connected to: set it, like \"ami://pbx.lan:5038\"");
            Err(("address", detail))
        } else {
            Ok(None)
        };
    };
    if !is_called {
        let detail = format!("{name} is not connected to, it calls us: take it out");
        return Err(("address", detail));
    }
    let address = Address::parse(address).map_err(|detail| ("address", detail))?;
    let logins = hook.secrets.iter().map(Login::parse).collect();
    let logins: Option<Vec<Login>> = logins;
    let logins = logins.ok_or_else(|| {
        let detail = "write user and password with a colon between them".to_owned();
        ("secrets", detail)
    })?;
    let lines = Lines {
        trunks: hook.trunks.clone(),
    };
    Ok(Some(Link {
        address,
        lines,
        logins,
    }))
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.id)
            .field("provider", &self.provider.guide().name)
            .finish_non_exhaustive()
    }
}
