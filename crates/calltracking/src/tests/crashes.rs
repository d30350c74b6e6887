//! No two live visits hold one number, whatever is lost when.
//!
//! A world of visitors, a door that decides and a journal that a crash cuts. Who held what is judged by [`Holders`], which
//! knows nothing of the fold: it reads the journal's records in their order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trunkline_model::event::Visit;

use super::snapshot::{Checkpoint, restore, take};
use super::traffic::{Chance, settings};
use super::*;

/// Who holds which number, as the records tell: a visit from its first one until the last of its signs of life expires or
/// it ends, and while a call on it goes on, and a hold after that.
#[derive(Default)]
struct Holders {
    numbers: BTreeMap<String, Holder>,
    calls: BTreeMap<String, Told>,
}

struct Holder {
    visit: String,
    since: i64,
    expires: i64,
    ended: Option<i64>,
}

const HOLD: i64 = 30 * MINUTE;

impl Holders {
    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), String> {
        if !visit.served {
            return Ok(());
        }
        let number = visit.number.as_deref().unwrap();
        let (at, id) = (visit.at.0, &*visit.visit);
        let new = Holder {
            visit: id.to_owned(),
            since: at,
            expires: visit.expires_at.unwrap().0,
            ended: visit.ended.then_some(at),
        };
        let Some(known) = self.numbers.get_mut(number) else {
            self.numbers.insert(number.to_owned(), new);
            return Ok(());
        };
        if known.visit == id {
            known.expires = known.expires.max(new.expires);
            known.ended = known.ended.or(new.ended);
            return Ok(());
        }
        let until = known.until(number, &self.calls);
        if at < until {
            return Err(format!(
                "{number}: {} has it until {until}, and {id} from {at}",
                known.visit
            ));
        }
        *known = new;
        Ok(())
    }
}

impl Holder {
    fn until(&self, number: &str, calls: &BTreeMap<String, Told>) -> i64 {
        let mut until = self.expires;
        // Once for each: one that goes on may bring another along.
        for _ in calls {
            for told in calls.values().filter(|told| told.number == number) {
                let begun = told.started.0;
                if self.since <= begun && begun < until {
                    let end = told.ended.map_or(begun + 4 * HOUR * MINUTE, |end| end.0);
                    until = until.max(end + HOLD);
                }
            }
        }
        self.ended.map_or(until, |ended| until.min(ended))
    }
}

