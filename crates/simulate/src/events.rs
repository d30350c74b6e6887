//! The events of the contract, as they are written.

use serde::Serialize;
use trunkline_model::event::MessageKind;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

/// A message.
#[derive(Serialize)]
pub(crate) struct Message<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) channel: &'a str,
    pub(crate) conversation: &'a str,
    pub(crate) contact: &'a str,
    pub(crate) author: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manager: Option<&'a str>,
    pub(crate) at: Time,
    #[serde(skip_serializing_if = "is_text")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) private: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expects_reply: Option<bool>,
    pub(crate) chars: u64,
}

/// A change of a conversation.
#[derive(Serialize)]
pub(crate) struct Changed<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) channel: &'a str,
    pub(crate) conversation: &'a str,
    pub(crate) change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manager: Option<&'a str>,
    pub(crate) at: Time,
}

/// A phase of a call.
#[expect(clippy::struct_field_names, reason = "named as in the contract")]
#[derive(Serialize)]
pub(crate) struct Phase<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) call: &'a str,
    pub(crate) phase: &'static str,
    pub(crate) at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direction: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) leg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disposition: Option<&'static str>,
}

fn is_text(kind: &&'static str) -> bool {
    *kind == MessageKind::Text.word()
}

/// Writes an event as JSON.
pub(crate) fn written<T: Serialize>(event: &T) -> String {
    serde_json::to_string(event).unwrap_or_default()
}
