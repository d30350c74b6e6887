//! What is kept of where a visit, call, conversation, form or lead came from.
//!
//! Every text is a model's `Text`: at most 256 characters without control characters, and never empty; what is not known
//! is `None`. [`crate::source`] makes them.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::event::Origin;

/// A source, owned (metrics, 3: Source).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The source, like `google`; `direct` where nothing is known of a visit.
    pub source: Option<CompactString>,
    /// The medium, like `cpc`, `organic`, `social` or `referral`.
    pub medium: Option<CompactString>,
    /// The campaign.
    pub campaign: Option<CompactString>,
    /// The variant of the advertisement.
    pub content: Option<CompactString>,
    /// The search term.
    pub term: Option<CompactString>,
    /// The click id of Google Ads.
    pub gclid: Option<CompactString>,
    /// The click id of Google Ads from iOS apps.
    pub gbraid: Option<CompactString>,
    /// The click id of Google Ads to iOS apps.
    pub wbraid: Option<CompactString>,
    /// The click id of Facebook.
    pub fbclid: Option<CompactString>,
    /// The click id of Yandex Direct.
    pub yclid: Option<CompactString>,
    /// The click id of Microsoft Advertising.
    pub msclkid: Option<CompactString>,
    /// The click id of an advertisement that opens WhatsApp.
    pub ctwa_clid: Option<CompactString>,
    /// By which way the source became known.
    pub origin: Option<Origin>,
}
