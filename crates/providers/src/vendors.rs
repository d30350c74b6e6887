//! The providers: a folder each, with its way of signing (`verify`), its words (`parse`), sample
//! payloads in its shape with invented numbers and names, and what is made of them.

use crate::provider::Provider;

pub mod asterisk;
pub mod binotel;
pub mod callrail;
pub mod chatwoot;
pub mod didww;
mod export;
pub mod freeswitch;
pub mod intercom;
#[cfg(test)]
#[path = "vendors/tests/kit.rs"]
pub(crate) mod kit;
pub mod kommo;
pub mod kommo_account;
pub mod mango;
pub mod map;
pub mod messenger;
mod meta;
pub mod plivo;
pub mod signalwire;
pub mod slack;
pub mod standard;
pub mod telegram;
mod telephony;
pub mod telnyx;
pub mod telnyx_texml;
pub mod twilio;
pub mod viber;
pub mod vonage;
pub mod whatsapp;
pub mod zadarma;
pub mod zendesk;

/// All providers, by name.
#[rustfmt::skip]
pub static ALL: &[&dyn Provider] = &[
    &asterisk::Asterisk,
    &binotel::Binotel,
    &callrail::CallRail,
    &chatwoot::Chatwoot,
    &didww::Didww,
    &freeswitch::FreeSwitch,
    &intercom::Intercom,
    &kommo::Kommo,
    &kommo_account::KommoAccount,
    &mango::Mango,
    &map::Mapped,
    &messenger::Messenger,
    &plivo::Plivo,
    &signalwire::SignalWire,
    &slack::Slack,
    &standard::Standard,
    &telegram::Telegram,
    &telnyx::Telnyx,
    &telnyx_texml::TelnyxTexml,
    &twilio::Twilio,
    &viber::Viber,
    &vonage::Vonage,
    &whatsapp::WhatsApp,
    &zadarma::Zadarma,
    &zendesk::Zendesk,
];

/// Finds a provider by its name.
pub fn named(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter()
        .copied()
        .find(|provider| provider.guide().name == name)
}

/// Says that there is no such provider, and which name may have been meant.
pub fn unknown(name: &str) -> String {
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

#[cfg(test)]
mod tests {
    mod strange;

    use std::path::Path;

    use super::*;

    /// A folder is named as the guide, which writes - for _.
    #[test]
    fn providers_are_sorted_by_names_that_are_unique_and_those_of_their_folders() {
        let names: Vec<_> = ALL.iter().map(|provider| provider.guide().name).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
        for name in names {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("src/vendors")
                .join(name.replace('-', "_"));
            assert!(folder.is_dir(), "there is no {}", folder.display());
        }
    }
}
