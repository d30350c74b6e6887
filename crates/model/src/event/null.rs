//! `null` stands for absent, also where an absent field has a default.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default of `T`.
pub(super) fn is_default<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// Reads `null` as `true`.
pub(super) fn is_yes<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::deserialize(from).map(|flag| flag.unwrap_or(true))
}

/// The default of what [`is_yes`] reads.
pub(super) const fn yes() -> bool {
    true
}
