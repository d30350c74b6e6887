//! One conversion, in our words.

use std::fmt;

use serde::{Deserialize, Serialize};
use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;

/// What somebody did who came by an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Called.
    Call,
    /// Called and talked as long as a target call does (`calls.target_call_s`).
    TargetCall,
    /// Sent a form.
    Form,
    /// Became a lead.
    Lead,
    /// Bought: the lead was won.
    Won,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Call,
        Self::TargetCall,
        Self::Form,
        Self::Lead,
        Self::Won,
    ];

    /// Gives the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::TargetCall => "target_call",
            Self::Form => "form",
            Self::Lead => "lead",
            Self::Won => "won",
        }
    }

    /// Finds the kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One conversion. What is not known is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversion {
    /// The same whenever it is told, and nobody else's: at most 64 letters, digits, `-` and `_`, with
    /// nothing personal in it.
    pub id: String,
    /// The ids under which the same may have been told before: of a call that others told of too.
    #[serde(default)]
    pub twins: Vec<String>,
    /// What it is.
    pub kind: Kind,
    /// When it happened: a call's start, a lead's creation, when it was won.
    pub at: Time,
    /// The contact's number, E.164; masked for tokens without `read:phones`.
    #[serde(default)]
    pub phone: Option<String>,
    /// What it is worth.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// The currency of the value, as ISO 4217 writes it.
    #[serde(default)]
    pub currency: Option<String>,
    /// The clicks that it is attributed to.
    #[serde(default)]
    pub clicks: Clicks,
    /// When the visit began that brought it: the click's time.
    #[serde(default)]
    pub clicked_at: Option<Time>,
    /// What Google Analytics knows the visitor by (the cookie `_ga`).
    #[serde(default)]
    pub ga_client_id: Option<String>,
    /// What Yandex Metrica knows the visitor by (the cookie `_ym_uid`).
    #[serde(default)]
    pub ym_client_id: Option<String>,
    /// Whether the visitor agreed that it is used for advertising.
    #[serde(default)]
    pub consent: Option<bool>,
    /// The page on which the number was shown.
    #[serde(default)]
    pub page: Option<String>,
    /// The call that it is, or that it came from.
    #[serde(default)]
    pub call: Option<Call>,
}

/// Ids of clicks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clicks {
    /// Google Ads.
    #[serde(default)]
    pub gclid: Option<String>,
    /// Google Ads, from an app on iOS.
    #[serde(default)]
    pub gbraid: Option<String>,
    /// Google Ads, to an app on iOS.
    #[serde(default)]
    pub wbraid: Option<String>,
    /// Yandex Direct.
    #[serde(default)]
    pub yclid: Option<String>,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// When it began.
    pub at: Time,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<Time>,
    /// How long they talked.
    #[serde(default)]
    pub talk_s: f64,
    /// How long it was on hold.
    #[serde(default)]
    pub hold_s: f64,
    /// Whether nobody answered.
    #[serde(default)]
    pub missed: bool,
    /// Whether it is the contact's first.
    #[serde(default)]
    pub first: Option<bool>,
    /// Whether the number was the source's own, and not a visit's.
    #[serde(default)]
    pub is_static: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
}
