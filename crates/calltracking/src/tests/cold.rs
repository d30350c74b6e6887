//! Visits that go cold at any moment, beside a state that never lets go of any: nobody can tell them apart.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::memory::Memory;
use super::snapshot::{gather_newer, restore, take};
use super::traffic::{Chance, all_rows, fold_all, records, settings};
use super::*;
use crate::VisitHorizon;

/// All rows, each with all that it says but its version: that goes by when things were computed.
#[derive(Debug, Default, PartialEq)]
struct Exact(BTreeMap<(bool, String), String>);

impl TrackingRows for Exact {
    fn visit(&mut self, fact: &VisitFact<'_>) {
        let key = (true, fact.visit.to_owned());
        let fact = VisitFact {
            version: 0,
            ..fact.clone()
        };
        self.0.insert(key, format!("{fact:?}"));
    }

    fn attribution(&mut self, fact: &AttributionFact<'_>) {
        let key = (false, fact.call.to_owned());
        let fact = AttributionFact {
            version: 0,
            ..fact.clone()
        };
        self.0.insert(key, format!("{fact:?}"));
    }
}

fn on_shelf(shelf: &Memory) -> Tracking {
    let mut tracking = Tracking::new("acme".into(), 7);
    tracking.shelve(Box::new(shelf.clone())).unwrap();
    tracking
}

/// Lets visits go cold, also those that live, whose rows were gathered.
pub(super) fn cool(tracking: &mut Tracking, most: usize) -> usize {
    let horizon = VisitHorizon {
        flushed: tracking.oldest_dirty().unwrap_or(u64::MAX),
        quiet: Time::MAX,
    };
    tracking.cool(&horizon, most)
}

fn gather(tracking: &mut Tracking, limit: usize, rows: &mut Exact) {
    while tracking.gather(1, limit, rows) > 0 {}
}

/// A log with what comes late and twice, and with sites that change.
fn log_of(seed: u64, chance: &mut Chance) -> Vec<Record> {
    let mut log = records(seed, 120);
    let again: Vec<Record> = log.iter().filter(|_| chance.one_in(4)).cloned().collect();
    for record in again {
        if !matches!(record, Record::Settings(_)) {
            log.insert(chance.below(log.len() as u64 + 1) as usize, record);
        }
    }
    for _ in 0..chance.below(8) {
        // Some of it comes much later than it was told first.
        let record = log.remove(chance.below(log.len() as u64 - 1) as usize + 1);
        if !matches!(record, Record::Settings(_)) {
            log.push(record);
        }
    }
    let mut other = settings(true);
    other.sites[0].own_domains = vec!["acme.example".to_owned()];
    let place = chance.below(log.len() as u64) as usize + 1;
    log.insert(place, Record::Settings(other));
    log.insert(
        place / 2 + 1,
        Record::Retract(
            r#"{"type":"retract","batch":"run","at":"2026-03-03T00:00:00Z"}"#.to_owned(),
        ),
    );
    for number in 0..12 {
        let place = chance.below(log.len() as u64) as usize + 1;
        log.insert(place, imported(number, chance));
    }
    log
}

