//! One conversation from its first event to its last: the clock, the bot, the cycles, and the
//! samples they give.

use std::collections::HashMap;

use super::{Definition, Sample};
use crate::events::{Author, Change, Event, Message};

/// What an account sets.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `bot_replies = "ignore"`: as if the bot's messages were not there.
    pub ignore_bots: bool,
    /// Silence in milliseconds after which a contact's message begins a new cycle, by channel.
    pub cycle_gaps: HashMap<String, i64>,
}

/// A cycle of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Its first contact message.
    pub started_at: i64,
    /// That message's author.
    pub contact: String,
    /// Whether a manager's message cleared a pending one.
    pub answered: bool,
    /// When it was closed, if it was.
    pub closed_at: Option<i64>,
    /// By whom.
    pub closed_by: Option<String>,
    /// Whether a message was pending then.
    pub pending_at_close: bool,
    /// The first `reopened` after the closing, before the next cycle.
    pub reopened_at: Option<i64>,
    /// Who owed the reply that was pending then: the assignee, else who had written last.
    pub owed_by: Option<String>,
    /// When people took it over from the bot.
    pub handed_off_at: Option<i64>,
}

/// What became of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Its cycles in order.
    pub cycles: Vec<Cycle>,
    /// The message that still waits.
    pub pending_at: Option<i64>,
    /// Since when the first reply of its cycle is owed.
    pub unserved_at: Option<i64>,
    /// To whom it was last assigned or handed off; nobody when that named nobody.
    pub assignee: Option<String>,
    /// The known manager who wrote last.
    pub last_manager: Option<String>,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the dictionary"
)]
struct Walk {
    walked: Walked,
    samples: Vec<Sample>,
    last_message_at: Option<i64>,
    /// The last contact message, whatever it expects.
    last_inbound: Option<i64>,
    /// The last contact message that expects a reply, or the hand-off that started the clock if
    /// later.
    turn_from: Option<i64>,
    assigned_at: HashMap<String, i64>,
    in_cycle: bool,
    with_bot: bool,
    bot_spoke: bool,
    handed_off_at: Option<i64>,
    manager_spoke: bool,
}

/// Walks a sorted timeline.
pub(super) fn walk(timeline: &[Event], rules: &Rules) -> (Walked, Vec<Sample>) {
    let mut walk = Walk::default();
    for event in timeline {
        match event {
            Event::Message(message) => walk.message(message, rules),
            Event::Change(change) => walk.change(change),
        }
    }
    walk.walked.unserved_at = walk.unserved_at();
    (walk.walked, walk.samples)
}

impl Walk {
    fn message(&mut self, message: &Message, rules: &Rules) {
        if message.author == Author::Bot && rules.ignore_bots {
            return;
        }
        match message.author {
            Author::Contact => self.contact(message, rules),
            Author::Manager => self.manager(message),
            Author::Bot => self.bot(message),
            Author::System | Author::Campaign => {}
        }
        self.last_message_at = Some(message.at);
    }

    fn contact(&mut self, message: &Message, rules: &Rules) {
        self.last_inbound = Some(message.at);
        if !message.expects_reply {
            return;
        }
        let silence = self.last_message_at.map_or(0, |last| message.at - last);
        let gap = rules
            .cycle_gaps
            .get(&message.channel)
            .is_some_and(|&gap| silence >= gap);
        if !self.in_cycle || gap {
            self.begin_cycle(message);
        }
        self.walked.pending_at.get_or_insert(message.at);
        self.turn_from = Some(message.at);
    }

    fn unserved_at(&self) -> Option<i64> {
        self.walked.pending_at?;
        let started = self.walked.cycles.last()?.started_at;
        (self.in_cycle && !self.manager_spoke).then(|| self.handed_off_at.unwrap_or(started))
    }

