//! The centre at work: an agenda of steps, taken in the order of time.
//!
//! A contact writes, once or a few times in a row. A bot may answer first, and hand over or settle
//! it. Then the conversation goes to the manager on shift with the shortest queue, who takes what
//! waits one after the other, hands some on, and closes most. What comes by night waits for the
//! morning.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::iter::Peekable;

use trunkline_model::event::{Author, Change};
use trunkline_model::time::Time;

use crate::arrivals::Arrivals;
use crate::calls::Calls;
use crate::chance::Chance;
use crate::config::{BadConfig, Config};
use crate::hours::{HOUR, MINUTE, QUARTER, SECOND};
use crate::outbox::{Outbox, Sending};
use crate::people::{Conversation, Manager};
use crate::sales::Sales;

mod say;

/// The channels on which people write.
pub const CHANNELS: [&str; 4] = ["whatsapp", "telegram", "web", "email"];

/// Runs a centre: gives its events in the order in which they are sent.
#[derive(Debug)]
pub struct Simulation {
    config: Config,
    chance: Chance,
    arrivals: Arrivals,
    agenda: BinaryHeap<Reverse<(Time, u64, Step)>>,
    steps: u64,
    managers: Vec<Manager>,
    conversations: BTreeMap<u64, Conversation>,
    begun: u64,
    /// Conversations for which nobody was there.
    unassigned: VecDeque<u64>,
    outbox: Outbox,
    sales: Sales,
    calls: Peekable<Calls>,
    /// An event of a conversation that is sent after the next of a call.
    ahead: Option<Sending>,
}

/// A manager, and the part of each working day in which there are answers, in local minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnShift<'a> {
    /// The manager's id in the events.
    pub id: &'a str,
    /// The first minute of the shift.
    pub from: u32,
    /// The minute after its last.
    pub to: u32,
    /// Whether Saturdays are working days, as Mondays to Fridays are.
    pub saturdays: bool,
}

/// What is to be done at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A quarter of an hour begins.
    Quarter,
    /// A conversation begins.
    Begin,
    /// The contact writes, and expects an answer.
    Write(u64),
    /// The contact adds something.
    Add(u64),
    /// The contact says thanks.
    Thank(u64),
    /// The bot answers.
    Bot(u64),
    /// The bot hands over.
    HandOver(u64),
    /// The conversation is given to somebody.
    Assign(u64),
    /// The manager looks at the queue.
    Look(usize),
    /// The manager answers.
    Reply(usize, u64),
    /// The manager hands the conversation to another.
    HandOn(usize, u64),
    /// The conversation is closed.
    Close(u64),
}

impl Iterator for Simulation {
    type Item = Sending;

    fn next(&mut self) -> Option<Sending> {
        let message = self.ahead.take().or_else(|| self.of_conversations());
        match (&message, self.calls.peek()) {
            (Some(said), Some(call)) if call.send_at < said.send_at => {
                self.ahead = message;
                self.calls.next()
            }
            (None, _) => self.calls.next(),
            _ => message,
        }
    }
}

impl Simulation {
    /// Gives the next event of a conversation.
    fn of_conversations(&mut self) -> Option<Sending> {
        loop {
            let next = self.agenda.peek().map(|Reverse((at, ..))| *at);
            if let Some(sending) = self.outbox.first(&mut self.sales.outbox, next) {
                return Some(sending);
            }
            let Reverse((at, _, step)) = self.agenda.pop()?;
            let number = step.of();
            self.take(at, step);
            if let Some(number) = number {
                self.forget(number);
            }
        }
    }
}

impl Step {
    /// Gives the conversation of a step that exists.
    fn of(self) -> Option<u64> {
        match self {
            Self::Quarter | Self::Begin | Self::Look(_) => None,
            Self::Write(number)
            | Self::Add(number)
            | Self::Thank(number)
            | Self::Bot(number)
            | Self::HandOver(number)
            | Self::Assign(number)
            | Self::Reply(_, number)
            | Self::HandOn(_, number)
            | Self::Close(number) => Some(number),
        }
    }
}

impl Simulation {
    /// Opens a centre.
    pub fn new(config: Config) -> Result<Self, BadConfig> {
        let config = config.checked()?;
        let mut chance = Chance::new(config.seed);
        let managers = (0..config.managers)
            .map(|number| Manager::new(number, chance.between(600, 1_600)))
            .collect();
        let mut centre = Self {
            outbox: Outbox::new(&config),
            chance,
            arrivals: Arrivals::new(),
            agenda: BinaryHeap::new(),
            steps: 0,
            managers,
            conversations: BTreeMap::new(),
            begun: 0,
            unassigned: VecDeque::new(),
            sales: Sales::new(&config, "m"),
            calls: Calls::new(&config).peekable(),
            ahead: None,
            config,
        };
        centre.plan(centre.config.start, Step::Quarter);
        Ok(centre)
    }

