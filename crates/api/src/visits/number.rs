//! A number as people write it.

use trunkline_model::phone;
use trunkline_model::settings::Country;

/// Writes an E.164 number without its country's code if it is the account's country, else with it.
pub(super) fn formatted(number: &str, home: Option<Country>) -> String {
    phone::formatted(number, home).unwrap_or_else(|| number.to_owned())
}
