//! An account and all that is set for it: the `[[account]]` part of the configuration file.
//!
//! Unknown keys are errors. What a single value may be, its type says when it is read; how values
//! must agree with one another, [`Account::check`] says, all problems at once. A setting's first
//! value holds for all time before it; an entry with `from` or `until` holds from the one (included)
//! to the other (excluded), in the account's zone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::amount::{Currency, Decimal};
use crate::time::Tz;
use crate::word::words;

mod check;
mod crm;
mod doors;
pub mod due;
mod fold;
mod goal;
mod moment;
mod open;
mod people;
mod places;
mod rules;
mod schedule;
mod secret;
mod span;
mod token;
mod tracking;
mod tracking_rules;

pub use check::Problem;
pub use crm::{Funnel, Pipeline, Routing, Sales, SalesEntity, Stage, StageKind};
pub use doors::{Hook, HookRole, Webhook, WebhookEvent};
pub use due::{Due, TeamDue};
pub use fold::{FoldRules, OTHER, ScheduleOf, Whose, cell_minutes};
pub use goal::{Goal, GoalPeriod, GoalWho};
pub use moment::{Moment, Validity};
pub use open::OpenHours;
pub use people::{Channel, ExtensionOf, Manager, Membership, Team};
pub use places::{Country, Zone};
pub use rules::{Attribution, AttributionModel, CallRules, Caps, Targets};
pub use schedule::{Hours, Schedule};
pub use secret::Secret;
pub use span::Span;
pub use token::{Only, Scope, Token};
pub use tracking::{Number, Pool, Site};
pub use tracking_rules::{PoolRules, StaticNumber, TrackingRules};

words! {
    /// What a bot's reply does to the clock of a conversation (metrics, Bots).
    BotReplies {
        /// It clears the pending message and gives a sample of the bot's.
        Clear = "clear",
        /// It is as if it were not there.
        Ignore = "ignore",
    }
}

words! {
    /// Who counts as a manager.
    Roster {
        /// Whoever appears in events.
        Open = "open",
        /// Only who is declared.
        Closed = "closed",
    }
}

words! {
    /// What a lead is counted from (metrics, Call tracking).
    LeadBasis {
        /// Lead events of a CRM.
        Crm = "crm",
        /// A contact's first inquiry.
        Contacts = "contacts",
    }
}

/// An account: the unit of isolation, of order and of scale.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The account's id: 1 to 200 characters.
    pub id: String,
    /// The name that people see; the id by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The zone of its days, weeks and months (IANA); `UTC` by default.
    #[serde(default)]
    pub timezone: Zone,
    /// The country that its phone numbers are read with: two letters; none by default.
    #[serde(default)]
    pub country: Option<Country>,
    /// The currency of its amounts: three letters; none by default.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// A file of what other currencies were worth, day by day: `date,currency,rate` (CSV), where a rate
    /// is what one of the currency is worth in the account's; none by default. It is read with the
    /// configuration.
    #[serde(default)]
    pub rates: Option<String>,
    /// The part of revenue that is left for advertising and profit, for `roi`; 1 by default.
    #[serde(default)]
    pub margin: Option<Decimal>,
    /// When it is open; always by default, and then there are no business hours.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// Whether managers who are not declared count: `open` (default) or `closed`.
    #[serde(default = "open")]
    pub roster: Roster,
    /// What a lead is counted from; by default `crm` once lead events exist, else `contacts`.
    #[serde(default)]
    pub lead_basis: Option<LeadBasis>,
    /// Tags of cards that are touches; none by default.
    #[serde(default)]
    pub source_tags: Vec<String>,
    /// What a bot's reply does to the clock: `clear` (default) or `ignore`.
    #[serde(default = "clear")]
    pub bot_replies: BotReplies,
    /// The targets of answers, in seconds.
    #[serde(default)]
    pub targets: Targets,
    /// How much may appear without being declared.
    #[serde(default)]
    pub caps: Caps,
    /// How calls are counted.
    #[serde(default)]
    pub calls: CallRules,
    /// How calls and contacts find their source.
    #[serde(default)]
    pub attribution: Attribution,
    /// What counts as sold.
    #[serde(default)]
    pub sales: Option<Sales>,
    /// The tokens that may use it.
    #[serde(default, rename = "token")]
    pub tokens: Vec<Token>,
    /// Its teams.
    #[serde(default, rename = "team")]
    pub teams: Vec<Team>,
    /// Its managers; who is not declared appears when first seen.
    #[serde(default, rename = "manager")]
    pub managers: Vec<Manager>,
    /// Its channels; what is not declared appears when first seen.
    #[serde(default, rename = "channel")]
    pub channels: Vec<Channel>,
    /// Incoming webhooks of providers.
    #[serde(default, rename = "hook")]
    pub hooks: Vec<Hook>,
    /// Outgoing webhooks.
    #[serde(default, rename = "webhook")]
    pub webhooks: Vec<Webhook>,
    /// Sites whose numbers are swapped.
    #[serde(default, rename = "site")]
    pub sites: Vec<Site>,
    /// Static tracking numbers.
    #[serde(default, rename = "number")]
    pub numbers: Vec<Number>,
    /// Pools of tracking numbers.
    #[serde(default, rename = "pool")]
    pub pools: Vec<Pool>,
    /// Pipelines of leads.
    #[serde(default, rename = "pipeline")]
    pub pipelines: Vec<Pipeline>,
    /// Funnels of conversations.
    #[serde(default, rename = "funnel")]
    pub funnels: Vec<Funnel>,
    /// Panels of lead routing.
    #[serde(default, rename = "routing")]
    pub routings: Vec<Routing>,
    /// Goals.
    #[serde(default, rename = "goal")]
    pub goals: Vec<Goal>,
}