    /// Lists the managers with their shifts.
    pub fn managers(&self) -> impl Iterator<Item = OnShift<'_>> {
        self.managers.iter().map(|manager| OnShift {
            id: &manager.name,
            from: manager.shift.begins(),
            to: manager.shift.ends(),
            saturdays: manager.shift.saturdays(),
        })
    }

    /// Puts a step on the agenda; after the end there is none.
    fn plan(&mut self, at: Time, step: Step) {
        if at < self.config.end() {
            if let Some(conversation) = step.of().and_then(|it| self.conversations.get_mut(&it)) {
                conversation.planned += 1;
            }
            self.steps += 1;
            self.agenda.push(Reverse((at, self.steps, step)));
        }
    }

    /// Takes a step of a conversation off, and forgets it if nothing comes any more.
    fn forget(&mut self, number: u64) {
        if let Some(conversation) = self.conversations.get_mut(&number) {
            conversation.planned = conversation.planned.saturating_sub(1);
            if conversation.planned == 0 && !conversation.waits {
                self.conversations.remove(&number);
            }
        }
    }

    /// Plans a step in about so much time.
    fn soon(&mut self, at: Time, median: i64, step: Step) {
        let at = at.plus(self.chance.around(median));
        self.plan(at, step);
    }

    fn take(&mut self, at: Time, step: Step) {
        match step {
            Step::Quarter => self.quarter(at),
            Step::Begin => self.begin(at),
            Step::Write(number) => self.write(at, number),
            Step::Add(number) => self.message(at, number, Author::Contact, None),
            Step::Thank(number) => self.thank(at, number),
            Step::Bot(number) => self.bot(at, number),
            Step::HandOver(number) => self.hand_over(at, number),
            Step::Assign(number) => self.assign(at, number),
            Step::Look(manager) => self.look(at, manager),
            Step::Reply(manager, number) => self.reply(at, manager, number),
            Step::HandOn(manager, number) => self.hand_on(at, manager, number),
            Step::Close(number) => self.close(at, number),
        }
    }

    fn quarter(&mut self, at: Time) {
        self.sales.day(at);
        for begins in self.arrivals.of_quarter(&self.config, &mut self.chance, at) {
            self.plan(begins, Step::Begin);
        }
        // Who comes on shift finds what nobody was there for.
        for number in std::mem::take(&mut self.unassigned) {
            self.assign(at, number);
        }
        let next = Time((at.millis().div_euclid(QUARTER) + 1) * QUARTER);
        self.plan(next, Step::Quarter);
    }

    fn begin(&mut self, at: Time) {
        self.begun += 1;
        let number = self.begun;
        // About one contact in three was here before.
        let contacts = (number * 2 / 3).max(1);
        let contact = if self.chance.happens(333) {
            self.chance.below(contacts)
        } else {
            contacts
        };
        let (seed, turns) = (self.config.seed, self.chance.below(5));
        let conversation = Conversation {
            id: format!("s{seed}-{}-{number}", self.config.start.millis() / 1_000),
            channel: CHANNELS[self.chance.below(CHANNELS.len() as u64) as usize],
            contact: format!("s{seed}-p{contact}"),
            came: self.sales.brought(),
            events: 0,
            turns,
            manager: None,
            waits: false,
            planned: 0,
        };
        self.conversations.insert(number, conversation);
        if self.chance.happens(self.config.bots) {
            self.message(at, number, Author::Contact, None);
            self.soon(at, 2 * SECOND, Step::Bot(number));
        } else {
            self.write(at, number);
        }
    }

    fn write(&mut self, at: Time, number: u64) {
        self.message(at, number, Author::Contact, None);
        let mut later = at;
        for _ in 0..self.chance.below(8).saturating_sub(5) {
            later = later.plus(self.chance.around(15 * SECOND));
            self.plan(later, Step::Add(number));
        }
        let Some(conversation) = self.conversations.get_mut(&number) else {
            return;
        };
        if !std::mem::replace(&mut conversation.waits, true) {
            self.wait(at, number);
        }
    }

    /// Lets a conversation wait for its manager, or for anybody.
    fn wait(&mut self, at: Time, number: u64) {
        let manager = self.conversations.get(&number).and_then(|it| it.manager);
        match manager {
            Some(manager) if self.managers[manager].works(self.config.zone, at) => {
                self.enqueue(at, manager, number);
            }
            _ => self.soon(at, 8 * SECOND, Step::Assign(number)),
        }
    }

    fn enqueue(&mut self, at: Time, manager: usize, number: u64) {
        self.managers[manager].queue.push_back(number);
        if !std::mem::replace(&mut self.managers[manager].busy, true) {
            self.plan(at.plus(SECOND), Step::Look(manager));
        }
    }

    fn bot(&mut self, at: Time, number: u64) {
        self.message(at, number, Author::Bot, None);
        if self.chance.happens(250) {
            self.soon(at, 40 * SECOND, Step::Thank(number));
            self.soon(at, 10 * MINUTE, Step::Close(number));
        } else {
            self.soon(at, 25 * SECOND, Step::HandOver(number));
        }
    }

    fn hand_over(&mut self, at: Time, number: u64) {
        self.change(at, number, Change::HandedOff, None);
        if let Some(conversation) = self.conversations.get_mut(&number) {
            conversation.waits = true;
        }
        self.soon(at, 5 * SECOND, Step::Assign(number));
    }

    /// Gives a conversation to whoever is on shift and has least to do.
    fn assign(&mut self, at: Time, number: u64) {
        let zone = self.config.zone;
        let after = (self.steps % self.managers.len() as u64) as usize;
        let (late, early) = (after..self.managers.len(), 0..after);
        let here = late
            .chain(early)
            .filter(|it| self.managers[*it].works(zone, at));
        let Some(manager) = here.min_by_key(|it| self.managers[*it].queue.len()) else {
            self.unassigned.push_back(number);
            return;
        };
        let Some(conversation) = self.conversations.get_mut(&number) else {
            return;
        };
        if conversation.manager.replace(manager) != Some(manager) {
            self.change(at, number, Change::Assigned, Some(manager));
        }
        self.enqueue(at, manager, number);
    }

    fn look(&mut self, at: Time, manager: usize) {
        let zone = self.config.zone;
        let this = &mut self.managers[manager];
        let Some(&number) = this.queue.front() else {
            this.busy = false;
            return;
        };
        let takes = self.chance.around(50 * SECOND) * this.pace / 1_000;
        let done = at.plus(takes);
        // Nothing is begun that the end of the shift or lunch would interrupt.
        if !this.works(zone, at) || !this.works(zone, done) {
            let next = this.shift.next(zone, at.plus(MINUTE));
            if next.since(at) > 2 * HOUR {
                return self.go_home(at, manager);
            }
            return self.plan(next, Step::Look(manager));
        }
        this.queue.pop_front();
        let hands_on = self.managers.len() > 1 && self.chance.happens(self.config.hand_offs);
        let step = if hands_on {
            Step::HandOn(manager, number)
        } else {
            Step::Reply(manager, number)
        };
        self.plan(done, step);
    }

    /// Leaves what waits to the others.
    fn go_home(&mut self, at: Time, manager: usize) {
        self.managers[manager].busy = false;
        for number in std::mem::take(&mut self.managers[manager].queue) {
            self.soon(at, 30 * SECOND, Step::Assign(number));
        }
    }

    /// Hands a conversation to another manager on shift.
    fn hand_on(&mut self, at: Time, from: usize, number: u64) {
        let all = self.managers.len();
        let next = from + 1 + self.chance.below(all as u64 - 1) as usize;
        let works = |it: &usize| self.managers[*it].works(self.config.zone, at);
        let to = (next..next + all)
            .map(|it| it % all)
            .find(|it| *it != from && works(it));
        let Some(to) = to else {
            return self.reply(at, from, number);
        };
        self.change(at, number, Change::Assigned, Some(to));
        if let Some(conversation) = self.conversations.get_mut(&number) {
            conversation.manager = Some(to);
        }
        self.enqueue(at, to, number);
        self.plan(at.plus(2 * SECOND), Step::Look(from));
    }

    fn reply(&mut self, at: Time, manager: usize, number: u64) {
        if self.chance.happens(30) {
            self.note(at, number, manager);
        }
        self.message(at, number, Author::Manager, Some(manager));
        self.plan(at.plus(2 * SECOND), Step::Look(manager));
        let Some(conversation) = self.conversations.get_mut(&number) else {
            return;
        };
        conversation.waits = false;
        if conversation.turns > 0 {
            conversation.turns -= 1;
            return self.soon(at, 3 * MINUTE, Step::Write(number));
        }
        if self.chance.happens(300) {
            self.soon(at, MINUTE, Step::Thank(number));
        }
        if self.chance.happens(self.config.closings) {
            self.soon(at, 8 * MINUTE, Step::Close(number));
        }
        if self.chance.happens(60) {
            self.soon(at, 20 * HOUR, Step::Write(number));
        }
    }

    /// Closes a conversation, unless it waits for an answer again.
    fn close(&mut self, at: Time, number: u64) {
        let Some(conversation) = self.conversations.get(&number) else {
            return;
        };
        if !conversation.waits {
            let manager = conversation.manager;
            if manager.is_some() {
                self.sales.talked(at, &conversation.contact, None);
            }
            self.change(at, number, Change::Closed, manager);
        }
    }
}

#[cfg(test)]
mod tests;
