//! Incoming hooks of providers and outgoing webhooks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Secret, Zone};
use crate::word::words;

words! {
    /// What a hook of calls sees.
    HookRole {
        /// Which advertisement was dialled.
        Tracker = "tracker",
        /// Who talked.
        Pbx = "pbx",
    }
}

/// An incoming webhook of a provider.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// The hook's id: the end of its address, and the origin of its events.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// What it sees of calls; nothing said by default.
    #[serde(default)]
    pub role: Option<HookRole>,
    /// The secrets its requests are verified with; two at once while one is replaced.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// The zone of times that come without one; the account's by default.
    #[serde(default)]
    pub timezone: Option<Zone>,
    /// The addresses or networks that may call it, like `185.45.152.0/24`; all by default.
    #[serde(default)]
    pub allow_ips: Vec<String>,
    /// Where its provider is, if it is connected to, like `ami://pbx.lan:5038`.
    #[serde(default)]
    pub address: Option<String>,
    /// The names of the trunks there, where extensions are not named by 2 to 6 digits.
    #[serde(default)]
    pub trunks: Vec<String>,
    /// How its fields become an event's, in the mapping language of the generic provider.
    #[serde(default)]
    pub map: Option<serde_json::Value>,
    /// The manager of what comes without one.
    #[serde(default)]
    pub default_manager: Option<String>,
}

words! {
    /// What an outgoing webhook tells.
    WebhookEvent {
        /// A call was missed.
        MissedCall = "missed_call",
        /// A target call was had.
        TargetCall = "target_call",
        /// A call found its source.
        AttributedCall = "attributed_call",
        /// A contact's state changed.
        State = "state",
        /// A target was missed.
        TargetMissed = "target_missed",
    }
}

/// An outgoing webhook: see [webhooks.md](webhooks.md).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The webhook's id.
    pub id: String,
    /// Where it is sent: an http or https address without a password.
    pub url: String,
    /// The secret it is signed with.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// What it tells; `state` and `target_missed`, which nothing tells yet, may stand here all the same.
    pub events: Vec<WebhookEvent>,
    /// Which of these it tells, like `talk_s > 30`; all by default.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// The template of its body, like `{"text": "{{caller}}"}`; the notice as JSON by default.
    #[serde(default)]
    pub body: Option<String>,
    /// Headers to add.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether it is told phone numbers whole and not masked; `false` by default.
    #[serde(default)]
    pub phones: bool,
}
