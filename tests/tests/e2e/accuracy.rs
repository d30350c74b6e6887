//! How right attributions are through the doors, of visits whose true source is known: in small what `tests/tests/accuracy`
//! shows at length. Visits come as a site's pages tell them, calls as a provider's hook or `/v1/events` do; an hour of the
//! simulated site is four seconds. The truth stays with who saw what ([`Witness`]).

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use e2e::accuracy::log::Log;
use e2e::accuracy::witness::{Numbers, Shown, Witness};
use e2e::accuracy::{Candidate, Found, Tally, certainties, outcomes, rightness};
use e2e::clock::{HOUR, at, pause, rfc3339, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::hooks::Webhook;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};
use trunkline_model::time::Time;
use trunkline_providers::named;
use trunkline_simulate::site::{ADVERTISEMENTS, Happening, SiteConfig, Traffic, Visit, What};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// How much faster time goes here.
const FASTER: i64 = 900;
/// How long the site is looked at, in its own time.
const HOURS: i64 = 5;
/// In ours: half an hour, and two hours.
const HOLD: i64 = HOUR / 2 / FASTER;
const GRACE: i64 = 2 * HOUR / FASTER;
/// Two accounts, by their numbers: about half of the load, and so many that each rests for longer than `grace`.
const POOLS: [(&str, usize); 2] = [("few", 20), ("many", 180)];

/// The hours of a day on which most come.
fn site() -> SiteConfig {
    let day = SiteConfig::default();
    SiteConfig {
        start: day.start.plus(8 * HOUR),
        days: 1,
        visits: 600,
        calls: 800,
        late_min: 24,
        devices: 150,
        forms: 100,
        printed: 60,
        passed: 20,
        beat_s: 60,
        ..day
    }
}

/// A site's people, and the doors that they are told through.
struct Crowd {
    pages: Pages,
    door: Door,
    hook: String,
    port: u16,
    witness: Witness,
    /// Calls in progress, by when they end.
    calls: BTreeSet<(i64, String)>,
    told: u64,
    /// When it began, in our time and in its own.
    began: (i64, Time),
}

impl Crowd {
    fn new(service: &Service, (account, numbers): (&str, usize), began: i64) -> Self {
        let site = site();
        let log = Log::new(HOLD, GRACE);
        let moved = Time(ours((began, site.start), site.moved()));
        Self {
            pages: Pages::new(service.port(), account),
            door: service.door(account),
            hook: format!("/v1/hooks/{account}-pbx"),
            port: service.port(),
            witness: Witness::new(Numbers::of(numbers), log, moved),
            calls: BTreeSet::new(),
            told: 0,
            began: (began, site.start),
        }
    }

    fn run(mut self) -> Self {
        let site = site();
        let end = site.start.plus(HOURS * HOUR);
        let traffic = Traffic::new(&site).unwrap();
        for happening in traffic.take_while(|it| it.at < end) {
            let due = ours(self.began, happening.at);
            self.hang_up(due);
            wait_for(due);
            self.happen(&happening);
        }
        self.hang_up(i64::MAX);
        self.door.flush();
        self
    }

    fn happen(&mut self, happening: &Happening) {
        match (&happening.visit, &happening.what) {
            (Some(visit), What::Page { url, referrer }) => {
                self.page(visit, url, referrer.as_deref());
            }
            (Some(visit), What::Beat) => {
                let now = Time(wall());
                self.tell(visit, "beat");
                self.witness.stays(now, visit);
            }
            (Some(visit), What::End) => {
                self.tell(visit, "end");
                self.witness.ends(Time(wall()), visit);
            }
            (Some(visit), What::Form { phone }) => {
                let form = json!({"type": "form", "form": format!("f{}", visit.number), "phone": phone,
                    "visit": self.witness.shown(visit).visit, "at": rfc3339(wall())});
                self.send(&form);
            }
            (visit, What::Call { way, caller, talk }) => {
                let (now, talk) = (wall(), (*talk).max(20_000) / FASTER);
                let times = (Time(now), Time(now + talk));
                let caller = caller.as_deref();
                let call = self.witness.dials(times, visit.as_ref(), *way, caller);
                let from = call.caller.as_deref().unwrap_or("anonymous");
                let ring = json!({"type": "call", "call": call.call, "phase": "ringing", "direction": "inbound",
                    "from": from, "to": call.number, "at": rfc3339(now)});
                self.send(&ring);
                self.calls.insert((now + talk, call.call));
            }
            other => panic!("{other:?}"),
        }
    }

    fn page(&mut self, visit: &Visit, url: &str, referrer: Option<&str>) {
        let page = json!({"visitor": visit.visitor.to_string(), "url": url, "referrer": referrer});
        let answer = self.pages.try_ask(&page).unwrap();
        let answer = answer.expect_status(200).json();
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        let shown = Shown {
            visit: text("visit"),
            number: text("number"),
            served: answer["served"] == true,
        };
        let seen = at(&text("expires_at")) - HOLD;
        self.witness.sees(Time(seen), visit, shown);
    }

