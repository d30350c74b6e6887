//! The hooks that requests come to: `h`, in Madrid, of every provider.

use std::sync::{Arc, LazyLock};

use serde_json::json;
use trunkline_model::settings::Account;
use trunkline_providers::{ALL, Hook, Map, Provider};

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

/// The hooks of a provider and a map.
pub struct Hooks {
    /// With two secrets, of which the second is that of the seeds.
    pub own: Hook,
    /// Without a secret.
    pub none: Hook,
}

/// Gives the hooks of a provider by its place in the list; `map` chooses their map, where they need one.
pub fn hooks(which: usize, map: u8) -> &'static Hooks {
    static ALL_HOOKS: LazyLock<Vec<Hooks>> = LazyLock::new(|| {
        let all = (0..ALL.len()).flat_map(|which| (0..MAPS.len()).map(move |map| (which, map)));
        let hooks = all.map(|(which, map)| {
            let secrets = ["not-the-one", secret(ALL[which].guide().name)];
            Hooks {
                own: hook(ALL[which], &secrets, map),
                none: hook(ALL[which], &[], map),
            }
        });
        hooks.collect()
    });
    &ALL_HOOKS[which * MAPS.len() + usize::from(map) % MAPS.len()]
}

/// Makes the hook of a provider with one of the maps.
pub fn hook(provider: &'static dyn Provider, secrets: &[&str], map: usize) -> Hook {
    let name = provider.guide().name;
    let mut own =
        json!({"id": "h", "provider": name, "secrets": secrets, "default_manager": "desk"});
    if name == "asterisk" {
        own["address"] = "ami://pbx.example:5038".into();
        own["secrets"] = json!(["trunkline:secret"]);
    }
    let account: Account = serde_json::from_value(json!({
        "id": "demo", "timezone": "Europe/Madrid", "country": "ES", "hook": [own],
    }))
    .expect("these are settings");
    let (_, text) = MAPS[map];
    let map = Map::parse(text).expect("a map of ours is sound");
    let map = (name == "map").then(|| Arc::new(map));
    Hook::new(&account, &account.hooks[0], map).expect("this is a hook")
}
