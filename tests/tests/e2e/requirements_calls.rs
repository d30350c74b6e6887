//! The rows of the requirements about calls, with figures counted in the calls themselves.

use std::collections::BTreeMap;

use e2e::bank::shares;
use e2e::centre::{self, ALL, Call, DESKS};
use e2e::config::Config;
use e2e::generate::seed;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;

fn manager(extension: &str) -> String {
    let known = DESKS.iter().find(|(own, _)| *own == extension);
    known.unwrap().1.to_owned()
}

/// Whose a call is: who talked first, else who alone was rung, else who dialled.
fn whose(call: &Call) -> Option<String> {
    let extension = match (call.talks.first(), call.rings.as_slice()) {
        (Some(talk), _) => talk.extension,
        (None, [only]) => only.extension,
        (None, _) if !call.inbound => call.dialled_by,
        (None, _) => return None,
    };
    Some(manager(extension))
}

fn count<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

fn given() -> (Service, Vec<Call>) {
    let seed = seed();
    println!("seed {seed}");
    let day = centre::day(seed, 120);
    let service = Service::start(Config::acme());
    let lines = centre::plain(&day, ALL);
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let door = service.door("acme");
    let answer = door.post("application/x-ndjson", None, lines.join("\n").as_bytes());
    assert_eq!(answer.expect_status(202).json()["rejected"], json!([]));
    door.flush();
    (service, day)
}

#[test]
fn s40_inbound_requests_are_counted_by_manager_those_taken_and_those_offered() {
    let (service, day) = given();
    let inbound = || day.iter().filter(|call| call.inbound);
    let table = service.door("acme").report(
        "calls",
        &[&MARCH[..], &[("by", "manager"), ("direction", "inbound")]].concat(),
    );
    let calls = count(inbound().map(whose));
    for (manager, calls) in &calls {
        let row = table.row("manager", &json!(manager));
        assert_eq!(table.count(row, "calls"), *calls, "{manager:?}");
    }
    let rung = |call: &Call| -> Vec<String> {
        let mut rung: Vec<String> = call.rings.iter().map(|it| manager(it.extension)).collect();
        rung.sort_unstable();
        rung.dedup();
        rung
    };
    let offered = count(inbound().flat_map(rung));
    assert_eq!(offered.len(), DESKS.len());
    for (manager, offered) in offered {
        assert_eq!(
            table.of_manager(&manager, "offered"),
            &json!(offered),
            "{manager}"
        );
    }
    let all: u64 = (0..table.len()).map(|row| table.count(row, "calls")).sum();
    assert_eq!(all, inbound().count() as u64);
}

#[test]
fn s52_each_ones_share_of_the_calls_stands_beside_their_count_and_all_make_one() {
    let (service, day) = given();
    let door = service.door("acme");
    let table = door.report("calls", &[&MARCH[..], &[("by", "manager")]].concat());
    let calls = count(day.iter().map(whose));
    let counts: Vec<u64> = calls.values().copied().collect();
    let mut sum = 0;
    for ((manager, count), share) in calls.iter().zip(shares(&counts)) {
        let row = table.row("manager", &json!(manager));
        assert_eq!(table.count(row, "calls"), *count, "{manager:?}");
        let got = (table.value(row, "share").as_f64().unwrap() * 10_000.0).round() as u64;
        // Of equal remainders either may have the one more.
        assert!(got.abs_diff(share) <= 1, "{manager:?}: {got} for {share}");
        sum += got;
    }
    assert_eq!(sum, 10_000);
    assert_eq!(table.len(), calls.len());
    let whole = door.report("calls", &MARCH);
    assert_eq!(
        (whole.count(0, "calls"), whole.value(0, "share")),
        (120, &json!(1.0))
    );
}
