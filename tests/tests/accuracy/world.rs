//! A simulated site on the state machine of call tracking: what happens is told as the doors tell it, the truth is kept apart.

use std::collections::HashMap;

use e2e::accuracy::log::{Dialled, Log, Whence};
use e2e::accuracy::{Candidate, Found, Tally, Truth};
use trunkline_calltracking::load::{Demand, offered_load};
use trunkline_calltracking::{
    Ask, CallSeen, Caller, Decision, Linked, Position, Tracking,
};
use trunkline_model::event;
use trunkline_model::settings::{Account, TrackingRules};
use trunkline_model::text::{Id, LongText, Party};
use trunkline_model::time::Time;
use trunkline_simulate::site::{
    ADVERTISEMENTS, Happening, SiteConfig, Traffic, Visit, Way, What,
};

const HOLD: i64 = 30 * 60_000;
const GRACE: i64 = 120 * 60_000;
const SITE: &str = "shop";
const FALLBACK: &str = "+34911999999";

/// Gives a number of the pool.
fn pooled(place: usize) -> String {
    format!("+34911{:06}", place + 1)
}

/// Gives a number of advertisements.
fn printed(place: usize) -> String {
    format!("+34912{place:06}")
}

/// Gives the settings of an account with a pool of so many numbers; of the rest, what is set by default.
fn rules(numbers: usize, site: &SiteConfig) -> TrackingRules {
    let pool: Vec<String> = (0..numbers).map(pooled).collect();
    let moved = site.moved();
    let fixed = ADVERTISEMENTS.iter().map(|it| {
        let mut entry = serde_json::json!({"number": printed(it.number), "source": it.source});
        match it.holds {
            [true, false] => entry["until"] = serde_json::json!(moved),
            [false, true] => entry["from"] = serde_json::json!(moved),
            _ => {}
        }
        entry
    });
    let json = serde_json::json!({
        "id": "a",
        "number": fixed.collect::<Vec<_>>(),
        "pool": [{"id": "web", "numbers": pool, "fallback": FALLBACK}],
        "site": [{"key": SITE, "pool": "web", "origins": ["https://www.shop.example"]}],
    });
    let account: Account = serde_json::from_value(json).unwrap();
    assert_eq!(account.check(), []);
    let rules = account.fold_rules().tracking;
    assert_eq!((rules.hold, rules.grace), (HOLD, GRACE));
    rules
}

/// What a visit is shown.
#[derive(Clone, Debug)]
struct Shown {
    visit: String,
    number: String,
    served: bool,
}

/// A run of a site on a pool.
pub(crate) struct World {
    tracking: Tracking,
    offset: u64,
    log: Log,
    numbers: usize,
    /// What each simulated visit is shown, by its number.
    shown: HashMap<u64, Shown>,
    /// The visit, with its source, in which a person saw a number last.
    seen: HashMap<(u64, String), (String, &'static str)>,
    /// When each visit began, and where its last sign of life expires.
    demands: HashMap<u64, Demand>,
    ended: Vec<(Time, String, Time)>,
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Each certain and wrong call with its reason.
    pub(crate) wrong: Vec<(String, Result<e2e::accuracy::log::Why, String>)>,
    /// How many numbers would have been held at once in the busiest quarter of an hour, if there were enough.
    pub(crate) load: f64,
}

/// Runs a site on a pool of so many numbers.
pub(crate) fn run(site: &SiteConfig, numbers: usize) -> Outcome {
    let mut world = World::new(site, numbers);
    for happening in Traffic::new(site).unwrap() {
        world.hang_up(happening.at);
        world.happen(&happening);
    }
    world.hang_up(Time(i64::MAX));
    world.judge()
}

impl World {
    fn new(site: &SiteConfig, numbers: usize) -> Self {
        let mut log = Log::new(HOLD, GRACE);
        log.moves(&printed(0), site.moved().millis());
        let mut world = Self {
            tracking: Tracking::new("acme".into(), site.seed),
            offset: 0,
            log,
            numbers,
            shown: HashMap::new(),
            seen: HashMap::new(),
            demands: HashMap::new(),
            ended: Vec::new(),
        };
        let at = world.position(site.start);
        world.tracking.settings(rules(numbers, site), at);
        world
    }

    /// Gives the place of the next record.
    fn position(&mut self, now: Time) -> Position {
        self.offset += 1;
        Position {
            offset: self.offset,
            received_at: now,
        }
    }

    fn happen(&mut self, happening: &Happening) {
        let Happening { at, visit, what } = happening;
        match (visit, what) {
            (Some(visit), What::Page { url, referrer }) => {
                self.page(*at, visit, url, referrer.as_deref());
            }
            (Some(visit), What::Beat) => self.sign(*at, visit, false),
            (Some(visit), What::End) => self.sign(*at, visit, true),
            (Some(visit), What::Form { phone }) => {
                let linked = Linked {
                    visitor: None,
                    visit: Some(&self.shown[&visit.number].visit.clone()),
                };
                let position = self.position(*at);
                self.tracking.link(linked, Caller::Phone(phone), *at, position);
            }
            (visit, What::Call { way, caller, talk }) => {
                self.call(*at, visit.as_ref(), *way, caller.as_deref(), *talk);
            }
            other => panic!("{other:?}"),
        }
    }

