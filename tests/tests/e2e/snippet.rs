//! The snippet in a real browser, on pages of many kinds, with numbers of a real service. `tests/snippet/` has the pages and what
//! is looked at there; what the service has in its books of it is looked at here. Where the service has to fail a stand-in
//! answers (`tests/snippet/standin.mjs`).

use std::path::Path;
use std::process::Command;

use e2e::clock::at;
use e2e::config::{Account, Config, hex, token};
use e2e::service::{Service, free_port};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A service with the sites of which `tests/snippet/site.mjs` tells, and a browser that looks at them.
pub(super) struct Browser {
    pub(super) service: Service,
    /// Where the sites' pages lie.
    port: u16,
}

/// A pool with a site of its own that shows its numbers: so many from this one on.
fn pool(id: &str, origin: &str, first: u64, count: u64, more: &str) -> String {
    let numbers: Vec<_> = (first..first + count)
        .map(|it| format!("\"+{it}\""))
        .collect();
    format!(
        "[[account.site]]\nkey = \"{id}\"\norigins = [\"{origin}\"]\npool = \"{id}\"\n\
         [[account.pool]]\nid = \"{id}\"\nnumbers = [{}]\n{more}\n",
        numbers.join(", ")
    )
}

fn sites(origin: &str) -> Account {
    let sections = [
        pool("es", origin, 34_911_222_001, 60, ""),
        pool("ru", origin, 74_951_234_501, 5, ""),
        pool("de", origin, 4_930_901_820, 5, ""),
        pool("brief", origin, 34_911_444_001, 20, "hold = \"2s\""),
        pool(
            "full",
            origin,
            34_911_555_001,
            1,
            "fallback = \"+34900100100\"",
        ),
        format!("[[account.site]]\nkey = \"none\"\norigins = [\"{origin}\"]\n"),
    ];
    // Conversions have whole numbers.
    let hash = hex(&Sha256::digest(token("acme", "phones")));
    let token = "[[account.token]]\nname = \"phones\"\nscopes = [\"read\", \"read:phones\"]";
    Account::new("acme")
        .setting("country = \"ES\"")
        .section(&format!("{token}\nsha256 = \"{hash}\"\n"))
        .section(&sections.concat())
}

impl Browser {
    pub(super) fn start(begin: fn(Config) -> Service) -> Self {
        let port = free_port();
        let service = begin(Config::of([sites(&format!("http://127.0.0.1:{port}"))]));
        Self { service, port }
    }

    /// Runs cases; gives what they told.
    #[track_caller]
    pub(super) fn run(&self, cases: &[&str]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("snippet/check.mjs");
        let base = format!("http://127.0.0.1:{}", self.service.port());
        let output = Command::new("node")
            .arg(&script)
            .args(cases)
            .env("TRUNKLINE_SNIPPET_BASE", base)
            .env("TRUNKLINE_SNIPPET_PORT", self.port.to_string())
            .env("TRUNKLINE_SNIPPET_TOKEN", token("acme", "read"))
            .output()
            .expect("node runs: deploy/setup-checks says what is missing");
        let said = String::from_utf8_lossy(&output.stdout);
        let faults = String::from_utf8_lossy(&output.stderr);
        println!("{said}");
        assert!(
            output.status.success() && said.contains("ok: "),
            "{said}\n{faults}"
        );
        let told = said.lines().filter_map(|line| line.strip_prefix("told: "));
        let told = told.map(|text| serde_json::from_str(text).expect("JSON"));
        told.collect()
    }
}

/// Runs cases in one browser.
#[track_caller]
fn browse(cases: &[&str]) {
    Browser::start(Service::start_without_warehouse).run(cases);
}

/// Runs cases, and finds all visits of which they tell in the service's books, and no other.
#[track_caller]
fn booked(cases: &[&str]) {
    let browser = Browser::start(Service::start);
    let told = browser.run(cases);
    let door = browser.service.door("acme");
    door.flush();
    let origin = format!("http://127.0.0.1:{}", browser.port);
    // Readers are shown neither ids of visits nor who counts clicks knows them as.
    let rows = browser.service.tables().text(
        "SELECT visit, visitor, number, ended, `pages.url` AS pages_url, `pages.title` AS pages_title, \
         started_at AS at, last_at, expires_at, nullIf(ga_client_id, '') AS ga_client_id, \
         nullIf(ym_client_id, '') AS ym_client_id, consent, source, gclid \
         FROM visits FINAL WHERE served FORMAT JSONEachRow",
    );
    let rows: Vec<Value> = rows
        .lines()
        .map(|row| serde_json::from_str(row).expect("a row"))
        .collect();
    for visit in &told {
        let row = rows
            .iter()
            .find(|row| row["visitor"] == visit["visitor"])
            .unwrap_or_else(|| panic!("{visit} is not among {rows:?}"));
        is_booked(visit, row, &origin);
    }
    // The case of banners tells of some of its visits alone.
    let is_whole = !cases.contains(&"ids");
    assert!(!is_whole || rows.len() == told.len(), "{rows:?}");
}

/// Asserts that the service knows of a visit what the browser knows.
#[track_caller]
fn is_booked(visit: &Value, row: &Value, origin: &str) {
    for name in ["visit", "number", "ended"] {
        if !visit[name].is_null() {
            assert_eq!(row[name], visit[name], "{name}: {row}");
        }
    }
    let pages = visit["pages"].as_array().expect("pages").iter();
    let pages: Vec<_> = pages
        .map(|path| format!("{origin}{}", path.as_str().expect("a path")))
        .collect();
    assert_eq!(row["pages_url"], json!(pages), "{row}");
    assert_eq!(row["pages_title"], visit["titles"], "{row}");
    let known = ["ga_client_id", "ym_client_id", "consent"].map(|name| row[name].clone());
    assert_eq!(
        known,
        ["ga", "ym", "consent"].map(|name| visit[name].clone())
    );
    let is_google = pages[0].contains("utm_source=google");
    assert_eq!(
        row["source"] == "google" && row["gclid"] == "G-1",
        is_google,
        "{row}"
    );
    let time = |name: &str| {
        let text = row[name].as_str().expect("a time").replace(' ', "T");
        at(&format!("{text}Z"))
    };
    let lived = time("last_at") - time("at");
    if let Some(within) = visit["lived_ms"].as_array() {
        let [from, to] = [&within[0], &within[1]].map(|it| it.as_i64().expect("a length"));
        assert!((from..to).contains(&lived), "{row}");
        assert!((time("at") - e2e::clock::wall()).abs() < 600_000, "{row}");
    }
    let hold = visit["hold_ms"].as_i64().unwrap_or(30 * 60_000);
    if visit["ended"] == 0 {
        assert_eq!(time("expires_at") - time("last_at"), hold, "{row}");
    }
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
fn the_service_knows_the_pages_and_the_number_of_a_visit() {
    booked(&["path", "time", "nobody"]);
}

#[test]
fn a_visit_lives_as_long_as_its_page_is_seen() {
    booked(&["life"]);
}

#[test]
fn who_counts_clicks_is_told_of_who_agreed() {
    booked(&["ids"]);
}

#[test]
fn a_page_in_the_form_of_amp_is_a_visit() {
    booked(&["amp"]);
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
    let this = [include_str!("snippet.rs"), include_str!("visit_ids.rs")].concat();
    let missing: Vec<_> = named
        .lines()
        .filter(|case| !this.contains(&format!("\"{case}\"")))
        .collect();
    assert!(missing.is_empty() && !named.is_empty(), "{missing:?}");
}