/// Gives a record of another tracker, out of an import's run.
fn imported(number: u64, chance: &mut Chance) -> Record {
    let json = serde_json::json!({
        "type": "visit", "visit": format!("x{}", number % 4), "visitor": format!("v{}", chance.below(12)),
        "url": "https://acme.example/", "at": at(chance.below(600) as i64).to_string(),
        "batch": if chance.one_in(2) { "run" } else { "other" },
    });
    Record::Visit {
        json: json.to_string(),
        origin: "api".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn visits_that_go_cold_give_what_those_give_that_never_did(seed in any::<u64>(), chance in any::<u64>()) {
        let mut chance = Chance::new(chance);
        let log = log_of(seed, &mut chance);
        let shelf = Memory::default();
        let (mut never, mut cold) = (Tracking::new("acme".into(), 7), on_shelf(&shelf));
        let (mut expected, mut got) = (Rows::default(), Rows::default());
        for (offset, record) in (1..).zip(&log) {
            hear(&mut never, record, offset);
            hear(&mut cold, record, offset);
            let now = at(chance.below(900) as i64);
            match chance.below(6) {
                0 => {
                    let visitor = format!("v{}", chance.below(12));
                    let new_visit = format!("main-n{offset}");
                    let ask = Ask { site: "main", visitor: &visitor, new_visit: &new_visit };
                    prop_assert_eq!(never.decide(now, &ask), cold.decide(now, &ask));
                }
                1 => {
                    let visit = format!("main-{:04}", chance.below(40));
                    prop_assert_eq!(never.sign(now, &visit), cold.sign(now, &visit));
                }
                2 => {
                    let call = format!("c{}", chance.below(120));
                    prop_assert_eq!(never.attribution(&call), cold.attribution(&call));
                }
                3 => {
                    prop_assert_eq!(never.leases(now), cold.leases(now));
                    prop_assert_eq!(never.pools(now), cold.pools(now));
                }
                4 if chance.one_in(4) => {
                    let offset = chance.below(offset);
                    never.rewind(offset);
                    cold.rewind(offset);
                }
                _ => {}
            }
            if chance.one_in(2) {
                // Some at a time, so that others go cold while rows are still to be gathered.
                cold.gather(1, 1 + chance.below(9) as usize, &mut got);
                cool(&mut cold, 1 + chance.below(30) as usize);
            }
        }
        while never.gather(1, 100, &mut expected) > 0 {}
        while cold.gather(1, 3, &mut got) > 0 {}
        for rows in [&mut got, &mut expected] {
            let rows = rows.visits.values_mut().chain(rows.attributions.values_mut());
            rows.for_each(|row| row.0 = 0);
        }
        prop_assert_eq!(&got, &expected);
        prop_assert_eq!(cold.torn(), None);
        while cool(&mut cold, 1_000) > 0 {}
        let counts = cold.counts();
        prop_assert_eq!(counts.cold_visits, counts.visits);
        prop_assert_eq!(shelf.needed().len(), counts.visits);
        prop_assert_eq!((counts.visits, counts.calls, counts.doubled), {
            let counts = never.counts();
            (counts.visits, counts.calls, counts.doubled)
        });
        // And all of it can be told again from the shelf.
        let (mut expected, mut got) = (Exact::default(), Exact::default());
        for (tracking, rows) in [(&mut never, &mut expected), (&mut cold, &mut got)] {
            tracking.rewind(0);
            gather(tracking, 7, rows);
        }
        prop_assert_eq!(got, expected);
    }

    /// Also of what was cold a restart is seen in no row.
    #[test]
    fn a_checkpoint_at_any_moment_and_what_was_on_the_shelf_then_give_the_same_rows(seed in any::<u64>(), chance in any::<u64>()) {
        let mut chance = Chance::new(chance);
        let log = log_of(seed, &mut chance);
        let shelf = Memory::default();
        let mut tracking = on_shelf(&shelf);
        let mut stored = Rows::default();
        let begin = chance.below(log.len() as u64) + 1;
        let mut flushed = 0;
        for (offset, record) in (1..begin).zip(&log) {
            hear(&mut tracking, record, offset);
            if chance.one_in(5) {
                while tracking.gather(1, 1_000, &mut stored) > 0 {}
                flushed = offset + 1;
                cool(&mut tracking, 50);
            }
        }
        let (checkpoint, mut next) = take(&mut tracking, &log, begin, &mut chance);
        let found = shelf.found();
        for _ in 0..chance.below(20) {
            if let Some(record) = log.get(next as usize - 1) {
                hear(&mut tracking, record, next);
                next += 1;
                cool(&mut tracking, 50);
            }
        }
        drop(tracking);
        let (mut restored, first) = restore(&checkpoint);
        prop_assert!(restored.lacks_shelf() || restored.counts().cold_visits == 0);
        let (mut restored, _) = restore(&checkpoint);
        restored.shelve(Box::new(found.clone())).unwrap();
        restored.rewind(flushed);
        for (offset, record) in (1..).zip(&log).skip(first as usize - 1) {
            hear(&mut restored, record, offset);
            if chance.one_in(5) {
                gather_newer(&mut restored, &mut stored);
                cool(&mut restored, 50);
            }
        }
        gather_newer(&mut restored, &mut stored);
        let versions = stored.visits.values_mut().chain(stored.attributions.values_mut());
        versions.for_each(|row| row.0 = 0);
        let expected = all_rows(&mut fold_all(&log));
        prop_assert_eq!(restored.torn(), None);
        prop_assert_eq!(&stored, &expected);
        prop_assert_eq!(found.needed().len(), restored.counts().cold_visits);
        prop_assert_eq!(all_rows(&mut restored), expected);
    }
}

/// Gives a site's visits as browsers tell them: three pages each, every fifth of a visitor who was there before.
fn visited(shelf: &Memory, visits: usize) -> Tracking {
    let mut tracking = on_shelf(shelf);
    hear(&mut tracking, &Record::Settings(pool_of(visits / 10)), 1);
    for visit in 0..visits {
        let now = at(visit as i64 * 40);
        let visitor = format!("{:022}", if visit % 5 == 0 { visit / 7 } else { visit });
        let id = format!("main-{visit:022}");
        let ask = Ask {
            site: "main",
            visitor: &visitor,
            new_visit: &id,
        };
        let decision = tracking.decide(now, &ask).unwrap();
        for page in 0..3 {
            let json = serde_json::json!({
                "type": "visit", "visit": decision.visit, "visitor": visitor, "site": "main", "pool": "web",
                "url": format!("https://www.acme.example/catalogue/page-{page}?utm_source=google&utm_medium=cpc&gclid=Cj0KCQ{visit:040}"),
                "referrer": (page == 0).then_some("https://www.google.com/"), "title": format!("Page {page} of our catalogue"),
                "at": Time(now.0 + page * 10_000).to_string(), "expires_at": decision.expires_at.to_string(),
                "served": decision.served, "number": decision.number,
            });
            let record = Record::Visit {
                json: json.to_string(),
                origin: "site:main".to_owned(),
            };
            hear(&mut tracking, &record, (visit * 3) as u64 + page as u64 + 2);
        }
    }
    tracking
}

#[test]
fn a_cold_visit_takes_some_bytes_of_memory() {
    const VISITS: usize = 20_000;
    let shelf = Memory::default();
    let mut tracking = visited(&shelf, VISITS);
    let each = |bytes: usize| bytes as f64 / VISITS as f64;
    let held = each(tracking.bytes_of_visits());
    while tracking.gather(1, 10_000, &mut Rows::default()) > 0 {}
    while cool(&mut tracking, 100_000) > 0 {}
    assert_eq!(tracking.counts().cold_visits, VISITS);
    let cold = each(tracking.bytes_of_visits());
    let kept = each(shelf.needed().iter().sum());
    println!(
        "a visit takes {held:.0} bytes while held, {cold:.0} when cold, {kept:.0} on the shelf"
    );
    assert!(cold < 90.0 && held > 4.0 * cold, "{cold} {held}");
}

#[test]
fn a_record_of_a_cold_visit_has_it_held_again_and_one_that_tells_nothing_new_does_not() {
    let shelf = Memory::default();
    let mut tracking = visited(&shelf, 10);
    gather(&mut tracking, 100, &mut Exact::default());
    while cool(&mut tracking, 100) > 0 {}
    let late = |url: &str| Record::Visit {
        json: format!(
            r#"{{"type":"visit","visit":"main-{:022}","visitor":"w","url":"{url}","at":"{}"}}"#,
            3,
            at(0)
        ),
        origin: "site:main".to_owned(),
    };
    hear(&mut tracking, &late("https://x.example"), 41);
    assert_eq!(
        (tracking.counts().cold_visits, shelf.needed().len()),
        (9, 9)
    );
    let mut rows = Exact::default();
    gather(&mut tracking, 100, &mut rows);
    assert_eq!(rows.0.len(), 1);
    assert_eq!(cool(&mut tracking, 100), 1);
    // As a replay tells again what the state has.
    hear(&mut tracking, &late("https://x.example"), 41);
    assert_eq!(tracking.counts().cold_visits, 10);
}

#[test]
fn a_visit_stays_until_its_row_is_written_and_it_is_quiet_and_over() {
    let shelf = Memory::default();
    let mut tracking = on_shelf(&shelf);
    hear(&mut tracking, &Record::Settings(pool_of(1)), 1);
    let ask = Ask {
        site: "main",
        visitor: "ann",
        new_visit: "main-1",
    };
    let decision = tracking.decide(at(0), &ask).unwrap();
    hear(&mut tracking, &record(&decision, 0, ""), 2);
    assert_eq!(cool(&mut tracking, 9), 0);
    gather(&mut tracking, 9, &mut Exact::default());
    let mut cool = |flushed, quiet| tracking.cool(&VisitHorizon { flushed, quiet }, 9);
    assert_eq!(cool(2, Time::MAX), 0);
    // It lives for half an hour, and nobody knows yet that it is over.
    assert_eq!(cool(3, at(30)), 0);
    assert_eq!(cool(3, Time(at(30).0 + 1)), 1);
}

#[test]
fn nothing_is_told_of_a_shelf_that_cannot_be_read() {
    let shelf = Memory::default();
    let mut tracking = visited(&shelf, 10);
    gather(&mut tracking, 100, &mut Exact::default());
    while cool(&mut tracking, 100) > 0 {}
    shelf.tear();
    assert_eq!(tracking.torn(), None);
    tracking.rewind(0);
    let mut rows = Exact::default();
    tracking.gather(1, 100, &mut rows);
    assert_eq!(rows, Exact::default());
    assert!(tracking.torn().is_some());
}