    fn page(&mut self, at: Time, visit: &Visit, url: &str, referrer: Option<&str>) {
        let visitor = format!("v{}", visit.visitor);
        let new_visit = format!("{SITE}-{:022}", self.offset);
        let ask = Ask {
            site: SITE,
            visitor: &visitor,
            new_visit: &new_visit,
        };
        let decision = self.tracking.decide(at, &ask).unwrap();
        self.record(at, &decision, (url, referrer), |_| {});
        let shown = Shown {
            visit: decision.visit.to_string(),
            number: decision.number.unwrap().to_string(),
            served: decision.served,
        };
        let key = (visit.person, shown.number.clone());
        let source = visit.truth.source;
        self.seen.insert(key, (shown.visit.clone(), source));
        self.hold(at, visit, &shown);
        self.shown.insert(visit.number, shown);
    }

    /// Notes that a visit lives.
    fn hold(&mut self, at: Time, visit: &Visit, shown: &Shown) {
        let until = at.plus(HOLD);
        let new = Demand { from: at, until };
        self.demands.entry(visit.number).or_insert(new).until = until;
        if shown.served {
            let visitor = format!("v{}", visit.visitor);
            self.log.sign(&visitor, &shown.visit, &shown.number, at.millis());
        }
    }

    fn sign(&mut self, at: Time, visit: &Visit, ends: bool) {
        let shown = self.shown[&visit.number].clone();
        let decision = if ends {
            self.tracking.end(at, &shown.visit)
        } else {
            self.tracking.sign(at, &shown.visit)
        };
        let decision = decision.unwrap();
        let page = ("https://www.shop.example/", None);
        self.record(at, &decision, page, |event| {
            (event.beat, event.ended) = (!ends, ends);
        });
        if ends {
            self.log.end(&shown.visit, &shown.number, at.millis());
            self.demands.entry(visit.number).and_modify(|it| it.until = at);
        } else {
            self.hold(at, visit, &shown);
        }
    }

    /// Tells of a decision, as its record in the journal does.
    fn record(
        &mut self,
        at: Time,
        decision: &Decision,
        (url, referrer): (&str, Option<&str>),
        change: impl FnOnce(&mut event::Visit<'_>),
    ) {
        let long = |text| LongText::new(text).unwrap();
        let id = |text| Id::new(text).unwrap();
        let mut event = event::Visit {
            visit: id(decision.visit.as_str()),
            visitor: id(decision.visitor.as_str()),
            url: long(url),
            at,
            referrer: referrer.map(long),
            title: None,
            ended: false,
            user_agent: None,
            number: decision.number.as_deref().map(|it| Party::new(it).unwrap()),
            site: Some(id(SITE)),
            pool: decision.pool.as_deref().map(id),
            served: decision.served,
            beat: false,
            expires_at: Some(decision.expires_at),
            batch: None,
            id: None,
        };
        change(&mut event);
        let position = self.position(at);
        self.tracking.visit(&event, &format!("site:{SITE}"), position);
    }

    fn call(
        &mut self,
        at: Time,
        visit: Option<&Visit>,
        way: Way,
        caller: Option<&str>,
        talk: i64,
    ) {
        let shown = visit.map(|visit| self.shown[&visit.number].clone());
        let number = match way {
            Way::Known => FALLBACK.to_owned(),
            Way::Printed(of) => printed(of.number),
            Way::Stray(draw) => pooled(draw as usize % self.numbers),
            Way::Shown | Way::Again | Way::Noted | Way::Passed => {
                shown.as_ref().unwrap().number.clone()
            }
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
        let end = at.plus(talk.max(20_000));
        self.tell(&call, at, None);
        self.ended.push((end, call.call.clone(), at));
        self.log.call(call, end.millis());
    }

    /// Says what brings a call on a number.
    fn truth(&self, visit: Option<&Visit>, way: Way, number: &str) -> Truth {
        match (visit, way) {
            // He was given it then, whatever became of it since.
            (Some(visit), Way::Passed) => Truth::Visit(
                self.shown[&visit.number].visit.clone(),
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

    fn tell(&mut self, call: &Dialled, now: Time, ended_at: Option<Time>) {
        let seen = CallSeen {
            number: &call.number,
            caller: call.caller.as_deref().unwrap_or_default(),
            known: call.caller.is_some(),
            contact: None,
            inbound: true,
            started_at: Time(call.at),
            ended_at,
        };
        let position = self.position(now);
        self.tracking.call(&call.call, Some(&seen), position);
    }

    /// Tells of the calls that end until `now`.
    fn hang_up(&mut self, now: Time) {
        self.ended.sort_unstable();
        let over = self.ended.partition_point(|(end, _, _)| *end <= now);
        for (end, call, _) in self.ended.drain(..over).collect::<Vec<_>>() {
            let place: usize = call[1..].parse().unwrap();
            let call = self.log.calls[place].clone();
            self.tell(&call, end, Some(end));
        }
    }

    fn found(&mut self, call: &str) -> Found {
        let attribution = self.tracking.attribution(call).unwrap();
        let candidates = attribution.candidates.into_iter().map(|one| Candidate {
            visit: one.visit,
            source: one.source.source.map(|source| source.to_string()),
            weight: one.weight,
        });
        Found {
            rule: attribution.rule,
            certainty: attribution.certainty.as_str().to_owned(),
            candidates: candidates.collect(),
        }
    }

    /// Counts all calls, and has what is certain and wrong explained.
    fn judge(mut self) -> Outcome {
        assert_eq!(self.tracking.counts().doubled, 0);
        let mut tally = Tally::default();
        let mut wrong = Vec::new();
        for call in self.log.calls.clone() {
            let found = self.found(&call.call);
            tally.add(&call.truth, call.served, &found);
            if found.certainty == "certain" && !found.is_right(&call.truth) {
                let text = format!("{call:?} {found:?}");
                wrong.push((text, self.log.explain(&call, &found)));
            }
        }
        let demands: Vec<Demand> = self.demands.into_values().collect();
        Outcome {
            tally,
            wrong,
            load: offered_load(&demands),
        }
    }
}