const fn open() -> Roster {
    Roster::Open
}

const fn clear() -> BotReplies {
    BotReplies::Clear
}

impl Account {
    /// Makes an account of which nothing but the id is set.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            timezone: Zone::default(),
            country: None,
            currency: None,
            rates: None,
            margin: None,
            schedule: None,
            roster: open(),
            lead_basis: None,
            source_tags: Vec::new(),
            bot_replies: clear(),
            targets: Targets::default(),
            caps: Caps::default(),
            calls: CallRules::default(),
            attribution: Attribution::default(),
            sales: None,
            tokens: Vec::new(),
            teams: Vec::new(),
            managers: Vec::new(),
            channels: Vec::new(),
            hooks: Vec::new(),
            webhooks: Vec::new(),
            sites: Vec::new(),
            numbers: Vec::new(),
            pools: Vec::new(),
            pipelines: Vec::new(),
            funnels: Vec::new(),
            routings: Vec::new(),
            goals: Vec::new(),
        }
    }

    /// Gives the account's zone.
    pub const fn zone(&self) -> Tz {
        self.timezone.0
    }

    /// Gives the name that people see.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// Lists who belongs to which team, and when.
    pub fn memberships(&self) -> Vec<Membership<'_>> {
        people::memberships(self)
    }

    /// Lists whose which extension is, and when, by extension and time.
    pub fn extensions(&self) -> Vec<ExtensionOf<'_>> {
        people::extensions(self)
    }

    /// Gives what managers are called at providers (the provider, a colon and the id there), each with
    /// the id of the manager.
    pub fn aliases(&self) -> BTreeMap<String, String> {
        people::aliases(self)
    }

    /// Gives the rules by which the account's conversations are folded.
    pub fn fold_rules(&self) -> FoldRules {
        let gaps = self.channels.iter().filter_map(|channel| {
            let gap = channel.cycle_gap?.millis()?;
            Some((channel.id.clone(), gap))
        });
        let cycle_gaps: BTreeMap<String, i64> = gaps.collect();
        FoldRules {
            bot_replies: self.bot_replies,
            cycle_gaps,
            managers_cap: self.caps.managers,
            conversations_cap: self.caps.conversations,
            cell_minutes: cell_minutes(self.zone()),
            schedules: fold::schedules(self),
            due: Due::of(self),
            country: self.country,
            min_answer_s: self.calls.min_answer_s,
            tracking: TrackingRules::of(self),
        }
    }

    /// Lists what does not agree; an account without problems may be used.
    pub fn check(&self) -> Vec<Problem> {
        check::account(self)
    }
}

#[cfg(test)]
mod tests;
