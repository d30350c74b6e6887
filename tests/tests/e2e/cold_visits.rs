//! Visits beyond the horizon: their pages are on a shelf of the disk, and whatever comes for them, and whatever happens to
//! the process and to the shelf, is as if they were in memory.

use std::fs;
use std::time::Duration;

use e2e::clock::{rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

use super::audit::audit;
use super::calls::post;

/// Nothing is remembered for longer than a second of arrival.
const FORGETFUL: &str = "horizon = \"1s\"\nwindow = \"1s\"";
const PATIENCE: Duration = Duration::from_mins(1);
/// Visits of the site, each with a number of its own and a call on it, every third from a partner's page.
const OWN: usize = 12;
/// Visits that another tracker told of, half of them of an import's run.
const TOLD: usize = 400;
const VISITS: usize = OWN + TOLD;

/// An account with a site whose own pages these are.
fn tracked(own_domains: &str) -> Config {
    let numbers: Vec<String> = (0..OWN)
        .map(|at| format!("\"+349110000{at:02}\""))
        .collect();
    let account = Account::new("acme")
        .setting("country = \"ES\"")
        .section(&format!(
            "[[account.site]]\nkey = \"shop\"\npool = \"main\"\nown_domains = [{own_domains}]\n\
         [[account.pool]]\nid = \"main\"\nhold = \"2s\"\nnumbers = [{}]\n",
            numbers.join(", ")
        ));
    Config::of([account]).fold(FORGETFUL)
}

fn cold(service: &Service) -> f64 {
    service
        .door("acme")
        .metrics()
        .total("trunkline_cold_visits")
}

/// Waits until so many visits are cold and none is in memory.
fn wait_until_cold(service: &Service) {
    let door = service.door("acme");
    let mut beats = 0;
    wait_until("the visits are cold", PATIENCE, || {
        // Time is that of arrival: it goes on as long as something arrives, if only a note.
        beats += 1;
        let beat = json!({"type": "message", "conversation": "beat", "channel": "web",
            "contact": "c", "author": "system", "private": true, "id": beats.to_string(),
            "at": "2026-01-01T00:00:00Z"});
        door.post_json(&beat);
        door.flush();
        let metrics = door.metrics();
        metrics.total("trunkline_held_visits") < 1.0 && cold(service) >= VISITS as f64
    });
}

fn told(number: usize, page: usize, more: &Value) -> Value {
    let mut event = json!({"type": "visit", "visit": format!("x{number:03}"), "visitor": format!("w{number}"),
        "url": format!("https://acme.example/?utm_source=s{page}"), "id": format!("x{number:03}/{page}"),
        "at": format!("2026-03-02T10:{:02}:00Z", 30 + page)});
    let fields = event.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    event
}

fn crowd() -> Vec<Value> {
    let visits = (0..TOLD).map(|number| {
        let more = match number % 2 {
            0 => json!({"batch": "run"}),
            _ => json!({}),
        };
        told(number, 1, &more)
    });
    visits.collect()
}

/// Gives a service all of whose visits are cold.
fn all_cold() -> Service {
    let service = Service::start(tracked(""));
    let (door, pages) = (service.door("acme"), Pages::new(service.port(), "shop"));
    for visitor in 0..OWN {
        let mut page = json!({"visitor": format!("v{visitor}"), "url": "https://shop.example/"});
        if visitor % 3 == 0 {
            page["referrer"] = json!("https://partner.example/");
        }
        let shown = pages
            .try_ask(&page)
            .expect("an answer")
            .expect_status(200)
            .json();
        let ring = json!({"type": "call", "call": format!("k{visitor:02}"), "phase": "ringing",
            "direction": "inbound", "from": format!("+346001112{visitor:02}"), "to": shown["number"],
            "at": rfc3339(wall())});
        let end = json!({"type": "call", "call": format!("k{visitor:02}"), "phase": "ended",
            "at": rfc3339(wall())});
        post(&door, &[ring, end]);
    }
    post(&door, &crowd());
    wait_until_cold(&service);
    service
}

fn restart(service: &mut Service) {
    service.restart();
    service.wait_for_warehouse();
}

/// Gives all that ClickHouse says of visits and of what brought calls.
fn rows(service: &Service) -> [String; 2] {
    let tables = service.tables();
    let order = "FINAL WHERE deleted = 0 ORDER BY";
    [
        tables.text(&format!(
            "SELECT * EXCEPT (received_at, version) FROM visits {order} visit"
        )),
        tables.text(&format!(
            "SELECT * EXCEPT (received_at, version) FROM attributions {order} call"
        )),
    ]
}

fn count(service: &Service, sql: &str) -> usize {
    let text = service.tables().text(sql);
    text.trim().parse().expect("a number")
}

fn visits_of(service: &Service, condition: &str) -> usize {
    let of = format!("SELECT count() FROM visits FINAL WHERE deleted = 0 AND {condition}");
    count(service, &of)
}

fn assert_clean(mut service: Service) {
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance() && sums.pending == 0, "{sums:?}");
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn late_and_retracted_pages_of_cold_visits_are_exact_through_kills() {
    let mut service = all_cold();
    let known = rows(&service);
    assert_eq!(
        visits_of(&service, "site = 'shop' AND source = 'partner.example'"),
        OWN / 3
    );
    let brought = "SELECT count() FROM attributions FINAL WHERE deleted = 0 AND rule = 3 \
                   AND candidates.source IN (['direct'], ['partner.example'])";
    assert_eq!(count(&service, brought), OWN);
    // Nothing of the shelf is in a checkpoint yet.
    service.kill9();
    restart(&mut service);
    wait_until_cold(&service);
    assert_eq!(rows(&service), known);
    service.stop();
    restart(&mut service);
    let log = service.log();
    assert!(!log.contains("passed over"), "{}", service.log_tail());
    assert!(cold(&service) >= VISITS as f64);
    assert_eq!(rows(&service), known);
    // A page before the first names another source.
    let late: Vec<Value> = (0..TOLD)
        .step_by(5)
        .map(|number| told(number, 0, &json!({})))
        .collect();
    post(&service.door("acme"), &late);
    service.door("acme").flush();
    assert_eq!(
        visits_of(&service, "source = 's0' AND length(pages.url) = 2"),
        TOLD / 5
    );
    wait_until_cold(&service);
    // Of a run, and of one visit its only page.
    let retract =
        |what: &str, id: &str| json!({"type": "retract", what: id, "at": "2026-03-03T09:00:00Z"});
    post(
        &service.door("acme"),
        &[retract("batch", "run"), retract("target", "x001/1")],
    );
    service.kill9();
    restart(&mut service);
    service.door("acme").flush();
    wait_until_cold(&service);
    // Those of the run of which a late page was told stay by that.
    let left = TOLD / 2 + TOLD / 10 - 1;
    assert_eq!(visits_of(&service, "startsWith(visit, 'x')"), left);
    assert_eq!(
        visits_of(&service, "startsWith(visit, 'x') AND length(pages.url) = 1"),
        left - TOLD / 10
    );
    assert_eq!(rows(&service)[1], known[1]);
    assert_clean(service);
}

#[test]
fn other_sites_and_late_calls_reach_cold_visits_and_leave_them_cold() {
    let mut service = all_cold();
    service.stop();
    service.configure(tracked("\"partner.example\""));
    restart(&mut service);
    service.door("acme").flush();
    assert_eq!(
        visits_of(&service, "site = 'shop' AND source = 'direct'"),
        OWN
    );
    let direct = "SELECT count() FROM attributions FINAL WHERE deleted = 0 AND candidates.source = ['direct']";
    assert_eq!(count(&service, direct), OWN);
    assert!(cold(&service) >= VISITS as f64);
    // A returning visitor is shown the number he had.
    let had = "SELECT number FROM visits FINAL WHERE visitor = 'v3'";
    let had = service.tables().text(had).trim().to_owned();
    let again = Pages::new(service.port(), "shop").visit("v3");
    assert_eq!(again["number"], json!(had));
    assert_clean(service);
}

#[test]
fn a_shelf_that_is_damaged_costs_a_start_time_and_no_visit() {
    let mut service = all_cold();
    let known = rows(&service);
    service.stop();
    let files = fs::read_dir(service.data_dir().join("state/shelves")).expect("shelves");
    for file in files {
        let path = file.expect("a file").path();
        let mut bytes = fs::read(&path).expect("a shelf");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).expect("written");
    }
    restart(&mut service);
    let said = "what is cold cannot be read from its shelf";
    assert!(service.log().contains(said), "{}", service.log_tail());
    wait_until_cold(&service);
    service.door("acme").flush();
    assert_eq!(rows(&service), known);
    service.stop();
    // It is in files of its own now, and the others go with the checkpoint that names them.
    restart(&mut service);
    assert!(cold(&service) >= VISITS as f64);
    assert_clean(service);
}
