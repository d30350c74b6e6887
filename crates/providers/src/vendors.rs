//! The providers: a folder each, with its way of signing (`verify`), its words (`parse`), sample
//! payloads in its shape with invented numbers and names, and what is made of them.

use crate::provider::Provider;

pub mod asterisk;
pub mod binotel;
pub mod callrail;
pub mod didww;
pub mod freeswitch;
#[cfg(test)]
pub(crate) mod kit;
pub mod mango;
pub mod map;
pub mod standard;

/// All providers, by name.
pub static ALL: &[&dyn Provider] = &[
    &asterisk::Asterisk,
    &binotel::Binotel,
    &callrail::CallRail,
    &didww::Didww,
    &freeswitch::FreeSwitch,
    &mango::Mango,
    &map::Mapped,
    &standard::Standard,
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
    let names = names.join(", ");
    format!("there is no provider \"{name}\"; known are {names}")
}
