//! Runs of an export that are killed at any moment: nothing is told twice, and nothing is lost without a word.

use e2e::clock::pause;
use e2e::counter::Vendor;
use serde_json::Value;

use super::conversions::{Pushed, WON, count, life, send, start_with};

const LIVES: usize = 20;

/// Kills runs, earlier and later.
fn kill_runs(push: &Pushed<'_>) {
    for round in 0..12 {
        let mut child = push.spawn();
        pause(25 * round);
        child.kill().expect("it was ours");
        child.wait().expect("it ended");
    }
}

fn lives(click: &str, id: impl Fn(usize) -> String) -> Vec<Value> {
    (0..LIVES)
        .flat_map(|nth| life(nth, 30, (click, &id(nth))))
        .collect()
}

#[test]
fn google_ads_counts_each_conversion_once_however_often_runs_are_killed() {
    let mut service = start_with(&[]);
    send(&service, &lives("gclid", |nth| format!("G-{nth}")));
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    let push = Pushed::to(&service, Vendor::GoogleClicks, "google-ads", &[WON]);
    kill_runs(&push);
    let said = push.run(0, &[]);
    let told = ["sent", "known there", "done before"].map(|name| count(&said, name));
    assert_eq!(told.iter().sum::<usize>(), LIVES, "{said}");
    let mut ids = push.counted("orderId");
    ids.dedup();
    assert_eq!(ids.len(), LIVES, "{said}");
    assert_eq!(push.counter.counted().len(), LIVES, "{said}");
}

#[test]
fn metrica_is_told_nothing_twice_and_what_is_unsure_is_listed_as_given_up() {
    let service = start_with(&[]);
    let click = |nth: usize| format!("135912476409664{nth:02}");
    send(&service, &lives("yclid", click));
    let action = ["won=order_confirmed"];
    let push = Pushed::to(&service, Vendor::Metrica, "yandex-metrica", &action);
    kill_runs(&push);
    // One that was interrupted makes the next say that something was given up.
    push.spawn().wait().expect("it ended");
    let counted = push.counted("Yclid");
    let mut once = counted.clone();
    once.dedup();
    assert_eq!(counted, once, "nothing twice");
    // All are done with: sent, or given up and so listed.
    let last = push.run(0, &[]);
    assert_eq!(count(&last, "done before"), LIVES, "{last}");
}
