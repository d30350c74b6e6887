//! The hooks that requests come to: `h`, in Madrid, of every provider.

use std::sync::Arc;

use serde_json::json;
use trunkline_model::settings::Account;
use trunkline_providers::{Hook, Map, Provider};

/// The maps that a hook of the provider `map` may have.
pub const MAPS: [(&str, &str); 5] = [
    ("3cx", include_str!("../../docs/maps/3cx.toml")),
    ("calltouch", include_str!("../../docs/maps/calltouch.toml")),
    ("ringostat", include_str!("../../docs/maps/ringostat.toml")),
    ("roistat", include_str!("../../docs/maps/roistat.toml")),
    ("uis", include_str!("../../docs/maps/uis.toml")),
];

/// The secret that seeds are signed with.
pub fn secret(provider: &str) -> &'static str {
    match provider {
        "standard" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "telnyx" | "telnyx-texml" => "seed:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "mango" => "first-key:first-salt",
        _ => "first_secret-0123456789",
    }
}

/// Makes the hook of a provider; `map` chooses its map, where it needs one.
pub fn hook(provider: &'static dyn Provider, secrets: &[&str], map: u8) -> Hook {
    let name = provider.guide().name;
    let account: Account = serde_json::from_value(json!({
        "id": "demo", "timezone": "Europe/Madrid", "country": "ES",
        "hook": [{"id": "h", "provider": name, "secrets": secrets, "default_manager": "desk"}],
    }))
    .expect("these are settings");
    let (_, text) = MAPS[usize::from(map) % MAPS.len()];
    let map = Map::parse(text).expect("a map of ours is sound");
    let map = (name == "map").then(|| Arc::new(map));
    Hook::new(&account, &account.hooks[0], map).expect("this is a hook")
}
