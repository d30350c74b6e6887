//! A simulated site on the state machine of call tracking: what happens is told as the doors tell it, the truth is kept apart.

use std::collections::{BTreeSet, HashMap};

use e2e::accuracy::log::{Log, Wrong};
use e2e::accuracy::witness::{Numbers, Shown, Witness};
use e2e::accuracy::{Candidate, Found, Tally};
use trunkline_calltracking::load::{Demand, offered_load};
use trunkline_calltracking::{Ask, CallSeen, Caller, Decision, Linked, Position, Teller, Tracking};
use trunkline_model::event;
use trunkline_model::settings::{Account, TrackingRules};
use trunkline_model::text::{Id, LongText, Party};
use trunkline_model::time::Time;
use trunkline_simulate::site::{ADVERTISEMENTS, Happening, SiteConfig, Traffic, Visit, What};

const HOLD: i64 = 30 * 60_000;
const GRACE: i64 = 120 * 60_000;
const SITE: &str = "shop";
/// How long a call lasts that nobody takes.
const UNTAKEN: i64 = 20_000;

/// Gives the settings of an account with these numbers; of the rest, what is set by default.
fn rules(numbers: &Numbers, site: &SiteConfig) -> TrackingRules {
    let moved = site.moved();
    let fixed = ADVERTISEMENTS.iter().map(|it| {
        let mut entry =
            serde_json::json!({"number": numbers.printed[it.number], "source": it.source});
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
        "pool": [{"id": "web", "numbers": numbers.pool, "fallback": numbers.known}],
        "site": [{"key": SITE, "pool": "web", "origins": ["https://www.shop.example"]}],
    });
    let account: Account = serde_json::from_value(json).unwrap();
    assert_eq!(account.check(), []);
    let rules = account.fold_rules().tracking;
    assert_eq!((rules.hold, rules.grace), (HOLD, GRACE));
    rules
}

/// A run of a site on a pool.
struct World {
    tracking: Tracking,
    offset: u64,
    witness: Witness,
    /// When each visit began, and where its last sign of life expires.
    demands: HashMap<u64, Demand>,
    /// Calls in progress, by when they end, each with its caller and when it began.
    calls: BTreeSet<(Time, Line, Time)>,
}

/// A call's id, its number and its caller.
type Line = (String, String, Option<String>);

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// What is certain and wrong.
    pub(crate) wrong: Vec<Wrong>,
    /// How many numbers would have been held at once in the busiest quarter of an hour, if there were enough.
    pub(crate) load: f64,
}

/// Runs a site on a pool of so many numbers.
pub(crate) fn run(site: &SiteConfig, numbers: usize) -> Outcome {
    let mut world = World::new(site, Numbers::of(numbers));
    for happening in Traffic::new(site).unwrap() {
        world.hang_up(happening.at);
        world.happen(&happening);
    }
    world.hang_up(Time(i64::MAX));
    world.judge()
}

impl World {
    fn new(site: &SiteConfig, numbers: Numbers) -> Self {
        let rules = rules(&numbers, site);
        let mut world = Self {
            tracking: Tracking::new("acme".into(), site.seed),
            offset: 0,
            witness: Witness::new(numbers, Log::new(HOLD, GRACE), site.moved()),
            demands: HashMap::new(),
            calls: BTreeSet::new(),
        };
        let at = world.position(site.start);
        world.tracking.settings(rules, at);
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
                let position = self.position(*at);
                let linked = Linked {
                    visitor: None,
                    visit: Some(&self.witness.shown(visit).visit),
                };
                let form = format!("f{phone}-{at}");
                let by = Teller {
                    event: &form,
                    run: None,
                    within: None,
                };
                self.tracking
                    .link(linked, Caller::Phone(phone), *at, by, position);
            }
            (visit, What::Call { way, caller, talk }) => {
                let end = at.plus((*talk).max(UNTAKEN));
                let (visit, caller) = (visit.as_ref(), caller.as_deref());
                let call = self.witness.dials((*at, end), visit, *way, caller);
                let line = (call.call, call.number, call.caller);
                self.tell(&line, *at, *at, None);
                self.calls.insert((end, line, *at));
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
        self.witness.sees(at, visit, shown);
        self.lives(at, visit);
    }

    /// Notes that a visit would hold a number for longer.
    fn lives(&mut self, at: Time, visit: &Visit) {
        let until = at.plus(HOLD);
        let new = Demand { from: at, until };
        self.demands.entry(visit.number).or_insert(new).until = until;
    }

    fn sign(&mut self, at: Time, visit: &Visit, ends: bool) {
        let id = &self.witness.shown(visit).visit;
        let decision = if ends {
            self.tracking.end(at, id)
        } else {
            self.tracking.sign(at, id)
        };
        let decision = decision.unwrap();
        let page = ("https://www.shop.example/", None);
        self.record(at, &decision, page, |event| {
            (event.beat, event.ended) = (!ends, ends);
        });
        if ends {
            self.witness.ends(at, visit);
            self.demands
                .entry(visit.number)
                .and_modify(|it| it.until = at);
        } else {
            self.witness.stays(at, visit);
            self.lives(at, visit);
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
            ga_client_id: None,
            ym_client_id: None,
            consent: None,
            batch: None,
            id: None,
        };
        change(&mut event);
        let position = self.position(at);
        self.tracking
            .visit(&event, &format!("site:{SITE}"), position);
    }

    fn tell(&mut self, call: &Line, started_at: Time, now: Time, ended_at: Option<Time>) {
        let (id, number, caller) = call;
        let seen = CallSeen {
            number,
            caller: caller.as_deref().unwrap_or_default(),
            known: caller.is_some(),
            contact: None,
            inbound: true,
            started_at,
            ended_at,
        };
        let position = self.position(now);
        self.tracking.call(id, Some(&seen), position);
    }

    /// Tells of the calls that end until `now`.
    fn hang_up(&mut self, now: Time) {
        while self.calls.first().is_some_and(|(end, _, _)| *end <= now)
            && let Some((end, line, began)) = self.calls.pop_first()
        {
            self.tell(&line, began, end, Some(end));
        }
    }

    fn judge(self) -> Outcome {
        let mut tracking = self.tracking;
        assert_eq!(tracking.counts().doubled, 0);
        let (tally, wrong) = self.witness.judge(|call| found(&mut tracking, call));
        let demands: Vec<Demand> = self.demands.into_values().collect();
        Outcome {
            tally,
            wrong,
            load: offered_load(&demands),
        }
    }
}

fn found(tracking: &mut Tracking, call: &str) -> Found {
    let attribution = tracking.attribution(call).unwrap();
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