    fn begin_cycle(&mut self, message: &Message) {
        self.in_cycle = true;
        self.with_bot = false;
        self.bot_spoke = false;
        self.handed_off_at = None;
        self.manager_spoke = false;
        self.walked.cycles.push(Cycle {
            started_at: message.at,
            contact: message.contact.clone(),
            answered: false,
            closed_at: None,
            closed_by: None,
            pending_at_close: false,
            reopened_at: None,
            owed_by: None,
            handed_off_at: None,
        });
    }

    fn manager(&mut self, message: &Message) {
        if let Some(last) = self.last_inbound {
            self.sample(Definition::Kommo, message, last);
        }
        if let Some(pending) = self.walked.pending_at.take() {
            let manager = message.manager.clone().unwrap_or_default();
            let assigned = self.assigned_at.get(&manager).copied().unwrap_or(i64::MIN);
            self.sample(Definition::Turn, message, self.turn_from.unwrap_or(pending));
            self.sample(Definition::Wait, message, pending);
            self.sample(Definition::Assigned, message, pending.max(assigned));
            if let Some(cycle) = self.cycle() {
                cycle.answered = true;
            }
        }
        if self.in_cycle && !self.manager_spoke {
            let started = self.walked.cycles.last().map(|cycle| cycle.started_at);
            let from = self.handed_off_at.filter(|_| self.bot_spoke).or(started);
            self.sample(Definition::First, message, from.unwrap_or(message.at));
            self.manager_spoke = true;
        }
        self.with_bot = false;
        if message.manager.is_some() {
            self.walked.last_manager.clone_from(&message.manager);
        }
    }

    fn bot(&mut self, message: &Message) {
        if self.handed_off_at.is_some() || self.manager_spoke {
            return;
        }
        if let Some(pending) = self.walked.pending_at.take() {
            self.sample(Definition::Wait, message, pending);
        }
        self.with_bot = true;
        self.bot_spoke = true;
    }

    fn change(&mut self, change: &Change) {
        match change.change {
            "closed" => self.closed(change),
            "reopened" => {
                if !self.in_cycle
                    && let Some(cycle) = self.walked.cycles.last_mut()
                {
                    cycle.reopened_at.get_or_insert(change.at);
                }
            }
            "handed_off" => {
                if self.with_bot && self.in_cycle {
                    self.with_bot = false;
                    self.handed_off_at = Some(change.at);
                    if let Some(cycle) = self.cycle() {
                        cycle.handed_off_at = Some(change.at);
                    }
                    if self.walked.pending_at.is_none() {
                        self.walked.pending_at = Some(change.at);
                        self.turn_from = Some(change.at);
                    }
                }
                self.assign(change);
            }
            "assigned" => self.assign(change),
            _ => {}
        }
    }

    fn assign(&mut self, change: &Change) {
        self.walked.assignee.clone_from(&change.manager);
        if let Some(manager) = &change.manager {
            self.assigned_at.insert(manager.clone(), change.at);
        }
    }

    fn closed(&mut self, change: &Change) {
        let pending = self.walked.pending_at.take().is_some();
        let Walked {
            assignee,
            last_manager,
            ..
        } = &self.walked;
        let owed_by = assignee.clone().or(last_manager.clone());
        if let Some(cycle) = self.cycle() {
            cycle.closed_at = Some(change.at);
            cycle.closed_by.clone_from(&change.manager);
            cycle.pending_at_close = pending;
            cycle.owed_by = owed_by.filter(|_| pending);
        }
        self.in_cycle = false;
        self.with_bot = false;
    }

    fn cycle(&mut self) -> Option<&mut Cycle> {
        if self.in_cycle {
            self.walked.cycles.last_mut()
        } else {
            None
        }
    }

    fn sample(&mut self, definition: Definition, message: &Message, from: i64) {
        self.samples.push(Sample {
            definition,
            millis: message.at - from,
            author: message.author,
            manager: message.manager.clone(),
            channel: message.channel.clone(),
            conversation: message.conversation.clone(),
            message: message.id.clone(),
            at: message.at,
        });
    }
}
