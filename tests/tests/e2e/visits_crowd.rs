//! A crowd of visitors through HTTP, with crashes: no number is held twice, and no lease is lost.
//!
//! `TRUNKLINE_VISITS=100000` tries as many; usually there are few, for time's sake.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use chrono::DateTime;
use e2e::clock::{rfc3339, wall};
use e2e::config::{Account, Config};
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

const NUMBERS: usize = 4_000;
const HOLD_S: i64 = 6;
const CROWD: usize = 8;
const VISITS: usize = 4_000;
const CRASHES: usize = 4;
/// Of so many visits, one is ended, and one is gone on with.
const ENDED: usize = 5;
const AGAIN: usize = 3;

/// What was answered of one visit.
#[derive(Clone, Debug)]
struct Held {
    visitor: String,
    number: String,
    since: i64,
    until: i64,
}

#[derive(Default)]
struct Ledger {
    visits: BTreeMap<String, Held>,
    unserved: usize,
    beats: usize,
}

impl Ledger {
    fn note(&mut self, shown: &Value) {
        if shown["served"] != true {
            self.unserved += 1;
            return;
        }
        let text = |field: &str| shown[field].as_str().unwrap().to_owned();
        let until = DateTime::parse_from_rfc3339(&text("expires_at"))
            .unwrap()
            .timestamp_millis();
        let new = Held {
            visitor: text("visitor"),
            number: text("number"),
            since: until - HOLD_S * 1000,
            until,
        };
        let known = self
            .visits
            .entry(text("visit"))
            .or_insert_with(|| new.clone());
        assert_eq!(
            known.number, new.number,
            "a visit keeps its number: {shown}"
        );
        known.until = known.until.max(until);
    }

    /// Counts numbers that two visits held at once, as far as was answered.
    fn held_twice(&self) -> usize {
        let mut numbers = BTreeMap::<&str, Vec<(&Held, &str)>>::new();
        for (visit, held) in &self.visits {
            numbers.entry(&held.number).or_default().push((held, visit));
        }
        let mut twice = 0;
        for (number, mut leases) in numbers {
            // One that ended in the millisecond in which it began held nothing after it.
            leases.sort_by_key(|(held, _)| (held.since, held.until));
            for pair in leases.windows(2) {
                if pair[1].0.since < pair[0].0.until {
                    println!("{number}: {:?} and {:?}", pair[0], pair[1]);
                    twice += 1;
                }
            }
        }
        twice
    }
}

fn config() -> Config {
    let mut numbers = String::new();
    for number in 0..NUMBERS {
        let _ = write!(numbers, "\"+34910{number:06}\", ");
    }
    Config::of([Account::new("acme").section(&format!(
        "[[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [{numbers}]\nhold = \"{HOLD_S}s\"\n"
    ))])
}

/// Comes, and perhaps beats, comes again or leaves; nobody answers while the service is away.
fn visit(pages: &Pages, place: usize, ledger: &Mutex<Ledger>) {
    let visitor = format!("v{place}");
    let page = json!({"visitor": visitor, "url": "https://shop.example/"});
    let ask = || {
        let answer = pages
            .try_ask(&page)
            .ok()
            .filter(|answer| answer.status == 200)?;
        let shown = answer.json();
        ledger.lock().unwrap().note(&shown);
        Some(shown)
    };
    // Who gets no answer tries again, as long as it takes to start.
    let mut tries = std::iter::repeat_with(ask).inspect(|it| {
        if it.is_none() {
            sleep(Duration::from_millis(20));
        }
    });
    let Some(shown) = tries.by_ref().take(2_000).flatten().next() else {
        panic!("{visitor} was never answered");
    };
    drop(tries);
    let id = shown["visit"].as_str().unwrap();
    for _ in 0..2 {
        let path = format!("/v1/visits/{id}/beat");
        if pages
            .post(&path, "text/plain", "")
            .is_ok_and(|answer| answer.status == 204)
        {
            ledger.lock().unwrap().beats += 1;
        }
    }
    if place.is_multiple_of(AGAIN) {
        let again = ask();
        let same = again.is_none_or(|again| again["visit"] == shown["visit"]);
        assert!(same, "the visit of {visitor} still lived");
    }
    if place.is_multiple_of(ENDED) {
        let mut ledger = ledger.lock().unwrap();
        if let Some(held) = ledger.visits.get_mut(id) {
            held.until = held.until.min(wall());
        }
        drop(ledger);
        // Whether it was heard or not, the number may be another's from here on.
        let _ = pages.post(&format!("/v1/visits/{id}/end"), "text/plain", "");
    }
}

/// Asserts that those whose visits surely live go on with them; gives how many they were.
fn go_on(pages: &Pages, ledger: &Mutex<Ledger>) -> usize {
    let soon = wall() + 300;
    let all = ledger.lock().unwrap().visits.clone();
    let living = all.into_iter().filter(|(_, held)| held.until > soon);
    let living: Vec<_> = living.take(100).collect();
    for (id, held) in &living {
        let page = json!({"visitor": held.visitor, "url": "https://shop.example/again"});
        let shown = pages.try_ask(&page).unwrap().json();
        // He may have left since.
        let until = ledger.lock().unwrap().visits[id].until;
        if wall() < until {
            let is = (shown["visit"].as_str(), shown["number"].as_str());
            assert_eq!(
                is,
                (Some(&**id), Some(&*held.number)),
                "{held:?}, now {}",
                rfc3339(wall())
            );
        }
        ledger.lock().unwrap().note(&shown);
    }
    living.len()
}

#[test]
fn crowds_that_beat_through_crashes_never_share_a_number_and_keep_theirs() {
    let visits = std::env::var("TRUNKLINE_VISITS").ok();
    let visits: usize = visits.map_or(VISITS, |text| text.parse().expect("a number of visits"));
    let mut service = Service::start_without_warehouse(config());
    let pages = Pages::new(service.port(), "shop");
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let ledger = Mutex::new(Ledger::default());
    let began = wall();
    let mut crashes = 0;
    let mut kept = 0;
    thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= visits {
                        over.store(true, Ordering::Relaxed);
                        return;
                    }
                    visit(&pages, place, &ledger);
                }
            });
        }
        while !over.load(Ordering::Relaxed) {
            let due = (crashes + 1) * visits / (CRASHES + 1);
            if crashes < CRASHES && next.load(Ordering::Relaxed) >= due {
                service.kill9();
                service.restart();
                crashes += 1;
                kept += go_on(&pages, &ledger);
            }
            sleep(Duration::from_millis(20));
        }
    });
    let ledger = ledger.into_inner().unwrap();
    let twice = ledger.held_twice();
    let seconds = (wall() - began) as f64 / 1e3;
    println!(
        "{visits} visits in {seconds:.1} s, {} served, {} unserved answers, {:.0} beats a second, {crashes} crashes, {kept} \
         leases seen to live on, {twice} numbers held twice",
        ledger.visits.len(),
        ledger.unserved,
        ledger.beats as f64 / seconds
    );
    assert_eq!(twice, 0);
    assert_eq!(crashes, CRASHES);
    assert!(kept > 0 && ledger.visits.len() > visits / 10, "{kept}");
}
