//! The clock of one conversation: what a reply is measured from (`metrics.md` §1).
//!
//! A pure step function over the timeline. It is run once per entry when entries come in order,
//! and again over the whole timeline when one comes late; both give the same figures because
//! there is no other state than [`Clock`].

use serde::{Deserialize, Serialize};
use trunkline_model::event::{Author, Change};
use trunkline_model::settings::BotReplies;
use trunkline_model::time::Time;

use crate::facts::Samples;
use crate::names::Name;
use crate::plain;
use crate::timeline::{Body, Entry, Message};

/// The settings that the clock obeys at one moment of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether a bot's reply counts as a reply to the contact.
    pub bot_replies: BotReplies,
    /// The silence in milliseconds after which a contact message begins a new cycle.
    pub cycle_gap: Option<i64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            bot_replies: BotReplies::Clear,
            cycle_gap: None,
        }
    }
}

/// Where a conversation stands after some prefix of its timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Start of the people's clock: the first unanswered contact message, or a hand-off.
    #[serde(with = "plain::option")]
    pub pending: Option<Time>,
    /// The last contact message that expects a reply.
    #[serde(with = "plain::option")]
    last_contact: Option<Time>,
    /// The last contact message of any sort (`kommo` counts them all).
    #[serde(with = "plain::option")]
    last_contact_any: Option<Time>,
    /// The last public message of anybody: silence is counted from here.
    #[serde(with = "plain::option")]
    last_public: Option<Time>,
    /// The cycle that is open now.
    cycle: Option<OpenCycle>,
    /// What became of the last cycle, while none is open.
    ended: Option<Ended>,
    /// The latest assignment to each manager.
    assigned: Vec<Assignment>,
    /// The manager it is assigned to now.
    pub assignee: Option<Name>,
    /// The manager who wrote last.
    pub last_manager: Option<Name>,
}

/// The open cycle: what `first` is measured from, and whether a bot has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct OpenCycle {
    /// The first contact message, or the hand-off when a bot spoke first.
    #[serde(with = "plain")]
    first_from: Time,
    bot_spoke: bool,
    handed_off: bool,
    manager_spoke: bool,
}

/// The latest assignment to one manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Assignment {
    manager: Name,
    #[serde(with = "plain")]
    at: Time,
}

/// How the last cycle stands when no cycle is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Ended {
    Closed,
    /// Opened again without a new contact message: a further `closed` closes it anew.
    Reopened,
}

impl OpenCycle {
    fn with_bot(&self) -> bool {
        self.bot_spoke && !self.handed_off && !self.manager_spoke
    }
}

/// What one entry did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The response times it gave.
    pub samples: Samples,
    /// What it did to the cycles.
    pub cycle: Option<CycleStep>,
}

/// What an entry may do to the list of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CycleStep {
    /// A cycle began with this contact message.
    Began,
    /// The open cycle's pending message was cleared by a manager.
    Answered,
    /// The open (or reopened) cycle was closed; `pending` says whether a reply was owed.
    Closed {
        /// A contact message was unanswered.
        pending: bool,
        /// Who closed it.
        by: Option<Name>,
    },
    /// The last closed cycle was reopened.
    Reopened,
}

impl Clock {
    /// Moves past one entry and says what it did.
    pub fn step(&mut self, entry: &Entry, rules: Rules) -> Step {
        match &entry.body {
            Body::Message(message) => self.message(message, entry.at, rules),
            Body::Change { change, manager } => Step {
                cycle: self.change(*change, *manager, entry.at),
                ..Step::default()
            },
        }
    }

    fn message(&mut self, message: &Message, at: Time, rules: Rules) -> Step {
        if message.author == Author::Bot && rules.bot_replies == BotReplies::Ignore {
            return Step::default();
        }
        let step = match message.author {
            Author::Contact => self.contact(at, message.expects_reply, rules.cycle_gap),
            Author::Manager => self.manager(message.manager, at),
            Author::Bot => self.bot(at),
            Author::System | Author::Campaign => Step::default(),
        };
        self.last_public = Some(at);
        if message.assignee.is_some() {
            self.assignee = message.assignee;
        }
        step
    }