    fn tell(&self, visit: &Visit, what: &str) {
        let id = &self.witness.shown(visit).visit;
        self.pages.tell(id, what, &Value::Null).expect_status(204);
    }

    /// Sends an event, by the hook and by `/v1/events` in turn.
    fn send(&mut self, event: &Value) {
        self.told += 1;
        if self.told.is_multiple_of(2) {
            self.door.post_json(event).expect_status(202);
            return;
        }
        let webhook = Webhook::json(&self.hook, &event.to_string());
        let signed = webhook.signed(named("standard").unwrap(), SECRET);
        signed.send(self.port).expect_status(200);
    }

    /// Tells of the calls that end until `now`.
    fn hang_up(&mut self, now: i64) {
        while let Some((end, call)) = self.calls.first().cloned().filter(|(end, _)| *end <= now) {
            self.calls.pop_first();
            wait_for(end);
            let ended = json!({"type": "call", "call": call, "phase": "ended", "at": rfc3339(end)});
            self.send(&ended);
        }
    }
}

/// Gives our time for one of the site.
fn ours((began, start): (i64, Time), at: Time) -> i64 {
    began + (at.millis() - start.millis()) / FASTER
}

fn wait_for(due: i64) {
    pause((due - wall()).try_into().unwrap_or(0));
}

fn account((id, numbers): (&str, usize), began: i64) -> Account {
    let moved = rfc3339(ours((began, site().start), site().moved()));
    let Numbers {
        pool,
        known,
        printed,
    } = Numbers::of(numbers);
    let mut account = Account::new(id).section(&format!(
        "[account.attribution]\nhold = \"{HOLD}ms\"\ngrace = \"{GRACE}ms\"\n\
         [[account.hook]]\nid = \"{id}-pbx\"\nprovider = \"standard\"\nsecrets = [\"{SECRET}\"]\n\
         [[account.site]]\nkey = \"{id}\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = {pool:?}\nfallback = \"{known}\"\n"
    ));
    for it in &ADVERTISEMENTS {
        let holds = match it.holds {
            [true, false] => format!("until = \"{moved}\""),
            [false, true] => format!("from = \"{moved}\""),
            _ => String::new(),
        };
        account = account.section(&format!(
            "[[account.number]]\nnumber = \"{}\"\nsource = \"{}\"\n{holds}\n",
            printed[it.number], it.source
        ));
    }
    account
}

/// Reads what ClickHouse says of the calls of an account.
fn found(service: &Service, account: &str) -> BTreeMap<String, Found> {
    // Readers are shown no ids of visits: the table has them.
    let rows = service.tables().rows(&format!(
        "SELECT call, rule, certainty, nullIf(visit, '') AS visit, nullIf(source, '') AS source, weight \
         FROM attributions FINAL ARRAY JOIN `candidates.visit` AS visit, \
         `candidates.source` AS source, `candidates.weight` AS weight, \
         arrayEnumerate(`candidates.visit`) AS nth WHERE account = '{account}' ORDER BY call, nth"
    ));
    let mut found = BTreeMap::new();
    for row in rows {
        let text = |place: usize| row[place].as_str().map(str::to_owned);
        let number = |place: usize| row[place].as_f64().unwrap();
        let call = found.entry(text(0).unwrap()).or_insert_with(|| Found {
            rule: number(1) as u8,
            certainty: text(2).unwrap(),
            candidates: Vec::new(),
        });
        call.candidates.push(Candidate {
            visit: text(3),
            source: text(4),
            weight: number(5),
        });
    }
    found
}

#[test]
fn what_is_certain_through_the_doors_is_right_or_explained() {
    let began = wall() + 5_000;
    let accounts = POOLS.map(|pool| account(pool, began));
    let service = Service::start(Config::of(accounts));
    let crowds = thread::scope(|scope| {
        let crowds = POOLS.map(|pool| {
            let crowd = Crowd::new(&service, pool, began);
            scope.spawn(|| crowd.run())
        });
        crowds.map(|crowd| crowd.join().unwrap())
    });
    let (mut named, mut all) = (Vec::new(), Tally::default());
    for ((account, numbers), crowd) in POOLS.into_iter().zip(crowds) {
        let found = found(&service, account);
        let (tally, wrong) = crowd.witness.judge(|call| found[call].clone());
        for wrong in wrong {
            println!("{numbers} numbers: {wrong}");
            assert!(wrong.why.is_ok(), "certain, wrong and not explained");
        }
        all.join(&tally);
        named.push((numbers.to_string(), tally));
    }
    println!("{}", outcomes(&named));
    println!("{}\n{}", rightness(&named), certainties(&all));
    let certain = all.all_certain();
    assert!(certain.all > 100 && certain.percent() > 95.0, "{certain:?}");
    let [few, many] = [0, 1].map(|place: usize| named[place].1.brier());
    assert!(many < few, "{many} {few}");
}
