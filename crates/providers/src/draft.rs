//! An event of the contract in the making.

use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_model::event::{Author, Integrity, Kind, Phase};
use trunkline_model::time::Time;

use crate::hook::Hook;

/// An event as a JSON object that the contract is yet to look at. What is empty is left out, so that an
/// adapter need not ask whether an optional field was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft(Map<String, Value>);

impl Draft {
    /// Begins an event.
    pub fn new(kind: Kind, at: Time) -> Self {
        let mut fields = Map::new();
        fields.insert("type".into(), kind.as_str().into());
        fields.insert("at".into(), at.to_string().into());
        Self(fields)
    }

    /// Takes over an event that its sender wrote himself.
    pub const fn written(event: Map<String, Value>) -> Self {
        Self(event)
    }

    /// Begins a phase of a call; `call` is the provider's id, and becomes the hook's.
    pub fn call(hook: &Hook, call: &str, phase: Phase, at: Time) -> Self {
        Self::new(Kind::Call, at)
            .with("call", hook.call(call))
            .with("phase", phase.as_str())
    }

    /// Begins a message of the hook's channel.
    pub fn message(hook: &Hook, conversation: &str, id: &str, author: Author, at: Time) -> Self {
        let manager = hook.default_manager.as_deref();
        let draft = Self::new(Kind::Message, at)
            .with("channel", hook.channel.as_str())
            .with("conversation", conversation)
            .with("id", id)
            .with("author", author.as_str());
        match author {
            Author::Manager => draft.with("manager", manager.unwrap_or_default()),
            _ => draft,
        }
    }

    /// Sets a field, over what was there; nothing if the value is null or an empty text.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(name.into(), value);
        }
        self
    }

    /// Sets a field if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Sets the verdict of the door.
    pub fn vouch(&mut self, integrity: Integrity) {
        if integrity != Integrity::Verified {
            self.0.insert("integrity".into(), integrity.as_str().into());
        }
    }

    /// Gives a field.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Writes it down as JSON, `type` first.
    pub fn to_json(&self) -> String {
        let mut json = Vec::with_capacity(256);
        self.write(&mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// Writes it down as [`Self::to_json`] does, behind what stands in `json`.
    pub fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(b"{\"type\":");
        put(json, self.0.get("type").unwrap_or(&Value::Null));
        for (name, value) in self.0.iter().filter(|(name, _)| *name != "type") {
            json.push(b',');
            put(json, name);
            json.push(b':');
            put(json, value);
        }
        json.push(b'}');
    }
}

/// Writes a value of JSON. Neither it nor memory can refuse that.
fn put(json: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let written = serde_json::to_writer(json, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
