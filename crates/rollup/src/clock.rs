//! The clock of one conversation: what a reply is measured from, and the cycles (`metrics.md` §1).
//!
//! A pure step function over the timeline. It is run once per entry when entries come in order,
//! and again from an earlier state when one comes late; both give the same figures because there
//! is no other state than [`Clock`]. What can no longer change a figure is not kept in it, so that
//! two clocks that differ in the past soon agree again.

use serde::{Deserialize, Serialize};
use trunkline_model::event::{Author, Change};
use trunkline_model::settings::BotReplies;
use trunkline_model::time::Time;

use crate::facts::Samples;
use crate::moment::Moment;
use crate::names::Name;
use crate::plain;
use crate::timeline::{Body, Entry, Message};

/// Milliseconds within which a reopening takes a closing out of the figures (`metrics.md` 1.2).
const REOPENED_WITHIN: i64 = 24 * 3_600_000;

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
pub(crate) struct Clock {
    /// Start of the people's clock: the first unanswered contact message, or a hand-off.
    pub(crate) pending: Moment,
    /// The last contact message that expects a reply.
    last_contact: Moment,
    /// The last contact message of any sort (`kommo` counts them all).
    last_contact_any: Moment,
    /// The last public message of anybody: silence is counted from here.
    last_public: Moment,
    /// The last cycle.
    pub(crate) cycle: Option<Cycle>,
    /// The latest assignment to each manager since the clock was started.
    assigned: Vec<Assignment>,
    /// The manager it is assigned to now.
    pub(crate) assignee: Option<Name>,
    /// The manager who wrote last.
    pub(crate) last_manager: Option<Name>,
}

/// One cycle; the last one of a conversation may still change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cycle {
    #[serde(with = "plain")]
    pub(crate) started_at: Time,
    /// Author of its first contact message: his place in the conversation's list of contacts.
    pub(crate) contact: u32,
    pub(crate) answered: bool,
    pub(crate) pending_at_close: bool,
    pub(crate) closed_at: Moment,
    pub(crate) closed_by: Option<Name>,
    pub(crate) reopened_at: Moment,
    /// Who owed the reply that was pending when it was closed.
    pub(crate) owed_by: Option<Name>,
    /// When people took it over from the bot.
    pub(crate) handed_off_at: Moment,
    stage: Stage,
}

/// How far a cycle has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// No manager has written yet.
    Unserved {
        /// What `first` is measured from: the first contact message, or the hand-off when a bot
        /// spoke first.
        #[serde(with = "plain")]
        first_from: Time,
        bot_spoke: bool,
        handed_off: bool,
    },
    /// A manager has written.
    Served,
    /// It was closed.
    Closed,
    /// It was opened again without a new contact message: a further `closed` closes it anew.
    Reopened,
}

/// The latest assignment to one manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Assignment {
    manager: Name,
    #[serde(with = "plain")]
    at: Time,
}

/// What one entry did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// The response times it gave.
    pub(crate) samples: Samples,
    /// The cycle that ended because the entry began the next one.
    pub(crate) finished: Option<Cycle>,
}

impl Stage {
    fn is_open(self) -> bool {
        matches!(self, Self::Unserved { .. } | Self::Served)
    }

    fn is_with_bot(self) -> bool {
        matches!(
            self,
            Self::Unserved {
                bot_spoke: true,
                handed_off: false,
                ..
            }
        )
    }
}

impl Cycle {
    /// Takes over where it began and with whom: all that an earlier first message changes.
    pub(crate) fn begin_as(&mut self, other: &Self) {
        self.started_at = other.started_at;
        self.contact = other.contact;
    }

    /// Where it began matters to the samples only until a manager has written.
    fn goes_on_as(&self, other: &Self) -> bool {
        let mut alike = self.clone();
        if !matches!(self.stage, Stage::Unserved { .. }) {
            alike.begin_as(other);
        }
        alike == *other
    }
}

impl Clock {
    /// Says whether both will give the same steps from here on, though their cycle may have begun
    /// otherwise.
    pub(crate) fn goes_on_as(&self, other: &Self) -> bool {
        let cycles = match (&self.cycle, &other.cycle) {
            (Some(left), Some(right)) => left.goes_on_as(right),
            (left, right) => left.is_none() && right.is_none(),
        };
        cycles
            && self.pending == other.pending
            && self.last_contact == other.last_contact
            && self.last_contact_any == other.last_contact_any
            && self.last_public == other.last_public
            && self.assigned == other.assigned
            && self.assignee == other.assignee
            && self.last_manager == other.last_manager
    }

    /// Says whether both are the same, whatever places the contacts have in the list: one may stand
    /// there more than once.
    pub(crate) fn is_but_for_contact(&self, other: &Self) -> bool {
        let mut alike = self.clone();
        if let (Some(left), Some(right)) = (&mut alike.cycle, &other.cycle) {
            left.contact = right.contact;
        }
        alike == *other
    }

    /// Gives since when a first reply of its cycle is owed, as `first` measures it.
    pub(crate) fn unserved(&self) -> Option<Time> {
        match self.stage() {
            Some(Stage::Unserved { first_from, .. }) => self.pending.get().map(|_| first_from),
            _ => None,
        }
    }

    /// Reads a few of its fields.
    pub(crate) fn touch(&self) -> u64 {
        let started = self.cycle.as_ref().map_or(0, |cycle| cycle.started_at.0);
        u64::from(self.pending == self.last_public) ^ started.cast_unsigned()
    }

    /// Moves past one entry and says what it did.
    pub(crate) fn step(&mut self, entry: &Entry, rules: Rules) -> Step {
        if entry.retracted {
            return Step::default();
        }
        match &entry.body {
            Body::Message(message) => self.message(message, entry.at, rules),
            Body::Change { change, manager } => {
                self.change(*change, *manager, entry.at);
                Step::default()
            }
        }
    }

