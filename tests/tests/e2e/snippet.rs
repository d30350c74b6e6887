//! The snippet in a real browser, on pages of many kinds. `tests/snippet/` has the pages and what is looked at there.
//!
//! A small stand-in has the doors of visits, so that it can fail, be slow and know no visit. With `TRUNKLINE_SNIPPET_BASE` in the
//! script's environment the cases in which nothing fails ask that service instead: its sites `es`, `ru` and `de` have
//! pools of numbers of these countries, and `TRUNKLINE_SNIPPET_PORT` is the port of their origin on 127.0.0.1.

use std::path::Path;
use std::process::Command;

/// Runs cases in one browser and gives what held.
#[track_caller]
fn browse(cases: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("snippet/check.mjs");
    let output = Command::new("node")
        .arg(&script)
        .args(cases)
        .output()
        .expect("node runs: deploy/setup-checks says what is missing");
    let said = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(
        output.status.success() && said.contains("ok: "),
        "{said}\n{faults}"
    );
}

#[test]
fn numbers_are_swapped_in_the_form_of_the_page() {
    browse(&["statics", "masks", "split", "several"]);
}

#[test]
fn a_framework_is_not_in_the_way_of_the_snippet_nor_the_snippet_in_its_way() {
    browse(&["hydration", "rendering", "marks", "fights"]);
}

#[test]
fn a_visit_goes_over_pages_and_back_with_one_number_and_without_flicker() {
    browse(&["routes", "back", "flicker"]);
}

#[test]
fn a_visit_gives_signs_of_life_while_it_is_seen_and_comes_back_after_it_was_not() {
    browse(&["beats", "returns"]);
}

#[test]
fn the_clock_of_a_page_may_be_years_off() {
    browse(&["clocks"]);
}

#[test]
fn without_consent_nothing_happens() {
    browse(&["consent", "banners"]);
}

#[test]
fn machines_and_pages_that_nobody_sees_get_no_number() {
    browse(&["machines", "unseen"]);
}

#[test]
fn whatever_fails_leaves_the_real_number() {
    browse(&["down", "slow", "unserved", "events", "storage"]);
}

/// A case that no test runs would hold nothing.
#[test]
fn every_case_is_run() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("snippet/check.mjs");
    let named = Command::new("node")
        .arg(&script)
        .output()
        .expect("node runs");
    let named = String::from_utf8(named.stdout).expect("text");
    let this = include_str!("snippet.rs");
    let missing: Vec<_> = named
        .lines()
        .filter(|case| !this.contains(&format!("\"{case}\"")))
        .collect();
    assert!(missing.is_empty() && !named.is_empty(), "{missing:?}");
}
