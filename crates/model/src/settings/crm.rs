//! Pipelines, funnels, routing panels and what counts as sold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::word::words;

words! {
    /// What a stage of a pipeline means.
    StageKind {
        /// Not yet accepted.
        Incoming = "incoming",
        /// Being worked on.
        Open = "open",
        /// Won.
        Won = "won",
        /// Lost.
        Lost = "lost",
    }
}

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The stage's id in events.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// What it means; `open` by default.
    #[serde(default = "open")]
    pub kind: StageKind,
}

const fn open() -> StageKind {
    StageKind::Open
}

/// A pipeline of leads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The pipeline's id in events.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// Its stages in order; a stage that is not declared appears as `open`, last.
    #[serde(default)]
    pub stages: Vec<Stage>,
}

/// A funnel of conversations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Funnel {
    /// The funnel's id in events.
    pub id: String,
    /// The ids of its stages in order, at most 10.
    pub stages: Vec<String>,
}

impl Funnel {
    /// The most stages of a funnel (metrics, Conversation stages).
    pub const MAX_STAGES: usize = 10;
}

/// A panel of lead routing (S60-S101).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// The panel's id.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The tags that name a contact's source.
    pub sources: Vec<String>,
    /// The main accounts: managers from whom contacts are handed over.
    #[serde(default)]
    pub from: Vec<String>,
    /// The salespeople: managers to whom contacts are handed over.
    #[serde(default)]
    pub salespeople: Vec<String>,
    /// The tag of the first contact.
    #[serde(default)]
    pub first_contact: Option<String>,
    /// The first conversion stage: `pipeline/stage`, or a bare id if unique.
    #[serde(default)]
    pub stage_1: Option<String>,
    /// The second conversion stage.
    #[serde(default)]
    pub stage_2: Option<String>,
    /// The final stage.
    #[serde(default, rename = "final")]
    pub final_stage: Option<String>,
    /// Whether the panel is computed; `true` by default (S76).
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

words! {
    /// Of whom sales are counted.
    SalesEntity {
        /// Contacts.
        Contact = "contact",
        /// Companies.
        Company = "company",
    }
}

/// What counts as sold, open and refused (S102-S124): `pipeline/stage` or `purchase/status`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sales {
    /// Of whom sales are counted; `contact` by default.
    #[serde(default = "contact")]
    pub entity: SalesEntity,
    /// What counts as sold.
    #[serde(default)]
    pub sold: Vec<String>,
    /// What counts as open.
    #[serde(default)]
    pub open: Vec<String>,
    /// What counts as refused.
    #[serde(default)]
    pub refused: Vec<String>,
}

const fn contact() -> SalesEntity {
    SalesEntity::Contact
}
