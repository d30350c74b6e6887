//! How a call goes, from the first ring to the end.

use trunkline_model::time::Time;

use super::{Calls, Line, NUMBERS, RINGS, Step, TRIED, WRAP_UP};
use crate::hours::{MINUTE, SECOND};

impl Calls {
    /// A call comes in: the menu, the queue, one phone or two.
    pub(super) fn comes_in(&mut self, at: Time, caller: u64, number: usize) {
        let mut line = self.line();
        let hidden = self.chance.happens(40);
        let from = if hidden {
            "anonymous".to_owned()
        } else {
            phone(caller)
        };
        self.say_started(&mut line, at, "inbound", &from, NUMBERS[number]);
        self.say(&mut line, at.plus(SECOND), |phase| phase.phase = "menu");
        let queued = at.plus(self.chance.around(9 * SECOND));
        if self.chance.happens(50) {
            return self.say(&mut line, queued, |phase| phase.phase = "ended");
        }
        let patience = self.chance.around(100 * SECOND);
        let Some((first, free)) = self.free(queued, &[]) else {
            return self.nobody_is_there(line, queued);
        };
        self.say(&mut line, queued, |phase| phase.phase = "queued");
        let missed = if free.since(queued) > patience {
            let ended = queued.plus(patience);
            self.say(&mut line, ended, |phase| phase.phase = "ended");
            Some(ended)
        } else {
            let ringing = free.plus(self.chance.between(300, 900));
            self.rings(&mut line, ringing, first)
        };
        match missed {
            _ if hidden => {}
            Some(ended) => self.remembered(ended, caller, number),
            None => {
                let contact = format!("s{}-c{caller}", self.seed);
                self.sales.talked(queued, &contact, Some(phone(caller)));
            }
        }
    }

    /// Rings at one phone after the other; gives when it ended, if nobody took it.
    fn rings(&mut self, line: &mut Line, at: Time, first: usize) -> Option<Time> {
        let (mut at, mut who, mut tried) = (at, first, Vec::new());
        loop {
            tried.push(who);
            let leg = tried.len();
            self.say_of(line, at, "ringing", who, leg);
            if !self.chance.happens(90) {
                let answered = at.plus(self.chance.around(6 * SECOND).min(RINGS));
                self.talks(line, answered, who, leg);
                return None;
            }
            at = at.plus(RINGS);
            let next = self.free(at, &tried).filter(|(_, free)| *free == at);
            let Some((next, _)) = next.filter(|_| tried.len() < TRIED) else {
                self.say(line, at, |phase| phase.phase = "ended");
                return Some(at);
            };
            who = next;
        }
    }

    /// A manager talks, may put the call on hold or pass it on.
    fn talks(&mut self, line: &mut Line, at: Time, who: usize, leg: usize) {
        self.say_of(line, at, "answered", who, leg);
        let pace = self.people[who].0.pace;
        let talk = (self.chance.around(150 * SECOND) * pace / 1_000).max(4 * SECOND);
        let mut ends = at.plus(talk);
        if self.chance.happens(120) {
            let held = at.plus(talk / 2);
            let resumed = held.plus(self.chance.around(25 * SECOND));
            self.say_of(line, held, "held", who, leg);
            self.say_of(line, resumed, "resumed", who, leg);
            ends = ends.plus(resumed.since(held));
        }
        self.people[who].1 = ends.plus(WRAP_UP);
        let to = self.free(ends, &[who]).filter(|(_, free)| *free == ends);
        if let Some((to, _)) = to
            && leg == 1
            && self.chance.happens(60)
        {
            self.say_of(line, ends, "transferred", who, leg);
            let ringing = ends.plus(SECOND);
            self.say_of(line, ringing, "ringing", to, leg + 1);
            let answered = ringing.plus(self.chance.around(5 * SECOND));
            return self.talks(line, answered, to, leg + 1);
        }
        self.say(line, ends, |phase| phase.phase = "ended");
    }

    /// Nobody works: some talk to the voicemail, the others give up.
    fn nobody_is_there(&mut self, mut line: Line, at: Time) {
        let ends = at.plus(self.chance.around(20 * SECOND));
        let voicemail = self.chance.happens(400);
        self.say(&mut line, at, |phase| phase.phase = "queued");
        self.say(&mut line, ends, |phase| {
            phase.phase = "ended";
            phase.disposition = voicemail.then_some("voicemail");
        });
    }

    /// Most of those whom nobody answered are called back, or call again.
    fn remembered(&mut self, at: Time, caller: u64, number: usize) {
        let later = at.plus(self.chance.around(25 * MINUTE));
        if self.chance.happens(550) {
            self.plan(later, Step::Out(caller, number));
        } else if self.chance.happens(500) {
            self.plan(later, Step::In(caller, number));
        }
    }

    /// A manager who is free calls somebody, who answers or does not.
    pub(super) fn goes_out(&mut self, at: Time, caller: u64, number: usize) {
        let Some((who, free)) = self.free(at, &[]) else {
            return;
        };
        let at = at.max(free);
        let mut line = self.line();
        let outside = phone(caller);
        self.say_started(&mut line, at, "outbound", NUMBERS[number], &outside);
        self.say_of(&mut line, at.plus(SECOND), "ringing", who, 1);
        if self.chance.happens(720) {
            let answered = at.plus(self.chance.around(9 * SECOND));
            return self.talks(&mut line, answered.max(at.plus(2 * SECOND)), who, 1);
        }
        let busy = self.chance.happens(250);
        let ends = at.plus(if busy { 4 * SECOND } else { 25 * SECOND });
        self.people[who].1 = ends.plus(WRAP_UP);
        self.say(&mut line, ends, |phase| {
            phase.phase = "ended";
            phase.disposition = Some(if busy { "busy" } else { "no_answer" });
        });
    }

    fn say_started(&mut self, line: &mut Line, at: Time, way: &'static str, from: &str, to: &str) {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.say(line, at, |phase| {
            phase.phase = "started";
            phase.direction = Some(way);
            phase.from = Some(from);
            phase.to = Some(to);
        });
    }

    fn say_of(&mut self, line: &mut Line, at: Time, word: &'static str, who: usize, leg: usize) {
        let manager = self.people[who].0.name.clone();
        self.say(line, at, |phase| {
            phase.phase = word;
            phase.manager = Some(manager);
            phase.leg = Some(format!("l{leg}"));
        });
    }
}

/// The phone number of a person: a mobile one of a range that is nobody's.
fn phone(caller: u64) -> String {
    format!("+34600{:06}", caller % 1_000_000)
}