/// The door with its state, and the journal.
struct World {
    tracking: Tracking,
    journal: Vec<Record>,
    /// Records that were decided on and are on their way; a crash loses them.
    waiting: Vec<Record>,
    saved: Option<Checkpoint>,
    now: i64,
    /// When nothing was on its way last.
    settled: i64,
    chance: Chance,
    made: usize,
    known: Vec<String>,
    served: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            tracking: Tracking::new("acme".into(), 7),
            journal: Vec::new(),
            waiting: vec![Record::Settings(settings(false))],
            saved: None,
            now: 0,
            settled: 0,
            chance: Chance::new(seed),
            made: 0,
            known: Vec::new(),
            served: 0,
        };
        world.commit();
        world
    }

    /// Puts what is on its way into the journal, and tells the fold.
    fn commit(&mut self) {
        for record in std::mem::take(&mut self.waiting) {
            self.journal.push(record);
            let offset = self.journal.len() as u64;
            hear(
                &mut self.tracking,
                &self.journal[offset as usize - 1],
                offset,
            );
        }
        self.tracking.settle();
    }

    fn decide(&mut self) {
        self.made += 1;
        let new_visit = format!("main-{:05}", self.made);
        let visitor = format!("v{}", self.chance.below(9));
        let ask = Ask {
            site: "main",
            visitor: &visitor,
            new_visit: &new_visit,
        };
        let decision = self.tracking.decide(at(self.now), &ask).unwrap();
        self.served += usize::from(decision.served && decision.is_new);
        self.known.push(decision.visit.to_string());
        if self.chance.one_in(6) {
            // It was never handed to the journal: a page that went away, a door that is overloaded.
            self.tracking.take_back(&new_visit);
            return;
        }
        self.waiting.push(record(&decision, self.now, ""));
    }

    fn sign(&mut self) {
        let Some(last) = self.known.len().checked_sub(1) else {
            return;
        };
        let visit = self.known[last - self.chance.below(6).min(last as u64) as usize].clone();
        let ends = self.chance.one_in(5);
        let (decision, more) = if ends {
            let decision = self.tracking.end(at(self.now), &visit);
            (decision, r#","ended":true"#)
        } else {
            let decision = self.tracking.sign(at(self.now), &visit);
            (decision, r#","beat":true"#)
        };
        if let Some(decision) = decision {
            self.waiting.push(record(&decision, self.now, more));
        }
    }

    fn call(&mut self) {
        let begun = self.now - self.chance.below(40) as i64;
        let ended = (!self.chance.one_in(4)).then(|| at(begun + self.chance.below(25) as i64));
        let told = Told {
            number: number(self.chance.below(4) as usize + 1),
            caller: format!("+3460000000{}", self.chance.below(5)),
            started: at(begun),
            ended,
        };
        // Some are told again: a call that went on has ended.
        let call = format!("c{}", self.chance.below(60));
        self.waiting.push(Record::Call(call, Some(told)));
        // A call that is on its way renews nothing yet: the judge knows it once the door does.
        self.commit();
    }

    /// Loses what is on its way and all that memory has, but for some of what was about to be written.
    fn crash(&mut self) {
        let kept = self.chance.below(self.waiting.len() as u64 + 1) as usize;
        self.journal.extend(self.waiting.drain(..).take(kept));
        let (mut tracking, first) = match &self.saved {
            Some(saved) => restore(saved),
            None => (Tracking::new("acme".into(), 7), 1),
        };
        for (offset, record) in (1..).zip(&self.journal).skip(first as usize - 1) {
            hear(&mut tracking, record, offset);
        }
        tracking.settle();
        self.tracking = tracking;
    }

    fn step(&mut self) {
        if self.waiting.is_empty() {
            self.settled = self.now;
        }
        self.now += self.chance.below(9) as i64;
        // The journal answers or fails within seconds: nothing is on its way for as long as a lease lives.
        if self.now - self.settled > 15 {
            self.commit();
        }
        match self.chance.below(20) {
            0..=8 => self.decide(),
            9..=12 => self.sign(),
            13 => self.call(),
            14 if self.chance.one_in(3) => self.crash(),
            // An append that fails: nobody gets an answer.
            15 => self.waiting.clear(),
            16 if self.chance.one_in(4) => {
                self.commit();
                let next = self.journal.len() as u64 + 1;
                self.saved =
                    Some(take(&mut self.tracking, &self.journal, next, &mut self.chance).0);
            }
            _ => self.commit(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// The invariant `no_number_twice`.
    #[test]
    fn no_number_twice(seed in any::<u64>()) {
        let mut world = World::new(seed);
        for _ in 0..400 {
            world.step();
        }
        world.commit();
        let mut holders = Holders::default();
        for record in &world.journal {
            match record {
                Record::Visit { json, .. } => {
                    let Event::Visit(visit) = Event::parse(json).unwrap() else { panic!() };
                    let judged = holders.visit(&visit);
                    prop_assert!(judged.is_ok(), "{:?}", judged);
                }
                Record::Call(call, Some(told)) => {
                    holders.calls.insert(call.clone(), told.clone());
                }
                _ => {}
            }
        }
        prop_assert_eq!(world.tracking.counts().doubled, 0);
        // The traffic is worth the name: numbers go round, and are not always there.
        prop_assert!(world.served > 20, "{} visits had a number", world.served);
    }
}

#[test]
fn the_judge_sees_a_number_held_twice() {
    let mut fold = Fold::new(pool_of(2));
    let ann = fold.ask(0, "main", "ann");
    let mut bob = fold.ask(1, "main", "bob");
    bob.number.clone_from(&ann.number);
    let mut holders = Holders::default();
    let mut judge = |decision: &Decision, minute| {
        let Record::Visit { json, .. } = record(decision, minute, "") else {
            panic!()
        };
        let Event::Visit(visit) = Event::parse(&json).unwrap() else {
            panic!()
        };
        holders.visit(&visit)
    };
    assert!(judge(&ann, 0).is_ok());
    assert!(judge(&bob, 29).is_err());
    assert!(judge(&bob, 30).is_ok());
}
