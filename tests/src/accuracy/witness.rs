//! What the people of a simulated site were shown, and so what they dial and what brings their calls.

use std::collections::HashMap;

use trunkline_model::time::Time;
use trunkline_simulate::site::{Visit, Way};

use super::log::{Dialled, Log, Whence, Wrong};
use super::{Found, Tally, Truth};

/// The numbers that people can dial.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Those of the pool.
    pub pool: Vec<String>,
    /// That which everybody knows, and which is shown when none is free.
    pub known: String,
    /// Those of advertisements.
    pub printed: [String; 2],
}

impl Numbers {
    /// Makes the numbers of a pool of this size.
    pub fn of(size: usize) -> Self {
        Self {
            pool: (1..=size)
                .map(|place| format!("+34911{place:06}"))
                .collect(),
            known: "+34911999999".to_owned(),
            printed: ["+34912000001".to_owned(), "+34912000002".to_owned()],
        }
    }
}

/// What a visit is shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The visit's id.
    pub visit: String,
    /// The number.
    pub number: String,
    /// Whether the number is the visit's own.
    pub served: bool,
}

/// What people saw, and what they did.
#[derive(Debug)]
pub struct Witness {
    numbers: Numbers,
    log: Log,
    /// What each simulated visit is shown, by its number.
    shown: HashMap<u64, Shown>,
    /// The visit, with its source, in which a person saw a number last.
    seen: HashMap<(u64, String), (String, &'static str)>,
}

impl Witness {
    /// Begins with a site that nobody has seen; `moved` is when the first number of advertisements becomes another's.
    pub fn new(numbers: Numbers, mut log: Log, moved: Time) -> Self {
        log.moves(&numbers.printed[0], moved.millis());
        Self {
            numbers,
            log,
            shown: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    /// Gives what a visit is shown.
    pub fn shown(&self, visit: &Visit) -> &Shown {
        &self.shown[&visit.number]
    }

    /// Sees what a page shows.
    pub fn sees(&mut self, at: Time, visit: &Visit, shown: Shown) {
        let key = (visit.person, shown.number.clone());
        let source = visit.truth.source;
        self.seen.insert(key, (shown.visit.clone(), source));
        self.shown.insert(visit.number, shown);
        self.stays(at, visit);
    }

    /// Sees that a visit goes on.
    pub fn stays(&mut self, at: Time, visit: &Visit) {
        let shown = &self.shown[&visit.number];
        if shown.served {
            let visitor = visit.visitor.to_string();
            self.log
                .sign(&visitor, &shown.visit, &shown.number, at.millis());
        }
    }

    /// Sees that a visit gives its number back.
    pub fn ends(&mut self, at: Time, visit: &Visit) {
        let shown = &self.shown[&visit.number];
        self.log.end(&shown.visit, &shown.number, at.millis());
    }

    /// Dials, from `at` until `end`.
    pub fn dials(
        &mut self,
        (at, end): (Time, Time),
        visit: Option<&Visit>,
        way: Way,
        caller: Option<&str>,
    ) -> Dialled {
        let shown = visit.map(|visit| self.shown(visit).clone());
        let pool = &self.numbers.pool;
        let number = match (way, &shown) {
            (Way::Printed(of), _) => self.numbers.printed[of.number].clone(),
            (Way::Stray(draw), _) => pool[draw as usize % pool.len()].clone(),
            (_, Some(shown)) => shown.number.clone(),
            (_, None) => self.numbers.known.clone(),
        };
        let call = Dialled {
            call: format!("c{}", self.log.calls.len()),
            at: at.millis(),
            caller: caller.map(str::to_owned),
            whence: match way {
                Way::Passed => Whence::Given,
                Way::Stray(_) => Whence::Mistaken,
                _ => Whence::Seen,
            },
            truth: self.truth(visit, way, &number),
            served: shown.map(|shown| shown.served),
            number,
        };
        self.log.call(call.clone(), end.millis());
        call
    }

    /// Says what brings a call on a number.
    fn truth(&self, visit: Option<&Visit>, way: Way, number: &str) -> Truth {
        match (visit, way) {
            // He was given it then, whatever became of it since.
            (Some(visit), Way::Passed) => Truth::Visit(
                self.shown(visit).visit.clone(),
                visit.truth.source.to_owned(),
            ),
            (Some(visit), _) => {
                let (seen, source) = &self.seen[&(visit.person, number.to_owned())];
                Truth::Visit(seen.clone(), (*source).to_owned())
            }
            (None, Way::Printed(of)) => Truth::Advertisement(of.source.to_owned()),
            (None, _) => Truth::Nobody,
        }
    }

    /// Counts all calls by what is found of each, and explains what is certain and wrong.
    pub fn judge(mut self, mut found: impl FnMut(&str) -> Found) -> (Tally, Vec<Wrong>) {
        let mut tally = Tally::default();
        let mut wrong = Vec::new();
        for call in self.log.calls.clone() {
            let found = found(&call.call);
            tally.add(&call.truth, call.served, &found);
            if found.certainty == "certain" && !found.is_right(&call.truth) {
                let why = self.log.explain(&call, &found);
                wrong.push(Wrong { call, found, why });
            }
        }
        (tally, wrong)
    }
}
