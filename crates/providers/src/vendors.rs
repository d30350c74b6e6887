//! The providers: a folder each, with its way of signing (`verify`), its words (`parse`), sample
//! payloads in its shape with invented numbers and names, and what is made of them.

use crate::provider::Provider;

pub mod chatwoot;
pub mod intercom;
#[cfg(test)]
mod kit;
pub mod kommo;
pub mod kommo_account;
pub mod messenger;
mod meta;
pub mod slack;
pub mod standard;
pub mod telegram;
pub mod viber;
pub mod whatsapp;
pub mod zendesk;

/// All providers, by name.
#[rustfmt::skip]
pub static ALL: &[&dyn Provider] = &[
    &chatwoot::Chatwoot,
    &intercom::Intercom,
    &kommo::Kommo,
    &kommo_account::KommoAccount,
    &messenger::Messenger,
    &slack::Slack,
    &standard::Standard,
    &telegram::Telegram,
    &viber::Viber,
    &whatsapp::WhatsApp,
    &zendesk::Zendesk,
];

/// Finds a provider by its name.
pub fn named(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter()
        .copied()
        .find(|provider| provider.guide().name == name)
}

/// Says that there is no such provider, and which name may have been meant.
pub(crate) fn unknown(name: &str) -> String {
    let names = ALL.iter().map(|provider| provider.guide().name);
    let near = names
        .clone()
        .map(|own| (strsim::damerau_levenshtein(own, name), own))
        .min()
        .filter(|(distance, _)| *distance <= 3);
    if let Some((_, near)) = near {
        return format!("there is no provider \"{name}\"; did you mean \"{near}\"?");
    }
    let names: Vec<_> = names.collect();
    format!(
        "there is no provider \"{name}\"; known are {}",
        names.join(", ")
    )
}