    fn message(&mut self, message: &Message, at: Time, rules: Rules) -> Step {
        if message.author == Author::Bot && rules.bot_replies == BotReplies::Ignore {
            return Step::default();
        }
        let mut step = Step::default();
        match message.author {
            Author::Contact => step.finished = self.contact(message, at, rules.cycle_gap),
            Author::Manager => step.samples = self.manager(message.manager, at),
            Author::Bot => step.samples.wait = self.bot(at),
            Author::System | Author::Campaign => {}
        }
        self.last_public = at.into();
        if message.assignee.is_some() {
            self.assignee = message.assignee;
        }
        step
    }

    fn contact(&mut self, message: &Message, at: Time, gap: Option<i64>) -> Option<Cycle> {
        self.last_contact_any = at.into();
        if !message.expects_reply {
            return None;
        }
        self.begin_to_wait(at);
        self.last_contact = at.into();
        if self.stage().is_some_and(Stage::is_open) && !self.silent_for(at, gap) {
            return None;
        }
        self.cycle.replace(Cycle {
            started_at: at,
            contact: message.contact,
            answered: false,
            pending_at_close: false,
            closed_at: Moment::NONE,
            closed_by: None,
            reopened_at: Moment::NONE,
            owed_by: None,
            handed_off_at: Moment::NONE,
            stage: Stage::Unserved {
                first_from: at,
                bot_spoke: false,
                handed_off: false,
            },
        })
    }

    fn stage(&self) -> Option<Stage> {
        self.cycle.as_ref().map(|cycle| cycle.stage)
    }

    fn silent_for(&self, at: Time, gap: Option<i64>) -> bool {
        match (gap, self.last_public.get()) {
            (Some(gap), Some(last)) => at.since(last) >= gap,
            _ => false,
        }
    }

    fn manager(&mut self, manager: Option<Name>, at: Time) -> Samples {
        let mut samples = Samples {
            kommo: self.last_contact_any.get().map(|from| at.since(from)),
            ..Samples::default()
        };
        if let Some(pending) = self.pending.take() {
            let turn_from = self
                .last_contact
                .get()
                .map_or(pending, |last| last.max(pending));
            let assigned_from = self
                .assigned_to(manager)
                .map_or(pending, |t| t.max(pending));
            samples.wait = Some(at.since(pending));
            samples.turn = Some(at.since(turn_from));
            samples.assigned = Some(at.since(assigned_from));
        }
        if let Some(cycle) = self.cycle.as_mut() {
            cycle.answered |= samples.wait.is_some();
            if let Stage::Unserved { first_from, .. } = cycle.stage {
                samples.first = Some(at.since(first_from));
                samples.first_from_start = Some(at.since(cycle.started_at));
                cycle.stage = Stage::Served;
            }
        }
        if manager.is_some() {
            self.last_manager = manager;
        }
        samples
    }

    /// A bot's reply clears the clock only while the conversation is with the bot: once people
    /// have it, a bot's chatter must not hide that a reply is owed (G4, G5).
    fn bot(&mut self, at: Time) -> Option<i64> {
        let cycle = self.cycle.as_mut()?;
        if let Stage::Unserved { bot_spoke, .. } = &mut cycle.stage {
            *bot_spoke = true;
        }
        if !cycle.stage.is_with_bot() {
            return None;
        }
        self.pending.take().map(|pending| at.since(pending))
    }

    fn change(&mut self, change: Change, manager: Option<Name>, at: Time) {
        match change {
            Change::Assigned => self.assign(manager, at),
            Change::HandedOff => {
                self.hand_off(at);
                self.assign(manager, at);
            }
            Change::Closed => self.close(manager, at),
            Change::Reopened => {
                let closed = self
                    .cycle
                    .as_mut()
                    .filter(|cycle| cycle.stage == Stage::Closed);
                if let Some(cycle) = closed {
                    cycle.stage = Stage::Reopened;
                    cycle.reopened_at = at.into();
                }
            }
            Change::Stage | Change::Moved => {}
        }
    }

    /// Starts the people's clock, if the bot had the conversation and nobody waits already.
    fn hand_off(&mut self, at: Time) {
        let Some(cycle) = self
            .cycle
            .as_mut()
            .filter(|cycle| cycle.stage.is_with_bot())
        else {
            return;
        };
        cycle.stage = Stage::Unserved {
            first_from: at,
            bot_spoke: true,
            handed_off: true,
        };
        cycle.handed_off_at = at.into();
        self.begin_to_wait(at);
    }

    /// Starts the clock unless it runs. Assignments before that no longer matter to any sample.
    fn begin_to_wait(&mut self, at: Time) {
        if self.pending.get().is_none() {
            self.pending.set_if_none(at);
            self.assigned.clear();
        }
    }

    fn close(&mut self, by: Option<Name>, at: Time) {
        let pending = self.pending.take().is_some();
        let owed_by = self.assignee.or(self.last_manager);
        let Some(cycle) = self
            .cycle
            .as_mut()
            .filter(|cycle| cycle.stage != Stage::Closed)
        else {
            return;
        };
        // A closing that stood for a day before it was taken back is the one that counts.
        let stands = match (cycle.closed_at.get(), cycle.reopened_at.get()) {
            (Some(closed), Some(reopened)) => reopened.since(closed) > REOPENED_WITHIN,
            _ => false,
        };
        if !stands {
            cycle.closed_at = at.into();
            cycle.closed_by = by;
            cycle.reopened_at = Moment::NONE;
        }
        if pending {
            cycle.pending_at_close = true;
            cycle.owed_by = owed_by;
        }
        cycle.stage = Stage::Closed;
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
