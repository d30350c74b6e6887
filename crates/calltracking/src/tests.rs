//! Call tracking as its worker uses it: through decisions and records.
//!
//! Times are minutes after a fixed instant. Expected values are computed by hand from `metrics.md` §3.

use compact_str::CompactString;
use trunkline_model::event::Event;
use trunkline_model::settings::{Account, TrackingRules};
use trunkline_model::time::Time;

use crate::{
    Ask, Attribution, AttributionFact, CallSeen, Caller, Decision, LeadLink, Linked, Position,
    Teller, Tracking, TrackingRows, VisitFact,
};

mod allocation;
mod attribution;
mod cold;
mod crashes;
mod late;
mod links;
mod memory;
mod rows;
mod snapshot;
mod traffic;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;
const START: i64 = 1_790_000_000_000;

/// Gives the instant `minutes` after the start.
fn at(minutes: i64) -> Time {
    Time(START + minutes * MINUTE)
}

/// Reads the tracking settings of an account.
fn rules(text: &str) -> TrackingRules {
    let account: Account = serde_json::from_str(text).unwrap();
    assert_eq!(account.check(), []);
    account.fold_rules().tracking
}

/// Gives an account with a site `main` on a pool `web` of some numbers (`+34911000001` and on), with a fallback.
fn pool_of(numbers: usize) -> TrackingRules {
    let numbers: Vec<String> = (1..=numbers).map(number).collect();
    let json = serde_json::json!({
        "id": "a",
        "pool": [{ "id": "web", "numbers": numbers, "fallback": "+34911999999", "source": "site" }],
        "site": [{ "key": "main", "pool": "web" }, { "key": "bare" }],
    });
    rules(&json.to_string())
}

/// Gives the number of this place in the pool.
fn number(place: usize) -> String {
    format!("+34911{place:06}")
}

/// A record of the journal, or what the fold of calls tells of one.
#[derive(Clone, Debug)]
enum Record {
    Visit {
        json: String,
        origin: String,
    },
    Settings(TrackingRules),
    Call(String, Option<Told>),
    Link {
        visitor: Option<String>,
        visit: Option<String>,
        phone: String,
        at: Time,
        /// The id of the event that tells it.
        event: String,
    },
    /// A lead as it stands: its visitor, its contacts, and since when it is known who they are.
    Lead(String, String, Vec<(String, Time)>),
    Retract(String),
}

/// What is told of a call.
#[derive(Clone, Debug)]
struct Told {
    number: String,
    caller: String,
    started: Time,
    ended: Option<Time>,
}

/// A fold with the offset of its next record.
struct Fold {
    tracking: Tracking,
    next: u64,
    visits: usize,
    log: Vec<Record>,
}

impl Fold {
    fn new(rules: TrackingRules) -> Self {
        let mut fold = Self {
            tracking: Tracking::new("acme".into(), 7),
            next: 1,
            visits: 0,
            log: Vec::new(),
        };
        fold.hear(Record::Settings(rules));
        fold
    }

    /// Hears a record at the next offset.
    fn hear(&mut self, record: Record) {
        let offset = self.next;
        self.next += 1;
        hear(&mut self.tracking, &record, offset);
        self.log.push(record);
    }

    /// Asks for a decision, without recording it.
    fn ask(&mut self, minute: i64, site: &str, visitor: &str) -> Decision {
        self.visits += 1;
        let new_visit = format!("{site}-{:04}", self.visits);
        let ask = Ask {
            site,
            visitor,
            new_visit: &new_visit,
        };
        self.tracking.decide(at(minute), &ask).unwrap()
    }