    fn contact(&mut self, at: Time, expects_reply: bool, gap: Option<i64>) -> Step {
        self.last_contact_any = Some(at);
        if !expects_reply {
            return Step::default();
        }
        let began = self.cycle.is_none() || self.silent_for(at, gap);
        if began {
            self.ended = None;
            self.cycle = Some(OpenCycle {
                first_from: at,
                bot_spoke: false,
                handed_off: false,
                manager_spoke: false,
            });
        }
        self.pending.get_or_insert(at);
        self.last_contact = Some(at);
        Step {
            cycle: began.then_some(CycleStep::Began),
            ..Step::default()
        }
    }

    fn silent_for(&self, at: Time, gap: Option<i64>) -> bool {
        match (gap, self.last_public) {
            (Some(gap), Some(last)) => at.since(last) >= gap,
            _ => false,
        }
    }

    fn manager(&mut self, manager: Option<Name>, at: Time) -> Step {
        let mut step = Step::default();
        step.samples.kommo = self.last_contact_any.map(|from| at.since(from));
        if let Some(pending) = self.pending.take() {
            let turn_from = self.last_contact.map_or(pending, |last| last.max(pending));
            let assigned_from = self
                .assigned_to(manager)
                .map_or(pending, |t| t.max(pending));
            step.samples.wait = Some(at.since(pending));
            step.samples.turn = Some(at.since(turn_from));
            step.samples.assigned = Some(at.since(assigned_from));
            step.cycle = Some(CycleStep::Answered);
        }
        if let Some(cycle) = self.cycle.as_mut().filter(|cycle| !cycle.manager_spoke) {
            cycle.manager_spoke = true;
            step.samples.first = Some(at.since(cycle.first_from));
        }
        if manager.is_some() {
            self.last_manager = manager;
        }
        step
    }

    /// A bot's reply clears the clock only while the conversation is with the bot: once people
    /// have it, a bot's chatter must not hide that a reply is owed (G4, G5).
    fn bot(&mut self, at: Time) -> Step {
        let mut step = Step::default();
        if let Some(cycle) = self.cycle.as_mut() {
            cycle.bot_spoke = true;
            if cycle.with_bot() {
                step.samples.wait = self.pending.take().map(|pending| at.since(pending));
            }
        }
        step
    }

    fn change(&mut self, change: Change, manager: Option<Name>, at: Time) -> Option<CycleStep> {
        match change {
            Change::Assigned => self.assign(manager, at),
            Change::HandedOff => {
                if let Some(cycle) = self.cycle.as_mut().filter(|cycle| cycle.with_bot()) {
                    cycle.handed_off = true;
                    cycle.first_from = at;
                    self.pending.get_or_insert(at);
                }
                self.assign(manager, at);
            }
            Change::Closed => return self.close(manager),
            Change::Reopened if self.ended == Some(Ended::Closed) => {
                self.ended = Some(Ended::Reopened);
                return Some(CycleStep::Reopened);
            }
            Change::Reopened | Change::Stage | Change::Moved => {}
        }
        None
    }

    fn close(&mut self, by: Option<Name>) -> Option<CycleStep> {
        let pending = self.pending.take().is_some();
        if self.cycle.take().is_none() && self.ended != Some(Ended::Reopened) {
            return None;
        }
        self.ended = Some(Ended::Closed);
        Some(CycleStep::Closed { pending, by })
    }

    fn assign(&mut self, manager: Option<Name>, at: Time) {
        self.assignee = manager;
        let Some(manager) = manager else { return };
        match self
            .assigned
            .iter_mut()
            .find(|known| known.manager == manager)
        {
            Some(known) => known.at = at,
            None => self.assigned.push(Assignment { manager, at }),
        }
    }

    fn assigned_to(&self, manager: Option<Name>) -> Option<Time> {
        let manager = manager?;
        self.assigned
            .iter()
            .find(|known| known.manager == manager)
            .map(|known| known.at)
    }
}
