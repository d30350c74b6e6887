//! The phone of the centre: calls that come in, wait for whoever is free, ring, are talked, held and
//! passed on, and calls back to those whom nobody answered.
//!
//! It has a chance and an agenda of its own: the conversations of a centre are the same with and
//! without calls. A call is worked out whole when it begins; who talks is free again some seconds after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use trunkline_model::time::{Time, Tz};

use crate::arrivals::Arrivals;
use crate::chance::Chance;
use crate::config::Config;
use crate::events::{self, Phase};
use crate::hours::{HOUR, MINUTE, QUARTER, SECOND};
use crate::outbox::{Outbox, Sending};
use crate::people::Manager;
use crate::sales::Sales;

mod talk;

/// The numbers that people call.
const NUMBERS: [&str; 3] = ["+34910000101", "+34910000102", "+34930000103"];
/// How long a phone rings before the next is tried, and how many are.
const RINGS: i64 = 18 * SECOND;
const TRIED: usize = 2;
/// What a manager does after a call.
const WRAP_UP: i64 = 15 * SECOND;

/// Draws the calls of a centre.
#[derive(Debug)]
pub(crate) struct Calls {
    config: Config,
    /// The seed of the centre, for names.
    seed: u64,
    chance: Chance,
    arrivals: Arrivals,
    agenda: BinaryHeap<Reverse<(Time, u64, Step)>>,
    steps: u64,
    /// Who there is, and when each is free again.
    people: Vec<(Manager, Time)>,
    begun: u64,
    told: u64,
    outbox: Outbox,
    sales: Sales,
}

/// What is to be done at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A quarter of an hour begins.
    Quarter,
    /// A person of this number calls one of ours.
    In(u64, usize),
    /// A person of this number is called from one of ours.
    Out(u64, usize),
}

/// A call as it is worked out: its name, when it began, and how late it is heard of.
struct Line {
    id: String,
    late: i64,
    events: u64,
}

impl Calls {
    pub(crate) fn new(config: &Config) -> Self {
        // Calls come as conversations do, so many of a weekday; a call is late as a whole.
        let sales = Sales::new(config, "c");
        let seed = config.seed;
        let config = Config {
            seed: config.seed ^ 0x0070_686f_6e65,
            rate: config.calls,
            ..config.clone()
        };
        let mut chance = Chance::new(config.seed);
        let people = (0..config.managers)
            .map(|number| {
                (
                    Manager::new(number, chance.between(700, 1_400)),
                    config.start,
                )
            })
            .collect();
        let mut calls = Self {
            outbox: Outbox::new(&Config {
                late: 0,
                ..config.clone()
            }),
            arrivals: Arrivals::new(),
            agenda: BinaryHeap::new(),
            steps: 0,
            people,
            begun: 0,
            told: 0,
            sales,
            chance,
            seed,
            config,
        };
        if calls.config.calls > 0 {
            calls.plan(calls.config.start, Step::Quarter);
        }
        calls
    }

    fn plan(&mut self, at: Time, step: Step) {
        if at < self.config.end() {
            self.steps += 1;
            self.agenda.push(Reverse((at, self.steps, step)));
        }
    }

    fn zone(&self) -> Tz {
        self.config.zone
    }

    fn quarter(&mut self, at: Time) {
        for begins in self.arrivals.of_quarter(&self.config, &mut self.chance, at) {
            // About one caller in four was here before.
            let known = (self.begun * 3 / 4).max(1);
            let caller = if self.chance.happens(250) {
                self.chance.below(known)
            } else {
                known
            };
            let number = self.chance.below(NUMBERS.len() as u64) as usize;
            // A fifth of the calls go out, when somebody is there.
            let step = if self.chance.happens(200) {
                Step::Out(caller, number)
            } else {
                Step::In(caller, number)
            };
            self.begun += 1;
            self.plan(begins, step);
        }
        let next = Time((at.millis().div_euclid(QUARTER) + 1) * QUARTER);
        self.plan(next, Step::Quarter);
    }

    fn line(&mut self) -> Line {
        let late = if self.chance.happens(self.config.late) {
            self.chance.between(MINUTE, 6 * HOUR)
        } else {
            0
        };
        let start = self.config.start.millis() / 1_000;
        self.told += 1;
        Line {
            id: format!("s{}-{start}-c{}", self.seed, self.told),
            late,
            events: 0,
        }
    }

    /// Says that a phase of a call happened, unless that is after the end.
    fn say<'a>(&mut self, line: &'a mut Line, at: Time, edit: impl FnOnce(&mut Phase<'a>)) {
        line.events += 1;
        let mut phase = Phase {
            kind_of_event: "call",
            id: format!("{}-{}", line.id, line.events),
            call: &line.id,
            phase: "",
            at,
            direction: None,
            from: None,
            to: None,
            manager: None,
            leg: None,
            disposition: None,
        };
        edit(&mut phase);
        if at < self.config.end() {
            let event = events::written(&phase);
            self.outbox.take(at.plus(line.late), event);
        }
    }

    /// Gives the manager on shift who is free first, and when; none if nobody is there.
    fn free(&self, at: Time, but: &[usize]) -> Option<(usize, Time)> {
        let people = self.people.iter().enumerate();
        let here = people
            .filter(|(who, (manager, _))| !but.contains(who) && manager.works(self.zone(), at));
        let free = here.map(|(who, (_, free))| (who, at.max(*free)));
        // Who has been free for longest; all of them in turn.
        free.min_by_key(|(who, free)| (*free, self.people[*who].1, *who))
    }
}

impl Iterator for Calls {
    type Item = Sending;

    fn next(&mut self) -> Option<Sending> {
        loop {
            let next = self.agenda.peek().map(|Reverse((at, ..))| *at);
            if let Some(sending) = self.outbox.first(&mut self.sales.outbox, next) {
                return Some(sending);
            }
            let Reverse((at, _, step)) = self.agenda.pop()?;
            match step {
                Step::Quarter => self.quarter(at),
                Step::In(caller, number) => self.comes_in(at, caller, number),
                Step::Out(caller, number) => self.goes_out(at, caller, number),
            }
        }
    }
}

#[cfg(test)]
mod tests;