    /// Decides and records the decision.
    fn visit(&mut self, minute: i64, visitor: &str) -> Decision {
        let decision = self.ask(minute, "main", visitor);
        let id = if decision.is_new {
            format!(r#","id":"e-{}""#, decision.visit)
        } else {
            String::new()
        };
        self.hear(record(&decision, minute, &id));
        decision
    }

    /// Hears a sign of life and records it; says whether the visit lives.
    fn beat(&mut self, minute: i64, visit: &str) -> bool {
        let decision = self.tracking.sign(at(minute), visit);
        if let Some(decision) = &decision {
            self.hear(record(decision, minute, r#","beat":true"#));
        }
        decision.is_some()
    }

    /// Ends a visit.
    fn end(&mut self, minute: i64, visit: &str) {
        let decision = self.tracking.sign(at(minute), visit).unwrap();
        self.hear(record(&decision, minute, r#","ended":true"#));
    }

    /// Tells of a call.
    fn call(&mut self, call: &str, number: &str, caller: &str, from: i64, to: Option<i64>) {
        let told = Told {
            number: number.to_owned(),
            caller: caller.to_owned(),
            started: at(from),
            ended: to.map(at),
        };
        self.hear(Record::Call(call.to_owned(), Some(told)));
    }

    /// Says that a visitor is a caller since `minute`.
    fn link(&mut self, visitor: &str, phone: &str, minute: i64) {
        self.hear(Record::Link {
            visitor: Some(visitor.to_owned()),
            visit: None,
            phone: phone.to_owned(),
            at: at(minute),
            event: format!("l-{visitor}-{phone}-{minute}"),
        });
    }

    /// Gives what brought a call: rule, certainty, reason, and each visit with its weight.
    fn brought(&mut self, call: &str) -> Brought {
        brought(&self.tracking.attribution(call).unwrap())
    }
}

type Brought = (u8, &'static str, &'static str, Vec<(String, f64)>);

fn brought(of: &Attribution) -> Brought {
    let reason = of.reason.map_or("", |reason| reason.as_str());
    let sum: f64 = of.candidates.iter().map(|one| one.weight).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{of:?}");
    let candidates = of.candidates.iter();
    let visits = candidates.filter_map(|one| Some((one.visit.clone()?, one.weight)));
    (of.rule, of.certainty.as_str(), reason, visits.collect())
}

/// Asserts that weights are these, but for rounding.
fn assert_weights(got: &[(String, f64)], expected: &[(&CompactString, f64)]) {
    assert_eq!(got.len(), expected.len(), "{got:?}");
    for ((visit, weight), (expected, share)) in got.iter().zip(expected) {
        assert_eq!(visit, *expected, "{got:?}");
        assert!((weight - share).abs() < 1e-9, "{got:?}");
    }
}

/// Gives the event of a decision, as the door writes it; `more` goes into its object.
fn record(decision: &Decision, minute: i64, more: &str) -> Record {
    let Decision {
        visit,
        visitor,
        site,
        ..
    } = decision;
    let option = |name: &str, value: &Option<CompactString>| {
        let value = value.as_ref();
        value.map_or_else(String::new, |value| format!(r#","{name}":"{value}""#))
    };
    let (number, pool) = (
        option("number", &decision.number),
        option("pool", &decision.pool),
    );
    let json = format!(
        r#"{{"type":"visit","visit":"{visit}","visitor":"{visitor}","site":"{site}","url":"https://acme.example/?utm_source={visitor}","at":"{}","expires_at":"{}","served":{}{number}{pool}{more}}}"#,
        at(minute),
        decision.expires_at,
        decision.served,
    );
    Record::Visit {
        json,
        origin: format!("site:{site}"),
    }
}

/// Hears a record at an offset.
fn hear(tracking: &mut Tracking, record: &Record, offset: u64) {
    let position = Position {
        offset,
        received_at: at(offset as i64),
    };
    match record {
        Record::Settings(rules) => tracking.settings(rules.clone(), position),
        Record::Visit { json, origin } => match Event::parse(json).unwrap() {
            Event::Visit(visit) => tracking.visit(&visit, origin, position),
            other => panic!("{other:?}"),
        },
        Record::Call(call, told) => {
            let seen = told.as_ref().map(|told| CallSeen {
                number: &told.number,
                caller: &told.caller,
                known: told.caller.starts_with('+'),
                contact: None,
                inbound: true,
                started_at: told.started,
                ended_at: told.ended,
            });
            tracking.call(call, seen.as_ref(), position);
        }
        Record::Link {
            visitor,
            visit,
            phone,
            at,
            event,
        } => {
            let linked = Linked {
                visitor: visitor.as_deref(),
                visit: visit.as_deref(),
            };
            let by = Teller {
                event,
                run: None,
                within: None,
            };
            tracking.link(linked, Caller::Phone(phone), *at, by, position);
        }
        Record::Lead(lead, visitor, contacts) => {
            let links = contacts.iter().map(|(contact, since)| LeadLink {
                linked: Linked {
                    visitor: Some(visitor),
                    visit: None,
                },
                contact,
                since: *since,
            });
            tracking.lead(lead, &links.collect::<Vec<_>>(), position);
        }
        Record::Retract(json) => match Event::parse(json).unwrap() {
            Event::Retract(retract) => tracking.retract(&retract, position),
            other => panic!("{other:?}"),
        },
    }
}

/// All rows gathered, each as text by its id: the last stands.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    visits: std::collections::BTreeMap<String, (u64, String)>,
    attributions: std::collections::BTreeMap<String, (u64, String)>,
}

impl TrackingRows for Rows {
    fn visit(&mut self, fact: &VisitFact<'_>) {
        let mut text = fact.clone();
        let version = std::mem::take(&mut text.version);
        text.received_at = Time(0);
        self.visits
            .insert(fact.visit.to_owned(), (version, format!("{text:?}")));
    }

    fn attribution(&mut self, fact: &AttributionFact<'_>) {
        let mut text = fact.clone();
        let version = std::mem::take(&mut text.version);
        text.received_at = Time(0);
        self.attributions
            .insert(fact.call.to_owned(), (version, format!("{text:?}")));
    }
}
