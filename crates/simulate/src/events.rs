//! The events of the contract, as they are written.

use chrono::NaiveDate;
use serde::Serialize;
use trunkline_model::event::MessageKind;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use crate::sales::Advert;

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
    #[serde(flatten)]
    pub(crate) came: Option<Came>,
}

/// What brought a conversation, as its first message tells it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Came {
    source: &'static str,
    medium: &'static str,
    campaign: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gclid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctwa_clid: Option<String>,
}

impl Came {
    /// Makes what an advertisement brought, with the id of the click where it has one.
    pub(crate) fn of(advert: &Advert, id: String) -> Self {
        let (gclid, ctwa_clid) = match advert.click {
            Some("gclid") => (Some(id), None),
            Some(_) => (None, Some(id)),
            None => (None, None),
        };
        Self {
            source: advert.source,
            medium: advert.medium,
            campaign: advert.campaign,
            gclid,
            ctwa_clid,
        }
    }
}

/// What an advertisement cost on a day.
#[derive(Serialize)]
pub(crate) struct Spent {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) source: &'static str,
    pub(crate) medium: &'static str,
    pub(crate) campaign: &'static str,
    pub(crate) date: NaiveDate,
    pub(crate) amount: String,
    pub(crate) currency: &'static str,
    pub(crate) as_of: Time,
}

/// A contact's card.
#[derive(Serialize)]
pub(crate) struct Card<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) contact: &'a str,
    pub(crate) change: &'static str,
    pub(crate) phone: String,
    pub(crate) at: Time,
}

/// A change of a lead.
#[derive(Serialize)]
pub(crate) struct Deal<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: String,
    pub(crate) lead: &'a str,
    pub(crate) change: &'static str,
    pub(crate) pipeline: &'static str,
    pub(crate) stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<&'static str>,
    pub(crate) contacts: [&'a str; 1],
    pub(crate) at: Time,
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

/// A visit, as a tracker tells of it.
#[derive(Serialize)]
pub(crate) struct Seen<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: &'a str,
    pub(crate) visit: &'a str,
    pub(crate) visitor: String,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) referrer: Option<String>,
    pub(crate) at: Time,
}

/// A form that was sent.
#[derive(Serialize)]
pub(crate) struct Sent<'a> {
    #[serde(rename = "type")]
    pub(crate) kind_of_event: &'static str,
    pub(crate) id: &'a str,
    pub(crate) form: &'a str,
    pub(crate) at: Time,
    pub(crate) visit: &'a str,
    pub(crate) visitor: &'a str,
    pub(crate) phone: &'a str,
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
